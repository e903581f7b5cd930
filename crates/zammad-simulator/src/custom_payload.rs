//! Payloads after a template.

use serde_json::{Value, json};

/// `template` with its `#{ticket.title}` filled in from the default payload, or `{"error": …}` when that is no JSON.
///
/// Values are put in as they are: a quotation mark in a title ends the string it stands in.
pub(crate) fn fill(template: &str, payload: &Value) -> Value {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("#{") {
        text.push_str(before);
        match after.split_once('}') {
            Some((variable, behind)) if is_variable(variable) => {
                text.push_str(&value_of(variable, payload));
                rest = behind;
            }
            _ => {
                text.push_str("#{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    serde_json::from_str(&text).unwrap_or_else(|err| json!({"error": err.to_string()}))
}

fn is_variable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| it.is_ascii_lowercase() || "_.?!".contains(it))
}

fn value_of(variable: &str, payload: &Value) -> String {
    let (object, methods) = variable.split_once('.').unwrap_or((variable, ""));
    let article = &payload["article"];
    let found = match (object, methods) {
        ("notification", "message") => article.get("body").cloned(),
        ("notification", "subject") => payload["ticket"].get("title").cloned(),
        ("ticket" | "article", "") => return format!("#{{{object} / missing method}}"),
        ("ticket" | "article", _) => methods.split('.').try_fold(payload[object].clone(), send),
        _ => return format!("#{{{object} / no such object}}"),
    };
    match found {
        Some(Value::String(text)) => text,
        Some(Value::Null) => String::new(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        Some(Value::Array(_) | Value::Object(_)) | None => format!("#{{{variable} / no such method}}"),
    }
}

fn send(record: Value, method: &str) -> Option<Value> {
    match &record {
        // States and types are records to a template, and names in the payload.
        Value::String(_) if method == "name" => Some(record),
        Value::Object(fields) if method == "fullname" => {
            let part = |key| fields.get(key).and_then(Value::as_str).unwrap_or_default();
            let name = format!("{} {}", part("firstname"), part("lastname"));
            fields.contains_key("firstname").then(|| name.trim().into())
        }
        Value::Object(fields) => fields.get(method).cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Value {
        json!({
            "ticket": {
                "id": 7, "title": "A \"quoted\" title", "state": "open", "note": null,
                "customer": {"firstname": "Ada", "lastname": "Lee", "email": "ada@example.org"},
            },
            "article": {"body": "Hello"},
        })
    }

    #[test]
    fn variables_are_filled_in() {
        let template = r##"{"id": #{ticket.id}, "who": "#{ticket.customer.fullname}", "#{ticket.state.name}": 1,
            "note": "#{ticket.note}", "text": "#{notification.message} #{"}"##;

        let filled = json!({"id": 7, "who": "Ada Lee", "open": 1, "note": "", "text": "Hello #{"});
        assert_eq!(fill(template, &payload()), filled);
    }

    #[test]
    fn what_is_unknown_says_so() {
        let template =
            r##"["#{ticket.customer.password}", "#{user.id}", "#{ticket}", "#{ticket.customer}"]"##;

        let filled = json!([
            "#{ticket.customer.password / no such method}",
            "#{user / no such object}",
            "#{ticket / missing method}",
            "#{ticket.customer / no such method}",
        ]);
        assert_eq!(fill(template, &payload()), filled);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        assert!(fill(r##"{"title": "#{ticket.title}"}"##, &payload())["error"].is_string());
    }
}
