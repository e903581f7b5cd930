//! Searches by condition, which are SQL whatever else searches.

use serde_json::Value;
use time::OffsetDateTime;

use crate::date_term::DateTerm;
use crate::helpdesk::Helpdesk;
use crate::parameters;
use crate::refusal::Refusal;
use crate::user::User;

/// Keep the users who meet every part of `condition`, such as `{"user.email": {"operator": "is", "value": […]}}`.
pub(crate) fn retain(desk: &Helpdesk, condition: &Value, found: &mut Vec<&User>) -> Result<(), Refusal> {
    for (attribute, test) in condition.as_object().ok_or_else(invalid)? {
        let attribute = attribute.strip_prefix("user.").ok_or_else(invalid)?;
        let operator = test.get("operator").and_then(Value::as_str).ok_or_else(invalid)?;
        let value = test.get("value").ok_or_else(invalid)?;
        match (attribute, operator) {
            ("created_at", "after (absolute)") => {
                let since = instant(value)?;
                found.retain(|it| since <= it.created_at);
            }
            // The edges belong to what is found, names notwithstanding.
            ("updated_at", "after (absolute)") => {
                let since = instant(value)?;
                found.retain(|it| since <= it.updated_at);
            }
            ("updated_at", "before (absolute)") => {
                let until = instant(value)?;
                found.retain(|it| it.updated_at <= until);
            }
            (column, "is") if desk.is_text_column(column) => {
                let wanted = match value {
                    Value::Array(items) => items.iter().filter_map(parameters::scalar_text).collect(),
                    value => vec![parameters::scalar_text(value).ok_or_else(invalid)?],
                };
                found.retain(|it| wanted.iter().any(|wanted| wanted == it.text_column(column)));
            }
            _ => return Err(invalid()),
        }
    }
    Ok(())
}

/// The database reads a date as the beginning of it, in UTC.
fn instant(value: &Value) -> Result<OffsetDateTime, Refusal> {
    let date = value.as_str().and_then(|it| DateTerm::read(it, &jiff::tz::TimeZone::UTC));
    date.map(|it| it.first).ok_or_else(invalid)
}

fn invalid() -> Refusal {
    Refusal::masked_unprocessable("Invalid condition")
}
