//! Puts the adapters into the service, and serves it.

use std::{error::Error, io, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use family_plan_application::{
    ApplyDeliveries, DeliverEvents, DeliveryPorts, EndpointSecrets, Idempotency, SecretKey, SweepTokens,
    WritePlans,
};
use family_plan_domain::ports::{Clock, Ids, PlanWrites, StoreError};
use family_plan_persistence::{ConnectError, Database, Engine};
use family_plan_webhooks::WebhookSender;
use family_plan_zammad::WebhookPayloads;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::render_event,
    configuration::{Configuration, DatabaseConfiguration},
    health::{Health, Ping},
    helpdesk::Helpdesk,
    identity::{Identity, Provider},
    metrics::{CountedSender, CountedTokens, Counters, Gauges, Metrics, ObservedSyncs},
    routes::routes,
    service::{Adapters, Links, Service, Surroundings},
    serving::serve,
    sign_in::{SignIn, SignInConfig},
    workers::{Wakers, Workers},
};

/// What is added to the time that minting may take, before a token that belongs to no invite is taken for litter: saving
/// takes its time, too, and clocks differ.
const SETTLING: time::Duration = time::Duration::minutes(2);
/// What is added to the time that telling the helpdesk a plan may take, before somebody else tries.
const ANSWERING: time::Duration = time::Duration::seconds(10);
/// How long a request with an idempotency key is waited for that may have been killed.
const KEY_LEASE: time::Duration = time::Duration::seconds(30);
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no connection to the database.
    #[error("the database cannot be connected to")]
    Connect(#[from] ConnectError),
    /// The schema cannot be brought up to date or looked at.
    #[error("the database's schema cannot be brought up to date")]
    Schema(#[source] StoreError),
    /// The schema is older than this version.
    #[error(
        "the database's schema lacks {} migration(s): run `family-plan migrate`, or set \
         FAMILY_PLAN__DATABASE__AUTO_MIGRATE=true", .0.len()
    )]
    OldSchema(Vec<String>),
    /// The helpdesk's configuration is no good.
    #[error("the helpdesk cannot be talked to")]
    Zammad(#[from] family_plan_zammad::ConfigError),
    /// Nothing can be sent to endpoints.
    #[error("endpoints cannot be told of events")]
    Webhooks(#[from] family_plan_webhooks::SetupError),
    /// The client for the identity provider cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
    /// The OpenAPI document is no JSON.
    #[error("the OpenAPI document cannot be made")]
    Document(#[from] serde_json::Error),
    /// The address cannot be listened at.
    #[error("the address cannot be listened at")]
    Listen(#[source] io::Error),
}

/// A server that answers requests.
pub struct Running {
    /// The address it listens at.
    pub address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
    drain: Duration,
    background: TaskTracker,
    database: Database,
}

impl Running {
    /// Returns when the server has stopped by itself, which it only does when it panics.
    ///
    /// # Errors
    ///
    /// When it does.
    pub async fn failed(&mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)
    }

    /// Takes no new requests, and returns when those that came before are answered and the work behind them is done,
    /// or after a while.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(err) = self.server.await {
            tracing::error!(error = &err as &dyn Error, "the server failed");
        }
        self.background.close();
        if tokio::time::timeout(self.drain, self.background.wait()).await.is_err() {
            tracing::warn!("work in the background was cut off");
        }
        if let Err(err) = self.database.close().await {
            tracing::warn!(error = &err as &dyn Error, "the database was not closed in an orderly way");
        }
    }
}

/// Opens the database; a SQLite file, or a server's database if that was asked for, is brought up to date.
///
/// # Errors
///
/// See [`ServeError`].
pub(crate) async fn open_database(configuration: &DatabaseConfiguration) -> Result<Database, ServeError> {
    let url = configuration.url.expose_secret();
    let database = Database::connect(url, configuration.max_connections).await?;
    if database.engine() == Engine::Sqlite || configuration.auto_migrate {
        database.migrate().await.map_err(ServeError::Schema)?;
    } else {
        let pending = database.pending_migrations().await.map_err(ServeError::Schema)?;
        if !pending.is_empty() {
            return Err(ServeError::OldSchema(pending));
        }
    }
    Ok(database)
}

