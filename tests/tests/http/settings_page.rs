//! What an administrator sees of the settings in a browser.

use reqwest::{Method, header};
use serde_json::json;
use time::Duration;
use url::{Url, form_urlencoded};

use crate::{
    client::{ADMIN, Answer, Caller},
    world::{Engine, LOGIN_URL, PUBLIC_URL, World, engines, on_sqlite},
};

const PAGE: &str = "/admin/settings";

/// The form as somebody has it before them.
#[derive(Clone)]
struct Form(Vec<(String, String)>);

impl Form {
    /// The form of a page, with all that is in its fields.
    fn of(page: &str) -> Self {
        let form = page.split("<form ").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
        let form = form.split("</form>").next().unwrap();
        let inputs = form.split("<input ").skip(1).map(|it| it.split('>').next().unwrap());
        let counts = |it: &&str| !it.contains("type=\"radio\"") || it.ends_with(" checked");
        Self(inputs.filter(counts).map(|it| (attribute(it, "name"), attribute(it, "value"))).collect())
    }

    fn get(&self, name: &str) -> &str {
        &self.0.iter().find(|(it, _)| it == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    /// The same, with this in a field.
    fn typing(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(it, _)| it != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(it, _)| it != name);
        self
    }

    fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// Presses a button.
    async fn press(&self, person: &Caller, button: &str) -> Answer {
        submit(person, self.clone().typing("action", button).encoded()).await
    }
}

/// The value of an attribute; only what these tests type is taken out of its escaping.
fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split(&format!(" {name}=\"")).nth(1);
    let value = value.or_else(|| tag.strip_prefix(&format!("{name}=\"")));
    let value = value.unwrap_or_else(|| panic!("no {name} in {tag}")).split('"').next().unwrap();
    value.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

async fn submit(person: &Caller, body: String) -> Answer {
    Answer::to(posting(person).body(body)).await
}

fn posting(person: &Caller) -> reqwest::RequestBuilder {
    let request = person.request(Method::POST, PAGE);
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

async fn opened(person: &Caller) -> Form {
    Form::of(person.get(PAGE).await.page(200))
}

/// Presses save, and reads the page that one is led to.
async fn saved(person: &Caller, form: &Form) -> String {
    let answer = form.press(person, "save").await;
    let location = answer.redirect();
    assert!(location.starts_with("/admin/settings?"), "{location}");
    person.get(location).await.page(200).to_owned()
}

fn ada(world: &World) -> Caller {
    world.admin().in_browser()
}

fn eve(world: &World) -> Caller {
    world.with_roles("eve", &[ADMIN]).in_browser()
}

#[track_caller]
fn assert_told(page: &str, expected: &[&str]) {
    for text in expected {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
}

mod deciding {
    use super::*;

    engines!(
        an_administrator_changes_a_setting,
        what_a_change_would_do_is_shown_before_it_is_saved,
        whoever_saves_second_overwrites_nothing_unseen,
        the_same_change_of_two_people_is_no_conflict,
        saving_what_is_in_force_changes_nothing,
        the_history_is_read_back_to_its_beginning,
        plans_are_counted,
    );

    pub(super) async fn an_administrator_changes_a_setting(world: &World) {
        let ada = ada(world);
        let page = ada.get(PAGE).await;
        assert_told(page.page(200), &["ADA Hill", "172800 (2 days)", "never: these are the defaults"]);
        let form = Form::of(&page.body)
            .typing("user_limit", " 7 ")
            .typing("invite_ttl_seconds", "90000")
            .typing("pending_invites_hold_seats", "false")
            .typing("detached_invites", "revoke");
        let page = saved(&ada, &form).await;
        assert_told(&page, &["role=\"status\"", "Saved.", "<bdi>ada</bdi>", "90000 (1 day 1 hour)"]);
        let settings = world.admin().get("/v1/settings").await.ok(200);
        assert_eq!(
            (&settings["user_limit"], &settings["invite_ttl_seconds"], &settings["revision"]),
            (&json!(7), &json!(90_000), &json!(2))
        );
        assert_eq!(
            (&settings["pending_invites_hold_seats"], &settings["detached_invites"]),
            (&json!(false), &json!("revoke"))
        );
        // Once somebody has saved again, the address of that page no longer says so.
        world.admin().sets(&json!({"user_limit": 8})).await;
        assert!(!ada.get("/admin/settings?saved=2").await.page(200).contains("Saved."));
    }

    pub(super) async fn what_a_change_would_do_is_shown_before_it_is_saved(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let ada = ada(world);
        let form = opened(&ada).await.typing("user_limit", "1").typing("invite_ttl_seconds", "3600");
        let page = form.press(&ada, "preview").await;
        assert_told(page.page(200), &["No plan would be over the limit.", "Nothing is saved yet."]);
        world.joins("bob", &ann, &plan).await;
        let page = form.press(&ada, "preview").await;
        assert_told(page.page(200), &["1 plan with 1 person would be over the limit; nobody is removed."]);
        world.joins("cid", &ann, &plan).await;
        let page = form.press(&ada, "preview").await;
        assert_told(
            page.page(200),
            &[
                "1 plan with 2 people would be over the limit; nobody is removed.",
                "Seats of a plan: from 5 to 1",
                "from 172800 (2 days) to 3600 (1 hour)",
                "role=\"status\"",
            ],
        );
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 1);
        // What was typed is there to be saved.
        let form = Form::of(&page.body);
        assert_eq!((form.get("user_limit"), form.get("invite_ttl_seconds")), ("1", "3600"));
        assert_told(&saved(&ada, &form).await, &["Saved."]);
        assert_eq!(ann.seats(&plan).await, (1, 3, 0));
        let page = opened(&ada).await.press(&ada, "preview").await;
        assert_told(page.page(200), &["1 plan with 2 people", "These values are in force already."]);
    }

    pub(super) async fn whoever_saves_second_overwrites_nothing_unseen(world: &World) {
        let (ada, eve) = (ada(world), eve(world));
        let adas = opened(&ada).await.typing("user_limit", "7").typing("detached_invites", "revoke");
        let eves = opened(&eve).await.typing("user_limit", "9").typing("invite_ttl_seconds", "60");
        saved(&eve, &eves).await;
        let page = adas.press(&ada, "save").await;
        assert_told(
            page.page(409),
            &[
                "Somebody else changed the settings meanwhile",
                "<th scope=\"row\">Seats of a plan</th><td>7</td><td>9",
                "<th scope=\"row\">Lifetime of an invite, in seconds</th><td>172800 (2 days)</td><td>60 (1 minute)",
                "changed by <bdi>eve</bdi>",
                "<td>it is revoked</td><td>it can be used again\n<span class=\"fine\">not changed meanwhile",
            ],
        );
        assert!(!page.body.contains("<th scope=\"row\">Open invites hold a seat"), "{}", page.body);
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["user_limit"], 9);
        // Neither does looking at it overwrite anything, nor sending the first form again.
        let conflict = Form::of(&page.body);
        adas.press(&ada, "save").await.page(409);
        // What is not what was shown is shown again.
        saved(&eve, &opened(&eve).await.typing("user_limit", "10")).await;
        let page = conflict.press(&ada, "save").await;
        assert_told(page.page(409), &["<td>7</td><td>10"]);
        // Saving what was shown replaces it.
        let form = Form::of(&page.body);
        assert_eq!((form.get("user_limit"), form.get("invite_ttl_seconds")), ("7", "172800"));
        assert_told(&saved(&ada, &form).await, &["Saved."]);
        let settings = world.admin().get("/v1/settings").await.ok(200);
        assert_eq!((&settings["user_limit"], &settings["revision"]), (&json!(7), &json!(4)));
    }

    pub(super) async fn the_same_change_of_two_people_is_no_conflict(world: &World) {
        let (ada, eve) = (ada(world), eve(world));
        let adas = opened(&ada).await.typing("user_limit", "7");
        saved(&eve, &opened(&eve).await.typing("user_limit", "7")).await;
        assert_told(&saved(&ada, &adas).await, &["Nothing changed", "<bdi>eve</bdi>"]);
        let settings = world.admin().get("/v1/settings").await.ok(200);
        assert_eq!((&settings["updated_by"], &settings["revision"]), (&json!("eve"), &json!(2)));
    }

    pub(super) async fn saving_what_is_in_force_changes_nothing(world: &World) {
        let ada = ada(world);
        let page = saved(&ada, &opened(&ada).await).await;
        assert_told(&page, &["role=\"status\"", "Nothing changed", "Nobody has changed the settings yet."]);
        assert!(!page.contains("Saved."), "{page}");
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 1);
    }

