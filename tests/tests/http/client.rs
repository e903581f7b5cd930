//! Callers of the server under test, and what it answers to them.

use reqwest::{
    Method, RequestBuilder, Response,
    header::{self, HeaderMap},
};
use serde_json::{Value, json};

use crate::{
    jwt::{NEVER, hs256},
    shapes::assert_fields,
    world::{COOKIE, PUBLIC_URL},
};

/// The roles that count here.
pub(crate) const ADMIN: &str = "family-plan:admin";
pub(crate) const SERVICE: &str = "family-plan:service";

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    is_browser: bool,
}

/// The claims of somebody with a name and a verified address.
pub(crate) fn claims(id: &str) -> Value {
    json!({
        "sub": id, "exp": NEVER, "name": format!("{} Hill", id.to_uppercase()),
        "email": format!("{id}@example.com"), "email_verified": true,
    })
}

/// The client of one test: it follows no redirects.
pub(crate) fn http_client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

impl Caller {
    /// Somebody who is not signed in.
    pub(crate) fn anonymous(http: reqwest::Client, base: String) -> Self {
        Self { http, base, token: None, is_browser: false }
    }

    /// The same, with this token.
    pub(crate) fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same, with a token of these claims.
    pub(crate) fn claiming(&self, claims: &Value) -> Self {
        self.with_token(hs256(claims))
    }

    /// The same, in a browser: the token comes as a cookie.
    pub(crate) fn in_browser(&self) -> Self {
        Self { is_browser: true, ..self.clone() }
    }

    /// The same, at another server.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// A request that can still be changed.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            None => request,
            Some(token) if self.is_browser => request.header(header::COOKIE, format!("{COOKIE}={token}")),
            Some(token) => request.bearer_auth(token),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::HEAD, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// Posts nothing.
    pub(crate) async fn post(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::POST, path)).await
    }

    /// Sends a JSON body.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(method, path).json(body)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    /// Opens a plan, and answers its id.
    pub(crate) async fn opens(&self, name: &str) -> String {
        let plan = self.post_json("/v1/plans", &json!({"name": name})).await.ok(201);
        text(&plan, "id")
    }

    /// Issues an invite.
    pub(crate) async fn invites(&self, plan: &str) -> Invite {
        Invite::of(&self.post(&format!("/v1/plans/{plan}/invites")).await.ok(201))
    }

    /// Issues an invite with these wishes.
    pub(crate) async fn invites_with(&self, plan: &str, body: &Value) -> Invite {
        Invite::of(&self.post_json(&format!("/v1/plans/{plan}/invites"), body).await.ok(201))
    }

    pub(crate) async fn accepts(&self, code: &str) -> Answer {
        self.post(&format!("/v1/invites/{code}/accept")).await
    }

    pub(crate) async fn plan(&self, plan: &str) -> Value {
        self.get(&format!("/v1/plans/{plan}")).await.ok(200)
    }

    /// The seats: limit, used, held.
    pub(crate) async fn seats(&self, plan: &str) -> (u64, u64, u64) {
        let plan = self.plan(plan).await;
        (number(&plan, "limit"), number(&plan, "used"), number(&plan, "held"))
    }

    pub(crate) async fn detaches(&self, plan: &str, user: &str) -> Answer {
        self.delete(&format!("/v1/plans/{plan}/members/{user}")).await
    }

    /// Changes some of the settings, whatever they are.
    pub(crate) async fn sets(&self, changes: &Value) -> Value {
        let mut settings = self.get("/v1/settings").await.ok(200);
        for (name, value) in changes.as_object().unwrap() {
            settings[name] = value.clone();
        }
        let request = self.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, "*");
        Answer::to(request.json(&settings)).await.ok(200)
    }

    /// Every entry of a list, page by page.
    pub(crate) async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{separator}limit={limit}{cursor}")).await.ok(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{page}");
            entries.extend(items.iter().cloned());
            let has_more = page.get("has_more").is_none_or(|it| it.as_bool().unwrap());
            match page["next_cursor"].as_str() {
                Some(next) if has_more => cursor = format!("&cursor={next}"),
                _ => return entries,
            }
        }
    }

    /// The history of a plan.
    pub(crate) async fn events(&self, plan: &str) -> Vec<Value> {
        self.all(&format!("/v1/plans/{plan}/events"), 100).await
    }
}

/// An invite that was just issued.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) url: String,
}

impl Invite {
    pub(crate) fn of(body: &Value) -> Self {
        Self { id: text(body, "id"), code: text(body, "code"), url: text(body, "url") }
    }

    /// The page that its link opens.
    pub(crate) fn page(&self) -> String {
        format!("/join/{}", self.code)
    }
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::of(request.send().await.unwrap()).await
    }

    /// `None` when there is none: the server was killed.
    pub(crate) async fn if_any(request: RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Self { status, headers, body: response.text().await.ok()? })
    }

    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|it| it.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|err| panic!("{err}: {self:?}"))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() {
            return Value::Null;
        }
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/json"), "{content_type}");
        self.json()
    }

    /// The code of the problem, or `ok`.
    pub(crate) fn outcome(&self) -> String {
        if self.status < 400 { "ok".to_owned() } else { text(&self.json(), "code") }
    }

    /// The body of a refusal or failure of this kind, in the shape that every problem has.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.outcome().as_str()), (status, code), "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        let extras: &[&str] = match code {
            "plan_full" => &["limit", "used", "held"],
            "invalid_request" => &["errors"],
            "unauthenticated" => &["login_url"],
            _ => &[],
        };
        let common = ["type", "title", "status", "detail", "code", "request_id"];
        assert_fields(&problem, &[&common[..], extras].concat());
        assert_eq!(problem["type"], format!("{PUBLIC_URL}problems/{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        for name in ["title", "detail"] {
            assert!(!problem[name].as_str().unwrap().is_empty(), "{problem}");
        }
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"));
        let is_busy = matches!(status, 429 | 503);
        assert_eq!(self.header("retry-after").is_some(), is_busy, "Retry-After");
        if status == 401 {
            let challenge = self.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
        problem
    }

    /// The pointers of everything that is wrong with a request, sorted.
    #[track_caller]
    pub(crate) fn invalid(&self) -> Vec<String> {
        let problem = self.problem(422, "invalid_request");
        let errors = problem["errors"].as_array().unwrap();
        for error in errors {
            assert_fields(error, &["pointer", "detail"]);
            assert!(!error["detail"].as_str().unwrap().is_empty(), "{problem}");
        }
        let mut pointers: Vec<String> = errors.iter().map(|it| text(it, "pointer")).collect();
        pointers.sort_unstable();
        pointers
    }

    /// The text of a page.
    #[track_caller]
    pub(crate) fn page(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.header("content-type").unwrap_or_default().starts_with("text/html"), "{self:?}");
        &self.body
    }

    /// Where a redirect leads to.
    #[track_caller]
    pub(crate) fn redirect(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location").unwrap()
    }
}

/// A text field.
#[track_caller]
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}")).to_owned()
}

/// A number field.
#[track_caller]
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {value}"))
}
