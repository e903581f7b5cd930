//! What an operator sees at `/metrics`: two looks differ by exactly what happened in between.

mod cost;
mod endpoints;
mod gauges;
mod gone;
mod helpdesk;
mod labels;
mod operations;
mod races;
mod table;
mod watching;

use std::collections::BTreeMap;

use time::Duration;

use crate::{client::Caller, waiting::eventually, world::World};

/// One look at everything: series, such as `name{label="value"}`, and their values, cut off after the point.
#[derive(Clone, Debug)]
struct Scrape {
    text: String,
    series: BTreeMap<String, u64>,
}

impl Scrape {
    async fn of(caller: &Caller) -> Self {
        let answer = caller.get("/metrics").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let lines = answer.body.lines().filter(|it| !it.starts_with('#'));
        let series = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let whole = value.split('.').next().unwrap();
            (name.to_owned(), whole.parse().unwrap_or_else(|err| panic!("{err}: {line}")))
        });
        let series: BTreeMap<_, _> = series.collect();
        Self { text: answer.body, series }
    }

    /// After the second for which everybody is shown the same of what waits.
    async fn anew(world: &World) -> Self {
        world.advance(Duration::SECOND);
        Self::of(&world.anonymous()).await
    }

    /// `None` when there is no such series.
    fn get(&self, series: &str) -> Option<u64> {
        self.series.get(&format!("family_plan_{series}")).copied()
    }

    /// All series of a metric together; 0 when there are none.
    fn sum(&self, metric: &str) -> u64 {
        let of_metric = |series: &str| {
            let series = series.strip_prefix("family_plan_")?.strip_prefix(metric)?;
            (series.is_empty() || series.starts_with('{')).then_some(())
        };
        self.series.iter().filter(|(name, _)| of_metric(name).is_some()).map(|(_, value)| value).sum()
    }

    /// The counters of these metrics that went up since `before`, without `family_plan_`, and by how much.
    #[track_caller]
    fn since(&self, before: &Self, metrics: &[&str]) -> BTreeMap<String, u64> {
        let mut gained = BTreeMap::new();
        for (name, now) in &self.series {
            let Some(name) = name.strip_prefix("family_plan_") else { continue };
            let metric = name.split('{').next().unwrap();
            if metrics.contains(&metric) {
                let n_before = before.get(name).unwrap_or(0);
                let more = now.checked_sub(n_before).unwrap_or_else(|| panic!("{name} went back"));
                gained.insert(name.to_owned(), more);
            }
        }
        gained.retain(|_, more| 0 < *more);
        gained
    }
}

/// Looks until a series has this value.
async fn until(caller: &Caller, series: &str, value: u64) {
    let what = format!("{series} is {value}");
    eventually(&what, async || Scrape::of(caller).await.get(series) == Some(value)).await;
}

fn gained(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}
