//! How Lucene's `query_string` cuts a query into clauses.

use std::iter::Peekable;
use std::str::Chars;

/// What a clause asks for, in all fields or in one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// `None` for any field.
    pub(crate) field: Option<String>,
    pub(crate) operand: Operand,
}

/// What a field is compared with; escapes are undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// `sam`, or `sa*` when it `is_prefix`.
    Term { text: String, is_prefix: bool },
    /// `"sam lee"`
    Phrase(String),
    /// `[a TO b]`, `{a TO b}` or a mixture of both; also `>a` and its like.
    Range { from: Option<Edge>, to: Option<Edge> },
}

/// An end of a range that is not open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) text: String,
    pub(crate) is_included: bool,
}

/// What has a meaning of its own outside of quotes, and needs a backslash in front of it to have none.
const SPECIAL: &str = "\"():!^[]{}~/";

/// The clauses of a query, all of which must match; `None` for one that Lucene cannot read, and for operators that the
/// simulator does not know (`OR`, `NOT`, groups, fuzziness).
pub(crate) fn clauses(query: &str) -> Option<Vec<Clause>> {
    let mut letters = query.chars().peekable();
    let mut clauses = Vec::new();
    loop {
        skip_blanks(&mut letters);
        if letters.peek().is_none() {
            return Some(clauses);
        }
        let clause = clause(&mut letters)?;
        // All of them must match, so an `AND` says nothing.
        if !clause.is("AND") {
            clauses.push(clause);
        }
    }
}

impl Clause {
    fn is(&self, operator: &str) -> bool {
        let is_same = matches!(&self.operand, Operand::Term { text, .. } if text == operator);
        self.field.is_none() && is_same
    }
}

fn clause(letters: &mut Peekable<Chars<'_>>) -> Option<Clause> {
    if letters.peek() == Some(&'"') {
        return Some(Clause { field: None, operand: phrase(letters)? });
    }
    let (text, is_prefix) = term(letters)?;
    if letters.next_if_eq(&':').is_none() {
        let clause = Clause { field: None, operand: Operand::Term { text, is_prefix } };
        return Some(clause).filter(|it| !it.is("OR") && !it.is("NOT"));
    }
    skip_blanks(letters);
    let operand = match letters.peek()? {
        '"' => phrase(letters)?,
        '[' | '{' => range(letters)?,
        _ => {
            let (text, is_prefix) = term(letters)?;
            comparison(&text).unwrap_or(Operand::Term { text, is_prefix })
        }
    };
    // A colon within a term needs a backslash: a date with a time cannot do without.
    let ends_here = letters.peek().is_none_or(|it| it.is_whitespace());
    ends_here.then_some(Clause { field: Some(text), operand })
}

fn skip_blanks(letters: &mut Peekable<Chars<'_>>) {
    while letters.next_if(|it| it.is_whitespace()).is_some() {}
}

/// A term up to a blank or a special letter, and whether it ends with a star.
fn term(letters: &mut Peekable<Chars<'_>>) -> Option<(String, bool)> {
    // In front of a term they mean "must", which all of them must, and "must not", which is not known here.
    let _ = letters.next_if_eq(&'+');
    if letters.peek() == Some(&'-') {
        return None;
    }
    let (mut text, mut is_prefix) = (String::new(), false);
    while let Some(letter) = letters.next_if(|it| !it.is_whitespace() && !SPECIAL.contains(*it)) {
        is_prefix = letter == '*';
        text.push(if letter == '\\' { letters.next()? } else { letter });
    }
    (!text.is_empty()).then_some((text, is_prefix))
}

