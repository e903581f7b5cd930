//! Every metric that operators rely on, and its labels.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scrape, until};
use crate::world::{World, engines};

/// What is there, its kind, and its labels.
const TABLE: &[(&str, &str, &[&str])] = &[
    ("family_plan_invites_issued_total", "counter", &["outcome"]),
    ("family_plan_invites_accepted_total", "counter", &["outcome"]),
    ("family_plan_members_detached_total", "counter", &["outcome"]),
    ("family_plan_seats", "gauge", &["state"]),
    ("family_plan_plans", "gauge", &[]),
    ("family_plan_plans_over_limit", "gauge", &[]),
    ("family_plan_zammad_webhooks_total", "counter", &["outcome"]),
    ("family_plan_inbox_depth", "gauge", &["state"]),
    ("family_plan_inbox_oldest_seconds", "gauge", &[]),
    ("family_plan_outbox_depth", "gauge", &[]),
    ("family_plan_outbox_oldest_seconds", "gauge", &[]),
    ("family_plan_event_deliveries_total", "counter", &["outcome"]),
    ("family_plan_zammad_requests_total", "counter", &["operation", "outcome"]),
    ("family_plan_zammad_request_duration_seconds", "histogram", &[]),
    ("family_plan_zammad_breaker_state", "gauge", &[]),
    ("family_plan_sync_users_total", "counter", &[]),
    ("family_plan_sync_last_success_timestamp_seconds", "gauge", &[]),
    ("family_plan_tokens_swept_total", "counter", &[]),
    ("family_plan_http_requests_total", "counter", &["method", "route", "status"]),
    ("family_plan_http_request_duration_seconds", "histogram", &["method", "route"]),
    ("family_plan_save_retries_total", "counter", &[]),
    ("family_plan_database_connections", "gauge", &["state"]),
    ("process_cpu_seconds_total", "counter", &[]),
    ("process_resident_memory_bytes", "gauge", &[]),
    ("process_virtual_memory_bytes", "gauge", &[]),
    ("process_open_fds", "gauge", &[]),
    ("process_max_fds", "gauge", &[]),
    ("process_start_time_seconds", "gauge", &[]),
    ("process_threads", "gauge", &[]),
];

engines!(everything_is_there_from_the_first_look_on);

async fn everything_is_there_from_the_first_look_on(world: &World) {
    let anonymous = world.anonymous();
    // The record of pulls is read when the server has just started.
    until(&anonymous, "sync_last_success_timestamp_seconds", 0).await;
    let scrape = Scrape::of(&anonymous).await;
    let told = |keyword: &str| -> BTreeMap<&str, &str> {
        let lines = scrape.text.lines().filter_map(|it| it.strip_prefix("# ")?.strip_prefix(keyword));
        lines.map(|it| it.trim_start().split_once(' ').unwrap()).collect()
    };
    let (help, kinds) = (told("HELP"), told("TYPE"));
    let expected: BTreeMap<_, _> = TABLE.iter().map(|(name, kind, _)| (*name, *kind)).collect();
    assert_eq!(kinds, expected);
    for (name, _, labels) in TABLE {
        assert!(help[name].len() > 10, "{name}: {}", help[name]);
        let n_series = scrape.series.keys().filter(|it| is_of(it, name)).count();
        assert!(0 < n_series, "{name}");
        for series in scrape.series.keys().filter(|it| is_of(it, name)) {
            assert_eq!(labels_of(series), labels.iter().copied().collect(), "{series}");
        }
    }
    assert!(0 < scrape.series["process_start_time_seconds"]);
    // Whoever scrapes often gets little.
    assert!(scrape.text.len() < 64 * 1024, "{}", scrape.text.len());
}

fn is_of(series: &str, metric: &str) -> bool {
    let Some(rest) = series.strip_prefix(metric) else { return false };
    let rest = ["_bucket", "_sum", "_count"].iter().find_map(|it| rest.strip_prefix(it)).unwrap_or(rest);
    rest.is_empty() || rest.starts_with('{')
}

/// The names of a series' labels, but for those of buckets. No value has a comma.
fn labels_of(series: &str) -> BTreeSet<&str> {
    let labels = series.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
    let names = labels.split(',').filter_map(|it| Some(it.split_once('=')?.0));
    names.filter(|it| *it != "le").collect()
}
