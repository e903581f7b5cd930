//! All that answering a request needs.

use std::{iter, sync::Arc, time::Duration};

use family_plan_application::{
    AcceptInvite, AdministerEndpoints, AdministerSettings, Caller, ChangePlan, ClosePlan, Deliveries,
    DetachMember, EditUser, EndpointSecrets, Idempotency, IssueInvite, LinkKey, LinkZammadUser, ListInvites,
    ListMembers, ListPlans, Me, Mint, OpenPlan, People, PlanAccess, PreviewInvite, PullUsers, ReadFeed,
    ReadHistory, ReadPlan, RecallCode, ReceiveDelivery, RevokeInvite, Right, SecretKey, TransferPlan,
};
use family_plan_domain::{
    PlanId,
    ports::{
        Clock, Endpoints, EventFeed, EventSender, Ids, Inbox, InviteRegister, InviteTokens, Outbox, Plans,
        SettingsStore, Users, ZammadUsers,
    },
};
use tokio_util::task::TaskTracker;
use url::Url;

use crate::{
    address::TrustedProxies,
    configuration::{LimitsConfiguration, WebhookConfiguration},
    health::Health,
    identity::{Identity, Provider},
    limits::Limits,
    metrics::Metrics,
    pages::csrf::CsrfKey,
    problem::{Problem, render::ProblemContext},
    sign_in::SignIn,
    workers::Wakers,
};

/// The adapters behind the ports.
#[derive(Clone)]
pub struct Adapters {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// Where users are kept.
    pub users: Arc<dyn Users>,
    /// Where settings are kept.
    pub settings: Arc<dyn SettingsStore>,
    /// Where the helpdesk's users are kept.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// Where webhooks' deliveries are kept.
    pub inbox: Arc<dyn Inbox>,
    /// The events of all plans in one order.
    pub feed: Arc<dyn EventFeed>,
    /// Where the endpoints are kept that are told of events.
    pub endpoints: Arc<dyn Endpoints>,
    /// Where what they are to be told is kept.
    pub outbox: Arc<dyn Outbox>,
    /// Who tells them.
    pub event_sender: Arc<dyn EventSender>,
    /// Who mints the secrets of invites.
    pub tokens: Arc<dyn InviteTokens>,
    /// Knows the invites that were issued.
    pub invite_register: Arc<dyn InviteRegister>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl Adapters {
    pub(crate) fn people(&self) -> People {
        let (users, zammad_users) = (Arc::clone(&self.users), Arc::clone(&self.zammad_users));
        People { users, zammad_users, clock: Arc::clone(&self.clock) }
    }

    fn administer_endpoints(&self, secrets: Arc<EndpointSecrets>) -> AdministerEndpoints {
        AdministerEndpoints {
            endpoints: Arc::clone(&self.endpoints),
            outbox: Arc::clone(&self.outbox),
            sender: Arc::clone(&self.event_sender),
            secrets,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
        }
    }
}

/// Where things are.
#[derive(Clone, Debug)]
pub struct Links {
    /// What links and problem types are made of; ends with a slash.
    pub public_url: Url,
    /// Where people sign in.
    pub login_url: Url,
    /// Where people go once they have joined.
    pub dashboard_url: Url,
    /// Who knows people, if this service signs them in itself.
    pub provider: Option<Provider>,
}

impl Links {
    /// The address that an invite's link has.
    #[must_use]
    pub fn invite(&self, code: &str) -> Url {
        let mut url = self.public_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["join", code]);
        }
        url
    }

    /// The address of the settings page.
    #[must_use]
    pub fn settings(&self) -> Url {
        let mut url = self.public_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["admin", "settings"]);
        }
        url
    }

    /// Where to sign in to come back to `next` afterwards.
    #[must_use]
    pub fn login(&self, next: &Url) -> Url {
        let mut login = self.login_url.clone();
        login.query_pairs_mut().append_pair("next", next.as_str());
        login
    }

    /// The same, for somebody who is signed in, and wants to be somebody else.
    #[must_use]
    pub fn login_as_another(&self, next: &Url) -> Url {
        let mut login = self.login(next);
        if self.provider.is_some() && self.login_url == self.own("login") {
            login.query_pairs_mut().append_pair("prompt", "login");
        }
        login
    }

    /// The address of one of our own pages, by its path below the public URL.
    pub(crate) fn own(&self, path: &str) -> Url {
        self.public_url.join(path).expect("our own paths are paths")
    }

    /// The origins of other sites that a form's answer can lead to, with blanks between them.
    pub(crate) fn form_targets(&self) -> String {
        let sites = [&self.dashboard_url, &self.login_url].map(|it| it.origin().ascii_serialization());
        let mut origins: Vec<String> =
            self.provider.iter().flat_map(Provider::origins).chain(sites).collect();
        origins.sort_unstable();
        origins.dedup();
        origins.join(" ")
    }

    /// The name of a cookie of ours, with the prefix by which browsers keep other sites from setting it (RFC 6265bis).
    pub(crate) fn cookie(&self, name: &str) -> String {
        match (self.public_url.scheme(), self.public_url.path()) {
            ("https", "/") => format!("__Host-{name}"),
            ("https", _) => format!("__Secure-{name}"),
            _ => name.to_owned(),
        }
    }
}

