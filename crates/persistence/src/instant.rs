//! Instants as the database has them: milliseconds since the Unix epoch, in UTC.

use time::{OffsetDateTime, error::ComponentRange};

const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;

pub(crate) fn to_millis(instant: OffsetDateTime) -> i64 {
    i64::try_from(instant.unix_timestamp_nanos().div_euclid(NANOSECONDS_PER_MILLISECOND))
        .expect("years from -9999 to 9999 are within range")
}

pub(crate) fn from_millis(millis: i64) -> Result<OffsetDateTime, ComponentRange> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * NANOSECONDS_PER_MILLISECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_survive_and_the_rest_is_dropped() {
        for (nanoseconds, millis) in [(1_700_000_000_123_000_000, 1_700_000_000_123), (-1, -1), (999_999, 0)]
        {
            let instant = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap();
            assert_eq!(to_millis(instant), millis);
            assert_eq!(to_millis(from_millis(millis).unwrap()), millis);
        }
        assert!(from_millis(i64::MAX).is_err());
    }
}
