//! What must not get out: a random value of each kind, so that wherever it turns up, it came from here.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use rand::distr::{Alphanumeric, SampleString};

/// A kind of secret, or of what is known of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What an operator configures: keys, passwords, secrets that are shared with others.
    Configured,
    /// What requests to the helpdesk are made with.
    HelpdeskToken,
    /// What the helpdesk minted for an invite.
    MintedToken,
    /// What requests to Sentry are made with.
    SentryKey,
    /// What a link carries.
    LinkCode,
    /// What callers show, and its signature by itself.
    CallerToken,
    /// What signing in carries along: its state, the provider's code, the cookie of the browser.
    SignIn,
    /// The hidden field of a form.
    Csrf,
    /// What signs events.
    EndpointSecret,
    /// What the address of an endpoint holds.
    EndpointAddress,
    /// What a webhook of the helpdesk is signed with, over its body.
    HookSignature,
    /// What somebody calls a request.
    IdempotencyKey,
    /// What is sent where nothing of the sort belongs, and refused.
    Misplaced,
    /// The address of somebody who is here.
    Email,
    /// Their name.
    Name,
    /// Their id.
    UserId,
    /// The address that an invite is for.
    Recipient,
    /// The address or name of somebody at the helpdesk.
    Customer,
    /// No secret: it is sent to where everything is told, so that a search that finds it nowhere is no search.
    Marker,
}

impl Kind {
    /// Every kind of secret.
    pub(crate) const ALL: &[Self] = &[
        Self::Configured,
        Self::HelpdeskToken,
        Self::MintedToken,
        Self::SentryKey,
        Self::LinkCode,
        Self::CallerToken,
        Self::SignIn,
        Self::Csrf,
        Self::EndpointSecret,
        Self::EndpointAddress,
        Self::HookSignature,
        Self::IdempotencyKey,
        Self::Misplaced,
        Self::Email,
        Self::Name,
        Self::UserId,
        Self::Recipient,
        Self::Customer,
    ];
}

/// Everything that took part in a run.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<BTreeSet<(Kind, String)>>);

impl Secrets {
    /// A new one: not so long that it is taken for a secret by its length.
    pub(crate) fn make(&self, kind: Kind) -> String {
        self.note(kind, random(20))
    }

    /// One that somebody else made.
    pub(crate) fn note(&self, kind: Kind, value: impl Into<String>) -> String {
        let value = value.into();
        assert!(16 <= value.len(), "{kind:?} {value} occurs by chance");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, value.clone()));
        value
    }

    /// An address whose first part is one.
    pub(crate) fn address(&self, kind: Kind) -> String {
        format!("{}@example.org", self.note(kind, format!("mail{}", random(20).to_lowercase())))
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(Kind, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Letters and digits.
pub(crate) fn random(n_chars: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), n_chars)
}
