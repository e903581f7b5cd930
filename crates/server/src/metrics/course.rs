//! What becomes known of a request on its way through the service, for whoever counts it afterwards.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use poem::Request;

/// The route of what no route leads to.
const UNMATCHED: &str = "unmatched";

/// What is known of a request.
#[derive(Debug, Default)]
pub(crate) struct Course {
    name: OnceLock<Name>,
    is_repetition: AtomicBool,
}

#[derive(Debug)]
struct Name {
    route: Arc<str>,
    operation: Option<&'static str>,
}

impl Course {
    /// Takes note of where `request` leads.
    pub(crate) fn name(request: &Request, route: &Arc<str>, operation: Option<&'static str>) {
        if let Some(course) = request.data::<Arc<Self>>() {
            course.name.get_or_init(|| Name { route: Arc::clone(route), operation });
        }
    }

    /// What it asks for was done before, so that it does nothing.
    pub(crate) fn note_repetition(&self) {
        self.is_repetition.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_repetition(&self) -> bool {
        self.is_repetition.load(Ordering::Relaxed)
    }

    /// Such as `/v1/plans/{plan_id}`.
    pub(super) fn route(&self) -> &str {
        self.name.get().map_or(UNMATCHED, |it| &it.route)
    }

    pub(super) fn operation(&self) -> Option<&'static str> {
        self.name.get()?.operation
    }
}
