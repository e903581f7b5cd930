//! Where names lead: to public addresses only.

use std::{io, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::address::is_public;

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
enum ResolveError {
    /// It cannot be looked up.
    #[error("the name cannot be resolved")]
    Lookup(#[from] io::Error),
    /// Nobody may be there.
    #[error("the name leads to no public address")]
    NotPublic,
}

/// Answers the public addresses of a name alone. What it answers is what is connected to, so that nothing can change in
/// between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await.map_err(ResolveError::from)?;
            let public: Vec<SocketAddr> = found.filter(|it| is_public(it.ip())).collect();
            if public.is_empty() {
                return Err(ResolveError::NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_for_ourselves_leads_nowhere() {
        let Err(err) = PublicResolver.resolve("localhost".parse().unwrap()).await else {
            panic!("it leads somewhere");
        };
        assert!(matches!(err.downcast_ref(), Some(ResolveError::NotPublic)), "{err}");
    }
}