    pub(super) async fn the_history_is_read_back_to_its_beginning(world: &World) {
        let (ada, eve) = (ada(world), eve(world));
        for limit in 6..28 {
            world.advance(Duration::minutes(1));
            let person = if limit == 27 { &eve } else { &ada };
            saved(person, &opened(person).await.typing("user_limit", &limit.to_string())).await;
        }
        let page = ada.get(PAGE).await;
        let text = page.page(200);
        let rows: Vec<&str> = text.split("<tr><th scope=\"row\">").skip(1).collect();
        assert_eq!(rows.len(), 20);
        assert_told(rows[0], &["<bdi>eve</bdi>, <time datetime=\"", "Seats of a plan: from 26 to 27"]);
        assert_told(rows[19], &["<bdi>ada</bdi>", "Seats of a plan: from 7 to 8"]);
        assert!(!text.contains("Latest changes"), "{text}");
        let older = text.split("<a href=\"").find(|it| it.contains(">Older changes<")).unwrap();
        let older = ada.get(older.split('"').next().unwrap()).await;
        let text = older.page(200);
        assert_told(text, &["from 6 to 7", "from 5 to 6", "Latest changes"]);
        assert_eq!(text.matches("<tr><th scope=\"row\">").count(), 2);
        assert!(!text.contains("Older changes<"), "{text}");
        assert_told(ada.get("/admin/settings?before=2").await.page(200), &["There are no older changes."]);
        for nonsense in ["before=", "before=x", "before=99999999999999999999", "before=1&before=2", "%FF=&&="]
        {
            let page = ada.get(&format!("{PAGE}?{nonsense}")).await;
            assert_told(page.page(200), &["Seats of a plan: from 26 to 27"]);
        }
    }

