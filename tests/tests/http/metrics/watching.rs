//! The dashboard and the alerts in `ops/` name what there is, and Prometheus' own tool finds no fault with any of it.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{Scrape, until};
use crate::world::{World, on_sqlite};

on_sqlite!(what_is_watched_exists_and_all_there_is_can_be_seen, a_look_is_well_formed);

fn ops(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(ops(path)).unwrap()
}

#[track_caller]
fn promtool(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(ops("prometheus"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs promtool, which Debian has in its package `prometheus`");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert!(output.status.success(), "{arguments:?}: {told}");
    told
}

/// The metrics that a text names, as they are called in `# TYPE`.
fn named(text: &str, kinds: &BTreeSet<&str>) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    let metrics = words.filter(|it| it.starts_with("family_plan_") || it.starts_with("process_"));
    metrics
        .map(|it| {
            let parts = ["_bucket", "_sum", "_count"].iter();
            let whole = parts.filter_map(|part| it.strip_suffix(part)).find(|it| kinds.contains(it));
            whole.unwrap_or(it).to_owned()
        })
        .collect()
}

/// The expressions of a dashboard's panels, as Grafana asks them.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|it| it["targets"].as_array()).flatten();
    targets
        .map(|it| {
            let expression = it["expr"].as_str().unwrap();
            expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
        })
        .collect()
}

async fn what_is_watched_exists_and_all_there_is_can_be_seen(world: &World) {
    let anonymous = world.anonymous();
    until(&anonymous, "sync_last_success_timestamp_seconds", 0).await;
    let scrape = Scrape::of(&anonymous).await;
    let kinds: BTreeSet<&str> =
        scrape.text.lines().filter_map(|it| it.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let dashboard: Value = serde_json::from_str(&read("grafana/family-plan.json")).unwrap();
    let on_dashboard = named(&expressions(&dashboard).join("\n"), &kinds);
    let in_alerts = named(&read("prometheus/family-plan.rules.yml"), &kinds);
    for metric in on_dashboard.iter().chain(&in_alerts) {
        assert!(kinds.contains(metric.as_str()), "there is no {metric}");
    }
    for metric in kinds.iter().filter(|it| it.starts_with("family_plan_")) {
        assert!(on_dashboard.contains(*metric), "nobody sees {metric}");
    }
    assert!(!in_alerts.is_empty());
}

async fn a_look_is_well_formed(world: &World) {
    let (ann, anonymous) = (world.user("ann"), world.anonymous());
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    until(&anonymous, "plans", 1).await;
    let told = promtool(&["check", "metrics"], &Scrape::of(&anonymous).await.text);
    assert_eq!(told, "", "it has advice");
}

#[test]
fn every_alert_fires_when_it_should_and_says_what_to_do() {
    promtool(&["check", "rules", "family-plan.rules.yml"], "");
    promtool(&["test", "rules", "family-plan.test.yml"], "");
    let (rules, tests) = (read("prometheus/family-plan.rules.yml"), read("prometheus/family-plan.test.yml"));
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let name = alert.lines().next().unwrap();
        for part in ["severity: ", "summary: ", "description: ", "runbook: "] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        assert!(tests.contains(&format!("alertname=\"{name}\"")), "{name} is not tried");
    }
}

#[test]
fn the_dashboard_asks_what_can_be_answered() {
    let dashboard: Value = serde_json::from_str(&read("grafana/family-plan.json")).unwrap();
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for (n, expression) in expressions(&dashboard).iter().enumerate() {
        let expression = Value::from(expression.as_str());
        write!(rules, "      - record: panel:{n}\n        expr: {expression}\n").unwrap();
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard.rules.yml");
    fs::write(&file, rules).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()], "");
    for panel in dashboard["panels"].as_array().unwrap().iter().filter(|it| it["type"] != "row") {
        for part in ["title", "description"] {
            assert!(panel[part].as_str().is_some_and(|it| !it.is_empty()), "{panel}");
        }
    }
}
