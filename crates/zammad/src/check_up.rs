//! Everything that can be found out about a Zammad without changing it, for an operator who asks.

use std::{error::Error, num::NonZeroU32};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Capabilities, ChangeSearch, PageSize, PlanAttribute, TokenAccount, UserScope, ZammadClient, ZammadError,
    Zone,
    refusal::printable,
    system_zone::show_settings,
    users::{PAGE_MAX_BYTES, list_request},
};

const VERSION_MAX_BYTES: usize = 64 * 1024;
const VERSION_MAX_CHARS: usize = 64;

/// What was found out about one ability.
#[derive(Debug)]
pub enum Finding<T> {
    /// It is there.
    Found(T),
    /// The account, or its token, is not known or lacks a permission.
    Denied(ZammadError),
    /// Nothing is known, for this reason.
    Unknown(Box<dyn Error + Send + Sync>),
}

impl<T> Finding<T> {
    fn unknown(err: &ZammadError) -> Self {
        Self::Unknown(err.clone().into())
    }
}

impl<T> From<Result<T, ZammadError>> for Finding<T> {
    fn from(outcome: Result<T, ZammadError>) -> Self {
        match outcome {
            Ok(found) => Self::Found(found),
            Err(ZammadError::Refused(refusal)) if matches!(refusal.status, 401 | 403) => {
                Self::Denied(ZammadError::Refused(refusal))
            }
            Err(err) => Self::Unknown(err.into()),
        }
    }
}

/// What was found out about the attribute for the plan in force. Whether the account may write it depends on the user:
/// `admin.user` may for everybody, `ticket.agent` for mere customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeFinding {
    /// Users have it, and nothing speaks against its holding text.
    Usable,
    /// Users have it, but it holds something else than text.
    NoText,
    /// Users have no such attribute, or Zammad was not restarted since it was added.
    Missing,
}

/// What was found out about a Zammad and the accounts that are configured for it.
#[derive(Debug)]
pub struct CheckUp {
    /// Whether there is a Zammad at all.
    pub reach: Finding<()>,
    /// Its release, as it says itself. Only full administrators learn it.
    pub version: Finding<String>,
    /// Its system time zone: the configured one, else what it says.
    pub time_zone: Finding<Zone>,
    /// Whether tokens can be minted, and whether the account that does so has more rights than is good.
    pub tokens: Finding<TokenAccount>,
    /// Whom the account that reads can see.
    pub users: Finding<UserScope>,
    /// How changes are pulled; `None` when everybody has to be listed each time.
    pub changes: Finding<Option<ChangeSearch>>,
    /// The attribute for the plan in force, if one is configured.
    pub plan_attribute: Option<Finding<AttributeFinding>>,
}

impl ZammadClient {
    /// Finds out what can be found out; changes nothing.
    pub async fn check_up(&self, attribute: Option<&PlanAttribute>) -> CheckUp {
        let settings = show_settings(self, self.pace().deadline).await;
        if let Err(err) = &settings
            && err.is_transient()
        {
            return self.out_of_reach(err, attribute.is_some());
        }
        let (version, capabilities, changes, plan_attribute) = tokio::join!(
            self.own_version(),
            self.capabilities(),
            self.find_change_search(),
            self.look_for(attribute),
        );
        let Capabilities { tokens, users } = capabilities;
        let reach = settings.as_ref().map(|_| ()).map_err(Clone::clone);
        let time_zone = match (self.time_zone(), settings) {
            (Some(zone), _) => Finding::Found(zone.clone()),
            (None, Ok(settings)) => {
                settings.zone().map_or_else(|err| Finding::Unknown(err.into()), Finding::Found)
            }
            (None, Err(err)) => Err(err).into(),
        };
        CheckUp {
            reach: reach.into(),
            version: version.into(),
            time_zone,
            tokens: tokens.into(),
            users: users.into(),
            changes: changes.into(),
            plan_attribute: plan_attribute.map(Into::into),
        }
    }

    /// Nobody is asked the same again and again who does not answer.
    fn out_of_reach(&self, err: &ZammadError, with_attribute: bool) -> CheckUp {
        CheckUp {
            reach: Finding::unknown(err),
            version: Finding::unknown(err),
            time_zone: self
                .time_zone()
                .map_or_else(|| Finding::unknown(err), |it| Finding::Found(it.clone())),
            tokens: Finding::unknown(err),
            users: Finding::unknown(err),
            changes: Finding::unknown(err),
            plan_attribute: with_attribute.then(|| Finding::unknown(err)),
        }
    }

    async fn own_version(&self) -> Result<String, ZammadError> {
        let request = self.as_reader(Method::GET, "version");
        let answer = self.send(request, self.pace().deadline).await?;
        let VersionBody { version } = answer.json(VERSION_MAX_BYTES).await?;
        Ok(printable(&version, VERSION_MAX_CHARS).unwrap_or_default())
    }

    async fn look_for(
        &self,
        attribute: Option<&PlanAttribute>,
    ) -> Option<Result<AttributeFinding, ZammadError>> {
        let attribute = attribute?;
        let request = list_request(self, NonZeroU32::MIN, PageSize::TWO);
        let users: Result<Vec<Map<String, Value>>, ZammadError> =
            async { self.send(request, self.pace().deadline).await?.json(PAGE_MAX_BYTES).await }.await;
        Some(users.map(|users| {
            let values: Vec<&Value> = users.iter().filter_map(|it| it.get(attribute.as_str())).collect();
            if values.is_empty() {
                AttributeFinding::Missing
            } else if values.iter().all(|it| it.is_string() || it.is_null()) {
                AttributeFinding::Usable
            } else {
                AttributeFinding::NoText
            }
        }))
    }
}

#[derive(Deserialize)]
struct VersionBody {
    version: String,
}
