//! What a person in front of a browser is told when something does not work. The API's texts are for those who write
//! programs.

use crate::problem::Code;

/// A page's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// The headline.
    pub(super) title: &'a str,
    /// What happened.
    pub(super) what: &'a str,
    /// What to do.
    pub(super) next: &'a str,
    /// Where to go for it.
    pub(super) way: Way,
}

/// What most people want to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Open the same page again.
    Again,
    /// Sign in as somebody else, and come back.
    AnotherAccount,
    /// Leave it at that.
    Dashboard,
}

impl Words<'static> {
    /// For a service that opens an invite.
    pub(super) const OF_SERVICE: Self = Self {
        title: "This account cannot join",
        what: "It belongs to a service, not to a person.",
        next: "Sign in with an account of your own.",
        way: Way::AnotherAccount,
    };

    /// For a refusal or failure of this kind.
    pub(super) fn of(code: Code) -> Self {
        let (title, what, next, way) = match code {
            Code::InviteNotFound => (
                "This link does not work",
                "It may be incomplete, or the plan that it led to has been closed.",
                "Check that you have opened the whole link. If you have, ask the person who sent it for a new one.",
                Way::Dashboard,
            ),
            Code::InviteRevoked => (
                "This invite was taken back",
                "It cannot be used any more. Often that means that a newer one was sent to you.",
                "Look for a newer link, or ask the person who invited you.",
                Way::Dashboard,
            ),
            Code::InviteUsed => (
                "This invite has been used",
                "An invite is good for one person, and somebody has joined with this one.",
                "If that was you, with another account, sign in with that one. Otherwise ask for an invite of your own.",
                Way::AnotherAccount,
            ),
            Code::InviteExpired => (
                "This invite has expired",
                "It was not used in time.",
                "Ask the person who invited you for a new one.",
                Way::Dashboard,
            ),
            Code::InviteBarred => (
                "This invite is not for this account",
                "It was sent to another e-mail address, or you joined with it before and are not in the plan any more.",
                "If the other address is yours, sign in with the account that has it, once the address is confirmed there. \
                 Otherwise ask for a new invite.",
                Way::AnotherAccount,
            ),
            Code::OwnPlan => (
                "This is your own plan",
                "You have a seat in it already; the invite is for somebody else.",
                "Send the link to the person you are inviting.",
                Way::Again,
            ),
            Code::AlreadyInPlan => (
                "You are in a family plan already",
                "You can be in one at a time.",
                "To join this one, leave the plan you are in, then open the link again.",
                Way::Dashboard,
            ),
            Code::PlanFull => (
                "This plan is full",
                "Every seat is taken, or kept for somebody who was invited.",
                "Ask the person who invited you to free a seat, then open the link again.",
                Way::Again,
            ),
            Code::Forbidden => (
                "You may not do this",
                "The account that you are signed in with is not allowed to do this.",
                "Sign in with one that has, or ask an administrator.",
                Way::AnotherAccount,
            ),
            Code::RateLimited => (
                "Too many attempts",
                "There were too many in a short time, by you or by others on the same connection.",
                "Wait a moment, then try again.",
                Way::Again,
            ),
            Code::PayloadTooLarge => (
                "That was too much",
                "Your browser sent more than can be taken.",
                "Open the page again.",
                Way::Again,
            ),
            Code::RequestTimeout => (
                "That took too long",
                "What your browser sent did not arrive in time.",
                "Try again, perhaps with a better connection.",
                Way::Again,
            ),
            Code::Conflict => (
                "Somebody else was faster",
                "Others changed the same thing in the same moment. Nothing was changed for you.",
                "Try again.",
                Way::Again,
            ),
            _ if code.status().is_server_error() => (
                "Something went wrong",
                "That is our fault, not yours.",
                "Try again in a few minutes. If it keeps happening, tell us the request number below.",
                Way::Again,
            ),
            _ => (
                "That did not work",
                "Your browser sent something that cannot be read.",
                "Open the page again.",
                Way::Again,
            ),
        };
        Self { title, what, next, way }
    }
}

impl<'a> Words<'a> {
    /// For a form of a page that is out of date, or was not shown at all; `again` says what to do instead.
    pub(super) fn of_stale_form(again: &'a str) -> Self {
        Self {
            title: "This page was out of date",
            what: "You may have signed in anew since it was opened. Nothing was changed.",
            next: again,
            way: Way::Again,
        }
    }
}