/// The use cases and what surrounds them.
pub struct Service {
    pub(crate) open_plan: OpenPlan,
    pub(crate) list_plans: ListPlans,
    pub(crate) read_plan: ReadPlan,
    pub(crate) list_members: ListMembers,
    pub(crate) change_plan: ChangePlan,
    pub(crate) close_plan: ClosePlan,
    pub(crate) transfer_plan: TransferPlan,
    pub(crate) detach_member: DetachMember,
    pub(crate) issue_invite: IssueInvite,
    pub(crate) recall_code: RecallCode,
    pub(crate) idempotency: Idempotency,
    pub(crate) list_invites: ListInvites,
    pub(crate) revoke_invite: RevokeInvite,
    pub(crate) preview_invite: PreviewInvite,
    pub(crate) accept_invite: AcceptInvite,
    pub(crate) me: Me,
    pub(crate) edit_user: EditUser,
    pub(crate) settings: AdministerSettings,
    pub(crate) history: ReadHistory,
    pub(crate) feed: ReadFeed,
    pub(crate) endpoints: AdministerEndpoints,
    pub(crate) link_zammad_user: LinkZammadUser,
    pub(crate) receive_delivery: ReceiveDelivery,
    pub(crate) deliveries: Deliveries,
    pub(crate) pull_users: PullUsers,
    pub(crate) access: PlanAccess,
    pub(crate) identity: Identity,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) links: Links,
    pub(crate) problems: ProblemContext,
    pub(crate) csrf: CsrfKey,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) body_limit: usize,
    pub(crate) webhook: WebhookConfiguration,
    pub(crate) wakers: Wakers,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) body_time: Duration,
}

/// What a service is made of besides its adapters.
pub struct Surroundings {
    /// The key that all others are derived from.
    pub secret_key: SecretKey,
    /// Those that were it before.
    pub previous_secret_keys: Vec<SecretKey>,
    /// The secrets of endpoints.
    pub endpoint_secrets: Arc<EndpointSecrets>,
    /// Where things are.
    pub links: Links,
    /// Verifies tokens.
    pub identity: Identity,
    /// Signs people in, if nobody else does.
    pub sign_in: Option<SignIn>,
    /// Tells whether the service can serve.
    pub health: Health,
    /// What an operator can watch.
    pub metrics: Metrics,
    /// How large a body may be, in bytes.
    pub body_limit: usize,
    /// Who may deliver webhooks.
    pub webhook: WebhookConfiguration,
    /// Pulls the helpdesk's users.
    pub pull_users: PullUsers,
    /// Carries out once what may be sent again.
    pub idempotency: Idempotency,
    /// Tells workers that there is something to do.
    pub wakers: Wakers,
    /// Work that goes on when nobody waits for it.
    pub background: TaskTracker,
    /// How much of what is enough.
    pub limits: LimitsConfiguration,
    /// The proxies that are believed.
    pub trusted_proxies: TrustedProxies,
    /// How long a body may take.
    pub body_time: Duration,
}

