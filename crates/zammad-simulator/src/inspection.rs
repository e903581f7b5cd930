//! Looking into the simulator, and changing its records past the API.

use crate::endpoints::user_changes;
use crate::journal::RecordedRequest;
use crate::new_records::{NewToken, NewUser};
use crate::object_attribute::ObjectAttribute;
use crate::operation::Operation;
use crate::organization::Organization;
use crate::simulator::Simulator;
use crate::token::Token;
use crate::user::User;

/// The user whom records have as their author that nobody wrote.
pub(crate) const SYSTEM_USER: u64 = 1;

impl Simulator {
    /// Every request so far, failed ones included, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.journal().requests().to_vec()
    }

    /// How many requests there were for `operation`, failed ones included.
    #[must_use]
    pub fn request_count(&self, operation: Operation) -> usize {
        self.shared.journal().count(operation)
    }

    /// Forget the requests so far.
    pub fn forget_requests(&self) {
        self.shared.journal().clear();
    }

    /// Wait until there were `count` requests for `operation`; the way to know that one hangs.
    pub async fn wait_for_requests(&self, operation: Operation, count: usize) {
        let mut arrivals = self.shared.arrivals();
        while self.request_count(operation) < count {
            if arrivals.changed().await.is_err() {
                return;
            }
        }
    }

    /// Every token, expired ones and the two known ones included, oldest first.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.shared.desk().tokens.clone()
    }

    /// The tokens with this name; more than one when a mint was repeated.
    #[must_use]
    pub fn tokens_named(&self, name: &str) -> Vec<Token> {
        self.shared.desk().tokens.iter().filter(|it| it.name == name).cloned().collect()
    }

    /// Add a token, and get it with its plain value.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_token(&self, new: NewToken) -> Token {
        self.shared.desk().add_token(new).clone()
    }

    /// Delete a token, as its owner might in the web interface. Whether there was such a token.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn delete_token(&self, id: u64) -> bool {
        let mut desk = self.shared.desk();
        let before = desk.tokens.len();
        desk.tokens.retain(|it| it.id != id);
        desk.tokens.len() < before
    }

    /// Delete the tokens with this name, as their owner might in the web interface; how many there were.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn delete_tokens_named(&self, name: &str) -> usize {
        let mut desk = self.shared.desk();
        let before = desk.tokens.len();
        desk.tokens.retain(|it| it.name != name);
        before - desk.tokens.len()
    }

    /// Every user, the system user included, by id.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.shared.desk().users.clone()
    }

    /// The user with this login or e-mail address, in lower case.
    #[must_use]
    pub fn user(&self, login_or_email: &str) -> Option<User> {
        self.shared.desk().user_by_login_or_email(login_or_email).cloned()
    }

    /// Add a user, without the API's checks.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_user(&self, new: NewUser) -> User {
        let mut desk = self.shared.desk();
        let mut user = user_changes::blank(&desk, SYSTEM_USER);
        user.id = desk.next_user_id();
        user.email = new.email.to_lowercase();
        user.login.clone_from(&user.email);
        user.firstname = new.firstname;
        user.lastname = new.lastname;
        user.role_ids = new.role_ids;
        user.organization_id = new.organization_id;
        user.password = new.password;
        user.active = new.active;
        if new.two_factor {
            user.details.insert("two_factor_preference_ids".to_owned(), vec![1].into());
        }
        desk.users.push(user.clone());
        user
    }

    /// Change a user, without the API's checks; `updated_at` moves. Whether there is such a user.
    pub fn edit_user(&self, id: u64, change: impl FnOnce(&mut User)) -> bool {
        let mut desk = self.shared.desk();
        let now = desk.now();
        let Some(user) = desk.user_mut(id) else {
            return false;
        };
        user.updated_at = now;
        change(user);
        true
    }

    /// Delete a user, their tokens and their tickets, as a data privacy task does. Whether there was such a user.
    ///
    /// There is no tombstone: the user is gone from every list, look-up and search at once.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn delete_user(&self, id: u64) -> bool {
        let mut desk = self.shared.desk();
        let before = desk.users.len();
        desk.users.retain(|it| it.id != id);
        desk.tokens.retain(|it| it.user_id != id);
        desk.tickets.retain(|it| it.customer_id != id);
        desk.users.len() < before
    }

    /// Put a user back who was deleted, as a backup that is played back does. Whether the id was free.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn restore_user(&self, user: User) -> bool {
        let mut desk = self.shared.desk();
        match desk.users.binary_search_by_key(&user.id, |it| it.id) {
            Ok(_) => false,
            Err(idx) => {
                desk.users.insert(idx, user);
                true
            }
        }
    }

    /// Merge a user into another: the tickets move, and the user is gone. Whether there are both.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn merge_user(&self, id: u64, into: u64) -> bool {
        {
            let mut desk = self.shared.desk();
            let now = desk.now();
            if id == into || desk.user(id).is_none() {
                return false;
            }
            let Some(target) = desk.user_mut(into) else {
                return false;
            };
            target.updated_at = now;
            desk.tickets.iter_mut().filter(|it| it.customer_id == id).for_each(|it| it.customer_id = into);
        }
        self.delete_user(id)
    }

    /// Give users an attribute of their own that holds text, without a restart. Whether the name is allowed and free.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_user_attribute(&self, name: &str) -> bool {
        let mut desk = self.shared.desk();
        let is_free = !desk.attributes.iter().any(|it| (it.object(), it.name()) == ("User", name));
        let attribute = ObjectAttribute::live_text(name).filter(|_| is_free);
        let is_added = attribute.is_some();
        desk.attributes.extend(attribute);
        is_added
    }

    /// Restart Zammad, after which records have the attributes that were migrated.
    pub fn restart(&self) {
        self.shared.desk().attributes.iter_mut().for_each(ObjectAttribute::restart);
    }

    /// Every organization, by id.
    #[must_use]
    pub fn organizations(&self) -> Vec<Organization> {
        self.shared.desk().organizations.clone()
    }

    /// Let a lagging Elasticsearch catch up.
    pub fn refresh_search_index(&self) {
        self.shared.desk().refresh_search_index();
    }
}