    pub(super) async fn plans_are_counted(world: &World) {
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let plan = ann.opens("The Hills").await;
        let full = bob.opens("The Dales").await;
        for person in ["cid", "dan", "fay"] {
            world.joins(person, &ann, &plan).await;
        }
        world.joins("gus", &bob, &full).await;
        world.user("zoe").opens("The Loves").await;
        world.admin().sets(&json!({"user_limit": 2})).await;
        assert_told(
            ada(world).get(PAGE).await.page(200),
            &[
                "<dt>Revision</dt><dd>2</dd>",
                "<dt>Plans</dt><dd>3</dd>",
                "<dt>Plans at the limit</dt><dd>1</dd>",
                "<dt>Plans over the limit</dt><dd>1, by 2 in all</dd>",
            ],
        );
    }
}

mod showing {
    use super::*;

    on_sqlite!(
        what_was_typed_wrong_comes_back_with_every_mistake,
        who_is_signed_out_is_sent_to_sign_in_and_back,
        who_is_no_administrator_is_told_so,
        a_form_from_elsewhere_changes_nothing,
        a_form_that_leaves_something_out_saves_nothing,
        a_large_form_is_refused,
        looking_changes_nothing,
        other_methods_are_told_which_there_are,
        nothing_on_the_page_is_script_or_style,
    );

