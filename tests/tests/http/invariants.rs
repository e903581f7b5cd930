//! What holds of a plan, whatever happened to it: seen over HTTP.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::{Caller, number, text};

/// What was found of a plan.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) members: BTreeSet<String>,
    pub(crate) invites: Vec<Value>,
    pub(crate) limit: u64,
}

/// Checks everything that can be seen of `plan` by somebody who sees all.
pub(crate) async fn check(caller: &Caller, plan: &str) -> Found {
    let report = caller.plan(plan).await;
    let members = caller.all(&format!("/v1/plans/{plan}/members"), 100).await;
    let invites = caller.all(&format!("/v1/plans/{plan}/invites"), 100).await;
    let events = caller.events(plan).await;
    let seats = caller.get(&format!("/v1/plans/{plan}/seats")).await.ok(200);

    let users: BTreeSet<String> = members.iter().map(|it| text(it, "user_id")).collect();
    let (limit, used, held) = (number(&report, "limit"), number(&report, "used"), number(&report, "held"));
    assert_eq!(users.len(), members.len(), "nobody is a member twice");
    assert_eq!(used, users.len() as u64);
    assert_eq!(held, invites.iter().filter(|it| it["holds_seat"] == true).count() as u64);
    assert_eq!(number(&report, "over_by"), used.saturating_sub(limit));
    assert_eq!(number(&report, "available"), limit.saturating_sub(used + held));
    assert_eq!(seats["seats"].as_array().unwrap().len() as u64, used + held);
    assert_eq!(members.iter().filter(|it| it["role"] == "owner").count(), 1);

    for invite in &invites {
        let is_used = invite["state"] == "used";
        let member = members.iter().find(|it| it["invite_id"] == invite["id"]);
        assert_eq!(is_used, member.is_some(), "a used invite has its member, and no other has: {invite}");
        assert_eq!(member.map(|it| &it["user_id"]), is_used.then_some(&invite["used_by"]));
    }

    // The history leads to exactly this membership.
    let mut told = BTreeSet::from([text(&events[0]["data"], "owner_id")]);
    for event in &events {
        let subject = || text(&event["data"], "user_id");
        match event["type"].as_str().unwrap() {
            "member.joined" => {
                assert!(told.insert(subject()) || events[0]["data"]["owner_id"] == subject(), "{event}");
            }

            "member.detached" => assert!(told.remove(&subject()), "{event}"),
            _ => (),
        }
    }
    assert_eq!(told, users, "no member without an event, no event without its member");
    let count = |kind: &str| events.iter().filter(|it| it["type"] == kind).count();
    assert_eq!(count("invite.created"), invites.len());
    Found { members: users, invites, limit }
}
