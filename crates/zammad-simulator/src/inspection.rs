//! Looking into the simulator, and changing its records past the API.

use crate::endpoints::user_changes;
use crate::journal::RecordedRequest;
use crate::new_records::{NewToken, NewUser};
use crate::operation::Operation;
use crate::simulator::Simulator;
use crate::token::Token;
use crate::user::User;

const SYSTEM_USER: u64 = 1;

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
        let mut desk = self.shared.desk();
        let token = desk.new_token(new.owner, new.name, new.permissions);
        let token = Token { expires_at: new.expires_at, ..token };
        desk.tokens.push(token.clone());
        token
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
        let Some(user) = desk.users.iter_mut().find(|it| it.id == id) else {
            return false;
        };
        user.updated_at = now;
        change(user);
        true
    }

    /// Remove a user and their tokens, as a data privacy task does. Whether there was such a user.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn remove_user(&self, id: u64) -> bool {
        let mut desk = self.shared.desk();
        let before = desk.users.len();
        desk.users.retain(|it| it.id != id);
        desk.tokens.retain(|it| it.user_id != id);
        desk.users.len() < before
    }

    /// Let a lagging Elasticsearch catch up.
    pub fn refresh_search_index(&self) {
        self.shared.desk().refresh_search_index();
    }
}
