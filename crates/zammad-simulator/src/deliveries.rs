//! The deliveries that the helpdesk keeps a record of.

use crate::delivery::{Attempt, Delivery, DeliveryState, Firing};
use crate::helpdesk::Helpdesk;
use crate::randomness;
use crate::webhook_request::WebhookRequest;

impl Helpdesk {
    /// A delivery for every active webhook; the ids, to carry them out.
    pub(crate) fn fire(&mut self, firing: Firing) -> Vec<String> {
        let active = self.webhooks.iter().filter(|it| it.active);
        let deliveries = active.map(|it| Delivery {
            id: randomness::uuid(),
            webhook_id: it.id,
            firing,
            attempts: Vec::new(),
            state: DeliveryState::UnderWay,
        });
        let deliveries: Vec<Delivery> = deliveries.collect();
        let ids = deliveries.iter().map(|it| it.id.clone()).collect();
        self.deliveries.extend(deliveries);
        ids
    }

    pub(crate) fn delivery(&self, id: &str) -> Option<&Delivery> {
        self.deliveries.iter().find(|it| it.id == id)
    }

    /// What a delivery has to send now; `None` when it has come to its end.
    pub(crate) fn delivery_request(&self, id: &str) -> Option<WebhookRequest> {
        let delivery = self.delivery(id)?;
        let webhook = self.webhooks.iter().find(|it| it.id == delivery.webhook_id && it.active)?;
        WebhookRequest::build(self, webhook, delivery.firing, id)
    }

    pub(crate) fn settle(&mut self, id: &str, attempt: Option<Attempt>, state: DeliveryState) {
        if let Some(delivery) = self.deliveries.iter_mut().find(|it| it.id == id) {
            delivery.attempts.extend(attempt);
            delivery.state = state;
        }
    }
}
