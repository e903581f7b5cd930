//! The part of Lucene's query language that clients use with users.

use serde_json::{Map, Value};

use crate::parameters::scalar_text;
use crate::timestamp;

/// Clauses that must all match.
#[derive(Debug)]
pub(crate) struct Query {
    clauses: Vec<Clause>,
}

#[derive(Debug)]
struct Clause {
    /// `None` for any field.
    field: Option<String>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// Every word must be a word of the field; the last one may be the beginning of one.
    Words {
        words: Vec<String>,
        last_is_prefix: bool,
    },
    AtLeast(String),
    Above(String),
    AtMost(String),
    Below(String),
    Between(String, String),
}

impl Query {
    /// `*` is appended to a query without a colon, as Zammad does.
    pub(crate) fn read(text: &str) -> Self {
        let text = if text.contains(':') { text.to_owned() } else { format!("{text}*") };
        let clauses =
            clauses(&text).iter().filter(|it| it.as_str() != "AND").map(|it| Clause::read(it)).collect();
        Self { clauses }
    }

    /// Whether a user object fits.
    pub(crate) fn matches(&self, user: &Map<String, Value>) -> bool {
        self.clauses.iter().all(|it| it.matches(user))
    }
}

impl Clause {
    fn read(text: &str) -> Self {
        let (field, value) = match text.split_once(':') {
            Some((field, value)) if !field.contains('"') => (Some(field.to_owned()), value),
            _ => (None, text),
        };
        Self { field, test: Test::read(value) }
    }

    fn matches(&self, user: &Map<String, Value>) -> bool {
        match &self.field {
            Some(field) => user.get(field).is_some_and(|it| self.test.matches(it)),
            None => user.values().any(|it| self.test.matches(it)),
        }
    }
}

impl Test {
    fn read(text: &str) -> Self {
        if let Some((from, to)) =
            text.strip_prefix('[').and_then(|it| it.strip_suffix(']')?.split_once(" TO "))
        {
            return Self::Between(from.to_owned(), to.to_owned());
        }
        let bound = |sign| text.strip_prefix(sign).map(|it: &str| it.trim_matches('"').to_owned());
        // The longer signs first: `>` is the beginning of `>=`.
        let comparison = (bound(">=").map(Self::AtLeast))
            .or_else(|| bound("<=").map(Self::AtMost))
            .or_else(|| bound(">").map(Self::Above))
            .or_else(|| bound("<").map(Self::Below));
        if let Some(comparison) = comparison {
            return comparison;
        }
        Self::Words { words: words(text), last_is_prefix: text.ends_with('*') }
    }

    fn matches(&self, value: &Value) -> bool {
        let Some(text) = scalar_text(value) else {
            return false;
        };
        match self {
            Self::Words { words: wanted, last_is_prefix } => {
                has_words(&words(&text), wanted, *last_is_prefix)
            }
            Self::AtLeast(bound) => comparable(bound) <= comparable(&text),
            Self::Above(bound) => comparable(bound) < comparable(&text),
            Self::AtMost(bound) => comparable(&text) <= comparable(bound),
            Self::Below(bound) => comparable(&text) < comparable(bound),
            Self::Between(from, to) => {
                let text = comparable(&text);
                (from == "*" || comparable(from) <= text) && (to == "*" || text <= comparable(to))
            }
        }
    }
}

/// An instant in the form that user objects have, so that texts can be compared; anything else as it is.
fn comparable(text: &str) -> String {
    timestamp::parse(text).map_or_else(|| text.to_owned(), timestamp::text)
}

fn has_words(words: &[String], wanted: &[String], last_is_prefix: bool) -> bool {
    let Some((last, others)) = wanted.split_last() else {
        return last_is_prefix;
    };
    let has_last = words.iter().any(|it| it == last || (last_is_prefix && it.starts_with(last.as_str())));
    has_last && others.iter().all(|it| words.contains(it))
}

/// The words of a text as an analyzer splits them: an `@` ends a word, a dot within one does not.
fn words(text: &str) -> Vec<String> {
    let is_part = |it: char| it.is_alphanumeric() || it == '.' || it == '_';
    let words = text.split(|it| !is_part(it)).map(|it| it.trim_matches('.').to_lowercase());
    words.filter(|it| !it.is_empty()).collect()
}

/// Split at blanks outside of quotes and brackets.
fn clauses(text: &str) -> Vec<String> {
    let mut clauses = vec![String::new()];
    let (mut in_quotes, mut in_brackets) = (false, false);
    for letter in text.chars() {
        match letter {
            '"' => in_quotes = !in_quotes,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => (),
        }
        if letter.is_whitespace() && !in_quotes && !in_brackets {
            clauses.push(String::new());
        } else if let Some(clause) = clauses.last_mut() {
            clause.push(letter);
        }
    }
    clauses.retain(|it| !it.is_empty());
    clauses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(query: &str) -> bool {
        let user = json!({
            "firstname": "Sam",
            "lastname": "Lee",
            "email": "sam.lee@example.net",
            "active": true,
            "updated_at": "2026-01-05T09:00:00.000Z",
        });
        Query::read(query).matches(user.as_object().unwrap())
    }

    #[test]
    fn words_match_anywhere_and_the_last_may_be_begun() {
        assert!(matches("sam"));
        assert!(matches("Sam Le"));
        assert!(matches("sam.lee@example.net"));
        assert!(matches("sam.lee@example"));
        assert!(!matches("am"));
        assert!(!matches("Sa Lee"));
    }

    #[test]
    fn fields_match_whole_words() {
        assert!(matches("email:\"sam.lee@example.net\""));
        assert!(matches("firstname:sam AND active:true"));
        assert!(matches("firstname:sa*"));
        assert!(!matches("firstname:sa"));
        assert!(!matches("lastname:sam"));
        assert!(!matches("shoe_size:44"));
    }

    #[test]
    fn dates_are_compared() {
        assert!(matches("updated_at:>2026-01-01"));
        assert!(matches("updated_at:>=2026-01-05T10:00:00+01:00"));
        assert!(matches("updated_at:[2026-01-01 TO *]"));
        assert!(!matches("updated_at:>2026-02-01"));
        assert!(!matches("updated_at:<2026-01-05T09:00:00Z"));
    }
}
