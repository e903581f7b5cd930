//! Time zones by their IANA names.

use std::{fmt, str::FromStr};

use jiff::tz::TimeZone;

/// A time zone that is known by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    pub(crate) fn rules(&self) -> &TimeZone {
        &self.0
    }
}

/// There is no time zone of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such IANA time zone")]
pub struct UnknownZone;

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let rules = TimeZone::get(name).map_err(|_| UnknownZone)?;
        // `Etc/Unknown` is a name, but says nothing.
        if rules.is_unknown() {
            return Err(UnknownZone);
        }
        Ok(Self(rules))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iana_names_are_known() {
        for name in ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Asia/Calcutta"] {
            assert!(name.parse::<Zone>().is_ok(), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in ["", "Berlin", "Europe/Atlantis", "Etc/Unknown", "+02:00", "../etc/passwd"] {
            assert_eq!(name.parse::<Zone>(), Err(UnknownZone), "{name}");
        }
    }
}
