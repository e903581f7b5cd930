//! The state of the helpdesk, and which endpoint answers which operation.

use std::io;

use jiff::tz::TimeZone;
use time::OffsetDateTime;

use crate::answer::Answer;
use crate::authentication::authenticate;
use crate::clock::Clock;
use crate::config::{Config, SearchBackend};
use crate::endpoints::{instance, token_list, tokens, user_changes, user_search, users};
use crate::incoming::Incoming;
use crate::operation::Operation;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::seed::{self, Organization, Seed};
use crate::session::Session;
use crate::settings::Settings;
use crate::timestamp;
use crate::token::Token;
use crate::user::User;
use crate::version::ZammadVersion;

/// The state of the helpdesk.
pub(crate) struct Helpdesk {
    pub(crate) version: ZammadVersion,
    pub(crate) timezone_default: Option<String>,
    pub(crate) timezone: TimeZone,
    pub(crate) search_backend: SearchBackend,
    pub(crate) settings: Settings,
    pub(crate) organizations: Vec<Organization>,
    /// Ordered by id.
    pub(crate) users: Vec<User>,
    /// What a lagging Elasticsearch has seen of `users`.
    pub(crate) search_index: Vec<User>,
    pub(crate) tokens: Vec<Token>,
    last_token_id: u64,
    last_user_id: u64,
    clock: Clock,
}

impl Helpdesk {
    /// A helpdesk with the seeded records. Fails for an unknown time zone.
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        let zone = config.timezone_default.as_deref().unwrap_or("UTC");
        let timezone = TimeZone::get(zone).map_err(|err| io::Error::new(io::ErrorKind::InvalidInput, err))?;
        let seed = Seed::read()?;
        let mut desk = Self {
            version: config.version,
            timezone_default: config.timezone_default.clone(),
            timezone,
            search_backend: config.search_backend,
            settings: Settings::default(),
            organizations: seed.organizations,
            search_index: seed.users.clone(),
            tokens: Vec::new(),
            last_token_id: 0,
            last_user_id: seed.users.iter().map(|it| it.id).max().unwrap_or_default(),
            users: seed.users,
            clock: config.clock.clone(),
        };
        desk.seed_token(seed::ADMIN_LOGIN, seed::ADMIN_TOKEN, seed::ADMIN_TOKEN_PERMISSIONS);
        desk.seed_token(seed::AGENT_LOGIN, seed::AGENT_TOKEN, seed::AGENT_TOKEN_PERMISSIONS);
        Ok(desk)
    }

    fn seed_token(&mut self, login: &str, value: &str, permissions: &[&str]) {
        let Some(owner) = self.user_by_login_or_email(login).map(|it| it.id) else {
            return;
        };
        let permissions = permissions.iter().map(|it| (*it).to_owned()).collect();
        let token = self.new_token(owner, "Simulator".to_owned(), permissions);
        self.tokens.push(Token { value: value.to_owned(), ..token });
    }

    /// The present moment, as exact as the database keeps it.
    pub(crate) fn now(&self) -> OffsetDateTime {
        timestamp::whole_milliseconds((self.clock)())
    }

    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|it| it.id == id)
    }

    /// The first user whose login or e-mail address is `text`, in lower case.
    pub(crate) fn user_by_login_or_email(&self, text: &str) -> Option<&User> {
        self.users.iter().find(|it| !text.is_empty() && (it.login == text || it.email == text))
    }

    pub(crate) fn organization(&self, id: u64) -> Option<&Organization> {
        self.organizations.iter().find(|it| it.id == id)
    }

    pub(crate) fn next_user_id(&mut self) -> u64 {
        self.last_user_id += 1;
        self.last_user_id
    }

    /// A token with a fresh id and value, not stored yet.
    pub(crate) fn new_token(&mut self, owner: u64, name: String, permissions: Vec<String>) -> Token {
        self.last_token_id += 1;
        let now = self.now();
        Token {
            id: self.last_token_id,
            user_id: owner,
            name,
            value: crate::randomness::token_value(),
            permissions,
            expires_at: None,
            last_used_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn refresh_search_index(&mut self) {
        self.search_index.clone_from(&self.users);
    }

    /// Answer one request with these settings.
    pub(crate) fn respond(
        &mut self,
        settings: Settings,
        operation: Operation,
        id: &str,
        incoming: &Incoming,
    ) -> Answer {
        let parameters = match Parameters::read(incoming) {
            Ok(parameters) => parameters,
            Err(refusal) => return refusal.into_answer(false),
        };
        match operation {
            Operation::Signshow => return instance::signshow(self, settings),
            Operation::GettingStarted => return instance::getting_started(),
            Operation::Unknown => return Refusal::no_such_page().into_answer(false),
            _ => (),
        }
        let session = match authenticate(self, settings, incoming) {
            Ok(Some(session)) => session,
            // Creating a user is also the public sign-up, which wants a CSRF token instead of a login.
            Ok(None) if operation == Operation::CreateUser => {
                return Refusal::unauthorized("CSRF token verification failed!").into_answer(false);
            }
            Ok(None) => return Refusal::forbidden("Authentication required").into_answer(false),
            Err(refusal) => return refusal.into_answer(false),
        };
        let outcome = self.run(settings, operation, id, &session, &parameters);
        outcome.unwrap_or_else(|refusal| refusal.into_answer(session.is_full_admin()))
    }

    fn run(
        &mut self,
        settings: Settings,
        operation: Operation,
        id: &str,
        session: &Session,
        parameters: &Parameters,
    ) -> Result<Answer, Refusal> {
        match operation {
            Operation::MintToken => tokens::mint(self, settings, session, parameters),
            Operation::ListTokens => token_list::list(self, session),
            Operation::DeleteToken => tokens::delete(self, session, id),
            Operation::ListUsers => users::list(self, session, parameters),
            Operation::ShowUser => users::show(self, session, id, parameters),
            Operation::CurrentUser => users::me(self, session, parameters),
            Operation::SearchUsers => user_search::search(self, session, parameters),
            Operation::CreateUser => user_changes::create(self, session, parameters),
            Operation::UpdateUser => user_changes::update(self, session, id, parameters),
            Operation::DeleteUser => user_changes::delete(self, session, id),
            Operation::Version => instance::version(self, session),
            Operation::Signshow | Operation::GettingStarted | Operation::Unknown => {
                Err(Refusal::no_such_page())
            }
        }
    }
}
