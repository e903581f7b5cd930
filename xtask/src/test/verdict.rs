//! Whether a run of the tests may be trusted, and the table that says so.

use std::{fmt, process::ExitCode};

use crate::test::{counts::Counts, engine::Engine, report::Report};

/// What each database server calls its own version.
pub(super) struct Versions {
    pub(super) sqlite: String,
    pub(super) postgres: String,
    pub(super) mariadb: String,
}

impl Versions {
    fn of(&self, engine: Engine) -> &str {
        match engine {
            Engine::Memory => "",
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
            Engine::Mariadb => &self.mariadb,
        }
    }
}

/// How a run of the tests went. Its text is the summary, without the closing line.
pub(crate) struct Verdict {
    rows: Vec<Row>,
    problems: Vec<String>,
    total: Counts,
}

struct Row {
    title: String,
    version: String,
    counts: Counts,
}

impl Verdict {
    /// Judge `report`. Of a selection of tests no engine is required.
    pub(super) fn new(
        report: &Report,
        cargo_succeeded: bool,
        is_selection: bool,
        versions: &Versions,
    ) -> Self {
        let total = report.total();
        let mut rows: Vec<_> = Engine::ALL.into_iter().map(|it| row(report, it, versions)).collect();
        let rest = total.without(rows.iter().map(|it| it.counts).sum());
        rows.push(Row { title: "no engine".to_owned(), version: String::new(), counts: rest });

        let mut problems: Vec<_> =
            report.tests(|it| 0 < it.ignored).map(|it| format!("ignored: {it}")).collect();
        problems.extend(report.without_result().map(|it| format!("ended without a result: {it}")));
        if !is_selection {
            let idle = Engine::ALL.into_iter().filter(|it| report.on(*it).total() == 0);
            problems.extend(idle.map(|it| format!("no test ran: {}", it.title())));
        }
        if !cargo_succeeded && total.failed == 0 && problems.is_empty() {
            problems.push("`cargo test` failed without a failed test".to_owned());
        }
        let mut verdict = Self { rows, problems, total };
        // Last, since the failed tests are counted already.
        verdict.total.failed += verdict.problems.len();
        verdict.problems.extend(report.tests(|it| 0 < it.failed).map(|it| format!("failed: {it}")));
        verdict
    }

    /// Print the closing line, which is the last one, and say how to exit.
    pub(crate) fn close(&self) -> ExitCode {
        println!("{} passed, {} failed", self.total.passed, self.total.failed);
        if self.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Whether nothing failed, nothing was left out, and something ran.
    pub(crate) fn is_good(&self) -> bool {
        self.total.failed == 0
    }
}

fn row(report: &Report, engine: Engine, versions: &Versions) -> Row {
    Row {
        title: engine.title().to_owned(),
        version: versions.of(engine).to_owned(),
        counts: report.on(engine),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|it| it.version.chars().count()).max().unwrap_or_default().max(7);
        writeln!(
            f,
            "\n{:<12}{:<width$}  {:>7}{:>8}{:>9}",
            "engine", "version", "passed", "failed", "ignored"
        )?;
        for row in &self.rows {
            let Counts { passed, failed, ignored } = row.counts;
            writeln!(f, "{:<12}{:<width$}  {passed:>7}{failed:>8}{ignored:>9}", row.title, row.version)?;
        }
        for problem in &self.problems {
            writeln!(f, "problem: {problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY_ENGINE: &str = "
     Running tests/contract.rs (target/debug/deps/contract-0123456789abcdef)
test memory::race ... ok
test sqlite::race ... ok
test postgres::race ... ok
test mariadb::race ... ok
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn judged(output: &str, cargo_succeeded: bool, is_selection: bool) -> Verdict {
        let mut report = Report::default();
        for line in output.lines() {
            report.read(line);
        }
        let versions = Versions {
            sqlite: "3.51".to_owned(),
            postgres: "15.18".to_owned(),
            mariadb: "10.11.14-MariaDB".to_owned(),
        };
        Verdict::new(&report, cargo_succeeded, is_selection, &versions)
    }

    #[test]
    fn a_run_on_every_engine_is_good() {
        let verdict = judged(EVERY_ENGINE, true, false);
        assert!(verdict.is_good(), "{verdict}");
        assert!(
            verdict.to_string().contains("MariaDB     10.11.14-MariaDB        1       0        0"),
            "{verdict}"
        );
    }

    #[test]
    fn an_engine_without_a_test_is_a_failure_unless_tests_were_selected() {
        let output = EVERY_ENGINE.replace("mariadb::", "other::");
        let verdict = judged(&output, true, false);
        assert_eq!(
            (verdict.total.failed, verdict.problems.as_slice()),
            (1, &["no test ran: MariaDB".to_owned()][..])
        );
        assert!(judged(&output, true, true).is_good());
    }

    #[test]
    fn an_ignored_test_is_a_failure() {
        let output = EVERY_ENGINE.replace("sqlite::race ... ok", "sqlite::race ... ignored");
        assert!(!judged(&output, true, true).is_good());
    }

    #[test]
    fn a_failure_to_compile_is_a_failure() {
        assert!(!judged("error: could not compile `xtask`", false, true).is_good());
    }

    #[test]
    fn a_crash_is_a_failure() {
        let output = EVERY_ENGINE.replace("test result", "signal: 11");
        assert!(!judged(&output, false, true).is_good());
    }
}
