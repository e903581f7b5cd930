//! `family-plan zammad check`.

use std::{error::Error, sync::Arc};

use anyhow::bail;
use family_plan_domain::ports::Ids;
use family_plan_zammad::{
    AttributeFinding, ChangeSearch, CheckUp, Finding, PlanAttribute, TokenAccount, UserScope, ZammadError,
};
use tokio_util::task::TaskTracker;

use crate::{
    check_up::{Line, Mark, print, with_causes},
    configuration::ZammadConfiguration,
    helpdesk::Helpdesk,
    system::SystemIds,
};

/// The token that users are read with.
const READER: &str = "FAMILY_PLAN__ZAMMAD__TOKEN";

/// Says what works, and fails when something does not that the service needs.
pub(super) async fn run(zammad: ZammadConfiguration) -> anyhow::Result<()> {
    let url = zammad.url.clone();
    let lines = look(zammad).await?;
    print(&format!("Zammad at {url}"), &lines);
    if lines.iter().any(|it| it.mark == Mark::Broken) {
        bail!("not everything works that the service needs");
    }
    println!("Everything works that the service needs.");
    Ok(())
}

/// What works.
pub(crate) async fn look(zammad: ZammadConfiguration) -> anyhow::Result<Vec<Line>> {
    let attribute = zammad.plan_attribute.clone();
    let minter = if zammad.mint_token.is_some() { "FAMILY_PLAN__ZAMMAD__MINT_TOKEN" } else { READER };
    let ids: Arc<dyn Ids> = Arc::new(SystemIds);
    let helpdesk = Helpdesk::new(zammad, &ids, &TaskTracker::new(), None)?;
    let check_up = helpdesk.client.check_up(attribute.as_ref()).await;
    Ok(lines(&check_up, minter, attribute.as_ref()))
}

fn lines(check_up: &CheckUp, minter: &str, plan_attribute: Option<&PlanAttribute>) -> Vec<Line> {
    let line = |subject: &str, found| Line::new(subject, found);
    let mut lines = vec![line("connection", connection(&check_up.reach))];
    if let Finding::Unknown(_) = check_up.reach {
        // Whatever else is not known has the same reason.
        return lines;
    }
    lines.extend([
        line("version", version(&check_up.version)),
        line("time zone", time_zone(check_up)),
        line("minting", minting(&check_up.tokens, minter)),
        line("reading users", reading(&check_up.users)),
    ]);
    if let Finding::Found(UserScope::Everybody) = check_up.users {
        lines.push(line("pulling changes", pulling(&check_up.changes)));
        let found = check_up.plan_attribute.as_ref().zip(plan_attribute);
        lines.extend(found.map(|(finding, name)| line("plan attribute", attribute(finding, name))));
    }
    lines
}

fn connection(reach: &Finding<()>) -> (Mark, String) {
    match reach {
        Finding::Found(()) => (Mark::Works, "it answers".to_owned()),
        Finding::Denied(err) => (Mark::Broken, with_causes(err)),
        Finding::Unknown(err) => (Mark::Broken, with_causes(&**err)),
    }
}

fn version(version: &Finding<String>) -> (Mark, String) {
    match version {
        Finding::Found(version) => (Mark::Works, version.clone()),
        Finding::Denied(_) => {
            (Mark::Works, "unknown: only accounts with `admin` are told, which is not needed".to_owned())
        }
        Finding::Unknown(err) => (Mark::Warning, format!("unknown: {}", with_causes(&**err))),
    }
}

fn time_zone(check_up: &CheckUp) -> (Mark, String) {
    let unknown = |err: &dyn Error| {
        let text = "unknown, so that tokens live up to a day longer than needed; FAMILY_PLAN__ZAMMAD__TIMEZONE can say it";
        (Mark::Warning, format!("{text} ({})", with_causes(err)))
    };
    match &check_up.time_zone {
        Finding::Found(zone) => (Mark::Works, zone.to_string()),
        Finding::Denied(err) => unknown(err),
        Finding::Unknown(err) => unknown(&**err),
    }
}

fn minting(tokens: &Finding<TokenAccount>, token: &str) -> (Mark, String) {
    match tokens {
        Finding::Found(TokenAccount { is_of_an_older_version: true, .. }) => (
            Mark::Broken,
            "this Zammad is 5.4 or older and is taken for a newer one; set FAMILY_PLAN__ZAMMAD__VERSION to 5.4"
                .to_owned(),
        ),
        Finding::Found(TokenAccount { administers_users: false, .. }) => {
            (Mark::Works, "the account can make and delete its own tokens".to_owned())
        }
        Finding::Found(TokenAccount { administers_users: true, .. }) => (
            Mark::Warning,
            "works, but the account has `admin.user`, with which every token of it can act for any user; let an account \
             without that permission mint"
                .to_owned(),
        ),
        Finding::Denied(err) => {
            let permission = "the account or its token lacks `user_preferences.access_token`";
            (Mark::Broken, denied(err, token, permission))
        }
        Finding::Unknown(err) => (Mark::Broken, with_causes(&**err)),
    }
}

fn reading(users: &Finding<UserScope>) -> (Mark, String) {
    let permission = "the account or its token lacks `ticket.agent` or `admin.user`";
    match users {
        Finding::Found(UserScope::Everybody) => (Mark::Works, "the account sees everybody".to_owned()),
        Finding::Found(UserScope::Itself) => {
            (Mark::Broken, format!("the account sees only itself: {permission}"))
        }
        Finding::Denied(err) => (Mark::Broken, denied(err, READER, permission)),
        Finding::Unknown(err) => (Mark::Broken, with_causes(&**err)),
    }
}

/// Zammad answers 401 when it does not know who asks, and 403 for everything else that it will not do.
fn denied(err: &ZammadError, token: &str, permission: &str) -> String {
    match err {
        ZammadError::Refused(refusal) if refusal.status == 401 => {
            format!("Zammad does not accept {token} ({err})")
        }
        _ => format!("{permission} ({err})"),
    }
}

fn pulling(changes: &Finding<Option<ChangeSearch>>) -> (Mark, String) {
    match changes {
        Finding::Found(Some(search)) => (Mark::Works, format!("Zammad searches {search} for what changed")),
        Finding::Found(None) => (
            Mark::Works,
            "everybody is read each time: Zammad finds what changed from 6.5 on, or with Elasticsearch"
                .to_owned(),
        ),
        Finding::Denied(err) => (Mark::Warning, with_causes(err)),
        Finding::Unknown(err) => (Mark::Warning, with_causes(&**err)),
    }
}

fn attribute(finding: &Finding<AttributeFinding>, name: &PlanAttribute) -> (Mark, String) {
    match finding {
        Finding::Found(AttributeFinding::Usable) => (
            Mark::Works,
            format!("users have `{name}`; with `ticket.agent` alone only that of customers can be written"),
        ),
        Finding::Found(AttributeFinding::NoText) => (Mark::Broken, format!("`{name}` does not hold text")),
        Finding::Found(AttributeFinding::Missing) => {
            (Mark::Broken, format!("users have no `{name}`; after it was added, Zammad has to be restarted"))
        }
        Finding::Denied(err) => (Mark::Broken, with_causes(err)),
        Finding::Unknown(err) => (Mark::Broken, with_causes(&**err)),
    }
}
