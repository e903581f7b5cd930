//! Whether tokens can be verified, and people be signed in.

use crate::{
    check_up::{Line, with_causes},
    identity::{IdentityConfig, KeySource},
    sign_in::SignInConfig,
};

use super::clock::Clocks;

const WHOSE: &str = "provider";

pub(super) async fn lines(
    identity: &IdentityConfig,
    sign_in: Option<&SignInConfig>,
    http: &reqwest::Client,
    clocks: &Clocks,
) -> Vec<Line> {
    let mut lines = Vec::new();
    match &identity.keys {
        KeySource::Shared(_) => {
            return vec![Line::works(
                "keys",
                "a secret that the provider shares; whether it is the same, a token tells",
            )];
        }
        KeySource::Published(url) => clocks.ask(WHOSE, http, url).await,
        KeySource::Discovered(_) => (),
    }
    if let Some(SignInConfig { provider, .. }) = sign_in {
        match provider.metadata(http).await {
            Ok(metadata) => {
                clocks.ask(WHOSE, http, &metadata.jwks_uri).await;
                lines.push(Line::works("signing in", "the provider says where"));
            }
            Err(err) => {
                let mend = "FAMILY_PLAN__AUTH__ISSUER must be as the provider writes it, and this machine must reach it";
                lines.push(Line::broken("signing in", format!("{}; {mend}", with_causes(&*err))));
                return lines;
            }
        }
    }
    lines.push(match identity.keys.count(http).await {
        Ok(1) => Line::works("keys", "1 is published"),
        Ok(n) => Line::works("keys", format!("{n} are published")),
        Err(err) => {
            let mend = "without them every token is refused";
            Line::broken("keys", format!("{}; {mend}", with_causes(&err)))
        }
    });
    lines
}
