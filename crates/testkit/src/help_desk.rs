//! A helpdesk whose users come and go while somebody reads them.

mod tokens;
mod users;

use std::{
    collections::{BTreeMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use family_plan_domain::{
    RegisteredToken, ZammadAccount, ZammadUser, ZammadUserId,
    ports::{Clock, HelpDeskError, ListedUser},
};
use time::OffsetDateTime;

/// What a [`FakeHelpDesk`] was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpDeskCall {
    /// For a page of all users.
    Page(u32),
    /// For a page of the users that changed.
    ChangedSince(OffsetDateTime, u32),
    /// For one user.
    Find(ZammadUserId),
    /// To show this plan.
    WritePlanLine(ZammadUserId, String),
    /// For the tokens.
    ListTokens,
    /// To delete this token.
    DeleteToken(i64),
}

/// Keeps users, their plans and the tokens of an account; remembers what it was asked, and fails when it is told to.
pub struct FakeHelpDesk {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    users: BTreeMap<ZammadUserId, ListedUser>,
    page_size: usize,
    counts_pages: bool,
    tells_changes: bool,
    account: ZammadAccount,
    knows_account: bool,
    tokens: Vec<(ZammadAccount, RegisteredToken)>,
    calls: Vec<HelpDeskCall>,
    failures: VecDeque<HelpDeskError>,
    hooks: BTreeMap<usize, Hook>,
}

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

impl FakeHelpDesk {
    /// A helpdesk without users, with pages of two; `clock` dates what is done to its users.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            users: BTreeMap::new(),
            page_size: 2,
            counts_pages: true,
            tells_changes: true,
            account: ZammadAccount(3),
            knows_account: true,
            tokens: Vec::new(),
            calls: Vec::new(),
            failures: VecDeque::new(),
            hooks: BTreeMap::new(),
        };
        Self { clock, state: Mutex::new(state) }
    }

    /// Adds a user, or replaces the one of that id.
    pub fn put(&self, user: ZammadUser) {
        let mut state = self.state();
        let plan_line = state.users.get(&user.id).and_then(|it| it.plan_line.clone());
        state.users.insert(user.id, ListedUser { user, plan_line });
    }

    /// Does something to a user, who has changed then.
    ///
    /// # Panics
    ///
    /// When there is no such user.
    pub fn change(&self, user: ZammadUserId, change: impl FnOnce(&mut ListedUser)) {
        let mut state = self.state();
        let listed = state.users.get_mut(&user).expect("a test changes users who are there");
        change(listed);
        listed.user.updated_at = self.clock.now();
    }

    /// Deletes a user.
    pub fn remove(&self, user: ZammadUserId) {
        self.state().users.remove(&user);
    }

    /// Everybody who is there.
    #[must_use]
    pub fn users(&self) -> Vec<ZammadUser> {
        self.state().users.values().map(|it| it.user.clone()).collect()
    }

    /// The plan that is shown at a user.
    #[must_use]
    pub fn plan_line(&self, user: ZammadUserId) -> Option<String> {
        self.state().users.get(&user).and_then(|it| it.plan_line.clone())
    }

    /// From now on, pages have that many users.
    pub fn set_page_size(&self, page_size: usize) {
        self.state().page_size = page_size;
    }

    /// From now on, every page of all users is the first one.
    pub fn ignore_page_numbers(&self) {
        self.state().counts_pages = false;
    }

    /// From now on, it can or cannot tell which users changed.
    pub fn tell_changes(&self, tells_changes: bool) {
        self.state().tells_changes = tells_changes;
    }

    /// Adds a token to those of the account in use.
    pub fn add_token(&self, token: RegisteredToken) {
        let mut state = self.state();
        let account = state.account;
        state.tokens.push((account, token));
    }

    /// Deletes every token that is there, as a person does.
    pub fn drop_tokens(&self) {
        self.state().tokens.clear();
    }

    /// The ids of the tokens of every account, in the order in which they were added.
    #[must_use]
    pub fn token_ids(&self) -> Vec<i64> {
        self.state().tokens.iter().map(|(_, it)| it.id).collect()
    }

    /// From now on, tokens are those of another account.
    pub fn switch_account(&self, account: ZammadAccount) {
        self.state().account = account;
    }

    /// From now on, it lists tokens without telling whose they are.
    pub fn hide_account(&self) {
        self.state().knows_account = false;
    }

    /// Makes the next call that has not been told to fail yet fail like this.
    pub fn fail_next(&self, failure: HelpDeskError) {
        self.state().failures.push_back(failure);
    }

    /// Does something just before the `number`th call, counted from 1 and from the beginning, is answered.
    pub fn before_call<F>(&self, number: usize, hook: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.state().hooks.insert(number, Box::new(|| Box::pin(hook())));
    }

    /// What it was asked, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<HelpDeskCall> {
        self.state().calls.clone()
    }

    /// Takes note of a call, and fails if it was told to.
    async fn enter(&self, call: HelpDeskCall) -> Result<MutexGuard<'_, State>, HelpDeskError> {
        let hook = {
            let mut state = self.state();
            state.calls.push(call);
            let number = state.calls.len();
            state.hooks.remove(&number)
        };
        if let Some(hook) = hook {
            hook().await;
        }
        let mut state = self.state();
        match state.failures.pop_front() {
            Some(failure) => Err(failure),
            None => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
