//! The administrator's way: a mistake, a preview, somebody else who is faster, and settings that are saved.

use serde_json::{Value, json};

use super::{
    accessibility::judge,
    chromium::Browser,
    scene::{Scene, person},
};
use crate::{client::ADMIN, waiting::eventually};

const PAGE: &str = "/admin/settings";
/// What came of it.
const OUTCOME: &str = "#outcome";

fn administrator() -> Value {
    let mut claims = person("ada");
    claims["roles"] = json!([ADMIN]);
    claims
}

async fn fill_in(browser: &Browser, field: &str, value: &str) {
    let field = browser.find(&format!("input[name={field}]")).await;
    field.clear().await.unwrap();
    field.send_keys(value).await.unwrap();
}

async fn choose(browser: &Browser, button: &str) {
    browser.find(&format!("button[value={button}]")).await.click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_led_from_a_mistake_to_saved_settings() {
    let scene = Scene::start().await;
    let (world, browser) = (&scene.world, &scene.browser);
    let (ann, plan, _) = scene.invite().await;
    for guest in ["bob", "cid"] {
        world.joins(guest, &ann, &plan).await;
    }
    scene.sign_in(&administrator()).await;
    scene.open(PAGE).await;
    judge(browser, "settings").await;

    fill_in(browser, "user_limit", "none").await;
    choose(browser, "save").await;
    browser.reads(OUTCOME, "Nothing was saved").await;
    let field = browser.find("#user_limit").await;
    assert_eq!(field.value().await.unwrap(), Some("none".to_owned()), "nothing typed is lost");
    browser.find("#outcome a").await.click().await.unwrap();
    let is_there = async || browser.focused().await.id().await.unwrap().is_some_and(|it| it == "user_limit");
    eventually("the field that is wrong has the focus", is_there).await;
    judge(browser, "settings-mistake").await;

    fill_in(browser, "user_limit", "2").await;
    choose(browser, "preview").await;
    browser.reads(OUTCOME, "1 plan with 1 person would be over the limit").await;
    judge(browser, "settings-preview").await;

    let others = world.with_roles("eve", &[ADMIN]).sets(&json!({"user_limit": 7})).await;
    choose(browser, "save").await;
    browser.reads(OUTCOME, "Somebody else changed").await;
    let told = browser.find(OUTCOME).await.text().await.unwrap();
    for expected in ["eve", "2", "7"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(world.admin().get("/v1/settings").await.ok(200), others, "nothing is overwritten unseen");
    judge(browser, "settings-conflict").await;

    choose(browser, "save").await;
    browser.reads(OUTCOME, "Saved").await;
    assert_eq!(world.admin().get("/v1/settings").await.ok(200)["user_limit"], 2);
    judge(browser, "settings-saved").await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_administrator_is_told_so() {
    let scene = Scene::start().await;
    scene.sign_in(&person("bob")).await;
    scene.open(PAGE).await;
    let text = scene.browser.text().await;
    assert!(text.contains("Only administrators") && text.contains("Bob Hill"), "{text}");
    judge(&scene.browser, "settings-forbidden").await;
    scene.end().await;
}
