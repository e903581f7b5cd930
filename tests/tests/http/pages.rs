//! What a person sees who opens an invite's link.

use reqwest::{Method, header};
use serde_json::json;
use time::Duration;
use url::Url;

use crate::{
    client::{Answer, Caller, Invite},
    world::{DASHBOARD_URL, Engine, LOGIN_URL, PUBLIC_URL, World, engines, on_sqlite},
};

/// The hidden field of the form on a page.
fn csrf(page: &str) -> &str {
    let start = page.find("name=\"csrf\"").unwrap_or_else(|| panic!("no form: {page}"));
    page[start..].split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

async fn submit(person: &Caller, path: &str, body: String) -> Answer {
    let request = person.request(Method::POST, path);
    let form = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    Answer::to(form.body(body)).await
}

/// Presses the button of the page.
async fn join(person: &Caller, invite: &Invite) -> Answer {
    let page = person.get(&invite.page()).await;
    submit(person, &invite.page(), format!("csrf={}", csrf(page.page(200)))).await
}

async fn scene(world: &World) -> (Caller, String, Invite, Caller) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    (ann.in_browser(), plan, invite, world.user("bob").in_browser())
}

mod joining {
    use super::*;

    engines!(a_person_joins_by_pressing_the_button, looking_changes_nothing, every_refusal_has_its_page);

    pub(super) async fn a_person_joins_by_pressing_the_button(world: &World) {
        let (ann, plan, invite, bob) = scene(world).await;
        let page = bob.get(&invite.page()).await;
        let text = page.page(200);
        for expected in ["The Hills", "ANN Hill", "BOB Hill", "<button", LOGIN_URL] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        assert_eq!(text.matches("<button").count(), 1, "one button");
        assert_eq!(join(&bob, &invite).await.redirect(), DASHBOARD_URL);
        assert_eq!(ann.seats(&plan).await, (5, 2, 0));
        // They are in by this invite: both ways lead to the dashboard.
        assert_eq!(bob.get(&invite.page()).await.redirect(), DASHBOARD_URL);
        let token = csrf(text);
        assert_eq!(submit(&bob, &invite.page(), format!("csrf={token}")).await.redirect(), DASHBOARD_URL);
    }

    pub(super) async fn looking_changes_nothing(world: &World) {
        let (ann, plan, invite, bob) = scene(world).await;
        let before = (ann.plan(&plan).await, ann.events(&plan).await);
        for person in [&bob, &ann, &world.anonymous(), &world.user("bob")] {
            for _ in 0..3 {
                let page = person.get(&invite.page()).await;
                let head = person.head(&invite.page()).await;
                assert_eq!((head.status, head.body.as_str()), (page.status, ""));
                assert_eq!(head.header("location"), page.header("location"));
                // A browser that fetches what somebody may open next.
                let request = person.request(Method::GET, &invite.page());
                let prefetched = Answer::to(request.header("Sec-Purpose", "prefetch;prerender")).await;
                assert_eq!(prefetched.status, page.status);
            }
        }
        assert_eq!((ann.plan(&plan).await, ann.events(&plan).await), before);
        join(&bob, &invite).await.redirect();
    }

    pub(super) async fn every_refusal_has_its_page(world: &World) {
        let (ann, plan, invite, bob) = scene(world).await;
        let good = bob.get(&invite.page()).await;
        let token = csrf(good.page(200)).to_owned();
        let refused = async |person: &Caller, invite: &Invite, status: u16| {
            let page = person.get(&invite.page()).await;
            let text = page.page(status);
            assert!(!text.contains("<form"), "nothing to press: {text}");
            assert!(text.contains(&person_name(person)), "signed in as: {text}");
            text.to_owned()
        };
        let revoked = ann.invites(&plan).await;
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", revoked.id)).await.ok(204);
        refused(&bob, &revoked, 410).await;
        let bound = ann.invites_with(&plan, &json!({"recipient_email": "dan@example.com"})).await;
        refused(&bob, &bound, 403).await;
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", bound.id)).await.ok(204);
        world.joins("cid", &world.user("ann"), &plan).await;
        let cid = world.user("cid").in_browser();
        refused(&cid, &invite, 409).await;
        world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 2})).await.ok(200);
        refused(&bob, &invite, 409).await;
        let pressed = submit(&bob, &invite.page(), format!("csrf={token}")).await;
        pressed.page(409);
        world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 5})).await.ok(200);
        let short = ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
        world.advance(Duration::seconds(60));
        let text = refused(&bob, &short, 410).await;
        assert!(text.contains("expired"), "{text}");
        join(&bob, &invite).await.redirect();
        let eve = world.user("eve").in_browser();
        refused(&eve, &invite, 409).await;
        let unknown = Invite { code: "unknown".to_owned(), ..invite.clone() };
        refused(&eve, &unknown, 404).await;
        ann.detaches(&plan, "bob").await.ok(200);
        refused(&bob, &invite, 403).await;
        ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
        refused(&eve, &invite, 404).await;
        submit(&eve, &invite.page(), String::new()).await.page(403);
    }

    fn person_name(person: &Caller) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let payload = person.token().split('.').nth(1).unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        crate::client::text(&claims, "name")
    }
}

mod showing {
    use super::*;

