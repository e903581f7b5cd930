//! Who calls an operation.

use std::sync::Arc;

use family_plan_application::Caller;
use family_plan_error_reporting::note_caller;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    edge::RequestId,
    identity::{Credential, IdentityError, PageOrigin},
    problem::{Code, Problem},
    service::Service,
};

const SCHEME: &str = "token";

/// Somebody with a valid token.
pub(crate) struct Auth(pub(crate) Caller);

/// Somebody with or without one; a token that is no good is none.
pub(crate) struct MaybeAuth(pub(crate) Option<Caller>);

/// Who sends a request, by its token.
///
/// # Errors
///
/// `unauthenticated` without a valid token.
pub(crate) async fn identify(service: &Service, request: &Request) -> Result<Caller, Problem> {
    let credential = Credential::of(request, service.identity.cookie());
    let credential = credential.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let claims = match service.identity.verify(&credential.token).await {
        Ok(claims) => claims,
        Err(IdentityError::Invalid) => return Err(Problem::new(Code::Unauthenticated)),
        Err(err @ IdentityError::KeysUnavailable(_)) => return Err(Problem::failure(Code::Internal, err)),
    };
    note_caller(claims.user.as_str());
    let request_id = request.data::<RequestId>().map(|it| it.0.clone()).unwrap_or_default();
    Ok(claims.into_caller(request_id))
}

/// The caller of an operation: a page of another site must not make a browser call one with its cookie.
async fn caller(service: &Service, request: &Request) -> Result<Caller, Problem> {
    let caller = identify(service, request).await?;
    let is_ambient = Credential::of(request, service.identity.cookie()).is_some_and(|it| it.is_ambient);
    if is_ambient && PageOrigin::of(request, &service.links.public_url) != PageOrigin::Own {
        let detail = "The request comes from a page of another site.";
        return Err(Problem::new(Code::Forbidden).with_detail(detail));
    }
    Ok(caller)
}

fn service(request: &Request) -> &Service {
    request.data::<Arc<Service>>().expect("every route has the service")
}

fn register_scheme(registry: &mut Registry) {
    registry.create_security_scheme(
        SCHEME,
        MetaSecurityScheme {
            ty: "http",
            description: Some(
                "A JWT of the identity provider. `sub` is the user's id; `email`, `email_verified` and `name` tell of \
                 the user; the roles claim can hold `family-plan:admin` and `family-plan:service`.",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        },
    );
}

impl<'a> ApiExtractor<'a> for Auth {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(caller(service(request), request).await?))
    }
}

impl<'a> ApiExtractor<'a> for MaybeAuth {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        match caller(service(request), request).await {
            Ok(caller) => Ok(Self(Some(caller))),
            Err(problem) if problem.code() == Code::Unauthenticated => Ok(Self(None)),
            Err(problem) => Err(problem.into()),
        }
    }
}
