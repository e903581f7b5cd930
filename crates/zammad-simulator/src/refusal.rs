//! Why a request is refused, and the envelope that says so.

use axum::http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::randomness;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An error of a known class: everybody may read its text.
    Classified { status: StatusCode, text: String },
    /// Any other error: only full administrators may read its text.
    Unclassified { status: StatusCode, text: String },
}

impl Refusal {
    fn classified(status: StatusCode, text: impl Into<String>) -> Self {
        Self::Classified { status, text: text.into() }
    }

    pub(crate) fn bad_request() -> Self {
        let text = "Error occurred while parsing request parameters".to_owned();
        Self::Unclassified { status: StatusCode::BAD_REQUEST, text }
    }

    pub(crate) fn unauthorized(text: impl Into<String>) -> Self {
        Self::classified(StatusCode::UNAUTHORIZED, text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::classified(StatusCode::FORBIDDEN, text)
    }

    /// The caller may not touch this record.
    pub(crate) fn not_your_record() -> Self {
        Self::forbidden("Not authorized")
    }

    pub(crate) fn not_found(model: &str, id: &str) -> Self {
        Self::classified(StatusCode::NOT_FOUND, format!("Couldn't find {model} with 'id'={id}"))
    }

    /// A duplicate of something that must be unique.
    pub(crate) fn already_exists() -> Self {
        Self::unprocessable("This object already exists.")
    }

    pub(crate) fn no_such_page() -> Self {
        Self::classified(StatusCode::NOT_FOUND, "This page doesn't exist.")
    }

    pub(crate) fn unprocessable(text: impl Into<String>) -> Self {
        Self::classified(StatusCode::UNPROCESSABLE_ENTITY, text)
    }

    /// 422 whose `text` only full administrators see.
    pub(crate) fn masked_unprocessable(text: impl Into<String>) -> Self {
        Self::Unclassified { status: StatusCode::UNPROCESSABLE_ENTITY, text: text.into() }
    }

    /// 500 whose `text` only full administrators see.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::Unclassified { status: StatusCode::INTERNAL_SERVER_ERROR, text: text.into() }
    }

    /// The envelope, for a caller who is a full administrator or not.
    pub(crate) fn into_answer(self, caller_is_full_admin: bool) -> Answer {
        match self {
            Self::Classified { status, text } => {
                Answer::refusal(status, json!({"error": text, "error_human": text}), text)
            }
            Self::Unclassified { status, text } if caller_is_full_admin => {
                Answer::refusal(status, json!({"error": text}), text)
            }
            Self::Unclassified { status, .. } => {
                let text = format!("Error ID {}: Please contact your administrator.", randomness::error_id());
                Answer::refusal(status, json!({"error": text}), text)
            }
        }
    }
}
