//! The invitee's way: from the link over signing in to the dashboard.

use thirtyfour::Key;

use super::{
    chromium::Scripts,
    scene::{DASHBOARD, Scene, person},
};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_a_link_signs_in_and_joins() {
    walk(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_the_way_needs_scripts() {
    walk(Scripts::Off).await;
}

async fn walk(scripts: Scripts) {
    let scene = Scene::with(scripts).await;
    let (ann, plan, invite) = scene.invite().await;
    let browser = &scene.browser;

    browser.open(&invite.url).await;
    assert_eq!(browser.title().await, "Sign in");
    browser.find("input[name=user]").await.send_keys("bob").await.unwrap();
    browser.press().await;
    browser.arrives_at(&invite.url).await;
    let text = browser.text().await;
    for expected in ["The Hills", "Ann Hill", "Bob Hill", "bob@example.com", "your own plan comes back"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let until = browser.find("time").await;
    assert!(until.attr("datetime").await.unwrap().unwrap().ends_with('Z'));
    assert!(until.text().await.unwrap().ends_with(" UTC"));
    assert_eq!(ann.seats(&plan).await, (5, 1, 1), "looking changes nothing");
    browser.press().await;
    browser.arrives_at(DASHBOARD).await;
    assert_eq!(ann.seats(&plan).await, (5, 2, 0));
    // They are in: the link leads on.
    browser.open(&invite.url).await;
    browser.arrives_at(DASHBOARD).await;

    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_as_somebody_else_switches_and_comes_back() {
    let scene = Scene::start().await;
    let (_, _, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("bob")).await;
    browser.open(&invite.url).await;
    browser.find(".account a").await.click().await.unwrap();
    browser.find("input[name=user]").await.send_keys("eve").await.unwrap();
    browser.press().await;
    browser.arrives_at(&invite.url).await;
    let text = browser.text().await;
    assert!(text.contains("Eve Hill") && !text.contains("Bob Hill"), "{text}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_is_enough() {
    let scene = Scene::start().await;
    let (ann, plan, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("bob")).await;
    browser.open(&invite.url).await;
    for expected in ["Use another account", "Join this plan"] {
        browser.key(Key::Tab).await;
        let focused = browser.focused().await;
        assert_eq!(focused.text().await.unwrap(), expected);
        assert_eq!(
            focused.css_value("outline-style").await.unwrap(),
            "solid",
            "{expected}: the focus is seen"
        );
        assert_eq!(focused.css_value("outline-width").await.unwrap(), "3px", "{expected}: the focus is seen");
    }
    browser.key(Key::Enter).await;
    browser.arrives_at(DASHBOARD).await;
    assert_eq!(ann.seats(&plan).await, (5, 2, 0));
    scene.end().await;
}
