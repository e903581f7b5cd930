//! The kinds of problems there are.

use poem::http::StatusCode;

macro_rules! codes {
    ($($variant:ident, $name:literal, $status:ident, $title:literal, $meaning:literal, $remedy:literal;)+) => {
        /// A kind of problem: its name is the `code` of the body and the last part of its `type`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The status that answers have.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status,)+
                }
            }

            /// A few words for it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                }
            }

            /// What the client, or the person in front of it, can do.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)+
                }
            }

            /// The kind of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == name)
            }
        }
    };
}

codes! {
    MalformedRequest, "malformed_request", BAD_REQUEST, "Malformed request",
        "The body is not JSON in UTF-8.", "Send a JSON object.";
    Unauthenticated, "unauthenticated", UNAUTHORIZED, "Not signed in",
        "The request carries no valid token.", "Sign in at `login_url`, and send the token as `Authorization: Bearer`.";
    Forbidden, "forbidden", FORBIDDEN, "Not allowed",
        "The caller may not do this.", "Ask the plan's owner or an administrator.";
    NotFound, "not_found", NOT_FOUND, "Not found",
        "There is nothing at this address.", "Look the address up in the API's documentation.";
    MethodNotAllowed, "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "This address does not know the method.", "Use one of the methods that the `Allow` header names.";
    PayloadTooLarge, "payload_too_large", PAYLOAD_TOO_LARGE, "Body too large",
        "The body is larger than the server accepts.", "Send less.";
    RequestTimeout, "request_timeout", REQUEST_TIMEOUT, "Request too slow",
        "The body was not there in time.", "Send it faster.";
    UnsupportedMediaType, "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "The body is not declared as JSON.", "Send `Content-Type: application/json`.";
    InvalidRequest, "invalid_request", UNPROCESSABLE_ENTITY, "Invalid request",
        "Something in the request breaks a rule; `errors` tells what and where.", "Mend all that `errors` names.";
    RateLimited, "rate_limited", TOO_MANY_REQUESTS, "Too many requests",
        "The caller asks too often.", "Wait as long as `Retry-After` says.";
    Internal, "internal", INTERNAL_SERVER_ERROR, "Internal error",
        "The service failed.", "Try again later; when telling somebody about it, name the `request_id`.";
    PlanNotFound, "plan_not_found", NOT_FOUND, "No such plan",
        "There is no such plan, or it is not the caller's to know.", "Check the plan's id, and who is signed in.";
    PlanFull, "plan_full", CONFLICT, "Plan full",
        "Every seat of the plan is taken by a person or promised by an open invite.",
        "Remove a member, revoke an open invite, or ask an administrator for a higher limit.";
    AlreadyInPlan, "already_in_plan", CONFLICT, "Already in a plan",
        "The user is in a plan, and can be in one only.", "Leave that plan first.";
    OwnPlan, "own_plan", CONFLICT, "Own plan",
        "The invite leads to the caller's own plan.", "Send the link to somebody else.";
    OwnerCannotLeave, "owner_cannot_leave", CONFLICT, "Owner cannot leave",
        "The owner of a plan cannot be detached from it.", "Hand the plan over to a member, or close it.";
    NotAMember, "not_a_member", NOT_FOUND, "No such member",
        "The user is not in this plan.", "Check the user's id against the plan's members.";
    TooManyInvites, "too_many_invites", CONFLICT, "Too many invites",
        "As many invites of the plan are open as may be.",
        "Revoke one, or wait until one is accepted or expires.";
    InviteNotFound, "invite_not_found", NOT_FOUND, "No such invite",
        "There is no such invite, or its plan is closed.", "Check the link, and ask for a new one.";
    InviteExpired, "invite_expired", GONE, "Invite expired",
        "The invite was not accepted in time.", "Ask for a new one.";
    InviteRevoked, "invite_revoked", GONE, "Invite revoked",
        "The invite was taken back.", "Ask for a new one.";
    InviteUsed, "invite_used", CONFLICT, "Invite used",
        "Somebody has accepted the invite already.", "Ask for one of your own.";
    InviteBarred, "invite_barred", FORBIDDEN, "Not your invite",
        "The invite is for another verified e-mail address, or the caller was detached from it before.",
        "Sign in with the address it was sent to, or ask for a new one.";
    ZammadUnavailable, "zammad_unavailable", SERVICE_UNAVAILABLE, "Helpdesk unavailable",
        "The helpdesk that mints invites cannot be reached or is overloaded. Nothing was issued, no seat is held.",
        "Try again after `Retry-After`.";
    ZammadRejected, "zammad_rejected", BAD_GATEWAY, "Helpdesk refused",
        "The helpdesk that mints invites refused to. Nothing was issued, no seat is held.",
        "The service's operator has to look at its Zammad account.";
    ZammadUserTaken, "zammad_user_taken", CONFLICT, "Helpdesk user taken",
        "Somebody else is associated with that user of the helpdesk.",
        "Take the other association away first, if it is wrong.";
    WebhookSignatureInvalid, "webhook_signature_invalid", UNAUTHORIZED, "Webhook signature invalid",
        "The delivery is not signed with a secret that is configured here, or lacks the credentials.",
        "Compare the webhook's signature token and credentials in Zammad with this service's configuration.";
    IdempotencyKeyReused, "idempotency_key_reused", UNPROCESSABLE_ENTITY, "Idempotency key reused",
        "The `Idempotency-Key` was used for a request with another body.",
        "Send the very same body to get its answer again, or another key to have something else done.";
    IdempotencyInProgress, "idempotency_in_progress", CONFLICT, "Request in progress",
        "The same request, with the same `Idempotency-Key`, is being carried out.",
        "Send it again in a moment, to get its answer.";
    PreconditionRequired, "precondition_required", PRECONDITION_REQUIRED, "Precondition required",
        "The settings are only replaced by somebody who says which ones they saw.",
        "Send `If-Match` with the `ETag` of the settings you read.";
    PreconditionFailed, "precondition_failed", PRECONDITION_FAILED, "Precondition failed",
        "Somebody replaced the settings since you read them.", "Read them again, and decide again.";
    Conflict, "conflict", CONFLICT, "Conflict",
        "Others changed the same thing at the same time, again and again.", "Try again.";
}
