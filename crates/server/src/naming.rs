//! What a request asks for: noted on its span before anybody works on it, so that whatever happens is told with it.
//! Never the path itself, which can hold an invite's code.

use std::{collections::HashMap, future::ready, sync::Arc};

use poem::{Endpoint, EndpointExt, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaOperation, MetaPath, Registry},
};
use tracing::Span;

use crate::metrics::Course;

/// An API that notes which of its operations is asked for.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: OpenApi> OpenApi for Named<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
        for MetaPath { path, operations } in T::meta().into_iter().flat_map(|it| it.paths) {
            let Some(methods) = routes.get_mut(&as_pattern(&path)) else { continue };
            for MetaOperation { method, operation_id, .. } in operations {
                if let Some(endpoint) = methods.remove(&method) {
                    methods.insert(method, named(path.clone(), operation_id, endpoint).boxed());
                }
            }
        }
    }
}

/// An endpoint that notes its route, such as `/v1/plans/{plan_id}`, and which operation it is, if it has a name.
pub(crate) fn named<E>(
    route: impl Into<Arc<str>>,
    operation: Option<&'static str>,
    endpoint: E,
) -> impl Endpoint<Output = E::Output>
where
    E: Endpoint,
{
    let route = route.into();
    endpoint.before(move |request| {
        let span = Span::current();
        span.record("route", &*route);
        if let Some(operation) = operation {
            span.record("operation", operation);
        }
        Course::name(&request, &route, operation);
        ready(Ok(request))
    })
}

/// The framework numbers parameters.
fn as_pattern(route: &str) -> String {
    let mut n_parameters = 0;
    let segments = route.split('/').map(|it| {
        if !it.starts_with('{') {
            return it.to_owned();
        }
        n_parameters += 1;
        format!(":param{}", n_parameters - 1)
    });
    segments.collect::<Vec<_>>().join("/")
}
