//! A browser without a window: it keeps cookies, follows redirects, and fills forms in.

use reqwest::{Method, header};
use url::{Url, form_urlencoded};

use crate::{
    client::{Answer, http_client},
    world::PUBLIC_URL,
};

/// It takes the server under test for the site at the public URL.
pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: Vec<Cookie>,
    /// Every address it was at.
    pub(crate) history: Vec<Url>,
    /// Every cookie that it was told to keep, as it was told.
    pub(crate) told: Vec<String>,
}

#[derive(Clone)]
struct Cookie {
    site: String,
    path: String,
    name: String,
    value: String,
}

/// What it shows.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

impl Browser {
    pub(crate) fn at(base: &str) -> Self {
        Self { http: http_client(), base: base.to_owned(), cookies: vec![], history: vec![], told: vec![] }
    }

    /// Asks for an address, and follows no redirect.
    pub(crate) async fn ask(&mut self, method: Method, url: &Url, form: Option<String>) -> Shown {
        self.history.push(url.clone());
        let target = match url.as_str().strip_prefix(PUBLIC_URL) {
            Some(path) => format!("{}/{path}", self.base),
            None => url.to_string(),
        };
        let is_sent =
            |it: &&Cookie| it.site == url.origin().ascii_serialization() && url.path().starts_with(&it.path);
        let cookies: Vec<_> =
            self.cookies.iter().filter(is_sent).map(|it| format!("{}={}", it.name, it.value)).collect();
        let mut request = self.http.request(method, target).header(header::COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let answer = Answer::to(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            self.keep(url, cookie.to_str().unwrap());
        }
        Shown { url: url.clone(), answer }
    }

    fn keep(&mut self, url: &Url, told: &str) {
        self.told.push(told.to_owned());
        let (pair, attributes) = told.split_once(';').unwrap_or((told, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let mut attributes = attributes.split(';').filter_map(|it| it.trim().split_once('='));
        let path = attributes.find(|(it, _)| it.eq_ignore_ascii_case("path")).map_or("/", |it| it.1);
        let site = url.origin().ascii_serialization();
        self.cookies
            .retain(|it| (it.site.as_str(), it.path.as_str(), it.name.as_str()) != (&site, path, name));
        if !value.is_empty() {
            let (path, name, value) = (path.to_owned(), name.to_owned(), value.to_owned());
            self.cookies.push(Cookie { site, path, name, value });
        }
    }

    /// Follows redirects for as long as there is somebody to answer.
    pub(crate) async fn follow(&mut self, mut shown: Shown) -> Shown {
        while let Some(location) = shown.answer.header("location") {
            let url = shown.url.join(location).unwrap();
            let is_reachable = url.as_str().starts_with(PUBLIC_URL) || url.host_str() == Some("127.0.0.1");
            if !is_reachable {
                break;
            }
            shown = self.ask(Method::GET, &url, None).await;
        }
        shown
    }

    /// Opens an address, and follows redirects.
    pub(crate) async fn open(&mut self, url: &str) -> Shown {
        let shown = self.ask(Method::GET, &url.parse().unwrap(), None).await;
        self.follow(shown).await
    }

    /// Fills the form of a page in, and sends it. Follows no redirect.
    pub(crate) async fn send(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let html = page.answer.page(200);
        let (_, form) = html.split_once("<form").unwrap_or_else(|| panic!("no form: {html}"));
        let (tag, form) = form.split_once('>').unwrap();
        let action = attribute(tag, "action").map_or(page.url.clone(), |it| page.url.join(it).unwrap());
        let mut body = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input").skip(1).map(|it| it.split('>').next().unwrap()) {
            if attribute(input, "type") == Some("hidden") {
                body.append_pair(attribute(input, "name").unwrap(), attribute(input, "value").unwrap());
            }
        }
        body.extend_pairs(fields);
        self.ask(Method::POST, &action, Some(body.finish())).await
    }

    /// Fills the form of a page in, sends it, and follows redirects.
    pub(crate) async fn submit(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let sent = self.send(page, fields).await;
        self.follow(sent).await
    }

    /// Signs in at the provider whose page this is, and comes back.
    pub(crate) async fn sign_in(&mut self, page: &Shown, user: &str) -> Shown {
        let mut shown = self.submit(page, &[("login", user), ("password", "x")]).await;
        // Who has not agreed before is asked to, and who was somebody else is signed out first.
        for _ in 0..2 {
            if shown.url.host_str() == page.url.host_str() {
                shown = self.submit(&shown, &[]).await;
            }
        }
        shown
    }

    /// The value of a cookie of the service.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|it| it.name == name).map(|it| it.value.as_str())
    }

    /// Comes to have a cookie of the service.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.keep(&PUBLIC_URL.parse().unwrap(), &format!("{name}={value}; Path=/"));
    }
}

/// The link of a page that has this text.
pub(crate) fn link(shown: &Shown, text: &str) -> String {
    let html = &shown.answer.body;
    let (before, _) = html.split_once(&format!(">{text}</a>")).unwrap_or_else(|| panic!("no {text}: {html}"));
    let href = attribute(before.rsplit("<a").next().unwrap(), "href").unwrap();
    href.replace("&amp;", "&").replace("&#38;", "&")
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}
