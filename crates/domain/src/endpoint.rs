//! Endpoints: whom the service tells of events.

use time::{Duration, OffsetDateTime};

use crate::{EndpointId, EndpointUrl, EventKind, InvalidValue, Remark};

/// How long a secret goes on signing after it was replaced.
const RETIREMENT: Duration = Duration::hours(24);

/// Which events an endpoint is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(Vec<EventKind>);

impl EventFilter {
    /// Only these; every one when there are none.
    #[must_use]
    pub fn of(kinds: &[EventKind]) -> Self {
        Self(EventKind::ALL.iter().copied().filter(|it| kinds.contains(it)).collect())
    }

    /// Only these, by their names; every one when there are none.
    ///
    /// # Errors
    ///
    /// When there is no kind of that name.
    pub fn parse(names: &[&str]) -> Result<Self, InvalidValue> {
        let kinds: Option<Vec<EventKind>> = names.iter().map(|it| EventKind::parse(it)).collect();
        let kinds = kinds.ok_or(InvalidValue("must be types of events, such as `member.joined`"))?;
        Ok(Self::of(&kinds))
    }

    /// The kinds it lets pass, each once; empty when it lets every one pass.
    #[must_use]
    pub fn kinds(&self) -> &[EventKind] {
        &self.0
    }

    /// Whether it lets `kind` pass.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        self.0.is_empty() || self.0.contains(&kind)
    }
}

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisableReason {
    /// An administrator asked for it.
    Requested,
    /// It answered that it is gone for good (410).
    Gone,
    /// It took nothing for days.
    Exhausted,
}

impl DisableReason {
    /// Every reason there is.
    pub const ALL: &[Self] = &[Self::Requested, Self::Gone, Self::Exhausted];

    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Gone => "gone",
            Self::Exhausted => "exhausted",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }
}

/// That an endpoint is told nothing. What happens meanwhile is kept for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// Why.
    pub reason: DisableReason,
    /// Since when.
    pub at: OffsetDateTime,
}

/// A secret that nobody can read without the server's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

/// A secret that was replaced, and goes on signing for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiringSecret {
    /// The secret.
    pub secret: SealedSecret,
    /// From then on it signs no more.
    pub until: OffsetDateTime,
}

/// Somebody who is told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which one.
    pub id: EndpointId,
    /// Counts its saves.
    pub revision: i64,
    /// Where events are sent to.
    pub url: EndpointUrl,
    /// What administrators say of it.
    pub description: Option<Remark>,
    /// Which events it is told of.
    pub filter: EventFilter,
    /// Whether it is told nothing for now.
    pub disabled: Option<Disabled>,
    /// What it knows the service by.
    pub secret: SealedSecret,
    /// What it knew the service by before.
    pub retiring: Option<RetiringSecret>,
    /// Since when it is there.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
    /// When it last took an event, to a minute.
    pub last_success_at: Option<OffsetDateTime>,
}

impl Endpoint {
    /// One that is told of everything from now on.
    #[must_use]
    pub fn new(id: EndpointId, url: EndpointUrl, secret: SealedSecret, now: OffsetDateTime) -> Self {
        Self {
            id,
            revision: 0,
            url,
            description: None,
            filter: EventFilter::default(),
            disabled: None,
            secret,
            retiring: None,
            created_at: now,
            updated_at: now,
            last_success_at: None,
        }
    }

    /// Has it told nothing from now on; what it is disabled for already stays the reason.
    pub fn disable(&mut self, reason: DisableReason, now: OffsetDateTime) {
        if self.disabled.is_none() {
            self.disabled = Some(Disabled { reason, at: now });
            self.updated_at = now;
        }
    }

    /// Has it told again, of what happened meanwhile first.
    pub fn enable(&mut self, now: OffsetDateTime) {
        if self.disabled.take().is_some() {
            self.updated_at = now;
        }
    }

    /// Replaces its secret. The former one signs too for a day, so that its owner has time to take the new one over.
    pub fn rotate(&mut self, secret: SealedSecret, now: OffsetDateTime) {
        let former = std::mem::replace(&mut self.secret, secret);
        self.retiring = Some(RetiringSecret { secret: former, until: now + RETIREMENT });
        self.updated_at = now;
    }

    /// The secrets that sign at `now`, the newest first.
    pub fn signing_secrets(&self, now: OffsetDateTime) -> impl Iterator<Item = &SealedSecret> {
        let retiring = self.retiring.iter().filter(move |it| now < it.until).map(|it| &it.secret);
        std::iter::once(&self.secret).chain(retiring)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);

    fn endpoint() -> Endpoint {
        let url = EndpointUrl::new("https://hooks.example.com/family").unwrap();
        Endpoint::new(EndpointId::from(Uuid::from_u128(1)), url, SealedSecret(vec![1]), NOW)
    }

    #[test]
    fn a_filter_of_nothing_lets_everything_pass() {
        let some =
            EventFilter::of(&[EventKind::MemberJoined, EventKind::PlanCreated, EventKind::MemberJoined]);
        assert_eq!(some.kinds(), [EventKind::PlanCreated, EventKind::MemberJoined]);
        for &kind in EventKind::ALL {
            assert!(EventFilter::of(&[]).wants(kind));
            assert_eq!(some.wants(kind), some.kinds().contains(&kind));
        }
    }

    #[test]
    fn a_filter_is_read_from_names() {
        let read = EventFilter::parse(&["member.joined"]).unwrap();
        assert_eq!(read, EventFilter::of(&[EventKind::MemberJoined]));
        assert_eq!(EventFilter::parse(&[]), Ok(EventFilter::default()));
        assert!(EventFilter::parse(&["member.joined", "member.Joined"]).is_err());
    }

    #[test]
    fn the_first_reason_for_which_an_endpoint_is_disabled_stays() {
        let mut endpoint = endpoint();
        let later = NOW + Duration::HOUR;
        endpoint.disable(DisableReason::Gone, NOW);
        endpoint.disable(DisableReason::Requested, later);
        assert_eq!(endpoint.disabled, Some(Disabled { reason: DisableReason::Gone, at: NOW }));
        endpoint.enable(later);
        assert_eq!((endpoint.disabled, endpoint.updated_at), (None, later));
    }

    #[test]
    fn a_secret_that_was_replaced_signs_for_a_day_more() {
        let mut endpoint = endpoint();
        endpoint.rotate(SealedSecret(vec![2]), NOW);
        let signing =
            |endpoint: &Endpoint, at| -> Vec<u8> { endpoint.signing_secrets(at).map(|it| it.0[0]).collect() };
        let tomorrow = NOW + Duration::DAY;
        assert_eq!(signing(&endpoint, tomorrow - Duration::MILLISECOND), [2, 1]);
        assert_eq!(signing(&endpoint, tomorrow), [2]);
        endpoint.rotate(SealedSecret(vec![3]), NOW);
        assert_eq!(signing(&endpoint, NOW), [3, 2], "the last two");
    }

    #[test]
    fn every_reason_is_found_by_its_name() {
        for &reason in DisableReason::ALL {
            assert_eq!(DisableReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(DisableReason::parse("gone "), None);
    }
}
