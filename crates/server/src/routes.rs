//! Every route there is.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    get,
    http::{HeaderValue, Uri},
};
use serde_json::{Map, Value};

use crate::{api::api, edge, naming::named, pages, service::Service};

/// The OpenAPI document, as it is committed.
///
/// # Errors
///
/// When the framework's document is no JSON.
pub fn openapi_document() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&document()?)? + "\n")
}

/// The whole server as one endpoint.
///
/// # Errors
///
/// When the framework's OpenAPI document is no JSON.
pub fn routes(service: Arc<Service>) -> Result<BoxEndpoint<'static, Response>, serde_json::Error> {
    let document = document()?;
    let allowed = Arc::new(AllowedMethods::new(&document));
    let document = document.to_string();
    let api = api();
    let browser = pages::ApiBrowser::new(api.swagger_ui_html());
    let mut routes = Route::new();
    if service.sign_in.is_some() {
        let logout = get(pages::sign_in::offer_end).post(pages::sign_in::end);
        routes = routes
            .at("/login", named("/login", None, get(pages::sign_in::begin)))
            .at("/login/callback", named("/login/callback", None, get(pages::sign_in::finish)))
            .at("/logout", named("/logout", None, logout));
    }
    let settings = get(pages::show_settings).post(pages::change_settings);
    let endpoint = routes
        .at("/docs", named("/docs", None, get(make_sync(move |_| browser.page()))))
        .at("/openapi.json", named("/openapi.json", None, get(make_sync(move |_| json(document.clone())))))
        .at("/problems/:code", named("/problems/{code}", None, get(pages::problem_page)))
        .at("/join/:code", named("/join/{code}", None, get(pages::show).post(pages::accept)))
        .at("/admin/settings", named("/admin/settings", None, settings))
        .at("/assets/page.css", named("/assets/page.css", None, get(pages::stylesheet)))
        .at("/assets/copy.js", named("/assets/copy.js", None, get(pages::copy_script)))
        .nest("/", api)
        .map_to_response()
        .around(move |next, request| edge::answer(next, request, Arc::clone(&service), Arc::clone(&allowed)));
    Ok(endpoint.boxed())
}

fn document() -> Result<Value, serde_json::Error> {
    let mut document: Value = serde_json::from_str(&api().spec())?;
    describe_plain_answers(&mut document);
    type_nullable_references(&mut document);
    require_if_match(&mut document);
    drop_nulls(&mut document);
    Ok(document)
}

/// The framework leaves the description of a plain answer empty.
fn describe_plain_answers(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.filter_map(|(_, it)| it.as_object_mut()).flatten();
    for (_, response) in operations.filter_map(|(_, it)| it["responses"].as_object_mut()).flatten() {
        if response["description"] == "" {
            response["description"] = "Success.".into();
        }
    }
}

/// Without the header the answer is `precondition_required`, which comes after other checks; the framework would check it
/// before them if it knew.
fn require_if_match(document: &mut Value) {
    let parameters = document["paths"]["/v1/settings"]["put"]["parameters"].as_array_mut();
    for parameter in parameters.into_iter().flatten().filter(|it| it["name"] == "If-Match") {
        parameter["required"] = true.into();
    }
}

/// The framework writes `"properties": null` for what has none.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, it| !it.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => (),
    }
}

/// `nullable` means nothing without a `type` beside it (OpenAPI 3.0.3), also beside a reference.
fn type_nullable_references(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let referenced = |property: &Value| {
        let reference = property["allOf"][0]["$ref"].as_str()?;
        schemas.get(reference.rsplit('/').next()?)?.get("type").cloned()
    };
    let objects = document["components"]["schemas"].as_object_mut().into_iter().flatten();
    for (_, property) in objects.filter_map(|(_, it)| it["properties"].as_object_mut()).flatten() {
        if property["nullable"] == true
            && let Some(kind) = referenced(property)
        {
            property["type"] = kind;
        }
    }
}

fn json(text: String) -> Response {
    Response::builder().content_type("application/json").body(text)
}

/// The methods of each path, for the `Allow` header of `method_not_allowed`: a second table of routes, since the
/// framework does not tell.
pub(crate) struct AllowedMethods(Route);

impl AllowedMethods {
    fn new(document: &Value) -> Self {
        let pages = [
            ("/docs", "GET, HEAD"),
            ("/openapi.json", "GET, HEAD"),
            ("/problems/:code", "GET, HEAD"),
            ("/assets/page.css", "GET, HEAD"),
            ("/assets/copy.js", "GET, HEAD"),
            ("/join/:code", "GET, HEAD, POST"),
            ("/admin/settings", "GET, HEAD, POST"),
            ("/login", "GET, HEAD"),
            ("/login/callback", "GET, HEAD"),
            ("/logout", "GET, HEAD, POST"),
        ];
        let mut routes = Route::new();
        for (path, methods) in pages {
            routes = routes.at(path, make_sync(move |_| methods));
        }
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            let methods = operations.as_object().map(methods_of).unwrap_or_default();
            let path = path.replace('{', ":").replace('}', "");
            routes = routes.at(path, make_sync(move |_| methods.clone()));
        }
        Self(routes)
    }

    /// What may be sent to `uri`.
    pub(crate) async fn at(&self, uri: &Uri) -> Option<HeaderValue> {
        let answer = self.0.call(Request::builder().uri(uri.clone()).finish()).await.ok()?;
        let methods = answer.into_body().into_string().await.ok()?;
        HeaderValue::from_str(&methods).ok()
    }
}

fn methods_of(operations: &Map<String, Value>) -> String {
    let mut methods: Vec<String> = operations.keys().map(|it| it.to_ascii_uppercase()).collect();
    if methods.iter().any(|it| it == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.sort_unstable();
    methods.join(", ")
}
