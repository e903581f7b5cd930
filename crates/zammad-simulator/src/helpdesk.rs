//! The state of the helpdesk, and which endpoint answers which operation.

use std::io;
use std::ops::Range;

use jiff::tz::TimeZone;
use time::OffsetDateTime;

use crate::answer::Answer;
use crate::authentication::authenticate;
use crate::clock::Clock;
use crate::config::{Config, SearchBackend};
use crate::delivery::Delivery;
use crate::endpoints::{
    instance, object_attributes, organizations, token_list, tokens, user_changes, user_search, users,
    webhooks,
};
use crate::incoming::Incoming;
use crate::new_records::NewToken;
use crate::object_attribute::ObjectAttribute;
use crate::operation::Operation;
use crate::organization::Organization;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::seed::{self, Seed};
use crate::session::Session;
use crate::settings::Settings;
use crate::ticket::Ticket;
use crate::timestamp;
use crate::token::Token;
use crate::user::{TEXT_COLUMNS, User};
use crate::version::ZammadVersion;
use crate::webhook::{NewWebhook, Webhook};

/// The state of the helpdesk.
pub(crate) struct Helpdesk {
    pub(crate) version: ZammadVersion,
    pub(crate) timezone_default: Option<String>,
    pub(crate) timezone: TimeZone,
    pub(crate) search_backend: SearchBackend,
    pub(crate) settings: Settings,
    pub(crate) attributes: Vec<ObjectAttribute>,
    pub(crate) organizations: Vec<Organization>,
    /// Ordered by id, so that a hundred thousand can be paged through and looked up.
    pub(crate) users: Vec<User>,
    /// What a lagging Elasticsearch has seen of `users`.
    pub(crate) search_index: Vec<User>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) last_ticket_id: u64,
    pub(crate) last_article_id: u64,
    last_token_id: u64,
    last_user_id: u64,
    last_webhook_id: u64,
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
            attributes: Vec::new(),
            organizations: seed.organizations,
            search_index: seed.users.clone(),
            tokens: Vec::new(),
            webhooks: Vec::new(),
            deliveries: Vec::new(),
            tickets: Vec::new(),
            last_ticket_id: 0,
            last_article_id: 0,
            last_token_id: 0,
            last_webhook_id: 0,
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
        let idx = self.users.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.users[idx])
    }

    pub(crate) fn user_mut(&mut self, id: u64) -> Option<&mut User> {
        let idx = self.users.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&mut self.users[idx])
    }

    /// The first user whose login or e-mail address is `text`, in lower case.
    pub(crate) fn user_by_login_or_email(&self, text: &str) -> Option<&User> {
        self.users.iter().find(|it| !text.is_empty() && (it.login == text || it.email == text))
    }

    /// The columns of text of a user, custom ones included.
    pub(crate) fn text_columns(&self) -> impl Iterator<Item = &str> {
        let custom = self.live_attributes().filter(|it| it.is_text()).map(ObjectAttribute::name);
        TEXT_COLUMNS.iter().copied().chain(custom)
    }

    pub(crate) fn is_text_column(&self, name: &str) -> bool {
        self.text_columns().any(|it| it == name)
    }

    /// The custom attributes that users have.
    pub(crate) fn live_attributes(&self) -> impl Iterator<Item = &ObjectAttribute> {
        self.attributes.iter().filter(|it| it.is_live())
    }

    pub(crate) fn organization(&self, id: u64) -> Option<&Organization> {
        self.organizations.iter().find(|it| it.id == id)
    }

    /// Note that who belongs to an organization has changed.
    pub(crate) fn touch_organization(&mut self, id: u64) {
        let now = self.now();
        if let Some(organization) = self.organizations.iter_mut().find(|it| it.id == id) {
            organization.updated_at = now;
        }
    }

    pub(crate) fn next_user_id(&mut self) -> u64 {
        self.last_user_id += 1;
        self.last_user_id
    }

    pub(crate) fn next_user_ids(&mut self, count: usize) -> Range<u64> {
        let first = self.last_user_id + 1;
        self.last_user_id += count as u64;
        first..self.last_user_id + 1
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

    /// A webhook with a fresh id, not stored yet.
    pub(crate) fn new_webhook(&mut self, new: NewWebhook) -> Webhook {
        self.last_webhook_id += 1;
        let now = self.now();
        let (basic_auth_username, basic_auth_password) = new.basic.unzip();
        Webhook {
            id: self.last_webhook_id,
            name: new.trigger.clone(),
            trigger: new.trigger,
            endpoint: new.endpoint,
            method: new.method,
            signature_token: new.signature_token,
            basic_auth_username,
            basic_auth_password,
            bearer_token: new.bearer_token,
            custom_payload: new.custom_payload,
            active: new.active,
            created_at: now,
            updated_at: now,
        }
    }

    /// Store a webhook past the API.
    pub(crate) fn add_webhook(&mut self, new: NewWebhook) -> &Webhook {
        let webhook = self.new_webhook(new);
        self.webhooks.push(webhook);
        &self.webhooks[self.webhooks.len() - 1]
    }

    /// Store a token past the API.
    pub(crate) fn add_token(&mut self, new: NewToken) -> &Token {
        let token = self.new_token(new.owner, new.name, new.permissions);
        let created_at = new.created_at.unwrap_or(token.created_at);
        self.tokens.push(Token { expires_at: new.expires_at, created_at, updated_at: created_at, ..token });
        &self.tokens[self.tokens.len() - 1]
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
            Operation::ListOrganizations => organizations::list(self, session, parameters),
            Operation::ShowOrganization => organizations::show(self, session, id),
            Operation::CreateOrganization => organizations::create(self, session, parameters),
            Operation::UpdateOrganization => organizations::update(self, session, id, parameters),
            Operation::ListAttributes => object_attributes::list(self, session),
            Operation::CreateAttribute => object_attributes::create(self, session, parameters),
            Operation::MigrateAttributes => object_attributes::execute_migrations(self, session),
            Operation::ListWebhooks => webhooks::list(self, session),
            Operation::ShowWebhook => webhooks::show(self, session, id),
            Operation::CreateWebhook => webhooks::create(self, session, parameters),
            Operation::UpdateWebhook => webhooks::update(self, session, id, parameters),
            Operation::DeleteWebhook => webhooks::delete(self, session, id),
            Operation::Version => instance::version(self, session),
            Operation::Signshow | Operation::GettingStarted | Operation::Unknown => {
                Err(Refusal::no_such_page())
            }
        }
    }
}
