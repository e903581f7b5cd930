//! Until when a token is asked for.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use time::OffsetDateTime;

use crate::{ZammadError, Zone};

/// The date to send so that a token is good until `expires_at` at least.
///
/// Zammad takes a date, and the token ends when that day begins in its system time zone. In a `zone` that is not known
/// the day may begin up to fourteen hours earlier than in UTC, hence one more day.
pub(crate) fn expiry_date(expires_at: OffsetDateTime, zone: Option<&Zone>) -> Result<Date, ZammadError> {
    let (rules, days) = match zone {
        Some(zone) => (zone.rules(), 1),
        None => (&TimeZone::UTC, 2),
    };
    let nanosecond = i32::try_from(expires_at.nanosecond()).map_err(|_| ZammadError::ExpiryOutOfRange)?;
    Timestamp::new(expires_at.unix_timestamp(), nanosecond)
        .and_then(|it| rules.to_datetime(it).date().checked_add(days.days()))
        .map_err(|_| ZammadError::ExpiryOutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    use super::*;

    fn date(expires_at: OffsetDateTime, zone: &str) -> String {
        let zone = zone.parse().unwrap();
        expiry_date(expires_at, Some(&zone)).unwrap().to_string()
    }

    /// When Zammad lets a token end that was asked for until `date`.
    fn end(date: Date, zone: &str) -> OffsetDateTime {
        let start = date.to_zoned(TimeZone::get(zone).unwrap()).unwrap().start_of_day().unwrap();
        OffsetDateTime::from_unix_timestamp(start.timestamp().as_second()).unwrap()
    }

    #[test]
    fn the_token_ends_with_the_day_of_the_expiry_in_zammads_zone() {
        for (expires_at, zone, expected) in [
            (datetime!(2026-01-11 15:30:00 UTC), "UTC", "2026-01-12"),
            (datetime!(2026-01-11 23:59:59.999 UTC), "UTC", "2026-01-12"),
            (datetime!(2026-01-12 00:00:00 UTC), "UTC", "2026-01-13"),
            (datetime!(2026-01-11 22:59:59 UTC), "Europe/Berlin", "2026-01-12"),
            (datetime!(2026-01-11 23:00:00 UTC), "Europe/Berlin", "2026-01-13"),
            (datetime!(2026-07-11 21:59:59 UTC), "Europe/Berlin", "2026-07-12"),
            (datetime!(2026-07-11 22:00:00 UTC), "Europe/Berlin", "2026-07-13"),
            (datetime!(2026-01-11 14:59:59 UTC), "Asia/Tokyo", "2026-01-12"),
            (datetime!(2026-01-11 15:00:00 UTC), "Asia/Tokyo", "2026-01-13"),
            (datetime!(2026-01-12 04:59:59 UTC), "America/New_York", "2026-01-12"),
            (datetime!(2026-01-12 05:00:00 UTC), "America/New_York", "2026-01-13"),
            (datetime!(2026-01-12 01:00:00 +14:00), "Pacific/Kiritimati", "2026-01-13"),
            (datetime!(2026-01-11 23:30:00 -10:00), "UTC", "2026-01-13"),
            (datetime!(2028-02-28 12:00:00 UTC), "UTC", "2028-02-29"),
            (datetime!(2028-02-29 12:00:00 UTC), "UTC", "2028-03-01"),
            (datetime!(2026-02-28 12:00:00 UTC), "UTC", "2026-03-01"),
            (datetime!(2026-12-31 12:00:00 UTC), "UTC", "2027-01-01"),
        ] {
            assert_eq!(date(expires_at, zone), expected, "{expires_at} in {zone}");
        }
    }

    #[test]
    fn an_unknown_zone_costs_one_more_day() {
        let date = expiry_date(datetime!(2026-01-11 15:30:00 UTC), None).unwrap();

        assert_eq!(date.to_string(), "2026-01-13");
    }

    #[test]
    fn the_end_of_time_is_refused() {
        let err = expiry_date(datetime!(9999-12-31 23:59:59 UTC), None).unwrap_err();

        assert!(matches!(err, ZammadError::ExpiryOutOfRange));
    }

    const ZONES: [&str; 9] = [
        "UTC",
        "Europe/Berlin",
        "Asia/Tokyo",
        "Asia/Kathmandu",
        "Africa/Cairo",
        "America/New_York",
        "America/Sao_Paulo",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    ];

    proptest! {
        #[test]
        fn a_token_outlives_the_expiry_by_a_day_at_most(
            seconds in 1_600_000_000_i64..4_000_000_000,
            zone in prop::sample::select(&ZONES),
        ) {
            let expires_at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();

            let surplus = end(expiry_date(expires_at, Some(&zone.parse().unwrap())).unwrap(), zone) - expires_at;

            // A day is 25 hours long where clocks are set back.
            prop_assert!(Duration::ZERO < surplus && surplus <= Duration::hours(25), "{surplus}");
        }

        #[test]
        fn without_a_zone_it_outlives_the_expiry_in_every_zone(
            seconds in 1_600_000_000_i64..4_000_000_000,
            zone in prop::sample::select(&ZONES),
        ) {
            let expires_at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();

            let surplus = end(expiry_date(expires_at, None).unwrap(), zone) - expires_at;

            prop_assert!(Duration::hours(10) <= surplus && surplus <= Duration::hours(60), "{surplus}");
        }
    }
}
