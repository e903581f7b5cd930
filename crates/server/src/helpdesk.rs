//! The helpdesk's adapters, as they are configured.

use std::{error::Error, sync::Arc};

use family_plan_application::{People, PullUsers};
use family_plan_domain::{
    SyncSchedule,
    ports::{Ids, PlanWrites, Syncs},
};
use family_plan_persistence::Database;
use family_plan_zammad::{
    Capabilities, ConfigError, Pace, RequestObserver, TokenAccount, UserScope, ZammadClient, ZammadConfig,
    ZammadDirectory, ZammadTokens,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::configuration::ZammadConfiguration;

/// The helpdesk.
#[derive(Clone)]
pub(crate) struct Helpdesk {
    pub(crate) client: ZammadClient,
    /// Mints, lists and deletes tokens.
    pub(crate) tokens: Arc<ZammadTokens>,
    /// Reads users.
    pub(crate) directory: Arc<ZammadDirectory>,
    /// Whether it has an attribute for the plan in force.
    pub(crate) is_told_plans: bool,
    /// All retries of one mint together.
    pub(crate) deadline: std::time::Duration,
    /// How often users are pulled.
    pub(crate) schedule: SyncSchedule,
    /// How often tokens are swept; `None` for never.
    pub(crate) sweep_every: Option<time::Duration>,
}

impl Helpdesk {
    pub(crate) fn new(
        configuration: ZammadConfiguration,
        ids: &Arc<dyn Ids>,
        background: &TaskTracker,
        observer: Option<Arc<dyn RequestObserver>>,
    ) -> Result<Self, ConfigError> {
        let ZammadConfiguration {
            url,
            token,
            mint_token,
            version,
            time_zone,
            deadline,
            webhook: _,
            schedule,
            sweep_every,
            plan_attribute,
        } = configuration;
        let pace = Pace { deadline, ..Pace::default() };
        let client = ZammadClient::new(ZammadConfig {
            mint_token,
            version,
            time_zone,
            pace,
            add_headers: Arc::new(family_plan_traces::pass_on),
            observer,
            ..ZammadConfig::new(url, token)
        })?;
        let is_told_plans = plan_attribute.is_some();
        Ok(Self {
            tokens: Arc::new(ZammadTokens::new(client.clone(), Arc::clone(ids), background.clone())),
            directory: Arc::new(ZammadDirectory::new(client.clone(), plan_attribute)),
            client,
            is_told_plans,
            deadline,
            schedule,
            sweep_every,
        })
    }

    pub(crate) fn pull_users(
        &self,
        syncs: Arc<dyn Syncs>,
        database: &Database,
        people: People,
        ids: Arc<dyn Ids>,
        stop: CancellationToken,
    ) -> PullUsers {
        PullUsers {
            help_desk: self.directory.clone(),
            zammad_users: people.zammad_users.clone(),
            plan_writes: self.is_told_plans.then(|| Arc::new(database.plan_writes()) as Arc<dyn PlanWrites>),
            syncs,
            clock: people.clock.clone(),
            people,
            ids,
            stop,
        }
    }

    /// Looks once what the helpdesk's accounts may do, so that an operator learns of it before the first invite fails.
    pub(crate) async fn tell_what_is_missing(self) {
        let Capabilities { tokens, users } = self.client.capabilities().await;
        match tokens {
            Ok(TokenAccount { is_of_an_older_version: true, .. }) => tracing::warn!(
                "the helpdesk is older than it is configured, and cannot mint invites: set FAMILY_PLAN__ZAMMAD__VERSION \
                 to 5.4"
            ),
            Ok(TokenAccount { administers_users: true, .. }) => tracing::warn!(
                "the helpdesk account that mints invites has `admin.user`: every token of it, however few permissions it \
                 has, can act for any user; let an account without that permission mint"
            ),
            Ok(TokenAccount { administers_users: false, .. }) => {
                tracing::info!("the helpdesk can mint invites");
            }
            Err(err) => tracing::warn!(
                error = &err as &dyn Error,
                "the helpdesk cannot mint invites now; if it refuses, its account lacks `user_preferences.access_token`"
            ),
        }
        match users {
            Ok(UserScope::Everybody) => (),
            Ok(UserScope::Itself) => tracing::warn!(
                "the helpdesk account that reads users sees only itself; it needs `ticket.agent` or `admin.user`"
            ),
            Err(err) => tracing::warn!(error = &err as &dyn Error, "the helpdesk's users cannot be read now"),
        }
    }
}
