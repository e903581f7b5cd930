//! Instants, for people and for programs that read pages.

use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// For the `datetime` of a `time` element.
pub(super) fn machine_readable(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}

/// For people, wherever they are.
pub(super) fn human_readable(instant: OffsetDateTime) -> String {
    let form = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    instant.format(&form).unwrap_or_default()
}
