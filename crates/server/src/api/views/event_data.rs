//! What events of each type tell, as the OpenAPI document has it.

use std::borrow::Cow;

#[cfg(test)]
use family_plan_domain::EventKind;
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{DetachedInvitesView, InviteStateView, PlanInForceView};
use crate::api::nullable::Nullable;

/// The facts of an event, by its type.
#[derive(Debug)]
pub(crate) struct EventDataView(pub(crate) Map<String, Value>);

/// Describes what is made of facts elsewhere: nobody makes these.
macro_rules! event_data {
    ($($(#[$doc:meta])* $name:ident ($kind:ident) { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Object)]
            struct $name {
                $($(#[$field_doc])* $field: $type,)+
            }
        )+

        /// The types that are described here.
        #[cfg(test)]
        const DESCRIBED: &[(EventKind, fn() -> Cow<'static, str>)] = &[$((EventKind::$kind, $name::name),)+];

        impl Type for EventDataView {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                "event_data".into()
            }

            fn schema_ref() -> MetaSchemaRef {
                let any_of = vec![$($name::schema_ref(),)+];
                MetaSchemaRef::Inline(Box::new(MetaSchema { any_of, ..MetaSchema::new("object") }))
            }

            fn register(registry: &mut Registry) {
                $($name::register(registry);)+
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

/// The framework asks for it; nobody sends events here.
impl ParseFromJSON for EventDataView {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            value => Err(ParseError::expected_type(value.unwrap_or_default())),
        }
    }
}

impl ToJSON for EventDataView {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Object(self.0.clone()))
    }
}

event_data! {
    /// `plan.created`: a plan came into being. Its owner joins it with the next event.
    PlanCreatedData (PlanCreated) {
        /// Its name.
        name: String,
        /// Its owner.
        owner_id: String,
    }
    /// `plan.renamed`: a plan has another name.
    PlanRenamedData (PlanRenamed) {
        /// Its name.
        name: String,
        /// Its former name.
        previous_name: String,
    }
    /// `plan.limit_changed`: a plan's own limit was set, changed or cleared.
    PlanLimitChangedData (PlanLimitChanged) {
        /// Its own limit; `null` when the settings' counts.
        user_limit: Nullable<u32>,
        /// Its former limit.
        previous_user_limit: Nullable<u32>,
    }
    /// `plan.owner_changed`: a plan belongs to another of its members.
    PlanOwnerChangedData (PlanOwnerChanged) {
        /// Its owner.
        owner_id: String,
        /// Its former owner, who stays a member.
        previous_owner_id: String,
    }
    /// `plan.closed`: a plan is gone. The events before it detached its members and revoked its invites.
    PlanClosedData (PlanClosed) {
        /// Its name.
        name: String,
    }
    /// `invite.created`: somebody may join.
    InviteCreatedData (InviteCreated) {
        /// The invite.
        invite_id: Uuid,
        /// The only address that it is for.
        recipient_email: Nullable<String>,
        /// Until when it can be accepted.
        expires_at: OffsetDateTime,
    }
    /// `invite.revoked`: an invite was taken back. The reason is `requested`, `resent`, `member_detached`, `plan_closed` or
    /// `token_deleted`.
    InviteRevokedData (InviteRevoked) {
        /// The invite.
        invite_id: Uuid,
    }
    /// `invite.accepted`: an invite was accepted. Who did joins the plan with the next event.
    InviteAcceptedData (InviteAccepted) {
        /// The invite.
        invite_id: Uuid,
        /// By whom.
        user_id: String,
    }
    /// `member.joined`: somebody is in a plan.
    MemberJoinedData (MemberJoined) {
        /// Who.
        user_id: String,
        /// The helpdesk's user that stands for them.
        zammad_user_id: Nullable<i64>,
        /// The invite they came by; `null` for who opened the plan.
        invite_id: Nullable<Uuid>,
        /// The plan that counted for them.
        plan_in_force_before: Nullable<PlanInForceView>,
        /// The plan that counts for them.
        plan_in_force_after: Nullable<PlanInForceView>,
    }
    /// `member.detached`: somebody is in a plan no longer. The reason is `left`, `removed` or `plan_closed`.
    MemberDetachedData (MemberDetached) {
        /// Who.
        user_id: String,
        /// The helpdesk's user that stands for them.
        zammad_user_id: Nullable<i64>,
        /// The invite they had come by.
        invite_id: Nullable<Uuid>,
        /// The plan that counted for them.
        plan_in_force_before: Nullable<PlanInForceView>,
        /// The plan that counts for them.
        plan_in_force_after: Nullable<PlanInForceView>,
        /// What became of that invite.
        invite_state: Nullable<InviteStateView>,
    }
    /// `settings.updated`: an administrator changed the settings.
    SettingsUpdatedData (SettingsUpdated) {
        /// Seats of a plan without a limit of its own.
        user_limit: u32,
        /// What it was.
        previous_user_limit: u32,
        /// How long an invite can be accepted, in seconds.
        invite_ttl_seconds: u32,
        /// What it was.
        previous_invite_ttl_seconds: u32,
        /// Whether an open invite holds a seat.
        pending_invites_hold_seats: bool,
        /// What it was.
        previous_pending_invites_hold_seats: bool,
        /// What becomes of the invite of somebody who is detached.
        detached_invites: DetachedInvitesView,
        /// What it was.
        previous_detached_invites: DetachedInvitesView,
    }
    /// `zammad_user.linked`: a user and one of the helpdesk's stand for the same person. The reason is `requested` or
    /// `verified_email`.
    ZammadUserLinkedData (ZammadUserLinked) {
        /// The user.
        user_id: String,
        /// The helpdesk's.
        zammad_user_id: i64,
    }
    /// `zammad_user.unlinked`: they no longer do. The reason is that of the association in its stead, if there is one.
    ZammadUserUnlinkedData (ZammadUserUnlinked) {
        /// The user.
        user_id: String,
        /// The helpdesk's.
        zammad_user_id: i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_event_is_described_under_its_name() {
        assert!(DESCRIBED.iter().map(|(kind, _)| kind).eq(EventKind::ALL));
        for (kind, name) in DESCRIBED {
            let words = kind.as_str().split(['.', '_']);
            let expected: String = words.map(|it| it[..1].to_uppercase() + &it[1..]).collect();
            assert_eq!(name(), expected + "Data");
        }
    }
}
