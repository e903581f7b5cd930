//! Each way that joining can end has a page, in words for a person.

use super::{
    gallery::pages,
    scene::{DASHBOARD, Scene, person},
};
use crate::client::text;

/// Words for those who write programs.
const JARGON: [&str; 6] = ["`", "token", "caller", "Authorization", "request_id", "code"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_says_what_happened_to_whom_and_where_to_go() {
    let scene = Scene::start().await;
    let browser = &scene.browser;
    for page in pages(&scene).await {
        page.open(&scene).await;
        let told = browser.text().await;
        assert_eq!(browser.find("h1").await.text().await.unwrap(), page.title);
        if page.path.starts_with("/problems/") {
            continue;
        }
        for name in ["The Hills", "Ann Hill"].iter().filter(|_| page.names_the_plan) {
            assert!(told.contains(name), "{}: {name} is missing: {told}", page.name);
        }
        let (name, email) = (text(&page.claims, "name"), text(&page.claims, "email"));
        assert!(told.contains(&name) && told.contains(&email), "{}: who is signed in: {told}", page.name);
        for word in JARGON {
            assert!(!told.contains(word), "{}: {word} is no word for people: {told}", page.name);
        }
        assert_eq!(browser.count("a[href*='/login?next=']").await, 1, "{}: one way to switch", page.name);
        let n_ways = browser.count(&format!("a[href='{DASHBOARD}']")).await;
        let n_buttons = browser.count("button[type=submit]").await;
        let expected = if page.name == "invite" { (0, 1) } else { (1, 0) };
        assert_eq!((n_ways, n_buttons), expected, "{}", page.name);
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_on_a_page_that_is_out_of_date_leads_back_to_the_page() {
    let scene = Scene::start().await;
    let (ann, plan, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("bob")).await;
    browser.open(&invite.url).await;
    // Somebody else signs in meanwhile, in another window.
    scene.sign_in(&person("eve")).await;
    browser.press().await;
    browser.reads("h1", "This page was out of date").await;
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    browser.find("a.button").await.click().await.unwrap();
    browser.arrives_at(&invite.url).await;
    assert!(browser.text().await.contains("Eve Hill"));
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_is_taken_back_while_somebody_looks_at_it_says_so_when_they_press() {
    let scene = Scene::start().await;
    let (ann, plan, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("bob")).await;
    browser.open(&invite.url).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
    browser.press().await;
    browser.reads("h1", "This invite was taken back").await;
    let text = browser.text().await;
    assert!(text.contains("Ann Hill") && text.contains("The Hills"), "{text}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_nobodys_fault_and_has_a_number_to_ask_about() {
    let scene = Scene::start().await;
    let (_, _, invite) = scene.invite().await;
    scene.sign_in(&person("bob")).await;
    scene.world.database.execute("ALTER TABLE invites RENAME TO elsewhere").await;
    scene.browser.open(&invite.url).await;
    assert_eq!(scene.browser.find("h1").await.text().await.unwrap(), "Something went wrong");
    let number = scene.browser.find("code").await.text().await.unwrap();
    assert!(!number.is_empty());
    scene.end().await;
}
