//! Many records at once, for measurements and for sweeps.

use std::ops::Range;

use crate::endpoints::user_changes;
use crate::inspection::SYSTEM_USER;
use crate::new_records::NewToken;
use crate::role;
use crate::simulator::Simulator;
use crate::user::User;

impl Simulator {
    /// Add `count` customers, all different; their ids.
    ///
    /// The user 4711 is "Member 4711" with the login and the e-mail address `member-4711@example.org`.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn seed_users(&self, count: usize) -> Range<u64> {
        let mut desk = self.shared.desk();
        let blank = user_changes::blank(&desk, SYSTEM_USER);
        let ids = desk.next_user_ids(count);
        desk.users.reserve_exact(count);
        desk.users.extend(ids.clone().map(|id| {
            let email = format!("member-{id}@example.org");
            User {
                id,
                login: email.clone(),
                email,
                firstname: "Member".to_owned(),
                lastname: id.to_string(),
                role_ids: vec![role::CUSTOMER],
                ..blank.clone()
            }
        }));
        ids
    }

    /// Add many tokens; their ids, in the same order.
    pub fn seed_tokens(&self, new: impl IntoIterator<Item = NewToken>) -> Vec<u64> {
        let mut desk = self.shared.desk();
        new.into_iter().map(|it| desk.add_token(it).id).collect()
    }
}
