//! Which release of Zammad is talked to.

use std::{fmt, str::FromStr};

/// The last release that calls a token's name `label` and the token itself `name`.
const LAST_WITH_LABELS: (u16, u16) = (5, 4);

/// The first release that searches users by a condition.
const FIRST_WITH_CONDITIONS: (u16, u16) = (6, 5);

/// A release of Zammad, such as `5.4`, or `current`, which stands for the newest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version(Option<(u16, u16)>);

impl Version {
    /// Whether a token's name is called `label` in this release.
    pub(crate) fn has_labels(self) -> bool {
        self.0.is_some_and(|it| it <= LAST_WITH_LABELS)
    }

    /// Whether users can be searched by a condition in this release.
    pub(crate) fn searches_by_condition(self) -> bool {
        self.0.is_none_or(|it| FIRST_WITH_CONDITIONS <= it)
    }
}

/// The text is neither `current` nor a release such as `6.5` or `6.5.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Zammad version is `current` or a release such as `6.5`")]
pub struct UnknownVersion;

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "current" {
            return Ok(Self(None));
        }
        let numbers: Vec<u16> =
            text.split('.').map(|it| it.parse().map_err(|_| UnknownVersion)).collect::<Result<_, _>>()?;
        match numbers[..] {
            [major, minor] | [major, minor, _] if 0 < major => Ok(Self(Some((major, minor)))),
            _ => Err(UnknownVersion),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((major, minor)) => write!(formatter, "{major}.{minor}"),
            None => formatter.write_str("current"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_ended_with_5_4() {
        for (text, has_labels) in [
            ("3.6", true),
            ("5.0", true),
            ("5.4", true),
            ("5.4.1", true),
            ("6.0", false),
            ("6.1", false),
            ("6.2", false),
            ("6.3", false),
            ("6.4", false),
            ("6.5", false),
            ("6.5.2", false),
            ("7.0", false),
            ("7.1", false),
            ("current", false),
        ] {
            assert_eq!(text.parse().map(Version::has_labels), Ok(has_labels), "{text}");
        }
    }

    #[test]
    fn conditions_began_with_6_5() {
        for (text, searches) in [
            ("5.4", false),
            ("6.4", false),
            ("6.4.1", false),
            ("6.5", true),
            ("6.6", true),
            ("7.0", true),
            ("current", true),
        ] {
            assert_eq!(text.parse().map(Version::searches_by_condition), Ok(searches), "{text}");
        }
    }

    #[test]
    fn the_default_is_the_current_release() {
        assert_eq!("current".parse(), Ok(Version::default()));
    }

    #[test]
    fn a_version_reads_as_it_was_written() {
        for text in ["5.4", "6.0", "7.1", "current"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_version() {
        for text in
            ["", "6", "six", "6.x", "6.5.", ".5", "0.1", "6.5.1.0", "-6.5", " 6.5", "Current", "99999.0"]
        {
            assert_eq!(text.parse::<Version>(), Err(UnknownVersion), "{text}");
        }
    }
}
