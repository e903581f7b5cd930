//! The expiry of a token: a date on the wire, the start of that day in the database.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use time::OffsetDateTime;

/// The first moment of `date` in `zone`; `None` outside of what an instant can be.
pub(crate) fn start_of_day(date: Date, zone: &TimeZone) -> Option<OffsetDateTime> {
    let start = date.to_zoned(zone.clone()).ok()?;
    OffsetDateTime::from_unix_timestamp(start.timestamp().as_second()).ok()
}

/// The date at the beginning of `text`, as Ruby's `Date.parse` finds it in the forms that clients send. Time and
/// offset are ignored.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    year_first(text, '-')
        .or_else(|| year_first(text, '/'))
        .or_else(|| day_first(text))
        .or_else(|| digits(text))
}

/// `2026-01-12`, `2026/1/12`, and anything after it.
fn year_first(text: &str, separator: char) -> Option<Date> {
    let mut parts = text.splitn(3, separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    date(whole(year)?, whole(month)?, leading(day)?)
}

/// `12.01.2026`
fn day_first(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    date(leading(year)?, whole(month)?, whole(day)?)
}

/// `20260112`
fn digits(text: &str) -> Option<Date> {
    let head = text.get(..8).filter(|it| it.bytes().all(|it| it.is_ascii_digit()))?;
    date(whole(&head[..4])?, whole(&head[4..6])?, whole(&head[6..])?)
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn whole(text: &str) -> Option<i16> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok())?
}

fn leading(text: &str) -> Option<i16> {
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn stored(text: &str, zone: &str) -> OffsetDateTime {
        start_of_day(parse_date(text).unwrap(), &TimeZone::get(zone).unwrap()).unwrap()
    }

    #[test]
    fn the_day_starts_in_the_system_zone() {
        assert_eq!(stored("2026-01-12", "UTC"), datetime!(2026-01-12 00:00 UTC));
        assert_eq!(stored("2026-01-12", "Europe/Berlin"), datetime!(2026-01-11 23:00 UTC));
        assert_eq!(stored("2020-02-02", "Asia/Tokyo"), datetime!(2020-02-01 15:00 UTC));
    }

    #[test]
    fn time_and_offset_are_ignored() {
        assert_eq!(stored("2026-01-12T15:30:00Z", "UTC"), datetime!(2026-01-12 00:00 UTC));
        assert_eq!(stored("2026-01-12T23:30:00-10:00", "Europe/Berlin"), datetime!(2026-01-11 23:00 UTC));
    }

    #[test]
    fn a_day_without_midnight_starts_later() {
        assert_eq!(stored("2018-11-04", "America/Sao_Paulo"), datetime!(2018-11-04 03:00 UTC));
    }

    #[test]
    fn other_forms_of_a_date_are_read() {
        for text in ["2026/01/12", "12.01.2026", "20260112", " 2026-1-12 "] {
            assert_eq!(parse_date(text), Date::new(2026, 1, 12).ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["soon", "true", "2026-13-01", "2026-02-30", "1", "", "täglich"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
