//! Signing people in with a real OpenID provider, which runs beside the server.

mod attempts;
pub(crate) mod browser;
pub(crate) mod provider;

use std::collections::HashMap;

use family_plan_zammad_simulator::{Config, Simulator};
use reqwest::Method;
use serde_json::json;
use url::Url;

use self::{
    browser::{Browser, Shown, link},
    provider::{CLIENT_SECRET, Provider},
};
use crate::{
    client::{Caller, Invite, http_client},
    jwt::LONG_AGO,
    program::Serving,
    waiting::eventually,
    world::{DASHBOARD_URL, Database, Engine, PUBLIC_URL, World, settings},
};

const SESSION: &str = "__Host-family-plan";
const BROWSER: &str = "__Host-family-plan-sign-in";

/// A server that signs people in at a provider, and the link of an invite.
async fn scene() -> (Provider, World, Invite, Browser) {
    let provider = Provider::start().await;
    let world = provider.world(&[]).await;
    let ann = provider.user(&world, "ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let browser = Browser::at(world.base(0));
    (provider, world, invite, browser)
}

fn login(next: &str) -> String {
    let mut url: Url = format!("{PUBLIC_URL}login").parse().unwrap();
    url.query_pairs_mut().append_pair("next", next);
    url.into()
}

/// Goes on to where the provider's answer is known, and not yet told.
async fn callback(browser: &mut Browser, page: &Shown, user: &str) -> Url {
    let mut shown = browser.send(page, &[("login", user), ("password", "x")]).await;
    loop {
        let Some(location) = shown.answer.header("location") else {
            shown = browser.send(&shown, &[]).await;
            continue;
        };
        let url = shown.url.join(location).unwrap();
        if url.as_str().starts_with(PUBLIC_URL) {
            return url;
        }
        shown = browser.ask(Method::GET, &url, None).await;
    }
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(it, _)| it == name).unwrap_or_else(|| panic!("no {name} in {url}")).1.into()
}

