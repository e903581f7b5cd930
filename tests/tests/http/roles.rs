//! Who may do what: every route, by everybody.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    client::{ADMIN, Answer, Caller, SERVICE, text},
    world::{World, engines},
};

engines!(everybody_gets_what_is_theirs);

/// A plan of `owner` with a member, somebody who was one, and somebody else with a plan of their own.
struct Scene {
    plan: String,
    invite: String,
    code: String,
}

impl Scene {
    /// Everybody's names end with `n`, so that each request can have a scene of its own.
    async fn set(world: &World, n: usize) -> Self {
        let owner = world.user(&format!("owner{n}"));
        let plan = owner.opens("The Hills").await;
        world.joins(&format!("member{n}"), &owner, &plan).await;
        world.joins(&format!("former{n}"), &owner, &plan).await;
        owner.detaches(&plan, &format!("former{n}")).await.ok(200);
        let invite = owner.invites(&plan).await;
        Self { plan, invite: invite.id, code: invite.code }
    }
}

const EVERYBODY: [&str; 8] =
    ["anonymous", "outsider", "former", "member", "owner", "service", "admin", "admin+service"];

fn caller(world: &World, who: &str, n: usize) -> Caller {
    match who {
        "anonymous" => world.anonymous(),
        "service" => world.with_roles(&format!("service{n}"), &[SERVICE]),
        "admin" => world.with_roles(&format!("admin{n}"), &[ADMIN]),
        "admin+service" => world.with_roles(&format!("both{n}"), &[ADMIN, SERVICE]),
        _ => world.user(&format!("{who}{n}")),
    }
}

