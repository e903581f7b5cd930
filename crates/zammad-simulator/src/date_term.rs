//! Dates as Elasticsearch reads them in a query: what is not said may be anything.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{ToSpan, Unit};
use time::{Duration, OffsetDateTime};

/// The instants a date stands for: all of a day for `2026-01-12`, a second for `2026-01-12T09:30:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTerm {
    /// The first of them.
    pub(crate) first: OffsetDateTime,
    /// The last of them that the database can keep.
    pub(crate) last: OffsetDateTime,
}

impl DateTerm {
    /// `None` for what is no `strict_date_optional_time`. A text without an offset means the time in `zone`.
    pub(crate) fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let (date, date_unit) = read_date(date)?;
        let (time, unit, zone) = match time {
            None => (Time::midnight(), date_unit, zone.clone()),
            Some(time) if date_unit == Unit::Day => {
                let (time, offset) = split_offset(time)?;
                let (time, unit) = read_time(time)?;
                (time, unit, offset.map_or_else(|| zone.clone(), TimeZone::fixed))
            }
            Some(_) => return None,
        };
        let first = DateTime::from_parts(date, time);
        let last = instant(next(first, unit)?, &zone)? - Duration::MILLISECOND;
        Some(Self { first: instant(first, &zone)?, last })
    }
}

/// `2026`, `2026-01` or `2026-01-12`, and the smallest unit in it.
fn read_date(text: &str) -> Option<(Date, Unit)> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let (month, day) = (parts.next(), parts.next());
    let unit = match (month, day, parts.next()) {
        (None, ..) => Unit::Year,
        (_, None, _) => Unit::Month,
        (_, _, None) => Unit::Day,
        _ => return None,
    };
    let part = |text: Option<&str>| i8::try_from(text.map_or(Some(1), |it| digits(it, 2))?).ok();
    Some((Date::new(year, part(month)?, part(day)?).ok()?, unit))
}

/// `09`, `09:30`, `09:30:00` or `09:30:00.123`, and the smallest unit in it.
fn read_time(text: &str) -> Option<(Time, Unit)> {
    let (text, fraction) = text.split_once('.').map_or((text, None), |(text, it)| (text, Some(it)));
    let parts: Vec<i8> =
        text.split(':').map(|it| i8::try_from(digits(it, 2)?).ok()).collect::<Option<_>>()?;
    let (parts, unit) = match (parts.as_slice(), fraction) {
        ([hour], None) => ([*hour, 0, 0], Unit::Hour),
        ([hour, minute], None) => ([*hour, *minute, 0], Unit::Minute),
        ([hour, minute, second], None) => ([*hour, *minute, *second], Unit::Second),
        ([hour, minute, second], Some(_)) => ([*hour, *minute, *second], Unit::Millisecond),
        _ => return None,
    };
    let milliseconds = match fraction {
        Some(text) if text.len() <= 9 && digits(text, text.len()).is_some() => {
            digits(&format!("{text:0<3}")[..3], 3)?
        }
        Some(_) => return None,
        None => 0,
    };
    let nanoseconds = i32::from(milliseconds) * 1_000_000;
    Some((Time::new(parts[0], parts[1], parts[2], nanoseconds).ok()?, unit))
}

/// The time of day, and the offset behind it if there is one.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(time) = text.strip_suffix('Z') {
        return Some((time, Some(Offset::UTC)));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (hours, minutes) = text[at + 1..].split_once(':')?;
    let seconds = i32::from(digits(hours, 2)?) * 3600 + i32::from(digits(minutes, 2)?) * 60;
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    Some((&text[..at], Some(Offset::from_seconds(sign * seconds).ok()?)))
}

fn next(start: DateTime, unit: Unit) -> Option<DateTime> {
    let span = match unit {
        Unit::Year => 1.year(),
        Unit::Month => 1.month(),
        Unit::Day => 1.day(),
        Unit::Hour => 1.hour(),
        Unit::Minute => 1.minute(),
        Unit::Second => 1.second(),
        _ => 1.millisecond(),
    };
    start.checked_add(span).ok()
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<OffsetDateTime> {
    let timestamp = local.to_zoned(zone.clone()).ok()?.timestamp();
    OffsetDateTime::from_unix_timestamp_nanos(timestamp.as_nanosecond()).ok()
}

/// The number that is written in exactly `count` digits; those past what an `i16` holds do not matter.
fn digits(text: &str, count: usize) -> Option<i16> {
    let is_plain = text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
    is_plain.then(|| text.get(..count.min(4))?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn read(text: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        DateTerm::read(text, &zone).map(|it| (it.first, it.last))
    }

    #[test]
    fn what_is_not_said_may_be_anything() {
        let cases = [
            ("2026", datetime!(2025-12-31 23:00 UTC), datetime!(2026-12-31 22:59:59.999 UTC)),
            ("2026-02", datetime!(2026-01-31 23:00 UTC), datetime!(2026-02-28 22:59:59.999 UTC)),
            ("2026-01-12", datetime!(2026-01-11 23:00 UTC), datetime!(2026-01-12 22:59:59.999 UTC)),
            ("2026-01-12T09:30", datetime!(2026-01-12 08:30 UTC), datetime!(2026-01-12 08:30:59.999 UTC)),
            ("2026-01-12T09:30:00Z", datetime!(2026-01-12 09:30 UTC), datetime!(2026-01-12 09:30:00.999 UTC)),
            (
                "2026-01-12T09:30:00.120-01:30",
                datetime!(2026-01-12 11:00:00.12 UTC),
                datetime!(2026-01-12 11:00:00.12 UTC),
            ),
        ];

        for (text, first, last) in cases {
            assert_eq!(read(text), Some((first, last)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "soon", "2026-13", "2026-1-12", "2026-01-12 09:30", "2026-01T09", "2026-01-12T9:30", "44"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
