//! That docs/operating.md names only settings, commands and lines of the log that there are.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use family_plan_server::configuration::Sources;

use crate::program::run;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn guide() -> String {
    fs::read_to_string(root().join("docs/operating.md")).unwrap()
}

/// All that is in the sources below `folder`, with single blanks, also where a text goes over several lines.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&path).unwrap().replace("\\\n", " ").replace('`', "");
            text += &source.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
    text
}

#[test]
fn every_setting_is_known() {
    let guide = guide();
    let words = guide.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    let is_setting = |it: &&str| {
        let is_name = it.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_');
        is_name && it.split_once("__").is_some_and(|(section, name)| !section.is_empty() && !name.is_empty())
    };
    let settings: BTreeSet<&str> = words.filter(is_setting).collect();
    assert!(20 < settings.len(), "{settings:?}");
    let variables: HashMap<String, String> = settings
        .iter()
        .map(|it| (format!("FAMILY_PLAN__{}", it.trim_start_matches("FAMILY_PLAN__")), "x".to_owned()))
        .collect();
    let mistakes = Sources::read_from(None, variables).unwrap().configuration().unwrap_err();
    let unknown: Vec<_> = mistakes.all().iter().filter(|it| it.requirement == "is not known").collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_there() {
    let guide = guide();
    let commands: BTreeSet<Vec<&str>> = guide
        .split(['`', '\n'])
        .filter_map(|it| it.trim().strip_prefix("family-plan "))
        .map(|it| {
            it.split_whitespace()
                .take_while(|it| it.starts_with(|it: char| it.is_ascii_lowercase()))
                .collect()
        })
        .filter(|it: &Vec<&str>| !it.is_empty())
        .collect();
    assert!(
        commands.contains(&vec!["doctor"]) && commands.contains(&vec!["zammad", "check"]),
        "{commands:?}"
    );
    for command in commands {
        let ended = run(&[&*command, &["--help"]].concat(), &HashMap::new()).await;
        assert!(ended.status.success(), "{command:?}: {}", ended.stderr);
    }
}

#[test]
fn every_line_of_the_log_is_one_that_is_written() {
    let sources = sources(&root().join("crates"));
    let guide = guide();
    let rows = guide.lines().filter(|it| it.starts_with("| `ERROR ") || it.starts_with("| `WARN "));
    let mut n_lines = 0;
    for row in rows {
        let cell = row.split(" | ").next().unwrap();
        for quoted in cell.split('`').skip(1).step_by(2) {
            let line =
                quoted.trim_start_matches("ERROR ").trim_start_matches("WARN ").trim_start_matches("… ");
            // The kind of what cannot be had is filled in.
            let line = line.replace("provider's keys cannot", "provider's {} cannot");
            assert!(sources.contains(&line), "{line}");
            n_lines += 1;
        }
    }
    assert!(20 < n_lines);
}
