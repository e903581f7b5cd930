//! Reads values one by one, and collects what is wrong with them.

use std::{collections::BTreeMap, convert::Infallible, fmt::Display, str::FromStr};

use config::{Config, Value, ValueKind};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::{Mistake, PREFIX, SEPARATOR};

/// How the names of secrets end.
const SECRETS: &[&str] = &["basic", "bearer", "key", "keys", "password", "secret", "secrets", "token"];

/// The values that were set, each taken out as it is read.
pub(super) struct Reader {
    values: BTreeMap<String, String>,
    /// Those of them that must not be told, and passwords in addresses.
    pub(super) secrets: Vec<SecretString>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader {
    pub(super) fn new(config: Config) -> Self {
        let mut values = BTreeMap::new();
        flatten("", config.cache, &mut values);
        let secrets = values.iter().flat_map(|(name, value)| secrets_in(name, value)).collect();
        Self { values, secrets, mistakes: Vec::new() }
    }

    /// A value that must be set.
    pub(super) fn required<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            Some(text) => self.parsed(name, parse(&text)),
            None => self.mistaken(name, "must be set"),
        }
    }

    /// A value that may be left out; an empty one is left out.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.take(name)?;
        self.parsed(name, parse(&text))
    }

    /// Notes a mistake.
    pub(super) fn mistaken<T>(&mut self, name: &str, requirement: impl Into<String>) -> Option<T> {
        self.mistakes.push(Mistake { name: variable(name), requirement: requirement.into() });
        None
    }

    /// Whether the value is set, without taking it out.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|it| !it.trim().is_empty())
    }

    /// Notes every name that nobody asked for as a mistake: it may be a security setting with a slip in it.
    pub(super) fn finish(&mut self) {
        for name in std::mem::take(&mut self.values).into_keys() {
            self.mistaken::<()>(&name, "is not known");
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
    }

    fn parsed<T, E: Display>(&mut self, name: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(err) => self.mistaken(name, err.to_string()),
        }
    }
}

/// Reads a value of any type that has a text form; the mistake says what it must be.
pub(super) fn value<T: FromStr>(requirement: &str) -> impl Fn(&str) -> Result<T, String> + '_ {
    move |text| text.parse().map_err(|_| requirement.to_owned())
}

/// Reads any text.
#[expect(clippy::unnecessary_wraps, reason = "a reader can fail, this one does not")]
pub(super) fn text<T: for<'a> From<&'a str>>(text: &str) -> Result<T, Infallible> {
    Ok(T::from(text))
}

/// Each secret of a list; of `user:password` the password, too.
fn secrets_in(name: &str, value: &str) -> Vec<SecretString> {
    if name.ends_with("url") {
        let password = Url::parse(value).ok().and_then(|it| it.password().map(ToOwned::to_owned));
        let decoded = password.iter().map(|it| percent_decode_str(it).decode_utf8_lossy().into_owned());
        return decoded.chain(password.clone()).map(Into::into).collect();
    }
    let is_secret = SECRETS.iter().any(|it| name.ends_with(it));
    let values = value.split(',').map(str::trim).filter(|_| is_secret);
    values
        .flat_map(|it| it.split_once(':').map(|(_, it)| it).into_iter().chain([it]))
        .map(Into::into)
        .collect()
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{SEPARATOR}{}", name.replace('.', SEPARATOR).to_ascii_uppercase())
}

/// Lists become text with commas, as the environment has them.
fn flatten(name: &str, value: Value, values: &mut BTreeMap<String, String>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                flatten(&name, value, values);
            }
        }
        ValueKind::Array(items) => {
            let items: Vec<String> = items.into_iter().filter_map(|it| it.into_string().ok()).collect();
            values.insert(name.to_owned(), items.join(","));
        }
        _ => {
            values.insert(name.to_owned(), value.into_string().unwrap_or_default());
        }
    }
}
