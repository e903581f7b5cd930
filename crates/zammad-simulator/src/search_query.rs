//! What a query of Elasticsearch finds among users.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use serde_json::Value;
use time::OffsetDateTime;

use crate::date_term::DateTerm;
use crate::lucene::{self, Operand};
use crate::timestamp;
use crate::user::{TEXT_COLUMNS, User};

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
        date: Option<DateTerm>,
    },
    Range {
        from: Option<Bound>,
        to: Option<Bound>,
    },
}

/// An end of a range, read as whatever it may be compared with.
#[derive(Debug)]
struct Bound {
    text: String,
    number: Option<u64>,
    date: Option<DateTerm>,
    is_included: bool,
}

/// A value of a user, as the index has it.
enum Field<'user> {
    Instant(OffsetDateTime),
    Text(&'user str),
    Number(u64),
    Numbers(&'user [u64]),
    Flag(bool),
}

impl Query {
    /// `*` is appended to a query without a colon, as Zammad does. Dates without an offset are in `zone`. `None` for
    /// what Elasticsearch refuses.
    pub(crate) fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = if text.contains(':') { text.to_owned() } else { format!("{text}*") };
        let clause = |it: lucene::Clause| Clause { field: it.field, test: Test::read(it.operand, zone) };
        Some(Self { clauses: lucene::clauses(&text)?.into_iter().map(clause).collect() })
    }

    /// Whether a user fits.
    pub(crate) fn matches(&self, user: &User) -> bool {
        self.clauses.iter().all(|it| it.matches(user))
    }
}

impl Clause {
    fn matches(&self, user: &User) -> bool {
        if let Some(name) = &self.field {
            return Field::of(user, name).is_some_and(|it| self.test.matches(&it));
        }
        let columns = TEXT_COLUMNS.iter().map(|it| user.text_column(it));
        let others = user.details.values().filter_map(Value::as_str);
        // Most of them are empty, and there may be a hundred thousand users.
        let filled = columns.chain(others).filter(|it| !it.is_empty());
        let mut fields = filled.map(Field::Text);
        fields.any(|it| self.test.matches(&it))
    }
}

impl<'user> Field<'user> {
    fn of(user: &'user User, name: &str) -> Option<Self> {
        match name {
            "id" => Some(Self::Number(user.id)),
            "active" => Some(Self::Flag(user.active)),
            "organization_id" => user.organization_id.map(Self::Number),
            "organization_ids" => Some(Self::Numbers(&user.organization_ids)),
            "role_ids" => Some(Self::Numbers(&user.role_ids)),
            "created_at" => Some(Self::Instant(user.created_at)),
            "updated_at" => Some(Self::Instant(user.updated_at)),
            name if TEXT_COLUMNS.contains(&name) => Some(Self::Text(user.text_column(name))),
            name => match user.details.get(name)? {
                Value::String(text) => Some(timestamp::parse(text).map_or(Self::Text(text), Self::Instant)),
                Value::Number(number) => number.as_u64().map(Self::Number),
                Value::Bool(flag) => Some(Self::Flag(*flag)),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            },
        }
    }
}

impl Test {
    fn read(operand: Operand, zone: &TimeZone) -> Self {
        let bound = |it: lucene::Edge| Bound {
            number: it.text.parse().ok(),
            date: DateTerm::read(&it.text, zone),
            text: it.text,
            is_included: it.is_included,
        };
        let (text, last_is_prefix) = match operand {
            Operand::Range { from, to } => return Self::Range { from: from.map(bound), to: to.map(bound) },
            Operand::Phrase(text) => (text, false),
            Operand::Term { text, is_prefix } => (text, is_prefix),
        };
        Self::Words { words: words(&text), last_is_prefix, date: DateTerm::read(&text, zone) }
    }

    fn matches(&self, field: &Field<'_>) -> bool {
        match (self, field) {
            (Self::Words { date, .. }, Field::Instant(instant)) => {
                date.is_some_and(|it| it.first <= *instant && *instant <= it.last)
            }
            (Self::Words { words: wanted, last_is_prefix, .. }, field) => {
                field.texts().iter().any(|it| has_words(&words(it), wanted, *last_is_prefix))
            }
            (Self::Range { from, to }, field) => {
                from.as_ref().is_none_or(|it| it.lies_before(field))
                    && to.as_ref().is_none_or(|it| it.lies_after(field))
            }
        }
    }
}