/// Brings the schema up to date, and answers what that took.
///
/// # Errors
///
/// See [`ServeError`].
pub(crate) async fn migrate(configuration: &DatabaseConfiguration) -> Result<Vec<String>, ServeError> {
    let database = Database::connect(configuration.url.expose_secret(), 1).await?;
    let pending = database.pending_migrations().await.map_err(ServeError::Schema)?;
    database.migrate().await.map_err(ServeError::Schema)?;
    Ok(pending)
}

/// Starts a server as `configuration` says.
///
/// # Errors
///
/// See [`ServeError`]. A helpdesk that is down is no reason not to start.
pub async fn start(
    configuration: Configuration,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Running, ServeError> {
    let Configuration { server, links, database, auth, zammad, limits, events, .. } = configuration;
    let database = open_database(&database).await?;
    let database = if zammad.plan_attribute.is_some() { database.noting_plan_writes() } else { database };
    let background = TaskTracker::new();
    let stop = CancellationToken::new();
    let wakers = Wakers::default();
    let waker = wakers.events.clone();
    let counters = Counters::new();
    let (saving, losing) = (Arc::clone(&counters), Arc::clone(&counters));
    let database = database.telling_of_events(move || {
        saving.note_save();
        waker.wake();
    });
    let database = database.telling_of_lost_saves(move || losing.note_lost_save());
    let webhook = zammad.webhook.clone();
    let helpdesk = Helpdesk::new(zammad, &ids, &background, Some(counters.clone()))?;
    background.spawn(helpdesk.clone().tell_what_is_missing());

    let http = reqwest::Client::builder().timeout(PROVIDER_TIMEOUT).build()?;
    let event_sender = WebhookSender::new(Arc::new(render_event), events.allow_private_targets)?;
    let adapters = Adapters {
        plans: Arc::new(database.plans(Arc::clone(&ids))),
        users: Arc::new(database.users(Arc::clone(&ids))),
        settings: Arc::new(database.settings(Arc::clone(&ids))),
        zammad_users: Arc::new(database.zammad_users()),
        inbox: Arc::new(database.inbox()),
        feed: Arc::new(database.feed()),
        endpoints: Arc::new(database.endpoints()),
        outbox: Arc::new(database.outbox()),
        event_sender: Arc::new(CountedSender {
            inner: Arc::new(event_sender.adding_headers(family_plan_traces::pass_on)),
            counters: Arc::clone(&counters),
        }),
        tokens: helpdesk.tokens.clone(),
        invite_register: Arc::new(database.invite_register()),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
    };
    let sign_in = auth.sign_in.map(|it| {
        background.spawn(look_at_provider(it.provider.clone(), http.clone()));
        sign_in(it, &server.secret_key, &links, &clock)
    });
    let idempotency = Idempotency {
        keys: Arc::new(database.idempotency_keys()),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
        lease: KEY_LEASE.max(helpdesk.deadline + ANSWERING),
        background: background.clone(),
    };
    let endpoint_secrets = Arc::new(EndpointSecrets::new(&server.secret_key, &server.previous_secret_keys));
    let deliver_events = DeliverEvents::new(DeliveryPorts {
        feed: adapters.feed.clone(),
        endpoints: adapters.endpoints.clone(),
        outbox: adapters.outbox.clone(),
        sender: adapters.event_sender.clone(),
        secrets: Arc::clone(&endpoint_secrets),
        clock: adapters.clock.clone(),
        ids: adapters.ids.clone(),
        tasks: background.clone(),
        done: Arc::clone(&wakers.events.notify),
        stop: stop.clone(),
    });
    let workers =
        workers(&database, &helpdesk, &adapters, &counters, idempotency.clone(), deliver_events, &stop);
    let gauges = Gauges::new(database.clone(), helpdesk.client.clone(), Arc::clone(&clock));
    let surroundings = Surroundings {
        secret_key: server.secret_key,
        previous_secret_keys: server.previous_secret_keys,
        endpoint_secrets,
        links,
        identity: Identity::new(auth.identity, http),
        sign_in: sign_in.transpose()?,
        health: Health::new(Arc::new(DatabasePing(database.clone())), helpdesk.tokens.clone()),
        metrics: Metrics::new(counters, gauges),
        body_limit: server.body_limit,
        webhook,
        pull_users: workers.pull_users.clone(),
        idempotency,
        wakers: wakers.clone(),
        background: background.clone(),
        limits,
        trusted_proxies: server.trusted_proxies,
        body_time: server.patience.body,
    };
    let endpoint = routes(Arc::new(Service::new(adapters, surroundings)))?;

    let listener = TcpListener::bind(server.listen).await.map_err(ServeError::Listen)?;
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    let serving = tokio::spawn(serve(listener, endpoint, server.patience, stop.clone()));
    workers.start(&wakers, &background, &stop);
    Ok(Running { address, stop, server: serving, drain: server.patience.drain, background, database })
}

fn sign_in(
    config: SignInConfig,
    secret_key: &SecretKey,
    links: &Links,
    clock: &Arc<dyn Clock>,
) -> reqwest::Result<SignIn> {
    let http = reqwest::Client::builder().timeout(PROVIDER_TIMEOUT).redirect(Policy::none()).build()?;
    Ok(SignIn::new(config, http, secret_key, links, Arc::clone(clock)))
}

/// Whatever is wrong with it stands in the log before anybody wants to sign in.
async fn look_at_provider(provider: Provider, http: reqwest::Client) {
    if let Err(err) = provider.metadata(&http).await {
        tracing::error!(error = &*err as &dyn Error, "the identity provider cannot be talked to");
    }
}

fn workers(
    database: &Database,
    helpdesk: &Helpdesk,
    adapters: &Adapters,
    counters: &Arc<Counters>,
    idempotency: Idempotency,
    deliver_events: DeliverEvents,
    stop: &CancellationToken,
) -> Workers {
    let people = adapters.people();
    let plan_writes: Option<Arc<dyn PlanWrites>> =
        helpdesk.is_told_plans.then(|| Arc::new(database.plan_writes()) as _);
    let syncs = Arc::new(ObservedSyncs::new(Arc::new(database.syncs()), Arc::clone(counters)));
    Workers {
        apply_deliveries: ApplyDeliveries {
            inbox: adapters.inbox.clone(),
            reader: Arc::new(WebhookPayloads),
            zammad_users: adapters.zammad_users.clone(),
            people: people.clone(),
            clock: adapters.clock.clone(),
            ids: adapters.ids.clone(),
        },
        idempotency,
        pull_users: helpdesk.pull_users(syncs, database, people, adapters.ids.clone(), stop.clone()),
        schedule: helpdesk.schedule,
        sweep_tokens: SweepTokens {
            tokens: Arc::new(CountedTokens {
                inner: helpdesk.tokens.clone(),
                counters: Arc::clone(counters),
            }),
            register: adapters.invite_register.clone(),
            plans: adapters.plans.clone(),
            sweeps: Arc::new(database.sweeps()),
            clock: adapters.clock.clone(),
            ids: adapters.ids.clone(),
            settled_after: helpdesk.deadline + SETTLING,
            stop: stop.clone(),
        },
        sweep_every: helpdesk.sweep_every,
        deliver_events,
        write_plans: plan_writes.map(|plan_writes| WritePlans {
            plan_writes,
            help_desk: helpdesk.directory.clone(),
            users: adapters.users.clone(),
            clock: adapters.clock.clone(),
            claimed_for: helpdesk.deadline + ANSWERING,
        }),
    }
}

struct DatabasePing(Database);

#[async_trait]
impl Ping for DatabasePing {
    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}
