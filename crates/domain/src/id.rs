//! Identifiers, and the digests that stand for secrets at rest.

use std::fmt;

use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

uuid_id! {
    /// Identifies a plan. Ids sort by the time at which they were made (UUID version 7).
    PlanId
}
uuid_id! {
    /// Identifies an invite, also in the name of its token in Zammad.
    InviteId
}
uuid_id! {
    /// Identifies an event.
    EventId
}
uuid_id! {
    /// Identifies an endpoint that is told of events.
    EndpointId
}
uuid_id! {
    /// Identifies what one of the helpdesk's webhooks delivered.
    DeliveryId
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }
    };
}

digest! {
    /// SHA-256 of the code that an invite's link carries; the code itself is kept nowhere.
    CodeHash
}
digest! {
    /// SHA-256 of who sends a request, where to, and the key that they know it by; the key itself is kept nowhere.
    KeyDigest
}
digest! {
    /// SHA-256 of a request's body, byte for byte.
    BodyDigest
}
digest! {
    /// SHA-256 of the token that Zammad minted for an invite; the token itself is kept nowhere.
    TokenHash
}
