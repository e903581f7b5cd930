//! Problems in the OpenAPI document: every operation lists the kinds it can answer with.

use std::marker::PhantomData;

use poem::http::StatusCode;
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};

use super::{Code, Problem, render::ProblemBody};

/// The kinds of problems that an operation can answer with, besides those that every operation can.
pub trait Listed: Send + Sync + 'static {
    /// Those kinds.
    const CODES: &[Code];
}

/// A [`Problem`] of an operation that lists its problems.
pub struct Refused<L>(Problem, PhantomData<L>);

impl<L, E> From<E> for Refused<L>
where
    Problem: From<E>,
{
    fn from(err: E) -> Self {
        Self(Problem::from(err), PhantomData)
    }
}

impl<L: Listed> From<Refused<L>> for poem::Error {
    fn from(Refused(problem, _): Refused<L>) -> Self {
        debug_assert!(
            L::CODES.contains(&problem.code)
                || problem.code.status().is_server_error()
                || matches!(problem.code, Code::PayloadTooLarge | Code::RequestTimeout),
            "{} is missing in the operation's list of problems",
            problem.code.as_str(),
        );
        problem.into()
    }
}

impl<L: Listed> ApiResponse for Refused<L> {
    fn meta() -> MetaResponses {
        let mut statuses: Vec<StatusCode> = Vec::new();
        for status in L::CODES.iter().map(|it| it.status()) {
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
        statuses.sort_unstable();
        MetaResponses { responses: statuses.into_iter().map(response::<L>).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

fn response<L: Listed>(status: StatusCode) -> MetaResponse {
    let lines: Vec<String> = L::CODES
        .iter()
        .filter(|it| it.status() == status)
        .map(|it| format!("`{}`: {}", it.as_str(), it.meaning()))
        .collect();
    MetaResponse {
        // The registry wants a description that lives as long as the program; each is made once per document.
        description: lines.join("\n\n").leak(),
        status: Some(status.as_u16()),
        status_range: None,
        content: vec![MetaMediaType {
            content_type: "application/problem+json",
            schema: ProblemBody::schema_ref(),
        }],
        headers: if says_when_to_come_back(status) { vec![retry_after()] } else { vec![] },
    }
}

/// Whether answers with this status have a `Retry-After`.
fn says_when_to_come_back(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn retry_after() -> MetaHeader {
    let minimum = Some(1.0);
    MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("After how many seconds to try again.".to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema { minimum, ..MetaSchema::new("integer") })),
    }
}

/// Lists the problems of an operation: `listed!(Reading: Unauthenticated, PlanNotFound);` makes the type `Reading`.
macro_rules! listed {
    ($name:ident: $($code:ident),+ $(,)?) => {
        pub(crate) struct $name;

        impl $crate::problem::Listed for $name {
            const CODES: &[$crate::problem::Code] = &[$($crate::problem::Code::$code),+];
        }
    };
}

pub(crate) use listed;
