//! The tickets of the helpdesk.

use serde_json::{Value, json};

use crate::helpdesk::Helpdesk;
use crate::ticket::{Article, NewArticle, NewTicket, Ticket};

/// The number of the first ticket is the next one.
const NUMBER_BEFORE: u64 = 77000;

impl Helpdesk {
    pub(crate) fn ticket(&self, id: u64) -> Option<&Ticket> {
        self.tickets.iter().find(|it| it.id == id)
    }

    pub(crate) fn ticket_mut(&mut self, id: u64) -> Option<&mut Ticket> {
        self.tickets.iter_mut().find(|it| it.id == id)
    }

    pub(crate) fn add_ticket(&mut self, new: NewTicket) -> Ticket {
        let now = self.now();
        let article = self.new_article(new.article);
        self.last_ticket_id += 1;
        let ticket = Ticket {
            id: self.last_ticket_id,
            number: (NUMBER_BEFORE + self.last_ticket_id).to_string(),
            title: new.title,
            customer_id: new.customer_id,
            owner_id: 1,
            organization_id: self.user(new.customer_id).and_then(|it| it.organization_id),
            state_id: 1,
            priority_id: 2,
            created_by_id: new.customer_id,
            updated_by_id: new.customer_id,
            created_at: now,
            updated_at: now,
            articles: vec![article],
        };
        self.tickets.push(ticket.clone());
        self.count_open_ticket(new.customer_id);
        ticket
    }

    /// The article, and its ticket changed by it; `None` when there is no such ticket.
    pub(crate) fn add_article(&mut self, ticket_id: u64, new: NewArticle) -> Option<Article> {
        let article = self.ticket(ticket_id).is_some().then(|| self.new_article(new))?;
        let ticket = self.ticket_mut(ticket_id)?;
        ticket.articles.push(article.clone());
        ticket.updated_at = article.created_at;
        ticket.updated_by_id = article.created_by_id;
        Some(article)
    }

    fn new_article(&mut self, new: NewArticle) -> Article {
        self.last_article_id += 1;
        Article {
            id: self.last_article_id,
            subject: None,
            body: new.body,
            content_type: new.content_type,
            internal: new.internal,
            created_by_id: new.author_id,
            created_at: self.now(),
        }
    }

    /// A counter in the customer's record, which makes it look changed.
    fn count_open_ticket(&mut self, customer_id: u64) {
        let now = self.now();
        let Some(customer) = self.user_mut(customer_id) else {
            return;
        };
        customer.updated_at = now;
        let preferences = customer.details.entry("preferences").or_insert_with(|| json!({}));
        let open = preferences.get("tickets_open").and_then(Value::as_u64).unwrap_or_default();
        preferences["tickets_open"] = (open + 1).into();
    }
}