fn phrase(letters: &mut Peekable<Chars<'_>>) -> Option<Operand> {
    letters.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(Operand::Phrase(text)),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

fn range(letters: &mut Peekable<Chars<'_>>) -> Option<Operand> {
    let includes_from = letters.next()? == '[';
    let from = edge(letters)?;
    skip_blanks(letters);
    (letters.next()? == 'T' && letters.next()? == 'O').then_some(())?;
    let to = edge(letters)?;
    skip_blanks(letters);
    let includes_to = match letters.next()? {
        ']' => true,
        '}' => false,
        _ => return None,
    };
    let bounded = |text: String, is_included| (text != "*").then_some(Edge { text, is_included });
    Some(Operand::Range { from: bounded(from, includes_from), to: bounded(to, includes_to) })
}

/// An end of a range, in quotes or not; without them it goes up to a blank or a bracket, colons and all.
fn edge(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    skip_blanks(letters);
    if letters.peek() == Some(&'"') {
        return match phrase(letters)? {
            Operand::Phrase(text) => Some(text),
            _ => None,
        };
    }
    let mut text = String::new();
    while let Some(letter) = letters.next_if(|it| !it.is_whitespace() && !"]}".contains(*it)) {
        text.push(if letter == '\\' { letters.next()? } else { letter });
    }
    (!text.is_empty()).then_some(text)
}

/// `>a`, `>=a`, `<a`, `<=a`: Elasticsearch finds these in what is one term to Lucene, so quotes do not work here.
fn comparison(term: &str) -> Option<Operand> {
    let (sign, rest) = term.split_at_checked(1)?;
    let (text, is_included) = rest.strip_prefix('=').map_or((rest, false), |it| (it, true));
    let edge = Some(Edge { text: text.to_owned(), is_included });
    match sign {
        ">" => Some(Operand::Range { from: edge, to: None }),
        "<" => Some(Operand::Range { from: None, to: edge }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operand(query: &str) -> Operand {
        clauses(query).unwrap().pop().unwrap().operand
    }

    fn included(text: &str) -> Edge {
        Edge { text: text.to_owned(), is_included: true }
    }

    fn excluded(text: &str) -> Edge {
        Edge { text: text.to_owned(), is_included: false }
    }

    #[test]
    fn clauses_end_at_blanks_outside_of_quotes_and_brackets() {
        let query = clauses("sam AND  email:\"a b\" updated_at:[2026 TO *] x").unwrap();
        let fields: Vec<Option<&str>> = query.iter().map(|it| it.field.as_deref()).collect();

        assert_eq!(fields, [None, Some("email"), Some("updated_at"), None]);
        assert_eq!(query[1].operand, Operand::Phrase("a b".to_owned()));
    }

    #[test]
    fn ranges_are_open_or_closed_at_either_end() {
        let instant = "2026-01-01T00:00:00Z";
        let cases = [
            (format!("x:[\"{instant}\" TO *]"), Some(included(instant)), None),
            (format!("x:[{instant} TO *]"), Some(included(instant)), None),
            (format!("x:{{{instant} TO \"b\"}}"), Some(excluded(instant)), Some(excluded("b"))),
            ("x:{* TO b]".to_owned(), None, Some(included("b"))),
            ("x:>=2026-01-01".to_owned(), Some(included("2026-01-01")), None),
            ("x:>2026-01-01T00\\:00\\:00Z".to_owned(), Some(excluded(instant)), None),
            ("x:<7".to_owned(), None, Some(excluded("7"))),
        ];

        for (query, from, to) in cases {
            assert_eq!(operand(&query), Operand::Range { from, to }, "{query}");
        }
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_a_letter() {
        let text = |text: &str| Operand::Term { text: text.to_owned(), is_prefix: false };

        assert_eq!(operand("a\\:b"), text("a:b"));
        assert_eq!(operand("x:a\\ b"), text("a b"));
        assert_eq!(operand("x:a\\*"), text("a*"));
        assert_eq!(operand("x:\"a\\\"b\""), Operand::Phrase("a\"b".to_owned()));
        assert_eq!(operand("x:a*"), Operand::Term { text: "a*".to_owned(), is_prefix: true });
    }

    #[test]
    fn what_lucene_cannot_read_is_none() {
        let broken = [
            "updated_at:>2026-01-01T00:00:00Z",
            "updated_at:>=\"2026-01-01\"",
            "updated_at:[2026 TO",
            "updated_at:[2026 to *]",
            "email:",
            ":x",
            "\"open",
            "a\\",
            "a) b",
            "a OR b",
        ];

        for query in broken {
            assert_eq!(clauses(query), None, "{query}");
        }
    }
}
