//! How often callers and addresses may ask: looked at before anything else is done for them, the database included.
//!
//! Each process counts for itself: replicas behind one address let through as many times as much.

mod budget;
mod elapsed;
mod store;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use family_plan_application::Caller;
use family_plan_domain::{UserId, ports::Clock};

use self::{budget::Budget, elapsed::Elapsed};
use crate::{
    address::ClientAddress,
    configuration::Rates,
    problem::{Code, Problem},
};

/// Somebody asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub(crate) struct TooOften {
    /// After which time there is room for one more.
    retry_after: Duration,
}

impl From<TooOften> for Problem {
    fn from(TooOften { retry_after }: TooOften) -> Self {
        Self::new(Code::RateLimited).retry_after(retry_after)
    }
}

/// Counts what is limited.
pub(crate) struct Limits(Option<Budgets>);

struct Budgets {
    issues_by_caller: Budget<UserId>,
    issues_by_address: Budget<IpAddr>,
    previews_by_caller: Budget<UserId>,
    previews_by_address: Budget<IpAddr>,
    refusals_by_caller: Budget<UserId>,
    guesses_by_address: Budget<IpAddr>,
}

impl Limits {
    /// Everybody may do so much in the time that `clock` tells; without `rates`, as much as they like.
    pub(crate) fn new(rates: Option<&Rates>, clock: &Arc<dyn Clock>) -> Self {
        Self(rates.map(|rates| {
            let clock = Elapsed::since_now(Arc::clone(clock));
            Budgets {
                issues_by_caller: Budget::new(rates.issues_per_caller, &clock),
                issues_by_address: Budget::new(rates.issues_per_address, &clock),
                previews_by_caller: Budget::new(rates.previews_per_caller, &clock),
                previews_by_address: Budget::new(rates.previews_per_address, &clock),
                refusals_by_caller: Budget::new(rates.refusals_per_caller, &clock),
                guesses_by_address: Budget::new(rates.guesses_per_address, &clock),
            }
        }))
    }

    /// `caller` asks for an invite. Who acts for others may do so for any number of them.
    pub(crate) fn issue(&self, caller: &Caller, from: ClientAddress) -> Result<(), TooOften> {
        let Some(budgets) = self.0.as_ref().filter(|_| !caller.may_act_for_others()) else {
            return Ok(());
        };
        budgets.issues_by_caller.spend(&caller.user)?;
        budgets.issues_by_address.spend(&network_of(from))
    }

    /// Somebody wants to know what a code leads to.
    pub(crate) fn preview(&self, caller: Option<&Caller>, from: ClientAddress) -> Result<(), TooOften> {
        let Some(budgets) = &self.0 else {
            return Ok(());
        };
        budgets.guesses_by_address.look(&network_of(from))?;
        if let Some(caller) = caller {
            budgets.previews_by_caller.spend(&caller.user)?;
        }
        budgets.previews_by_address.spend(&network_of(from))
    }

    /// `caller` wants to join by a code. Only what is noted afterwards counts: a race for one seat refuses many behind one
    /// address, and none of them asks too often.
    pub(crate) fn accept(&self, caller: &Caller, from: ClientAddress) -> Result<(), TooOften> {
        let Some(budgets) = &self.0 else {
            return Ok(());
        };
        budgets.guesses_by_address.look(&network_of(from))?;
        budgets.refusals_by_caller.look(&caller.user)
    }

    /// The code belonged to no invite.
    pub(crate) fn note_guess(&self, from: ClientAddress) {
        if let Some(budgets) = &self.0 {
            // What is over the limit already is no news.
            let _ = budgets.guesses_by_address.spend(&network_of(from));
        }
    }

    /// The caller did not join.
    pub(crate) fn note_refusal(&self, caller: &Caller) {
        if let Some(budgets) = &self.0 {
            let _ = budgets.refusals_by_caller.spend(&caller.user);
        }
    }
}

/// What counts as one address: with IPv6 a whole network of 64 bits is one customer's.
fn network_of(ClientAddress(address): ClientAddress) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_address() {
        let network = |text: &str| network_of(ClientAddress(text.parse().unwrap()));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
