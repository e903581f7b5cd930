//! Signing in and out.

use reqwest::Method;

use super::{super::secrets::Kind, Cast, Stage, plans::invite};
use crate::{sign_in::browser::Browser, world::PUBLIC_URL};

/// Somebody signs in on their way to an invite, comes back twice, and signs out.
pub(super) async fn run(stage: &Stage, cast: &Cast, plan: &str) {
    let link = invite(stage, &cast.ann.caller, plan).await;
    let user = stage.secrets.make(Kind::UserId);
    let mut browser = Browser::at(stage.base());
    let page = browser.open(&link.url).await;
    browser.sign_in(&page, &user).await.answer.page(200);
    let callback = browser.history.iter().find(|it| it.path() == "/login/callback").unwrap().clone();
    for (name, value) in callback.query_pairs() {
        if matches!(&*name, "code" | "state") {
            stage.secrets.note(Kind::SignIn, value);
        }
    }
    let cookies = browser.told.iter().filter_map(|it| it.split(';').next()?.split_once('='));
    for (name, value) in cookies.filter(|(name, value)| name.starts_with("__Host-") && !value.is_empty()) {
        if name == stage.cookie() {
            stage.note_token(value);
        } else {
            stage.secrets.note(Kind::SignIn, value);
        }
    }
    browser.ask(Method::GET, &callback, None).await.answer.page(400);

    let leaving = browser.open(&format!("{PUBLIC_URL}logout")).await;
    for field in leaving.answer.body.split("name=\"csrf\"").skip(1) {
        stage.secrets.note(Kind::Csrf, field.split('"').nth(1).unwrap());
    }
    browser.send(&leaving, &[]).await.answer.redirect();
}
