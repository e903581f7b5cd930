//! Minting and deleting tokens.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::answer::Answer;
use crate::expiry;
use crate::helpdesk::Helpdesk;
use crate::parameters::{self, Parameters};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::settings::Settings;
use crate::token::Token;

/// What a caller needs for every call about tokens.
pub(crate) const ACCESS_TOKEN: &str = "user_preferences.access_token";

const LONGEST_NAME: usize = 255;

/// `POST /user_access_token`: 200 with the plain token and nothing else.
pub(crate) fn mint(
    desk: &mut Helpdesk,
    settings: Settings,
    session: &Session,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(&[ACCESS_TOKEN], desk.version)?;
    if !settings.api_token_access {
        return Err(Refusal::unprocessable("API token access disabled!"));
    }
    let Some(name) = parameters.filled_text(desk.version.token_name_field()) else {
        return Err(Refusal::unprocessable(desk.version.missing_name_text()));
    };
    let permissions = permissions(parameters)?;
    let expires_at = expires_at(desk, parameters)?;
    if LONGEST_NAME < name.chars().count() {
        return Err(Refusal::masked_unprocessable("PG::StringDataRightTruncation: value too long"));
    }
    let token = Token { expires_at, ..desk.new_token(session.user_id, name, permissions) };
    let body = json!({desk.version.token_value_field(): token.value});
    desk.tokens.push(token);
    Ok(Answer::ok(body))
}

/// Names are not checked: any list of scalars will do, an empty one too.
fn permissions(parameters: &Parameters) -> Result<Vec<String>, Refusal> {
    let missing = || Refusal::masked_unprocessable("missing keyword: :permission");
    let list = parameters.get("permission").and_then(Value::as_array).ok_or_else(missing)?;
    list.iter().map(|it| parameters::scalar_text(it).ok_or_else(missing)).collect()
}

/// The stored expiry; `None` is never. Lists and objects are dropped on the way in, so they are never, too.
fn expires_at(desk: &Helpdesk, parameters: &Parameters) -> Result<Option<OffsetDateTime>, Refusal> {
    let Some(text) = parameters.filled_text("expires_at").filter(|it| it != "false") else {
        return Ok(None);
    };
    let date = expiry::parse_date(&text);
    if !desk.version.expiry_is_an_instant() {
        // A date column: what cannot be read becomes NULL, and a date has no zone.
        return Ok(date.and_then(|it| expiry::start_of_day(it, &TimeZone::UTC)));
    }
    let instant = date.and_then(|it| expiry::start_of_day(it, &desk.timezone));
    instant.map(Some).ok_or_else(|| Refusal::masked_unprocessable("invalid date"))
}

/// `DELETE /user_access_token/:id`: somebody else's token is not there.
pub(crate) fn delete(desk: &mut Helpdesk, session: &Session, id: &str) -> Result<Answer, Refusal> {
    session.require(&[ACCESS_TOKEN], desk.version)?;
    let id = id.parse::<u64>().ok();
    let is_asked_for = |it: &Token| Some(it.id) == id && it.user_id == session.user_id;
    let Some(idx) = desk.tokens.iter().position(is_asked_for) else {
        return Err(Refusal::unprocessable("The API token could not be found."));
    };
    desk.tokens.remove(idx);
    Ok(Answer::ok(json!({})))
}
