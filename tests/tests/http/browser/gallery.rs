//! Every page that somebody with a link can meet.

use serde_json::{Value, json};
use time::Duration;

use super::scene::{Scene, person};
use crate::client::SERVICE;

/// A page, and who meets it.
pub(super) struct Page {
    /// A word for it.
    pub(super) name: &'static str,
    /// Whose cookie the browser has.
    pub(super) claims: Value,
    pub(super) path: String,
    /// The headline.
    pub(super) title: &'static str,
    /// Whether it tells whose plan the invite is for.
    pub(super) names_the_plan: bool,
}

impl Page {
    fn of(name: &'static str, id: &str, path: String, title: &'static str) -> Self {
        Self { name, claims: person(id), path, title, names_the_plan: true }
    }

    fn without_plan(self) -> Self {
        Self { names_the_plan: false, ..self }
    }

    /// Opens it, as whoever meets it.
    pub(super) async fn open(&self, scene: &Scene) {
        scene.sign_in(&self.claims).await;
        scene.open(&self.path).await;
    }
}

/// Lets everything happen that has a page. All of it is about "The Hills" of Ann Hill.
pub(super) async fn pages(scene: &Scene) -> Vec<Page> {
    let world = &scene.world;
    let (ann, plan, expired) = scene.invite().await;
    world.advance(Duration::days(2));
    let open = ann.invites(&plan).await;
    let used = world.joins("cid", &ann, &plan).await;
    let revoked = ann.invites(&plan).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", revoked.id)).await.ok(204);
    let bound = ann.invites_with(&plan, &json!({"recipient_email": "dan@example.com"})).await;

    // A second plan of the same name: it is full as soon as its owner is alone in it.
    let mut other_ann = person("other-ann");
    other_ann["name"] = person("ann")["name"].clone();
    let other_ann = world.anonymous().claiming(&other_ann);
    let full_plan = other_ann.opens("The Hills").await;
    let full = other_ann.invites(&full_plan).await;
    world.admin().patch(&format!("/v1/plans/{full_plan}"), &json!({"user_limit": 1})).await.ok(200);

    let mut service = person("billing");
    service["roles"] = json!([SERVICE]);
    let by_service = Page::of("service", "billing", open.page(), "This account cannot join");
    vec![
        Page::of("invite", "bob", open.page(), "Join The Hills"),
        Page::of("own-plan", "ann", open.page(), "This link leads to your own plan"),
        Page::of("used", "bob", format!("/join/{used}"), "This invite has been used"),
        Page::of("revoked", "bob", revoked.page(), "This invite was taken back"),
        Page::of("expired", "bob", expired.page(), "This invite has expired"),
        Page::of("barred", "bob", bound.page(), "This invite is not for this account"),
        Page::of("already-in-plan", "cid", open.page(), "You are in a family plan already"),
        Page::of("full", "bob", full.page(), "This plan is full"),
        Page { claims: service, ..by_service },
        Page::of("not-found", "bob", "/join/unknown".to_owned(), "This link does not work").without_plan(),
        Page::of("problem", "bob", "/problems/plan_full".to_owned(), "Plan full").without_plan(),
    ]
}
