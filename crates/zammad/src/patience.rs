//! Requests that do the same however often they are sent.

use std::{error::Error, time::Duration};

use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use crate::{ZammadClient, ZammadError, attempts::Attempts};

impl ZammadClient {
    /// Sends a request, again where that can help, and reads the answer. The time is that of all attempts together.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
        within: Duration,
        max_bytes: usize,
    ) -> Result<T, ZammadError> {
        let mut attempts = Attempts::start_within(self.pace(), within);
        loop {
            let failure = match self.ask_once(request(), attempts.time_for_next(), max_bytes).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !attempts.another_after(&failure).await {
                return Err(failure);
            }
            tracing::info!(
                error = &failure as &dyn Error,
                "Zammad did not do what it was asked; trying again"
            );
        }
    }

    async fn ask_once<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        within: Duration,
        max_bytes: usize,
    ) -> Result<T, ZammadError> {
        self.send_about_data(request, within).await?.json(max_bytes).await
    }
}