/// A request: its method, path and body, and what each of [`EVERYBODY`] is answered.
struct Row {
    method: Method,
    path: fn(&Scene, usize) -> String,
    body: Option<fn(usize) -> Value>,
    expected: [&'static str; 8],
}

const NO_PLAN: &str = "404 plan_not_found";
const FORBIDDEN: &str = "403 forbidden";
const SIGNED_OUT: &str = "401 unauthenticated";

fn row(
    method: Method,
    path: fn(&Scene, usize) -> String,
    body: Option<fn(usize) -> Value>,
    expected: [&'static str; 8],
) -> Row {
    Row { method, path, body, expected }
}

/// Of a plan: strangers do not learn that there is one.
fn of_plan(
    member: &'static str,
    owner: &'static str,
    service: &'static str,
    admin: &'static str,
) -> [&'static str; 8] {
    [SIGNED_OUT, NO_PLAN, NO_PLAN, member, owner, service, admin, admin]
}

#[expect(clippy::too_many_lines, reason = "a table of every route")]
fn rows() -> Vec<Row> {
    let nothing = None;
    vec![
        row(
            Method::POST,
            |_, _| "/v1/plans".into(),
            Some(|_| json!({"name": "New"})),
            [
                SIGNED_OUT,
                "201",
                "201",
                "409 already_in_plan",
                "409 already_in_plan",
                "422 invalid_request",
                "201",
                "201",
            ],
        ),
        row(
            Method::POST,
            |_, _| "/v1/plans".into(),
            Some(|n| json!({"name": "New", "owner_id": format!("somebody{n}")})),
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "201", "201", "201"],
        ),
        row(
            Method::GET,
            |_, _| "/v1/plans".into(),
            nothing,
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200", "200"],
        ),
        row(
            Method::GET,
            |it, _| format!("/v1/plans/{}", it.plan),
            nothing,
            of_plan("200", "200", "200", "200"),
        ),
        row(
            Method::PATCH,
            |it, _| format!("/v1/plans/{}", it.plan),
            Some(|_| json!({"name": "Renamed"})),
            of_plan(FORBIDDEN, "200", FORBIDDEN, "200"),
        ),
        row(
            Method::PATCH,
            |it, _| format!("/v1/plans/{}", it.plan),
            Some(|_| json!({"user_limit": 7})),
            of_plan(FORBIDDEN, FORBIDDEN, FORBIDDEN, "200"),
        ),
        row(
            Method::DELETE,
            |it, _| format!("/v1/plans/{}", it.plan),
            nothing,
            of_plan(FORBIDDEN, "204", FORBIDDEN, "204"),
        ),
        row(
            Method::POST,
            |it, _| format!("/v1/plans/{}/transfer", it.plan),
            Some(|n| json!({"new_owner_id": format!("member{n}")})),
            of_plan(FORBIDDEN, "200", FORBIDDEN, "200"),
        ),
        row(
            Method::GET,
            |it, _| format!("/v1/plans/{}/seats", it.plan),
            nothing,
            of_plan("200", "200", "200", "200"),
        ),
        row(
            Method::GET,
            |it, _| format!("/v1/plans/{}/members", it.plan),
            nothing,
            of_plan("200", "200", "200", "200"),
        ),
        row(
            Method::DELETE,
            |it, n| format!("/v1/plans/{}/members/member{n}", it.plan),
            nothing,
            of_plan("200", "200", "200", "200"),
        ),
        row(
            Method::DELETE,
            |it, n| format!("/v1/plans/{}/members/owner{n}", it.plan),
            nothing,
            of_plan(FORBIDDEN, "409 owner_cannot_leave", "409 owner_cannot_leave", "409 owner_cannot_leave"),
        ),
        row(
            Method::DELETE,
            |it, n| format!("/v1/plans/{}/members/former{n}", it.plan),
            nothing,
            of_plan(FORBIDDEN, "404 not_a_member", "404 not_a_member", "404 not_a_member"),
        ),
        row(
            Method::POST,
            |it, _| format!("/v1/plans/{}/invites", it.plan),
            nothing,
            of_plan(FORBIDDEN, "201", "201", "201"),
        ),
        row(
            Method::GET,
            |it, _| format!("/v1/plans/{}/invites", it.plan),
            nothing,
            of_plan(FORBIDDEN, "200", "200", "200"),
        ),
        row(
            Method::DELETE,
            |it, _| format!("/v1/plans/{}/invites/{}", it.plan, it.invite),
            nothing,
            of_plan(FORBIDDEN, "204", "204", "204"),
        ),
        row(
            Method::POST,
            |it, _| format!("/v1/plans/{}/invites/{}/resend", it.plan, it.invite),
            nothing,
            of_plan(FORBIDDEN, "201", "201", "201"),
        ),
        row(
            Method::GET,
            |it, _| format!("/v1/plans/{}/events", it.plan),
            nothing,
            of_plan(FORBIDDEN, "200", "200", "200"),
        ),
        row(Method::GET, |it, _| format!("/v1/invites/{}", it.code), nothing, ["200"; 8]),
        row(
            Method::POST,
            |it, _| format!("/v1/invites/{}/accept", it.code),
            nothing,
            [
                SIGNED_OUT,
                "200",
                // The invite is not the one that they were detached from.
                "200",
                "409 already_in_plan",
                "409 own_plan",
                FORBIDDEN,
                "200",
                "200",
            ],
        ),
        row(
            Method::GET,
            |_, _| "/v1/me".into(),
            nothing,
            [SIGNED_OUT, "200", "200", "200", "200", "", "200", "200"],
        ),
        row(
            Method::PUT,
            |_, n| format!("/v1/users/member{n}"),
            Some(|_| json!({"name": "M"})),
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200", "200"],
        ),
        row(
            Method::GET,
            |_, _| "/v1/settings".into(),
            nothing,
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200"],
        ),
        row(
            Method::PUT,
            |_, _| "/v1/settings".into(),
            Some(|_| {
                json!({
                    "user_limit": 5, "invite_ttl_seconds": 172_800, "pending_invites_hold_seats": true,
                    "detached_invites": "reopen",
                })
            }),
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200"],
        ),
        row(
            Method::POST,
            |_, _| "/v1/settings/preview".into(),
            Some(|_| {
                json!({
                    "user_limit": 5, "invite_ttl_seconds": 172_800, "pending_invites_hold_seats": true,
                    "detached_invites": "reopen",
                })
            }),
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200"],
        ),
        row(
            Method::GET,
            |_, _| "/v1/zammad/users/2".into(),
            nothing,
            [
                SIGNED_OUT,
                FORBIDDEN,
                FORBIDDEN,
                FORBIDDEN,
                FORBIDDEN,
                "404 not_found",
                "404 not_found",
                "404 not_found",
            ],
        ),
        row(
            Method::GET,
            |_, _| "/v1/zammad/deliveries".into(),
            nothing,
            [SIGNED_OUT, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200", "200"],
        ),
        row(
            Method::POST,
            |it, _| format!("/v1/zammad/deliveries/{}/replay", it.plan),
            nothing,
            [
                SIGNED_OUT,
                FORBIDDEN,
                FORBIDDEN,
                FORBIDDEN,
                FORBIDDEN,
                FORBIDDEN,
                "404 not_found",
                "404 not_found",
            ],
        ),
        row(
            Method::POST,
            |_, _| "/v1/zammad/webhook".into(),
            Some(|_| json!({"ticket": {}})),
            ["401 webhook_signature_invalid"; 8],
        ),
        row(Method::GET, |_, _| "/health/live".into(), nothing, ["200"; 8]),
        row(Method::GET, |_, _| "/health/ready".into(), nothing, ["200"; 8]),
        row(Method::GET, |_, _| "/openapi.json".into(), nothing, ["200"; 8]),
        row(Method::GET, |_, _| "/problems/plan_full".into(), nothing, ["200"; 8]),
    ]
}

async fn everybody_gets_what_is_theirs(world: &World) {
    let mut wrong = Vec::new();
    let mut n = 0;
    for row in rows() {
        for (who, expected) in EVERYBODY.into_iter().zip(row.expected) {
            n += 1;
            let scene = Scene::set(world, n).await;
            let path = (row.path)(&scene, n);
            let request =
                caller(world, who, n).request(row.method.clone(), &path).header(header::IF_MATCH, "*");
            let request = match row.body {
                Some(body) => request.json(&body(n)),
                None => request,
            };
            let answer = Answer::to(request).await;
            let found = if answer.status < 400 {
                answer.status.to_string()
            } else {
                let code = text(&answer.json(), "code");
                answer.problem(answer.status, &code);
                format!("{} {code}", answer.status)
            };
            // The contract says nothing about the profile of a service.
            if found != expected && !expected.is_empty() {
                wrong.push(format!("{} {path} by {who}: {found}, not {expected}", row.method));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
