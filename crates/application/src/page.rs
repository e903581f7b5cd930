//! Lists in pages.

use family_plan_domain::{Event, EventCursor};

/// How many entries a page has at most: 1 to 100, 50 unless told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(usize);

impl PageSize {
    /// A page of `size` entries at most; `None` when that is not 1 to 100.
    #[must_use]
    pub fn new(size: i64) -> Option<Self> {
        usize::try_from(size).ok().filter(|it| (1..=100).contains(it)).map(Self)
    }

    /// One entry more than fits tells whether there is another page.
    pub(crate) fn with_one_more(self) -> usize {
        self.0 + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    pub(crate) fn new(mut items: Vec<T>, size: PageSize, cursor: impl FnOnce(&T) -> C) -> Self {
        let has_more = size.0 < items.len();
        items.truncate(size.0);
        let next = items.last().filter(|_| has_more).map(cursor);
        Self { items, next }
    }
}

/// Before every event: the first save of a plan makes revision 1.
const START: EventCursor = EventCursor { revision: 0, position: 0 };

/// A part of a history, which may grow at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    /// The events, oldest first.
    pub items: Vec<Event>,
    /// Where to go on from, also when nothing has happened since.
    pub next: EventCursor,
    /// Whether there are more now.
    pub has_more: bool,
}

impl EventPage {
    pub(crate) fn new(items: Vec<Event>, size: PageSize, after: Option<EventCursor>) -> Self {
        let page = Page::new(items, size, |_| ());
        let next = page.items.last().map(|it| it.cursor).or(after).unwrap_or(START);
        Self { items: page.items, next, has_more: page.next.is_some() }
    }
}
