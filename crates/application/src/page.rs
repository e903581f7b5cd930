//! Lists in pages.

use family_plan_domain::Event;

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

/// A part of a list of events, which may grow at its end. `C` is a place in it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage<C> {
    /// The events, oldest first.
    pub items: Vec<Event>,
    /// Where to go on from, also when nothing has happened since.
    pub next: C,
    /// Whether there are more now.
    pub has_more: bool,
}

impl<C> EventPage<C> {
    /// Of `events` with their places, those that fit; `after` is the place before them.
    pub(crate) fn new(events: Vec<(C, Event)>, size: PageSize, after: C) -> Self {
        let Page { items, next } = Page::new(events, size, |_| ());
        let mut page = Self { items: Vec::with_capacity(items.len()), next: after, has_more: next.is_some() };
        for (place, event) in items {
            page.items.push(event);
            page.next = place;
        }
        page
    }
}