impl Field<'_> {
    fn texts(&self) -> Vec<String> {
        match self {
            Self::Instant(instant) => vec![timestamp::text(*instant)],
            Self::Text(text) => vec![(*text).to_owned()],
            Self::Number(number) => vec![number.to_string()],
            Self::Numbers(numbers) => numbers.iter().map(u64::to_string).collect(),
            Self::Flag(flag) => vec![flag.to_string()],
        }
    }
}

impl Bound {
    /// Whether a range that begins here holds `field`. `>2026-01-12` begins with the day after.
    fn lies_before(&self, field: &Field<'_>) -> bool {
        let start = |it: DateTerm| if self.is_included { it.first } else { it.last };
        self.allows(field, Ordering::Less, start)
    }

    /// Whether a range that ends here holds `field`. `<=2026-01-12` ends with the end of the day.
    fn lies_after(&self, field: &Field<'_>) -> bool {
        let end = |it: DateTerm| if self.is_included { it.last } else { it.first };
        self.allows(field, Ordering::Greater, end)
    }

    /// A bound that does not fit the kind of the field allows nothing: Elasticsearch makes an error of it.
    fn allows(&self, field: &Field<'_>, side: Ordering, edge: impl Fn(DateTerm) -> OffsetDateTime) -> bool {
        let order = match field {
            Field::Instant(instant) => self.date.map(|it| edge(it).cmp(instant)),
            Field::Number(number) => self.number.map(|it| it.cmp(number)),
            Field::Text(text) => Some(self.text.as_str().cmp(text)),
            Field::Numbers(_) | Field::Flag(_) => None,
        };
        order.is_some_and(|it| it == side || (self.is_included && it == Ordering::Equal))
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(query: &str) -> bool {
        let user = json!({
            "id": 11, "login": "sam.lee@example.net", "email": "sam.lee@example.net", "firstname": "Sam",
            "lastname": "Lee", "active": true, "organization_id": null, "organization_ids": [], "role_ids": [3],
            "group_ids": {}, "created_by_id": 1, "updated_by_id": 1, "phone": "+1 555 0100", "plan_code": "family",
            "created_at": "2026-01-05T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
        });
        let user = serde_json::from_value(user).unwrap();
        Query::read(query, &TimeZone::UTC).is_some_and(|it| it.matches(&user))
    }

    #[test]
    fn words_match_anywhere_and_the_last_may_be_begun() {
        assert!(matches("sam"));
        assert!(matches("Sam Le"));
        assert!(matches("sam.lee@example.net"));
        assert!(matches("sam.lee@example"));
        assert!(matches("family"));
        assert!(!matches("am"));
        assert!(!matches("Sa Lee"));
    }

    #[test]
    fn fields_match_whole_words() {
        assert!(matches("email:\"sam.lee@example.net\""));
        assert!(matches("firstname:sam AND active:true"));
        assert!(matches("firstname:sa*"));
        assert!(matches("plan_code:family role_ids:3 id:[7 TO 11]"));
        assert!(!matches("firstname:sa"));
        assert!(!matches("lastname:sam"));
        assert!(!matches("shoe_size:44"));
        assert!(!matches("id:{11 TO *}"));
    }

    #[test]
    fn dates_are_compared() {
        assert!(matches("updated_at:>2026-01-01"));
        assert!(matches("updated_at:>=2026-01-05T10\\:00\\:00+01\\:00"));
        assert!(matches("updated_at:[\"2026-01-05T09:00:00Z\" TO *]"));
        assert!(matches("updated_at:[2026-01-01 TO 2026-01-05]"));
        assert!(matches("updated_at:{* TO 2026-01-06}"));
        assert!(matches("updated_at:2026-01-05"));
        assert!(!matches("updated_at:>2026-02-01"));
        assert!(!matches("updated_at:<2026-01-05T09\\:00\\:00Z"));
        assert!(!matches("updated_at:{\"2026-01-05T09:00:00.000Z\" TO *]"));
        assert!(!matches("updated_at:[soon TO *]"));
    }

    #[test]
    fn a_day_that_is_left_out_is_left_out_to_its_end() {
        assert!(matches("updated_at:>=2026-01-05"));
        assert!(matches("updated_at:<=2026-01-05"));
        assert!(!matches("updated_at:>2026-01-05"));
        assert!(!matches("updated_at:<2026-01-05"));
    }
}
