//! Takes out of texts what must not leave the installation: rather too much than too little.

use std::borrow::Cow;

use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const SCRUBBED: &str = "[scrubbed]";
/// What is shorter occurs by chance, and would be given away by where it is missing.
const MIN_SECRET_BYTES: usize = 6;
/// What comes from the program, not from what it works on: without it nobody finds the place.
const HARMLESS: &[&str] = &[
    "environment",
    "event_id",
    "parent_span_id",
    "raw_stacktrace",
    "release",
    "sdk",
    "server_name",
    "span_id",
    "stacktrace",
    "trace_id",
];
/// What is taken out, and what comes in its stead, one after the other.
const RULES: &[(&str, &str)] = &[
    // Of an address only the place stays, not who signs in there, nor what is asked for.
    (r#"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/?#"'<>]*@"#, "${1}"),
    (r#"(?i)\b([a-z][a-z0-9+.-]*://[^\s?#"'<>)]*)[?#][^\s"'<>)]*"#, "${1}"),
    // What is behind these is the code of an invite.
    (r#"(?i)/(join|v1/invites)/[^\s/?#"'<>)]+"#, "/${1}/{code}"),
    // Headers, to the end of the line.
    (
        r#"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-hub-signature)\b["']?\s*[:=][^\r\n]*"#,
        "${1}: [scrubbed]",
    ),
    (r"(?i)\b(bearer|basic|digest)\s+[^\s,;]{6,}", "${1} [scrubbed]"),
    // In a form, a query or a program's arguments; then in JSON.
    (
        r#"(?i)\b([a-z0-9_.-]*(?:token|secret|password|passwd|api_?key|signature|csrf)["']?\s*=\s*["']?)[^\s"'&,;}]+"#,
        "${1}[scrubbed]",
    ),
    (
        r#"(?i)(["'][a-z0-9_.-]*(?:token|secret|password|passwd|api_?key|signature|csrf)["']\s*:\s*["'])[^"']*"#,
        "${1}[scrubbed]",
    ),
    (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+", SCRUBBED),
    (r"\bwhsec_[A-Za-z0-9+/=_-]+", SCRUBBED),
];

/// Takes out secrets, and unless they may be sent, the addresses of people.
pub struct Scrubber {
    secrets: Vec<SecretString>,
    sends_pii: bool,
    rules: Vec<(Regex, &'static str)>,
    secret_name: Regex,
    long_word: Regex,
    uuid: Regex,
    address: Regex,
}

impl Scrubber {
    /// Knows these secrets, and others by what they look like, or by what they are called.
    #[must_use]
    pub fn new(mut secrets: Vec<SecretString>, sends_pii: bool) -> Self {
        secrets.retain(|it| MIN_SECRET_BYTES <= it.expose_secret().len());
        Self {
            secrets,
            sends_pii,
            rules: RULES.iter().map(|(rule, instead)| (pattern(rule), *instead)).collect(),
            secret_name: pattern("(?i)authorization|cookie|csrf|password|secret|signature|token"),
            // As long as the code of a link, or a token of Zammad.
            long_word: pattern("[A-Za-z0-9_-]{32,}"),
            uuid: pattern("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
            address: pattern(r#"[^\s@"'<>(),:;=]+@[^\s@"'<>(),:;=]+\.[A-Za-z]{2,}"#),
        }
    }

    /// Scrubs every text in `value`.
    pub fn scrub(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.scrubbed(text),
            Value::Array(items) => items.iter_mut().for_each(|it| self.scrub(it)),
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut().filter(|(name, _)| !HARMLESS.contains(&name.as_str()))
                {
                    if field.is_string() && self.secret_name.is_match(name) {
                        *field = SCRUBBED.into();
                    } else {
                        self.scrub(field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => (),
        }
    }

    /// The same text without them.
    #[must_use]
    pub fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret) {
            if text.contains(secret) {
                text = text.replace(secret, SCRUBBED);
            }
        }
        for (rule, instead) in &self.rules {
            change(&mut text, |it| rule.replace_all(it, *instead));
        }
        change(&mut text, |it| {
            self.long_word.replace_all(it, |found: &Captures<'_>| self.unless_known(&found[0]))
        });
        if !self.sends_pii {
            change(&mut text, |it| self.address.replace_all(it, SCRUBBED));
        }
        text
    }

    /// Ids of requests and plans stay, and names in the program and its environment; secrets have more than letters of one
    /// case.
    fn unless_known(&self, word: &str) -> String {
        let mut letters = word.bytes().filter(|it| !matches!(it, b'_' | b'-'));
        let is_name =
            letters.clone().all(|it| it.is_ascii_lowercase()) || letters.all(|it| it.is_ascii_uppercase());
        if is_name || self.uuid.is_match(word) { word } else { SCRUBBED }.to_owned()
    }
}

fn change(text: &mut String, rule: impl Fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(changed) = rule(text) {
        *text = changed;
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is one of ours")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scrubber() -> Scrubber {
        Scrubber::new(vec!["hunter2!".into(), "abc".into()], false)
    }

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        assert_eq!(scrubber().scrubbed(text), expected);
    }

    #[test]
    fn secrets_are_known_by_what_they_look_like() {
        let code = "8Q5J9HHtxjEWNz2qZeMvvzFU43e_a-SmQLenhEj0V3w";
        becomes(&format!("no invite {code}!"), "no invite [scrubbed]!");
        becomes("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln is no good", "[scrubbed] is no good");
        becomes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[scrubbed]");
        becomes(&"0f".repeat(20), "[scrubbed]");
    }

    #[test]
    fn secrets_are_known_by_what_they_are_called() {
        becomes(
            "GET /x\nAuthorization: Token token=s3cr3t\nAccept: */*",
            "GET /x\nAuthorization: [scrubbed]\nAccept: */*",
        );
        becomes("cookie: a=b; c=d", "cookie: [scrubbed]");
        becomes("it sent Bearer abcdefg, so", "it sent Bearer [scrubbed], so");
        becomes("a?access_token=s3cr3t&b=c", "a?access_token=[scrubbed]&b=c");
        becomes(
            r#"{"client_secret": "s3c r3t", "name": "x"}"#,
            r#"{"client_secret": "[scrubbed]", "name": "x"}"#,
        );
    }

    #[test]
    fn secrets_that_are_told_are_found_wherever_they_are() {
        becomes("(hunter2!)", "([scrubbed])");
        becomes("abc", "abc");
    }

    #[test]
    fn of_an_address_the_place_stays() {
        becomes(
            "postgres://family:pa@ss@db.example/family?sslmode=off is down",
            "postgres://db.example/family is down",
        );
        becomes("(https://help.example/api/v1/users?query=ann#x)", "(https://help.example/api/v1/users)");
        becomes(
            "GET /join/anything and /v1/invites/some.thing/accept",
            "GET /join/{code} and /v1/invites/{code}/accept",
        );
        becomes("/v1/invites/{code}/accept", "/v1/invites/{code}/accept");
    }

    #[test]
    fn people_are_left_out_unless_they_may_be_sent() {
        becomes("Key (email)=(zoe@example.org) already exists", "Key (email)=([scrubbed]) already exists");
        let trusting = Scrubber::new(vec![], true);
        assert_eq!(trusting.scrubbed("zoe@example.org"), "zoe@example.org");
    }

    #[test]
    fn what_finds_the_place_stays() {
        for text in [
            "the helpdesk rejected the request",
            "plan 01a1fc66-58e6-71e2-b90e-c39196221462 cannot be loaded",
            "family_plan_persistence_connection_pool::connect",
            "set FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS to the key it was sealed with",
            "column `expires_at` cannot be read",
            "Zammad answered 403: Not authorized (request 17)",
            "a token: the helpdesk has none",
        ] {
            becomes(text, text);
        }
    }

    #[test]
    fn every_text_is_looked_at_but_those_of_the_program() {
        let code = "8Q5J9HHtxjEWNz2qZeMvvzFU43e_a-SmQLenhEj0V3w";
        let mut value = json!({
            "event_id": "ab".repeat(16),
            "deep": [{"er": code, "n": 7}],
            "session_token": "x",
            "stacktrace": {"frames": [{"function": code}]},
        });

        scrubber().scrub(&mut value);

        let expected = json!({
            "event_id": "ab".repeat(16),
            "deep": [{"er": SCRUBBED, "n": 7}],
            "session_token": SCRUBBED,
            "stacktrace": {"frames": [{"function": code}]},
        });
        assert_eq!(value, expected);
    }
}
