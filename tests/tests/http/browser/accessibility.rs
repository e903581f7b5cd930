//! Every page can be used by everybody: at a desk, on a phone, in the dark, with a screen reader.

use std::fs;

use family_plan_testkit::screenshots;

use super::{
    axe,
    chromium::{Browser, Screen},
    gallery::pages,
    layout::misfits,
    scene::{Scene, person},
};

/// Panics when something of the page that `browser` is at cannot be used by everybody on every screen. Where
/// `cargo xtask screenshots` asks for it, the page is also painted.
pub(super) async fn judge(browser: &Browser, page: &str) {
    for screen in Screen::ALL {
        browser.look_at(screen).await;
        let violations = axe::violations(browser).await;
        assert!(violations.is_empty(), "{page} on {}: {violations:#?}", screen.name);
        let misfits = misfits(browser).await;
        assert!(misfits.is_empty(), "{page} on {}: {misfits:#?}", screen.name);
        if let Some(folder) = screenshots() {
            fs::write(folder.join(format!("{page}-{}.png", screen.name)), browser.picture().await).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_used_by_everybody() {
    let scene = Scene::start().await;
    for page in pages(&scene).await {
        page.open(&scene).await;
        judge(&scene.browser, page.name).await;
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_what_is_wrong() {
    let scene = Scene::start().await;
    let (_, _, invite) = scene.invite().await;
    let browser = &scene.browser;
    scene.sign_in(&person("ann")).await;
    browser.open(&invite.url).await;
    browser.run("document.querySelector('label').remove()").await;
    browser.run("document.querySelector('.lead').style.color = '#808080'").await;
    let violations = axe::violations(browser).await;
    for rule in ["label: ", "color-contrast: "] {
        assert!(violations.iter().any(|it| it.starts_with(rule)), "{rule}: {violations:#?}");
    }
    scene.end().await;
}
