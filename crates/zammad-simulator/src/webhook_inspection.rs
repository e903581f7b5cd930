//! Webhooks, and the tickets that fire them.

use crate::delivery::{self, Attempt, Delivery, DeliveryState, Firing};
use crate::randomness;
use crate::simulator::Simulator;
use crate::ticket::{Article, NewArticle, NewTicket, Ticket};
use crate::webhook::{NewWebhook, Webhook};
use crate::webhook_request::WebhookRequest;

impl Simulator {
    /// Set up a webhook that fires for every ticket that is created or changed, without the API's checks.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_webhook(&self, new: NewWebhook) -> Webhook {
        self.shared.desk().add_webhook(new).clone()
    }

    /// Every webhook, by id, secrets included.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.desk().webhooks.clone()
    }

    /// Change a webhook, without the API's checks. Whether there is such a webhook.
    pub fn edit_webhook(&self, id: u64, change: impl FnOnce(&mut Webhook)) -> bool {
        self.shared.desk().webhooks.iter_mut().find(|it| it.id == id).map(change).is_some()
    }

    /// Open a ticket. Its customer looks changed by it, and webhooks are fired with its article.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_ticket(&self, new: NewTicket) -> Ticket {
        let ticket = self.shared.desk().add_ticket(new);
        let first = ticket.articles.first().map(|it| it.id);
        self.fire(Firing { ticket_id: ticket.id, article_id: first });
        ticket
    }

    /// Write into a ticket, which fires webhooks with the article. `None` when there is no such ticket.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn add_article(&self, ticket: u64, new: NewArticle) -> Option<Article> {
        let article = self.shared.desk().add_article(ticket, new)?;
        self.fire(Firing::article(ticket, article.id));
        Some(article)
    }

    /// Change a ticket, which fires webhooks with `"article": {}`; `updated_at` moves. Whether there is such a ticket.
    pub fn edit_ticket(&self, id: u64, change: impl FnOnce(&mut Ticket)) -> bool {
        {
            let mut desk = self.shared.desk();
            let now = desk.now();
            let Some(ticket) = desk.ticket_mut(id) else {
                return false;
            };
            ticket.updated_at = now;
            change(ticket);
        }
        self.fire(Firing::ticket(id));
        true
    }

    /// Delete a ticket: what is still to be delivered about it ends. Whether there was such a ticket.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn delete_ticket(&self, id: u64) -> bool {
        let mut desk = self.shared.desk();
        let before = desk.tickets.len();
        desk.tickets.retain(|it| it.id != id);
        desk.tickets.len() < before
    }

    /// Every ticket, by id.
    #[must_use]
    pub fn tickets(&self) -> Vec<Ticket> {
        self.shared.desk().tickets.clone()
    }

    /// Fire every active webhook, in the background; the ids of the deliveries.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn fire(&self, firing: Firing) -> Vec<String> {
        let ids = self.shared.desk().fire(firing);
        for id in &ids {
            self.runtime.spawn(delivery::carry_out(self.shared.clone(), id.clone()));
        }
        ids
    }

    /// Every delivery, in the order of firing.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.desk().deliveries.clone()
    }

    /// Let every delivery that waits for its next attempt try now.
    pub fn retry_webhooks(&self) {
        self.shared.release_retries();
    }

    /// Wait until a delivery had `count` attempts, or came to its end; how it is then. `None` when there is none.
    pub async fn wait_for_attempts(&self, delivery: &str, count: usize) -> Option<Delivery> {
        let mut steps = self.shared.delivery_steps();
        loop {
            let found = self.shared.desk().delivery(delivery).cloned()?;
            let is_over = found.state != DeliveryState::UnderWay;
            if is_over || count <= found.attempts.len() || steps.changed().await.is_err() {
                return Some(found);
            }
        }
    }

    /// Wait until no delivery is under way; all of them then.
    pub async fn wait_for_deliveries(&self) -> Vec<Delivery> {
        let mut steps = self.shared.delivery_steps();
        loop {
            let deliveries = self.deliveries();
            let is_over = deliveries.iter().all(|it| it.state != DeliveryState::UnderWay);
            if is_over || steps.changed().await.is_err() {
                return deliveries;
            }
        }
    }

    /// What a webhook would send now, under a delivery id of its own, whether it is active or not. Kept and sent later
    /// it comes out of order. `None` when the webhook, the ticket or the article does not exist.
    #[must_use]
    pub fn webhook_request(&self, webhook: u64, firing: Firing) -> Option<WebhookRequest> {
        let desk = self.shared.desk();
        let webhook = desk.webhooks.iter().find(|it| it.id == webhook)?;
        WebhookRequest::build(&desk, webhook, firing, &randomness::uuid())
    }

    /// Send a request as it is, once. Sent again it is a duplicate.
    pub async fn send_webhook(&self, request: &WebhookRequest) -> Attempt {
        let unsent = Attempt { request: request.clone(), status: None };
        let Some(client) = self.shared.webhook_client() else {
            return unsent;
        };
        let request = request.clone();
        // On the simulator's own runtime, whatever the caller's clock does.
        self.runtime.spawn(async move { request.send(&client).await }).await.unwrap_or(unsent)
    }
}
