//! What commands say of the things they look at: a line each, with a mark that says how it is.

use std::{error::Error, iter};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Works,
    Warning,
    Broken,
}

impl Mark {
    fn as_str(self) -> &'static str {
        match self {
            Self::Works => "✓",
            Self::Warning => "!",
            Self::Broken => "✗",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) mark: Mark,
    subject: String,
    text: String,
}

impl Line {
    pub(crate) fn new(subject: impl Into<String>, (mark, text): (Mark, String)) -> Self {
        Self { mark, subject: subject.into(), text }
    }

    pub(crate) fn works(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(subject, (Mark::Works, text.into()))
    }

    pub(crate) fn warning(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(subject, (Mark::Warning, text.into()))
    }

    pub(crate) fn broken(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(subject, (Mark::Broken, text.into()))
    }
}

/// Prints what was found under a heading.
pub(crate) fn print(heading: &str, lines: &[Line]) {
    println!("{heading}");
    for line in lines {
        println!("  {} {:<16} {}", line.mark.as_str(), line.subject, line.text);
    }
}

/// The error and what led to it.
pub(crate) fn with_causes(err: &dyn Error) -> String {
    let causes = iter::successors(err.source(), |it: &&dyn Error| (*it).source());
    causes.fold(err.to_string(), |text, cause| format!("{text}: {cause}"))
}
