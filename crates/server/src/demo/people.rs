//! Who is in the story.

use crate::{
    identity::IdentityConfig,
    token::{TokenRequest, sign},
};

/// Somebody who can sign in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    role: Option<&'static str>,
}

pub(super) const ADA: Person = Person { id: "ada", name: "Ada Admin", role: Some("family-plan:admin") };
pub(super) const BILLING: Person =
    Person { id: "billing", name: "Billing service", role: Some("family-plan:service") };
pub(super) const ALICE: Person = user("alice", "Alice Hill");
pub(super) const BOB: Person = user("bob", "Bob Hill");
pub(super) const CARA: Person = user("cara", "Cara Hill");
pub(super) const DAN: Person = user("dan", "Dan Hill");
pub(super) const EVE: Person = user("eve", "Eve Hill");
pub(super) const FAY: Person = user("fay", "Fay Brook");
pub(super) const GUS: Person = user("gus", "Gus Brook");

/// Everybody that the login page offers.
pub(super) const USERS: &[Person] = &[ALICE, BOB, CARA, DAN, EVE, FAY, GUS, ADA];

const fn user(id: &'static str, name: &'static str) -> Person {
    Person { id, name, role: None }
}

impl Person {
    /// A token that the server accepts as this person's.
    pub(super) fn token_for(self, keys: &IdentityConfig) -> String {
        let request = TokenRequest {
            sub: self.id.to_owned(),
            email: Some(format!("{}@example.com", self.id)),
            email_unverified: false,
            name: Some(self.name.to_owned()),
            roles: self.role.into_iter().map(ToOwned::to_owned).collect(),
            expires_in: 86_400,
        };
        sign(keys, &request).expect("the demo signs with a shared secret")
    }
}
