//! What people do in a browser.

use reqwest::Method;
use serde_json::json;

use super::{
    super::{secrets::Kind, stage::Person},
    Cast, Stage,
    plans::{invite, issued},
};
use crate::{
    client::Answer,
    sign_in::browser::{Browser, Shown},
    world::PUBLIC_URL,
};

fn browser(stage: &Stage, person: &Person) -> Browser {
    let mut browser = Browser::at(stage.base());
    browser.set_cookie(stage.cookie(), person.caller.token());
    browser
}

/// Opens a page, and notes the hidden field of its form.
async fn opened(stage: &Stage, browser: &mut Browser, path: &str) -> Shown {
    let url = format!("{}{}", PUBLIC_URL.trim_end_matches('/'), path);
    let shown = browser.ask(Method::GET, &url.parse().unwrap(), None).await;
    for field in shown.answer.body.split("name=\"csrf\"").skip(1) {
        stage.secrets.note(Kind::Csrf, field.split('"').nth(1).unwrap());
    }
    shown
}

/// Answers with the invite's pages, and the administrator's.
pub(super) async fn run(stage: &Stage, cast: &Cast, plan: &str) {
    let link = invite(stage, &cast.ann.caller, plan).await;
    let (mut ann, mut cid) = (browser(stage, &cast.ann), browser(stage, &cast.cid));
    stage.anonymous().get(&link.page()).await.redirect();
    opened(stage, &mut ann, &link.page()).await.answer.page(200);
    let page = opened(stage, &mut cid, &link.page()).await;
    let forged = stage.secrets.make(Kind::Misplaced);
    let refused = cid.ask(Method::POST, &page.url, Some(format!("csrf={forged}&{forged}={forged}"))).await;
    refused.answer.page(403);
    cid.send(&page, &[]).await.answer.redirect();
    opened(stage, &mut cid, &link.page()).await.answer.redirect();
    opened(stage, &mut browser(stage, &cast.bob), &link.page()).await.answer.page(409);
    // For somebody else.
    let bound = json!({"recipient_email": stage.secrets.address(Kind::Recipient)});
    let path = format!("/v1/plans/{plan}/invites");
    let bound = issued(stage, &cast.ann.caller.post_json(&path, &bound).await);
    opened(stage, &mut browser(stage, &cast.bob), &bound.page()).await.answer.page(403);

    let mut ada = browser(stage, &cast.ada);
    let settings = opened(stage, &mut ada, "/admin/settings").await;
    for (action, limit) in [("preview", "2"), ("save", "8"), ("save", "none")] {
        let fields = [
            ("action", action),
            ("user_limit", limit),
            ("invite_ttl_seconds", "90000"),
            ("pending_invites_hold_seats", "false"),
            ("detached_invites", "revoke"),
        ];
        let sent = ada.send(&settings, &fields).await;
        ada.follow(sent).await;
    }
    opened(stage, &mut browser(stage, &cast.bob), "/admin/settings").await.answer.page(403);
    let anonymous = stage.anonymous();
    for path in ["/problems/plan_full", "/docs", "/openapi.json", "/assets/page.css", "/assets/copy.js"] {
        assert_eq!(anonymous.get(path).await.status, 200, "{path}");
    }
    let marked = cast.marked(&anonymous, Method::GET, "/problems/plan_full");
    Answer::to(marked.header("Accept", "application/json")).await.ok(200);
}