    on_sqlite!(
        who_is_signed_out_is_sent_to_sign_in_and_back,
        hostile_names_are_only_names,
        a_form_from_elsewhere_joins_nobody,
        a_browser_that_hides_where_a_form_is_from_is_trusted_by_the_forms_token,
        the_owner_gets_the_link_to_copy,
        a_service_cannot_join,
    );

    pub(super) async fn who_is_signed_out_is_sent_to_sign_in_and_back(world: &World) {
        let (_, _, invite, _) = scene(world).await;
        let expired = world.anonymous().with_token("x.y.z").in_browser();
        for person in [world.anonymous(), expired] {
            for answer in
                [person.get(&invite.page()).await, submit(&person, &invite.page(), String::new()).await]
            {
                let login: Url = answer.redirect().parse().unwrap();
                assert!(login.as_str().starts_with(&format!("{LOGIN_URL}?")), "{login}");
                let query: Vec<_> = login.query_pairs().into_owned().collect();
                assert_eq!(query, [("next".to_owned(), invite.url.clone())]);
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            }
        }
    }

    pub(super) async fn hostile_names_are_only_names(world: &World) {
        let mut claims = crate::client::claims("ann");
        claims["name"] = json!("\"><img src=x onerror=alert(1)>");
        let ann = world.anonymous().claiming(&claims);
        let plan = ann.opens("<script>alert('1')</script>&amp;").await;
        let invite = ann.invites(&plan).await;
        claims["sub"] = json!("bob");
        claims["name"] = json!("</strong><script>alert(2)</script>");
        let bob = world.anonymous().claiming(&claims).in_browser();
        for (person, status) in [(&bob, 200), (&ann.in_browser(), 200)] {
            let page = person.get(&invite.page()).await;
            let text = page.page(status);
            for evil in ["<script>", "<img", "&amp;</"] {
                assert!(!text.contains(evil), "{evil}: {text}");
            }
            assert!(text.contains("alert("), "the name is shown: {text}");
        }
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
        assert!(!bob.get(&invite.page()).await.page(410).contains("<script"));
        let code = "%3Cscript%3E%22";
        assert!(!bob.get(&format!("/join/{code}")).await.page(404).contains("<script"));
    }

    pub(super) async fn a_browser_that_hides_where_a_form_is_from_is_trusted_by_the_forms_token(
        world: &World,
    ) {
        let (_, _, invite, bob) = scene(world).await;
        let page = bob.get(&invite.page()).await;
        let token = csrf(page.page(200)).to_owned();
        let submit = async |token: &str| {
            let request = bob.request(Method::POST, &invite.page()).header(header::ORIGIN, "null");
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            Answer::to(request.body(format!("csrf={token}"))).await
        };
        submit("x").await.page(403);
        assert_eq!(submit(&token).await.redirect(), DASHBOARD_URL);
    }

    pub(super) async fn a_form_from_elsewhere_joins_nobody(world: &World) {
        let (ann, plan, invite, bob) = scene(world).await;
        let page = bob.get(&invite.page()).await;
        let own = csrf(page.page(200)).to_owned();
        let eve = world.user("eve").in_browser();
        let page = eve.get(&invite.page()).await;
        let eves = csrf(page.page(200)).to_owned();
        let other = ann.invites(&plan).await;
        let page = bob.get(&other.page()).await;
        let others = csrf(page.page(200)).to_owned();
        for body in [
            String::new(),
            "csrf=".to_owned(),
            "csrf=x".to_owned(),
            format!("csrf={eves}"),
            format!("csrf={others}"),
            format!("csrf={own}x"),
            format!("token={own}"),
        ] {
            submit(&bob, &invite.page(), body.clone()).await.page(403);
        }
        let json = bob.post_json(&invite.page(), &json!({"csrf": own})).await;
        json.page(403);
        let request = bob.request(Method::POST, &invite.page()).header("Sec-Fetch-Site", "cross-site");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Answer::to(request.body(format!("csrf={own}"))).await.page(403);
        assert_eq!(ann.seats(&plan).await, (5, 1, 2));
        submit(&bob, &invite.page(), format!("csrf={own}")).await.redirect();
    }

    pub(super) async fn the_owner_gets_the_link_to_copy(world: &World) {
        let (ann, _, invite, _) = scene(world).await;
        let page = ann.get(&invite.page()).await;
        let text = page.page(200);
        assert!(text.contains(&invite.url) && text.contains("The Hills"), "{text}");
        assert!(invite.url.starts_with(PUBLIC_URL));
        submit(&ann, &invite.page(), "csrf=x".to_owned()).await.page(403);
    }

    pub(super) async fn a_service_cannot_join(world: &World) {
        let (ann, plan, invite, _) = scene(world).await;
        let service = world.service().in_browser();
        service.get(&invite.page()).await.page(403);
        assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_address_keeps_its_own_query() {
    let login = "https://login.example/sign-in?client=family";
    let world = World::with(Engine::Sqlite, &[("LINKS__LOGIN_URL", login)]).await;
    let (_, _, invite, _) = scene(&world).await;
    let answer = world.anonymous().get(&invite.page()).await;
    let url: Url = answer.redirect().parse().unwrap();
    assert!(url.as_str().starts_with(&format!("{login}&next=")), "{url}");
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    assert_eq!(query.last(), Some(&("next".to_owned(), invite.url.clone())));
    assert_eq!(query[0], ("client".to_owned(), "family".to_owned()));
    world.end().await;
}
