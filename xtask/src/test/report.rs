//! What the output of `cargo test` says, read line by line.

use crate::test::{counts::Counts, engine::Engine, line::Line};

/// The results of every test binary so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    binaries: Vec<Binary>,
}

/// The results of one test binary, or of the documentation tests of one crate.
#[derive(Debug)]
struct Binary {
    name: String,
    tests: Vec<(String, Counts)>,
    results: Vec<Counts>,
}

impl Report {
    /// Take the next line in.
    pub(super) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let Some(line) = Line::of(&line) else {
            return;
        };
        if let Line::Binary { name } = line {
            self.binaries.push(Binary { name: name.to_owned(), tests: Vec::new(), results: Vec::new() });
            return;
        }
        let Some(binary) = self.binaries.last_mut() else {
            return;
        };
        match line {
            Line::Binary { .. } => (),
            Line::Test { name, counts } => binary.tests.push((name.to_owned(), counts)),
            Line::Result { counts } => binary.results.push(counts),
        }
    }

    /// The sum over every test binary.
    pub(super) fn total(&self) -> Counts {
        self.binaries.iter().map(Binary::total).sum()
    }

    /// The tests that ran on `engine`: those of a binary with its name, and those with its name in their path.
    pub(super) fn on(&self, engine: Engine) -> Counts {
        self.binaries.iter().map(|it| it.on(engine)).sum()
    }

    /// The test binaries that ended without a result: they crashed, or were ended.
    pub(super) fn without_result(&self) -> impl Iterator<Item = &str> {
        self.binaries.iter().filter(|it| it.results.is_empty()).map(|it| it.name.as_str())
    }

    /// The names of the tests for which `is_meant` holds, each after its binary's.
    pub(super) fn tests(&self, is_meant: fn(Counts) -> bool) -> impl Iterator<Item = String> {
        self.binaries.iter().flat_map(move |binary| {
            let tests = binary.tests.iter().filter(move |(_, counts)| is_meant(*counts));
            tests.map(|(name, _)| format!("{}: {name}", binary.name))
        })
    }
}

impl Binary {
    fn total(&self) -> Counts {
        self.results.iter().copied().sum()
    }

    fn on(&self, engine: Engine) -> Counts {
        if let Some(own) = Engine::named(&self.name) {
            return if own == engine { self.total() } else { Counts::default() };
        }
        let tests =
            self.tests.iter().filter(|(name, _)| name.split("::").find_map(Engine::named) == Some(engine));
        tests.map(|(_, counts)| *counts).sum()
    }
}

/// `line` without the escape sequences that colour a terminal.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            // `ESC [`, parameters, and a letter that ends it.
            chars.find(char::is_ascii_alphabetic);
        } else {
            plain.push(char);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
   Compiling family-plan-domain v0.1.0
\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m unittests src/lib.rs (target/debug/deps/family_plan_domain-0123456789abcdef)

running 2 tests
test seats::a_limit_is_at_least_one ... ok
test seats::no_seat_is_sold_twice ... FAILED

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/sqlite.rs (target/debug/deps/sqlite-0123456789abcdef)
test plans::race ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/http.rs (target/debug/deps/http-0123456789abcdef)
test sqlite::accepting ... ok
test accepting::postgres::twice ... ok
test accepting::mariadb::twice ... ignored
test accepting::anonymously ... ok
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/crash.rs (target/debug/deps/crash-0123456789abcdef)
error: test failed, to rerun pass `-p crash`
   Doc-tests family_plan_domain
test crates/domain/src/seats.rs - seats::Seats (line 3) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn report() -> Report {
        let mut report = Report::default();
        for line in OUTPUT.lines() {
            report.read(line);
        }
        report
    }

    #[test]
    fn the_total_is_the_sum_of_every_result_line() {
        assert_eq!(report().total(), Counts { passed: 8, failed: 1, ignored: 1 });
    }

    #[test]
    fn a_test_belongs_to_the_engine_of_its_binary_or_its_path() {
        let report = report();
        assert_eq!(report.on(Engine::Sqlite), Counts { passed: 2, ..Counts::default() });
        assert_eq!(report.on(Engine::Postgres), Counts { passed: 1, ..Counts::default() });
        assert_eq!(report.on(Engine::Mariadb), Counts { ignored: 1, ..Counts::default() });
        assert_eq!(report.on(Engine::Memory), Counts::default());
    }

    #[test]
    fn a_binary_that_crashed_is_named() {
        assert_eq!(report().without_result().collect::<Vec<_>>(), ["crash"]);
    }

    #[test]
    fn failed_and_ignored_tests_are_named() {
        let report = report();
        let failed: Vec<_> = report.tests(|it| 0 < it.failed).collect();
        assert_eq!(failed, ["family_plan_domain: seats::no_seat_is_sold_twice"]);
        let ignored: Vec<_> = report.tests(|it| 0 < it.ignored).collect();
        assert_eq!(ignored, ["http: accepting::mariadb::twice"]);
    }
}
