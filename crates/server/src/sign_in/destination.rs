//! Where people may be sent once they are signed in.

use url::Url;

use crate::service::Links;

/// Longer addresses would not fit beside the rest in the one that leads to the provider.
const MAX_BYTES: usize = 1024;

/// The address that `next` names: one of this service's own, or the dashboard, which is also where people go who say
/// nothing. `None` for any other: with our link they would be led astray.
pub(crate) fn destination(next: Option<&str>, links: &Links) -> Option<Url> {
    let Some(next) = next.filter(|it| !it.is_empty()) else {
        return Some(links.dashboard_url.clone());
    };
    // Browsers drop some of these, and take others for slashes.
    let is_odd = next.chars().any(|it| it == '\\' || it.is_control() || it.is_whitespace());
    if is_odd || MAX_BYTES < next.len() {
        return None;
    }
    let url = Url::parse(next).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_ours =
        url.origin() == links.public_url.origin() && url.path().starts_with(links.public_url.path());
    ((is_plain && is_ours) || url == links.dashboard_url).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(public_url: &str) -> Links {
        Links {
            public_url: public_url.parse().unwrap(),
            login_url: "https://family.example/plans/login".parse().unwrap(),
            dashboard_url: "https://app.example/dashboard?tab=plan".parse().unwrap(),
            provider: None,
        }
    }

    #[test]
    fn people_are_sent_to_our_own_pages_and_the_dashboard() {
        let links = links("https://family.example/plans/");
        let dashboard = "https://app.example/dashboard?tab=plan";
        for (next, expected) in [
            (None, dashboard),
            (Some(""), dashboard),
            (Some(dashboard), dashboard),
            (Some("https://family.example/plans/join/x?y=z"), "https://family.example/plans/join/x?y=z"),
            (Some("HTTPS://Family.Example:443/plans/join/x"), "https://family.example/plans/join/x"),
            (Some("https://family.example/plans/a/../join/x"), "https://family.example/plans/join/x"),
        ] {
            assert_eq!(destination(next, &links).unwrap().as_str(), expected, "{next:?}");
        }
    }

    #[test]
    fn people_are_sent_nowhere_else() {
        let links = links("https://family.example/plans/");
        let long = format!("https://family.example/plans/{}", "x".repeat(MAX_BYTES));
        for next in [
            "//evil.example/plans/",
            "/\\evil.example",
            "\\\\evil.example",
            "/plans/join/x",
            "join/x",
            "https:evil.example",
            "https:///evil.example/plans/",
            "https://evil.example/plans/",
            "https://evil.example/https://family.example/plans/",
            "https://evil.example/?https://family.example/plans/",
            "https://evil.example#https://family.example/plans/",
            "https://family.example.evil.example/plans/",
            "https://family.example@evil.example/plans/",
            "https://evil.example@family.example/plans/",
            "https://evil.example:x@family.example/plans/",
            "https://family.example:8443/plans/",
            "https://family.example%2eevil.example/plans/",
            "https://family.example%00.evil.example/plans/",
            "https://family.example\\.evil.example/plans/",
            "https://family.example\\@evil.example/plans/",
            "https://evil.example\\@family.example/plans/",
            "https://family.example/plans\\..\\elsewhere",
            "https://family.example/plans/../elsewhere",
            "https://family.example/plans/%2e%2e/elsewhere",
            "https://family.example/plans/.%2E/elsewhere",
            "https://family.example/plans",
            "https://family.example/plansx/",
            "https://family.example/elsewhere",
            "http://family.example/plans/",
            "ht\ttps://family.example/plans/",
            "https://family.example/plans/\r\nSet-Cookie: a=b",
            "https://family.example/plans/\u{0}",
            " https://family.example/plans/",
            "https://ｆamily.example.evil.example/plans/",
            "javascript:alert(1)",
            "javascript://family.example/plans/%0aalert(1)",
            "data:text/html,x",
            "https://app.example/dashboard",
            "https://app.example/dashboard?tab=plan&more",
            "https://app.example@evil.example/dashboard?tab=plan",
            "https://user@app.example/dashboard?tab=plan",
            &long,
        ] {
            assert_eq!(destination(Some(next), &links), None, "{next:?}");
        }
    }
}