/// A page that tells why nobody is signed in.
#[track_caller]
fn refused(shown: &Shown, status: u16, told: &str) {
    let page = shown.answer.page(status);
    assert!(page.contains(told), "{told}: {page}");
    assert_eq!(shown.answer.header("set-cookie"), None);
    assert_eq!(shown.answer.header("location"), None);
    assert_eq!(shown.answer.header("cache-control"), Some("no-store"));
    assert_eq!(shown.answer.header("retry-after").is_some(), status == 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitee_signs_in_on_the_way_and_joins() {
    let (provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let begun: Vec<&str> = browser.history.iter().map(Url::path).collect();
    assert_eq!(begun[..3], [&invite.page(), "/login", "/auth"]);
    assert_eq!(browser.history[1].as_str(), login(&invite.url));
    let asked = &browser.history[2];
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "family-plan"),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://family.example/login/callback"),
    ] {
        assert_eq!(parameter(asked, name), value);
    }
    assert!(!asked.as_str().contains(&invite.code), "the provider learns no code");
    assert_ne!(parameter(asked, "nonce"), parameter(asked, "state"));

    let page = browser.sign_in(&page, "bob").await;
    assert_eq!(page.url.as_str(), invite.url);
    let text = page.answer.page(200);
    assert!(text.contains("The Hills") && text.contains("bob of the provider"), "{text}");
    let ours: Vec<&String> = browser.told.iter().filter(|it| it.starts_with("__Host-")).collect();
    let (token, attributes) = ours[1].strip_prefix(&format!("{SESSION}=")).unwrap().split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=900");
    assert!(ours[0].starts_with(&format!("{BROWSER}=")));
    assert!(ours[0].ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=900"));
    assert_eq!(ours.len(), 2);
    // The cookie is the bare token, which counts as a header, too.
    let bob = world.anonymous().with_token(token);
    let me = bob.get("/v1/me").await.ok(200);
    assert_eq!((me["user_id"].as_str(), me["email"].as_str()), (Some("bob"), Some("bob@example.com")));

    let joined = browser.submit(&page, &[]).await;
    assert_eq!(joined.answer.redirect(), DASHBOARD_URL);
    assert_eq!(bob.get("/v1/me").await.ok(200)["family_plan"]["name"], "The Hills");
    drop(provider);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_can_be_used() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let page = browser.sign_in(&page, "bob").await;
    // Whom the provider knows already is not asked again, except who wants to be.
    let again = browser.open(&login(&invite.url)).await;
    assert_eq!(again.url.as_str(), invite.url);
    let page = browser.open(&link(&page, "Use another account")).await;
    assert!(page.answer.page(200).contains(r#"name="login""#), "{page:?}");
    let page = browser.sign_in(&page, "cid").await;
    assert_eq!(page.url.as_str(), invite.url);
    assert!(page.answer.page(200).contains("cid of the provider"), "{page:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_come_with_the_provider() {
    let (_provider, world, _, mut browser) = scene().await;
    for (user, status) in [("bob", 403), ("admin-ada", 200)] {
        let page =
            browser.open(&format!("{PUBLIC_URL}login?prompt=login&next={PUBLIC_URL}v1/settings")).await;
        let shown = browser.sign_in(&page, user).await;
        assert_eq!((shown.url.path(), shown.answer.status), ("/v1/settings", status));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_for_the_configured_audience_count_as_well_and_no_others() {
    let provider = Provider::start().await;
    let world = provider.world(&[("AUTH__AUDIENCE", "the-api")]).await;
    let status = async |changes| {
        let token = provider.token("ann", &changes);
        world.anonymous().with_token(token).get("/v1/me").await.status
    };
    assert_eq!(status(json!({})).await, 200);
    assert_eq!(status(json!({"aud": "the-api"})).await, 200);
    assert_eq!(status(json!({"aud": "others"})).await, 401);
    assert_eq!(status(json!({"iss": "http://127.0.0.1:1"})).await, 401);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_token() {
    let (provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let page = browser.sign_in(&page, "bob").await;
    browser.set_cookie(SESSION, &provider.token("bob", &json!({"exp": LONG_AGO})));
    // The button was pressed too late: the browser comes back to the page, signed in again.
    let back = browser.submit(&page, &[]).await;
    assert_eq!(back.url.as_str(), invite.url);
    assert!(back.answer.page(200).contains("bob of the provider"));
    let allowed = page.answer.header("content-security-policy").unwrap();
    let form = allowed.split("form-action ").nth(1).unwrap().split(';').next().unwrap();
    assert!(form.contains(&provider.issuer), "browsers look at where a form leads to: {allowed}");
    assert_eq!(browser.submit(&back, &[]).await.answer.redirect(), DASHBOARD_URL);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_fits_into_no_cookie_is_told() {
    let (_provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let shown = browser.sign_in(&page, "verbose").await;
    refused(&shown, 502, "name the request");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_know_us_is_told() {
    let provider = Provider::start().await;
    let world = provider.world(&[("AUTH__OIDC_CLIENT_SECRET", "another")]).await;
    let mut browser = Browser::at(world.base(0));
    let page = browser.open(&login(DASHBOARD_URL)).await;
    refused(&browser.sign_in(&page, "bob").await, 502, "name the request");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_needs_no_secret() {
    let provider = Provider::knowing(json!({"token_endpoint_auth_method": "none"})).await;
    let world = provider.world(&[("AUTH__OIDC_CLIENT_SECRET", "")]).await;
    let mut browser = Browser::at(world.base(0));
    let page = browser.open(&login(DASHBOARD_URL)).await;
    assert_eq!(browser.sign_in(&page, "bob").await.answer.redirect(), DASHBOARD_URL);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_signs_out_is_out_here_and_at_the_provider() {
    let (provider, world, invite, mut browser) = scene().await;
    let logout = format!("{PUBLIC_URL}logout");
    assert!(browser.open(&logout).await.answer.page(200).contains("You are signed out"));
    let page = browser.open(&invite.url).await;
    browser.sign_in(&page, "bob").await;
    let page = browser.open(&logout).await;
    assert!(page.answer.header("content-security-policy").unwrap().contains(&provider.issuer));
    for form in ["", "csrf=", "csrf=x"] {
        let shown = browser.ask(Method::POST, &logout.parse().unwrap(), Some(form.to_owned())).await;
        refused(&shown, 403, "still signed in");
    }
    assert!(browser.cookie(SESSION).is_some());

    let sent = browser.send(&page, &[]).await;
    let gone = sent.answer.header("set-cookie").unwrap();
    assert_eq!(gone, format!("{SESSION}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"));
    let at_provider = sent.answer.redirect();
    assert!(at_provider.starts_with(&format!("{}/session/end?client_id=", provider.issuer)), "{at_provider}");
    assert!(!at_provider.contains("hint"), "no token stands in an address");
    let asked = browser.follow(sent).await;
    let out = browser.submit(&asked, &[("logout", "yes")]).await;
    assert_eq!(out.url.as_str(), logout);
    assert!(out.answer.page(200).contains("You are signed out"));
    let page = browser.open(&invite.url).await;
    assert!(page.answer.page(200).contains(r#"name="login""#), "the provider asks again");
    world.end().await;
}

/// In one thread, where the runtime's clock can be moved.
#[tokio::test]
async fn a_provider_changes_its_key_and_fails_for_a_while() {
    let (mut provider, world, invite, mut browser) = scene().await;
    let page = browser.open(&invite.url).await;
    let back = callback(&mut browser, &page, "bob").await;
    // By now the provider knows who it is, and asks nothing.
    assert_eq!(browser.open(&login(&invite.url)).await.url.as_str(), invite.url);
    provider.fail().await;
    refused(&browser.open(back.as_str()).await, 503, "does not answer");
    // Who is signed in stays so, and what is known of the provider is enough to be sent there.
    let begun = browser.ask(Method::GET, &login(&invite.url).parse().unwrap(), None).await;
    assert!(begun.answer.redirect().starts_with(&format!("{}/auth?", provider.issuer)));
    assert_eq!(browser.open(&invite.url).await.answer.status, 200);

    provider.rotate().await;
    tokio::time::pause();
    // Not so long that connections are closed for being idle.
    tokio::time::advance(std::time::Duration::from_secs(40)).await;
    tokio::time::resume();
    let page = browser.open(&login(&invite.url)).await;
    assert_eq!(page.url.as_str(), invite.url, "signed in with the new key");
    world.end().await;
}

/// In one thread, where the runtime's clock can be moved.
#[tokio::test]
async fn the_server_starts_while_the_provider_is_down() {
    let mut provider = Provider::start().await;
    provider.fail().await;
    let world = provider.world(&[]).await;
    let mut browser = Browser::at(world.base(0));
    refused(&browser.open(&login(DASHBOARD_URL)).await, 503, "does not answer");
    world.anonymous().get("/health/ready").await.ok(200);
    provider.recover().await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    tokio::time::resume();
    let page = browser.open(&login(DASHBOARD_URL)).await;
    assert_eq!(browser.sign_in(&page, "bob").await.answer.redirect(), DASHBOARD_URL);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_with_another_issuer_is_not_ours() {
    let provider = Provider::start().await;
    let issuer = format!("{}/", provider.issuer);
    let world = provider.world(&[("AUTH__ISSUER", &issuer)]).await;
    let mut browser = Browser::at(world.base(0));
    refused(&browser.open(&login(DASHBOARD_URL)).await, 503, "does not answer");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_as_safe_as_the_public_url_allows() {
    let provider = Provider::start().await;
    for (public_url, name, attributes) in [
        (
            "https://family.example/plans",
            "__Secure-family-plan-sign-in",
            "Path=/plans/; HttpOnly; SameSite=Lax; Secure",
        ),
        ("http://family.example", "family-plan-sign-in", "Path=/; HttpOnly; SameSite=Lax"),
    ] {
        let world = provider.world(&[("SERVER__PUBLIC_URL", public_url)]).await;
        let answer = world.anonymous().get("/login").await;
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
        assert!(cookie.ends_with(&format!("; {attributes}; Max-Age=900")), "{cookie}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_elsewhere_is_not_signed_in_here() {
    let world = World::on(Engine::Sqlite).await;
    for path in ["/login", "/login?next=https://family.example/", "/login/callback?code=x&state=y", "/logout"]
    {
        world.anonymous().get(path).await.problem(404, "not_found");
        world.anonymous().post(path).await.problem(404, "not_found");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_of_a_sign_in_is_logged() {
    let provider = Provider::start().await;
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    for (name, value) in [
        ("LOG__FORMAT", "json"),
        ("LOG__FILTER", "trace"),
        ("AUTH__HS256_SECRET", ""),
        ("AUTH__COOKIE", ""),
        ("LINKS__LOGIN_URL", ""),
        ("AUTH__ISSUER", &provider.issuer),
        ("AUTH__OIDC_CLIENT_ID", provider::CLIENT_ID),
        ("AUTH__OIDC_CLIENT_SECRET", CLIENT_SECRET),
    ] {
        environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
    }
    let server = Serving::start(&environment).await;
    let mut browser = Browser::at(&server.base);
    let page = browser.open(&login(DASHBOARD_URL)).await;
    let back = callback(&mut browser, &page, "bob").await;
    assert_eq!(browser.open(back.as_str()).await.answer.redirect(), DASHBOARD_URL);
    refused(&browser.open(back.as_str()).await, 400, "used already");
    let verbose = browser.open(&format!("{PUBLIC_URL}login?prompt=login")).await;
    refused(&browser.sign_in(&verbose, "verbose").await, 502, "name the request");
    let anonymous = Caller::anonymous(http_client(), server.base.clone());
    eventually("the log has something", async || anonymous.get("/health/live").await.status == 200).await;
    let log = server.stop().await;

    let token = browser.cookie(SESSION).unwrap();
    let secrets = [
        CLIENT_SECRET,
        token,
        token.rsplit('.').next().unwrap(),
        browser.cookie(BROWSER).unwrap(),
        &parameter(&back, "code"),
        &parameter(&back, "state"),
        "bob@example.com",
        "bob of the provider",
    ];
    assert!(log.contains("/login/callback") && log.contains("TRACE") && log.contains("of 4096"), "{log}");
    for secret in secrets {
        let lines: Vec<&str> = log.lines().filter(|it| it.contains(secret)).collect();
        assert!(lines.is_empty(), "{secret} in {lines:#?}");
    }
    database.dispose().await;
}
