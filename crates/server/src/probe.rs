//! `family-plan health`: for supervisors of containers, in which there is no other client.

use std::time::Duration;

use anyhow::{Context, bail};

use crate::configuration::Sources;

/// Less than what supervisors wait for.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Says what the server on this machine says of itself, and fails when it cannot serve.
pub(crate) async fn run(sources: Sources) -> anyhow::Result<()> {
    // An address that means all of this machine's leads to this machine.
    let address = sources.listen()?;
    // Past any proxy of the environment: it is this very machine.
    let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let answer = http.get(format!("http://{address}/health/ready")).send().await;
    let answer = answer.with_context(|| format!("nobody answers at {address}"))?;
    let (status, body) = (answer.status(), answer.text().await?);
    println!("{body}");
    if !status.is_success() {
        bail!("the server cannot serve ({status})");
    }
    Ok(())
}
