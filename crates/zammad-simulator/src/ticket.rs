//! Tickets and their articles, as far as webhooks tell of them.

use time::OffsetDateTime;

/// A ticket as the helpdesk keeps it; it is in the group 1, "Users".
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The number in every URL.
    pub id: u64,
    /// The number that people see.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Whose ticket it is.
    pub customer_id: u64,
    /// Who works on it; 1, the system user, for nobody.
    pub owner_id: u64,
    /// The organization, which need not be the customer's.
    pub organization_id: Option<u64>,
    /// 1 new, 2 open, 3 pending reminder, 4 closed.
    pub state_id: u64,
    /// 1 low, 2 normal, 3 high.
    pub priority_id: u64,
    /// Who created the record.
    pub created_by_id: u64,
    /// Who changed the record last.
    pub updated_by_id: u64,
    /// When the record was created.
    pub created_at: OffsetDateTime,
    /// When the record was changed last.
    pub updated_at: OffsetDateTime,
    /// What was written, the oldest first.
    pub articles: Vec<Article>,
}

impl Ticket {
    /// The name of the state.
    pub(crate) fn state(&self) -> &'static str {
        match self.state_id {
            1 => "new",
            2 => "open",
            3 => "pending reminder",
            _ => "closed",
        }
    }

    /// The name of the priority.
    pub(crate) fn priority(&self) -> &'static str {
        match self.priority_id {
            1 => "1 low",
            2 => "2 normal",
            _ => "3 high",
        }
    }

    pub(crate) fn article(&self, id: u64) -> Option<&Article> {
        self.articles.iter().find(|it| it.id == id)
    }
}

/// An article of a ticket: a note somebody wrote by phone, as far as Zammad knows.
#[derive(Clone, Debug)]
pub struct Article {
    /// Counted through all tickets.
    pub id: u64,
    /// The line above the text.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// `text/plain` or `text/html`.
    pub content_type: String,
    /// Whether customers must not see it.
    pub internal: bool,
    /// Who wrote it.
    pub created_by_id: u64,
    /// When it was written.
    pub created_at: OffsetDateTime,
}

/// A ticket to add, with the article that opens it.
#[derive(Clone, Debug)]
pub struct NewTicket {
    pub(crate) customer_id: u64,
    pub(crate) title: String,
    pub(crate) article: NewArticle,
}

impl NewTicket {
    /// A ticket that `customer` opens, for the organization they are in.
    #[must_use]
    pub fn of(customer: u64) -> Self {
        Self { customer_id: customer, title: "Help!".to_owned(), article: NewArticle::by(customer, "Help!") }
    }

    /// Say what it is about.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Open it with `article`.
    #[must_use]
    pub fn opened_with(self, article: NewArticle) -> Self {
        Self { article, ..self }
    }
}

/// An article to add.
#[derive(Clone, Debug)]
pub struct NewArticle {
    pub(crate) author_id: u64,
    pub(crate) body: String,
    pub(crate) content_type: String,
    pub(crate) internal: bool,
}

impl NewArticle {
    /// A plain text that `author` writes for everybody.
    #[must_use]
    pub fn by(author: u64, body: impl Into<String>) -> Self {
        let content_type = "text/plain".to_owned();
        Self { author_id: author, body: body.into(), content_type, internal: false }
    }

    /// Take the text for HTML.
    #[must_use]
    pub fn html(self) -> Self {
        Self { content_type: "text/html".to_owned(), ..self }
    }

    /// Keep it from customers.
    #[must_use]
    pub fn internal(self) -> Self {
        Self { internal: true, ..self }
    }
}
