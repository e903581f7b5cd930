//! The lines of `cargo test` that say something about results.

use crate::test::counts::Counts;

/// A line that matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A test binary, or the documentation tests of a crate, starts.
    Binary { name: &'a str },
    /// One test is over.
    Test { name: &'a str, counts: Counts },
    /// A test binary is over.
    Result { counts: Counts },
}

impl<'a> Line<'a> {
    /// `None` when `line`, which has no colours, says nothing about results.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Running ") {
            return binary(rest).map(|name| Self::Binary { name });
        }
        if let Some(name) = line.strip_prefix("Doc-tests ") {
            return Some(Self::Binary { name });
        }
        if let Some(rest) = line.strip_prefix("test result: ") {
            return result(rest).map(|counts| Self::Result { counts });
        }
        let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        Some(Self::Test { name, counts: outcome_of(outcome)? })
    }
}

/// `sqlite` of `tests/sqlite.rs (target/debug/deps/sqlite-0a1b2c3d4e5f6789)`.
fn binary(rest: &str) -> Option<&str> {
    let (_, path) = rest.strip_suffix(')')?.rsplit_once('(')?;
    let file = path.rsplit('/').next()?;
    file.rsplit_once('-').map(|(name, _hash)| name)
}

/// The counts of `ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s`.
fn result(rest: &str) -> Option<Counts> {
    let (_, rest) = rest.split_once(". ")?;
    let count = |what: &str| {
        let mut parts = rest.split("; ").filter_map(|it| it.split_once(' '));
        parts.find(|(_, it)| *it == what)?.0.parse().ok()
    };
    Some(Counts { passed: count("passed")?, failed: count("failed")?, ignored: count("ignored")? })
}

fn outcome_of(word: &str) -> Option<Counts> {
    match word {
        "ok" => Some(Counts { passed: 1, ..Counts::default() }),
        "FAILED" => Some(Counts { failed: 1, ..Counts::default() }),
        _ if word.starts_with("ignored") => Some(Counts { ignored: 1, ..Counts::default() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_goes_by_its_file_less_the_hash() {
        let line = "     Running tests/sqlite.rs (target/debug/deps/sqlite-0a1b2c3d4e5f6789)";
        assert_eq!(Line::of(line), Some(Line::Binary { name: "sqlite" }));
        let line =
            "     Running unittests src/lib.rs (/elsewhere/debug/deps/family_plan_domain-0123456789abcdef)";
        assert_eq!(Line::of(line), Some(Line::Binary { name: "family_plan_domain" }));
    }

    #[test]
    fn documentation_tests_go_by_their_crate() {
        let line = "   Doc-tests family_plan_domain";
        assert_eq!(Line::of(line), Some(Line::Binary { name: "family_plan_domain" }));
    }

    #[test]
    fn a_result_line_has_three_counts_of_interest() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; \
                    finished in 0.01s";
        assert_eq!(
            Line::of(line),
            Some(Line::Result { counts: Counts { passed: 12, failed: 3, ignored: 1 } })
        );
    }

    #[test]
    fn a_test_has_one_outcome() {
        let outcome = |line| match Line::of(line) {
            Some(Line::Test { counts, .. }) => (counts.passed, counts.failed, counts.ignored),
            other => panic!("no test: {other:?}"),
        };
        assert_eq!(outcome("test plans::a_race ... ok"), (1, 0, 0));
        assert_eq!(outcome("test plans::a_race ... FAILED"), (0, 1, 0));
        assert_eq!(outcome("test plans::a_race ... ignored, too slow"), (0, 0, 1));
    }

    #[test]
    fn other_lines_say_nothing() {
        for line in
            ["", "running 12 tests", "   Compiling xtask v0.1.0", "test of nerves ... perhaps", "Running "]
        {
            assert_eq!(Line::of(line), None, "{line}");
        }
    }
}
