//! Requests that have their effect once, however often they are sent.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{BodyDigest, KeyDigest};

/// A request that is known by a key, so that it can be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Which request.
    pub key: KeyDigest,
    /// What it says: it must say the same when it is sent again.
    pub body: BodyDigest,
}

/// What became of the claim to carry a request out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is for the claimant to carry out, as long as nobody else may take it over.
    Fresh,
    /// It was carried out, and answered this.
    Answered(String),
    /// Somebody else is carrying it out.
    Running,
    /// The key belongs to a request with another body.
    OtherBody,
}

/// What a request answered, for whoever sends it again. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Which request.
    pub key: KeyDigest,
    /// Who carried it out: the holder of the lease that it was claimed with.
    pub holder: Uuid,
    /// The answer, in the words of whoever asks for it again.
    pub text: String,
    /// The first moment at which it is forgotten.
    pub until: OffsetDateTime,
}
