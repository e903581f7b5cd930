//! Whose attempt at signing in it is, for how long, and where it leads.

use reqwest::Method;
use time::Duration;

use super::{
    BROWSER, SESSION,
    browser::{Browser, link},
    callback, login, parameter, refused, scene,
};
use crate::world::{DASHBOARD_URL, PUBLIC_URL};

#[tokio::test(flavor = "multi_thread")]
async fn several_tabs_sign_in_at_once() {
    let (provider, world, invite, mut browser) = scene().await;
    let ann = provider.user(&world, "ann");
    let plan = ann.get("/v1/me").await.ok(200)["family_plan"]["plan_id"].as_str().unwrap().to_owned();
    let other = ann.invites(&plan).await;
    let first = browser.open(&invite.url).await;
    let second = browser.open(&other.url).await;
    assert_eq!(browser.sign_in(&first, "bob").await.url.as_str(), invite.url);
    assert_eq!(browser.sign_in(&second, "bob").await.url.as_str(), other.url);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_attempt_signs_nobody_in() {
    let (_provider, world, invite, mut eve) = scene().await;
    let page = eve.open(&login(&invite.url)).await;
    let stolen = callback(&mut eve, &page, "eve").await;
    // In a browser that began nothing, and in one that is at it itself.
    let mut bob = Browser::at(world.base(0));
    refused(&bob.open(stolen.as_str()).await, 400, "not begun in this browser");
    bob.open(&login(&invite.url)).await;
    refused(&bob.open(stolen.as_str()).await, 400, "not begun in this browser");
    bob.set_cookie(BROWSER, "");
    refused(&bob.open(stolen.as_str()).await, 400, "not begun in this browser");
    assert_eq!(bob.cookie(SESSION), None);

    let state = parameter(&stolen, "state");
    let code = parameter(&stolen, "code");
    for query in [
        String::new(),
        format!("code={code}"),
        format!("code={code}&state="),
        format!("code={code}&state=x"),
        format!("code={code}&state={}", &state[..state.len() - 1]),
        format!("code={code}&state={state}x"),
        format!("state={state}"),
        "error=access_denied".to_owned(),
    ] {
        let shown = eve.open(&format!("{PUBLIC_URL}login/callback?{query}")).await;
        refused(&shown, 400, "not begun in this browser");
    }
    assert_eq!(eve.open(stolen.as_str()).await.url.as_str(), invite.url);
    assert!(eve.cookie(SESSION).is_some());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_counts_once() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let first = callback(&mut browser, &page, "bob").await;
    assert_eq!(browser.open(first.as_str()).await.url.as_str(), invite.url);
    let again = browser.open(first.as_str()).await;
    refused(&again, 400, "used already");
    // The way on is on the page.
    assert_eq!(link(&again, "Sign in"), login(&invite.url));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_belongs_to_the_attempt_that_it_was_asked_for_in() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&login(&invite.url)).await;
    let first = callback(&mut browser, &page, "bob").await;
    let page = browser.open(&format!("{}&prompt=login", login(&invite.url))).await;
    let second = callback(&mut browser, &page, "eve").await;
    let mixed = format!(
        "{PUBLIC_URL}login/callback?code={}&state={}",
        parameter(&second, "code"),
        parameter(&first, "state")
    );
    refused(&browser.open(&mixed).await, 400, "used already");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_their_mind_is_not_signed_in() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let shown = browser.open(&link(&page, "[ Cancel ]")).await;
    assert_eq!(shown.url.path(), "/login/callback");
    refused(&shown, 403, "You can try again");
    assert_eq!(link(&shown, "Sign in"), login(&invite.url));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_not_good_for_ever() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let late = callback(&mut browser, &page, "bob").await;
    world.advance(Duration::minutes(15));
    refused(&browser.open(late.as_str()).await, 400, "too long");
    let page = browser.open(&format!("{}&prompt=login", login(&invite.url))).await;
    let in_time = callback(&mut browser, &page, "bob").await;
    world.advance(Duration::minutes(14));
    assert_eq!(browser.open(in_time.as_str()).await.url.as_str(), invite.url);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_elsewhere() {
    let (_provider, world, _, mut browser) = scene().await;
    for next in [
        "//evil.example",
        "%2F%2Fevil.example",
        "https://evil.example/",
        "https://family.example.evil.example/",
        "https://family.example@evil.example/",
        "https://user@family.example/",
        "https://family.example%5C@evil.example/",
        "https:%5C%5Cevil.example",
        "https://family.example/%0D%0ASet-Cookie:%20a=b",
        "javascript:alert(1)",
        "/join/x",
        "https://app.example/elsewhere",
    ] {
        let shown = browser.open(&format!("{PUBLIC_URL}login?next={next}")).await;
        refused(&shown, 400, "leads elsewhere");
    }
    for query in ["", "?next=", "?next=https://app.example/dashboard"] {
        let page = browser.open(&format!("{PUBLIC_URL}login{query}")).await;
        let back = if page.answer.status == 200 { browser.sign_in(&page, "bob").await } else { page };
        assert_eq!(back.answer.redirect(), DASHBOARD_URL);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_begins_nothing() {
    let (_provider, world, invite, mut browser) = scene().await;
    let shown = browser.ask(Method::HEAD, &login(&invite.url).parse().unwrap(), None).await;
    assert_eq!(shown.answer.status, 303);
    for path in ["login", "login/callback"] {
        let url = format!("{PUBLIC_URL}{path}").parse().unwrap();
        let shown = browser.ask(Method::POST, &url, Some(String::new())).await;
        shown.answer.problem(405, "method_not_allowed");
        assert_eq!(shown.answer.header("allow"), Some("GET, HEAD"));
    }
    world.end().await;
}
