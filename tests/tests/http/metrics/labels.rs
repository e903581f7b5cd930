//! Labels have few values, whatever people send.

use reqwest::Method;

use super::{Scrape, gained};
use crate::{
    client::Answer,
    world::{World, on_sqlite},
};

on_sqlite!(routes_and_methods_are_few, heads_and_wrong_methods_are_answered_as_everywhere);

async fn routes_and_methods_are_few(world: &World) {
    let ann = world.user("zenobia");
    let plan = ann.opens("The Hills").await;
    let secret = "s3cr3t-in-a-path";
    let before = Scrape::of(&ann).await;
    for path in ["/nowhere", "/v1/nowhere", "/v1/plans/x/y/z/w", "/%ff"] {
        for n in 0..3 {
            ann.get(&format!("{path}/{n}/{secret}?{secret}")).await;
        }
    }
    for method in ["BREW", "PROPFIND", "CONNECTED"] {
        Answer::to(ann.request(Method::from_bytes(method.as_bytes()).unwrap(), "/v1/me")).await;
    }
    ann.get(&format!("/v1/invites/{secret}")).await;
    ann.get(&format!("/v1/plans/{secret}")).await;
    ann.plan(&plan).await;
    ann.delete("/v1/me").await.problem(405, "method_not_allowed");

    let after = Scrape::of(&ann).await;
    let total = |method, route, status| {
        format!("http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    assert_eq!(
        after.since(&before, &["http_requests_total"]),
        gained(&[
            (&total("GET", "unmatched", 404), 12),
            (&total("other", "unmatched", 405), 3),
            (&total("DELETE", "unmatched", 405), 1),
            (&total("GET", "/v1/invites/{code}", 404), 1),
            (&total("GET", "/v1/plans/{plan_id}", 404), 1),
            (&total("GET", "/v1/plans/{plan_id}", 200), 1),
            (&total("GET", "/metrics", 200), 1),
        ]),
    );
    // Each was timed as well.
    assert_eq!(after.sum("http_request_duration_seconds_count"), after.sum("http_requests_total"));
    for told in [secret, plan.as_str(), "zenobia", "example.com", "BREW"] {
        assert!(!after.text.contains(told), "{told}");
    }
}

async fn heads_and_wrong_methods_are_answered_as_everywhere(world: &World) {
    let anonymous = world.anonymous();
    let head = anonymous.head("/metrics").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let answer = anonymous.post("/metrics").await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}