    pub(super) async fn what_was_typed_wrong_comes_back_with_every_mistake(world: &World) {
        let ada = ada(world);
        let hostile = "\"><script>alert(1)</script>";
        for (limit, ttl) in [("abc", "-1"), ("4.5", " 7 "), ("0", "2592001"), ("", hostile), ("101", "59")] {
            for button in ["save", "preview"] {
                let form = opened(&ada).await.typing("user_limit", limit).typing("invite_ttl_seconds", ttl);
                let page = form.typing("detached_invites", "revoke").press(&ada, button).await;
                let text = page.page(422);
                assert_told(
                    text,
                    &[
                        "role=\"alert\"",
                        "<a href=\"#user_limit\">",
                        "<a href=\"#invite_ttl_seconds\">",
                        "aria-describedby=\"user_limit-hint user_limit-mistake\" aria-invalid=\"true\"",
                        "id=\"user_limit-mistake\">Enter a whole number from 1 to 100.",
                        "id=\"invite_ttl_seconds-mistake\">Enter a whole number from 60",
                    ],
                );
                assert!(!text.contains("<script"), "{text}");
                assert_eq!(text.matches("aria-invalid").count(), 2);
                let form = Form::of(text);
                assert_eq!((form.get("user_limit"), form.get("invite_ttl_seconds")), (limit, ttl));
                assert_eq!(form.get("detached_invites"), "revoke");
                // It can be mended and saved.
                assert_eq!(form.get("revision"), "1");
            }
        }
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 1);
    }

    pub(super) async fn who_is_signed_out_is_sent_to_sign_in_and_back(world: &World) {
        let expired = world.anonymous().with_token("x.y.z").in_browser();
        for person in [world.anonymous(), expired] {
            for answer in [person.get(PAGE).await, submit(&person, String::new()).await] {
                let login: Url = answer.redirect().parse().unwrap();
                assert!(login.as_str().starts_with(&format!("{LOGIN_URL}?")), "{login}");
                let query: Vec<_> = login.query_pairs().into_owned().collect();
                assert_eq!(query, [("next".to_owned(), format!("{PUBLIC_URL}admin/settings"))]);
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
        }
    }

    pub(super) async fn who_is_no_administrator_is_told_so(world: &World) {
        let adas = opened(&ada(world)).await;
        for (person, name) in [(world.user("ann"), "ANN Hill"), (world.service(), "BILLING Hill")] {
            for person in [person.in_browser(), person] {
                for answer in [person.get(PAGE).await, submit(&person, adas.encoded()).await] {
                    assert_told(answer.page(403), &["Only administrators", name]);
                    assert!(!answer.body.contains("<form"), "{}", answer.body);
                }
            }
        }
    }

    pub(super) async fn a_form_from_elsewhere_changes_nothing(world: &World) {
        let (ada, eve) = (ada(world), eve(world));
        let form = opened(&ada).await.typing("user_limit", "7").typing("action", "save");
        let eves = opened(&eve).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let invite = ann.invites(&plan).await;
        let others = Form::of(ada.get(&invite.page()).await.page(200));
        for token in ["", "x", eves.get("csrf"), others.get("csrf")] {
            let answer = submit(&ada, form.clone().typing("csrf", token).encoded()).await;
            assert_told(answer.page(403), &["Nothing was changed."]);
        }
        submit(&ada, form.clone().without("csrf").encoded()).await.page(403);
        for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")] {
            let request = posting(&ada).header(name, value).body(form.encoded());
            Answer::to(request).await.page(403);
        }
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 1);
        // From the page itself it does.
        let origin = PUBLIC_URL.trim_end_matches('/');
        let request = posting(&ada).header("Origin", origin).body(form.encoded());
        Answer::to(request).await.redirect();
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 2);
    }

    pub(super) async fn a_form_that_leaves_something_out_saves_nothing(world: &World) {
        let ada = ada(world);
        let form = opened(&ada).await.typing("user_limit", "7").typing("action", "save");
        for name in ["user_limit", "invite_ttl_seconds", "pending_invites_hold_seats", "detached_invites"] {
            let page = submit(&ada, form.clone().without(name).encoded()).await;
            assert_told(page.page(422), &[&format!("id=\"{name}-mistake\"")]);
            let twice = format!("{}&{name}=7", form.encoded());
            assert_told(submit(&ada, twice).await.page(422), &[&format!("id=\"{name}-mistake\"")]);
        }
        // Without a button there is only a preview, and without the revision that was seen there is a conflict.
        assert_told(submit(&ada, form.clone().without("action").encoded()).await.page(200), &["Preview"]);
        for revision in ["", "x", "0", "-1", "99999999999999999999"] {
            let form = form.clone().typing("revision", revision);
            assert_told(submit(&ada, form.encoded()).await.page(409), &["<td>7</td><td>5"]);
        }
        submit(&ada, form.clone().without("revision").encoded()).await.page(409);
        assert_eq!(world.admin().get("/v1/settings").await.ok(200)["revision"], 1);
        // What nobody asked for does not matter.
        submit(&ada, form.typing("colour", "red").encoded()).await.redirect();
    }

    pub(super) async fn a_large_form_is_refused(world: &World) {
        let ada = ada(world);
        let form = opened(&ada).await.typing("user_limit", &"7".repeat(70_000));
        form.press(&ada, "save").await.page(413);
    }

    pub(super) async fn looking_changes_nothing(world: &World) {
        let ada = ada(world);
        let before = world.admin().get("/v1/settings").await.ok(200);
        for person in [&ada, &world.user("ann").in_browser(), &world.anonymous()] {
            let page = person.get(PAGE).await;
            let head = person.head(PAGE).await;
            assert_eq!((head.status, head.body.as_str()), (page.status, ""));
        }
        ada.get("/admin/settings?user_limit=7&action=save&saved=9").await.page(200);
        assert_eq!(world.admin().get("/v1/settings").await.ok(200), before);
    }

    pub(super) async fn other_methods_are_told_which_there_are(world: &World) {
        let answer = world.admin().put(PAGE, &json!({})).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    }

    pub(super) async fn nothing_on_the_page_is_script_or_style(world: &World) {
        let page = ada(world).get(PAGE).await;
        let text = page.page(200);
        for forbidden in ["<script", "<style", " style=", " onclick"] {
            assert!(!text.contains(forbidden), "{forbidden}: {text}");
        }
        assert_eq!(text.matches("<h1").count(), 1);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_the_page_leads_to_itself() {
    let changes = [("SERVER__PUBLIC_URL", "https://example.com/family")];
    let world = World::with(Engine::Sqlite, &changes).await;
    let ada = ada(&world);
    let login: Url = world.anonymous().get(PAGE).await.redirect().parse().unwrap();
    let next = login.query_pairs().next().unwrap().1.into_owned();
    assert_eq!(next, "https://example.com/family/admin/settings");
    let page = ada.get(PAGE).await;
    assert_told(
        page.page(200),
        &["action=\"/family/admin/settings#outcome\"", "\"/family/assets/page.css\""],
    );
    let answer = Form::of(&page.body).press(&ada, "save").await;
    assert_eq!(answer.redirect(), "/family/admin/settings?unchanged=1");
    world.end().await;
}
