//! What a request says, query and JSON body taken together as Rails does.

use axum::extract::Query;
use serde_json::{Map, Value};

use crate::incoming::Incoming;
use crate::refusal::Refusal;

/// What a request says; the body wins over the query.
pub(crate) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Refuses a body that says it is JSON and is not.
    pub(crate) fn read(incoming: &Incoming) -> Result<Self, Refusal> {
        let mut values = Map::new();
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&incoming.uri)
            .map_err(|_| Refusal::bad_request())?;
        for (key, value) in pairs.0 {
            match key.strip_suffix("[]") {
                Some(list) => push(&mut values, list, value),
                None => drop(values.insert(key, Value::String(value))),
            }
        }
        if incoming.has_json_body() {
            let body = serde_json::from_slice(&incoming.body).map_err(|_| Refusal::bad_request())?;
            // Rails puts a body that is no object under `_json`, where nobody looks.
            if let Value::Object(body) = body {
                values.extend(body);
            }
        }
        Ok(Self(values))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value as text when it is a scalar: Rails drops anything else where a scalar is expected.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        scalar_text(self.0.get(key)?)
    }

    /// The value as text, unless it is missing or blank.
    pub(crate) fn filled_text(&self, key: &str) -> Option<String> {
        self.text(key).filter(|it| !it.trim().is_empty())
    }

    /// Whether the value is one that Rails casts to true.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(truthy)
    }

    /// The value as Ruby's `to_i` reads it: leading digits, else zero.
    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        let text = self.filled_text(key)?;
        let text = text.trim_start();
        let end = text.find(|it: char| !it.is_ascii_digit() && it != '-').unwrap_or(text.len());
        Some(text[..end].parse().unwrap_or(0))
    }

    /// The ids in a list (or in one scalar), or `None` when the key is missing.
    pub(crate) fn ids(&self, key: &str) -> Option<Vec<u64>> {
        let id = |value: &Value| scalar_text(value)?.trim().parse().ok();
        match self.0.get(key)? {
            Value::Null => Some(Vec::new()),
            Value::Array(items) => Some(items.iter().filter_map(id).collect()),
            value => Some(id(value).into_iter().collect()),
        }
    }

    /// The texts in a list (or one scalar), or `None` when the key is missing.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        match self.0.get(key)? {
            Value::Array(items) => Some(items.iter().filter_map(scalar_text).collect()),
            value => Some(scalar_text(value).into_iter().collect()),
        }
    }
}

fn push(values: &mut Map<String, Value>, key: &str, value: String) {
    let list = values.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        items.push(Value::String(value));
    }
}

/// A scalar as Ruby's `to_s` writes it; `None` for null, lists and objects.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether Rails casts `value` to true.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => !["", "0", "f", "false", "off"].contains(&text.to_lowercase().as_str()),
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
