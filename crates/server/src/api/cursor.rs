//! Places in lists, as the opaque text that clients carry from page to page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use family_plan_application::MemberPlace;
use family_plan_domain::{DeliveryId, EndpointId, EventCursor, FeedPlace, InviteId, PlanId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::parameter::Place;

impl Place for PlanId {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(Uuid::from(*self))
    }

    fn decode(text: &str) -> Option<Self> {
        Some(Self::from(decode_uuid(text)?))
    }
}

impl Place for InviteId {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(Uuid::from(*self))
    }

    fn decode(text: &str) -> Option<Self> {
        Some(Self::from(decode_uuid(text)?))
    }
}

impl Place for DeliveryId {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(Uuid::from(*self))
    }

    fn decode(text: &str) -> Option<Self> {
        Some(Self::from(decode_uuid(text)?))
    }
}

impl Place for EndpointId {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(Uuid::from(*self))
    }

    fn decode(text: &str) -> Option<Self> {
        Some(Self::from(decode_uuid(text)?))
    }
}

impl Place for EventCursor {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.revision.to_be_bytes()[..], &self.position.to_be_bytes()].concat())
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (revision, position) = bytes.split_first_chunk()?;
        Some(Self {
            revision: i64::from_be_bytes(*revision),
            position: u32::from_be_bytes(position.try_into().ok()?),
        })
    }
}

impl Place for FeedPlace {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_be_bytes())
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(i64::from_be_bytes(bytes.try_into().ok()?)))
    }
}

impl Place for MemberPlace {
    fn encode(&self) -> String {
        let joined_at = self.joined_at.unix_timestamp_nanos().to_be_bytes();
        URL_SAFE_NO_PAD.encode([&joined_at[..], self.user.as_str().as_bytes()].concat())
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (joined_at, user) = bytes.split_first_chunk()?;
        Some(Self {
            joined_at: OffsetDateTime::from_unix_timestamp_nanos(i128::from_be_bytes(*joined_at)).ok()?,
            user: UserId::new(std::str::from_utf8(user).ok()?).ok()?,
        })
    }
}

fn decode_uuid(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let event = EventCursor { revision: 7, position: 2 };
        assert_eq!(EventCursor::decode(&event.encode()), Some(event));
        assert_eq!(FeedPlace::decode(&FeedPlace(7).encode()), Some(FeedPlace(7)));
        let plan = PlanId::from(Uuid::from_u128(7));
        assert_eq!(PlanId::decode(&plan.encode()), Some(plan));
        let member =
            MemberPlace { joined_at: OffsetDateTime::UNIX_EPOCH, user: UserId::new("zoë").unwrap() };
        assert_eq!(MemberPlace::decode(&member.encode()), Some(member));
    }

    #[test]
    fn nonsense_is_no_place() {
        for text in ["", "!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(EventCursor::decode(text), None, "{text}");
            assert_eq!(FeedPlace::decode(text), None, "{text}");
            assert_eq!(PlanId::decode(text), None, "{text}");
        }
    }
}