impl Service {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(adapters: Adapters, surroundings: Surroundings) -> Self {
        let people = adapters.people();
        let endpoints = adapters.administer_endpoints(surroundings.endpoint_secrets);
        let Adapters {
            plans,
            users,
            settings,
            zammad_users,
            inbox,
            feed,
            tokens,
            invite_register,
            clock,
            ids,
            ..
        } = adapters;
        let Surroundings {
            secret_key,
            previous_secret_keys,
            endpoint_secrets: _,
            links,
            identity,
            sign_in,
            health,
            metrics,
            body_limit,
            webhook,
            pull_users,
            idempotency,
            wakers,
            background,
            limits,
            trusted_proxies,
            body_time,
        } = surroundings;
        let LimitsConfiguration { rates, open_invites_per_plan } = limits;
        let limits = Limits::new(rates.as_ref(), &clock);
        let access = PlanAccess { plans: plans.clone(), people: people.clone(), clock: clock.clone() };
        let link_key = Arc::new(LinkKey::new(&secret_key));
        let previous = previous_secret_keys.iter().map(|it| Arc::new(LinkKey::new(it)));
        let link_keys = iter::once(link_key.clone()).chain(previous).collect();
        let mint = Mint { tokens, key: link_key, background };
        Self {
            open_plan: OpenPlan {
                plans: plans.clone(),
                people: people.clone(),
                settings: settings.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            list_plans: ListPlans { plans: plans.clone(), clock: clock.clone() },
            read_plan: ReadPlan { access: access.clone() },
            list_members: ListMembers { access: access.clone() },
            change_plan: ChangePlan { access: access.clone() },
            close_plan: ClosePlan { access: access.clone() },
            transfer_plan: TransferPlan { access: access.clone() },
            detach_member: DetachMember { access: access.clone() },
            issue_invite: IssueInvite { access: access.clone(), mint, cap: open_invites_per_plan },
            recall_code: RecallCode { register: invite_register, keys: link_keys },
            idempotency,
            list_invites: ListInvites { access: access.clone() },
            revoke_invite: RevokeInvite { access: access.clone() },
            preview_invite: PreviewInvite { plans: plans.clone(), clock: clock.clone() },
            accept_invite: AcceptInvite {
                plans: plans.clone(),
                people: people.clone(),
                clock: clock.clone(),
            },
            me: Me { people: people.clone() },
            edit_user: EditUser { people },
            settings: AdministerSettings { settings, plans: plans.clone(), clock: clock.clone() },
            link_zammad_user: LinkZammadUser { users, zammad_users, plans, clock: clock.clone() },
            receive_delivery: ReceiveDelivery {
                inbox: inbox.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            deliveries: Deliveries { inbox },
            pull_users,
            history: ReadHistory { access: access.clone() },
            feed: ReadFeed { feed },
            endpoints,
            access,
            identity,
            sign_in,
            health,
            metrics,
            problems: ProblemContext {
                public_url: links.public_url.clone(),
                login_url: links.login_url.clone(),
            },
            csrf: CsrfKey::new(&secret_key),
            links,
            ids,
            body_limit,
            webhook,
            wakers,
            limits,
            trusted_proxies,
            body_time,
        }
    }

    /// What was read of a request about `plan`. When that went wrong, somebody who may not do this at all is told so,
    /// and nothing else.
    pub(crate) async fn admitted<T>(
        &self,
        caller: &Caller,
        plan: PlanId,
        right: Right<'_>,
        read: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if read.is_err() {
            self.access.check(caller, plan, right).await?;
        }
        read
    }
}
