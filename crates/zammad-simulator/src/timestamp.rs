//! Instants as Zammad writes them: UTC with milliseconds and `Z`.

use serde::{Deserialize, Deserializer, Serializer, de, ser};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// `instant` as text; empty for one that cannot be written, which no four-digit year is.
pub(crate) fn text(instant: OffsetDateTime) -> String {
    instant.to_offset(UtcOffset::UTC).format(MILLISECONDS).unwrap_or_default()
}

/// `text` as an instant.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// `instant` without what the database does not keep.
pub(crate) fn whole_milliseconds(instant: OffsetDateTime) -> OffsetDateTime {
    instant.replace_millisecond(instant.millisecond()).unwrap_or(instant)
}

pub(crate) fn serialize<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text(*instant);
    if text.is_empty() {
        return Err(ser::Error::custom("the instant has no text"));
    }
    serializer.serialize_str(&text)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| de::Error::custom("not an instant"))
}
