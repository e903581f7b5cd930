//! The owner's page: their link, to copy.

use serde_json::json;

use super::{
    chromium::Scripts,
    scene::{Scene, person},
};
use crate::waiting::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_copies_the_link_with_a_button() {
    let scene = Scene::start().await;
    let (_, _, invite) = scene.invite().await;
    let browser = &scene.browser;
    browser.allow_clipboard().await;
    scene.sign_in(&person("ann")).await;
    browser.open(&invite.url).await;
    let status = browser.find("[role=status]").await;
    assert_eq!(status.text().await.unwrap(), "");
    browser.press().await;
    eventually("the page says so", async || status.text().await.unwrap() == "Copied").await;
    let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, it => done(String(it)))";
    assert_eq!(browser.run_until_called(read).await, json!(invite.url));
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_be_copied_is_selected() {
    let scene = Scene::start().await;
    let (_, _, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("ann")).await;
    browser.open(&invite.url).await;
    browser.run("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))").await;
    browser.press().await;
    let status = browser.find("[role=status]").await;
    eventually("the page says so", async || status.text().await.unwrap().starts_with("Selected")).await;
    assert_eq!(browser.run("return String(getSelection())").await, json!(invite.url));
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_there_is_the_link_and_no_button() {
    let scene = Scene::with(Scripts::Off).await;
    let (_, _, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("ann")).await;
    browser.open(&invite.url).await;
    let link = browser.find("#link").await;
    assert_eq!(link.value().await.unwrap(), Some(invite.url.clone()));
    assert_eq!(link.attr("readonly").await.unwrap(), Some("true".to_owned()));
    assert!(!browser.find("#copy").await.is_displayed().await.unwrap());
    scene.end().await;
}
