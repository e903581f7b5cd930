//! Everything that can be asked of the server.

use serde_json::Value;

/// What is not in the OpenAPI document: it is for browsers.
const PAGES: &[(&str, &str)] = &[
    ("GET", "/join/{code}"),
    ("POST", "/join/{code}"),
    ("GET", "/admin/settings"),
    ("POST", "/admin/settings"),
    ("GET", "/problems/{code}"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/assets/page.css"),
    ("GET", "/assets/copy.js"),
];

/// The same, where this service signs people in.
const SIGN_IN: &[(&str, &str)] =
    &[("GET", "/login"), ("GET", "/login/callback"), ("GET", "/logout"), ("POST", "/logout")];

/// The operations of the OpenAPI document by their ids, and pages by method and path.
pub(super) struct Operations(Vec<Operation>);

struct Operation {
    method: String,
    path: Vec<String>,
    name: String,
}

impl Operations {
    pub(super) fn all(signs_in: bool) -> Self {
        let document = family_plan_server::openapi_document().unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                operations.push(Operation::new(&method.to_uppercase(), path, name));
            }
        }
        for (method, path) in PAGES.iter().chain(SIGN_IN.iter().filter(|_| signs_in)) {
            operations.push(Operation::new(method, path, &format!("{method} {path}")));
        }
        Self(operations)
    }

    /// What is asked for, if there is such a thing.
    pub(super) fn of(&self, method: &str, path: &str) -> Option<&str> {
        let path = path.split('?').next().unwrap();
        let asked: Vec<&str> = path.split('/').collect();
        let operation = self.0.iter().find(|it| it.method == method && it.matches(&asked));
        operation.map(|it| it.name.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| it.name.as_str())
    }
}

impl Operation {
    fn new(method: &str, path: &str, name: &str) -> Self {
        let path = path.split('/').map(ToOwned::to_owned).collect();
        Self { method: method.to_owned(), path, name: name.to_owned() }
    }

    fn matches(&self, asked: &[&str]) -> bool {
        let fits = |(ours, asked): (&String, &&str)| ours.starts_with('{') || ours == *asked;
        self.path.len() == asked.len() && self.path.iter().zip(asked).all(fits)
    }
}
