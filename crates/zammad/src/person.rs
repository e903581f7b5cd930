//! What Zammad says of a person, in the form in which it is kept.

use time::{OffsetDateTime, UtcOffset};

const MAX_CHARS: usize = 255;

/// The address in lower case; `None` when there is none, or none that anybody could have.
pub(crate) fn email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let is_kept =
        !email.is_empty() && email.chars().count() <= MAX_CHARS && !email.contains(char::is_control);
    is_kept.then_some(email)
}

/// The start of a name that fits. Not every database can hold every control character.
pub(crate) fn name(text: &str) -> String {
    let clean = text.replace(char::is_control, " ");
    clean.trim().chars().take(MAX_CHARS).collect()
}

/// The instant in UTC and whole milliseconds; `None` when nobody can have changed then.
pub(crate) fn updated_at(instant: OffsetDateTime) -> Option<OffsetDateTime> {
    let instant = instant.checked_to_offset(UtcOffset::UTC)?.truncate_to_millisecond();
    (OffsetDateTime::UNIX_EPOCH <= instant).then_some(instant)
}
