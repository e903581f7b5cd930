//! Parameters that are read when it is their turn: after the caller's rights, since strangers learn nothing else.

use std::{borrow::Cow, marker::PhantomData};

use family_plan_application::PageSize;
use family_plan_domain::{DeliveryState, InviteStatus, OutgoingState, UserId, ZammadUserId};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromParameter, ParseResult, Type},
};
use uuid::Uuid;

use crate::problem::FieldError;

/// A kind of parameter.
pub(crate) trait Parameter: Send + Sync + 'static {
    /// What it is read as.
    type Value;

    /// How the OpenAPI document describes it.
    fn schema() -> MetaSchema;

    /// Reads it; the error says what it must be.
    fn parse(text: &str) -> Result<Self::Value, String>;
}

/// A parameter as it was sent.
#[derive(Debug)]
pub(crate) struct Raw<P> {
    text: String,
    kind: PhantomData<P>,
}

impl<P: Parameter> Raw<P> {
    /// Its value; an error is to be told at `pointer`.
    pub(crate) fn read(&self, pointer: &str) -> Result<P::Value, FieldError> {
        P::parse(&self.text).map_err(|detail| FieldError { pointer: pointer.to_owned(), detail })
    }

    /// Its value, if it has one.
    pub(crate) fn ok(&self) -> Option<P::Value> {
        P::parse(&self.text).ok()
    }
}

impl<P: Parameter> Type for Raw<P> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "parameter".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(P::schema()))
    }

    fn register(_registry: &mut Registry) {}

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<P: Parameter> ParseFromParameter for Raw<P> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self { text: value.to_owned(), kind: PhantomData })
    }
}

/// The id of a plan or an invite.
#[derive(Debug)]
pub(crate) struct Id;

impl Parameter for Id {
    type Value = Uuid;

    fn schema() -> MetaSchema {
        MetaSchema::new_with_format("string", "uuid")
    }

    fn parse(text: &str) -> Result<Uuid, String> {
        Uuid::parse_str(text).map_err(|_| "must be a UUID".to_owned())
    }
}

/// The id of a user.
#[derive(Debug)]
pub(crate) struct User;

impl Parameter for User {
    type Value = UserId;

    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), max_length: Some(255), ..MetaSchema::new("string") }
    }

    fn parse(text: &str) -> Result<UserId, String> {
        // What was no UTF-8 in a path has become this character, and is nobody's id.
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err("must be UTF-8".to_owned());
        }
        UserId::new(text).map_err(|it| it.to_string())
    }
}

/// The code of an invite's link.
#[derive(Debug)]
pub(crate) struct Code;

impl Parameter for Code {
    type Value = family_plan_application::InviteCode;

    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(43), max_length: Some(43), ..MetaSchema::new("string") }
    }

    fn parse(text: &str) -> Result<Self::Value, String> {
        Ok(family_plan_application::InviteCode::from_link(text))
    }
}

/// How many entries a page has at most.
#[derive(Debug)]
pub(crate) struct Limit;

impl Parameter for Limit {
    type Value = PageSize;

    fn schema() -> MetaSchema {
        MetaSchema {
            minimum: Some(1.0),
            maximum: Some(100.0),
            default: Some(50.into()),
            ..MetaSchema::new_with_format("integer", "int32")
        }
    }

    fn parse(text: &str) -> Result<PageSize, String> {
        let size = text.parse().ok().and_then(PageSize::new);
        size.ok_or_else(|| "must be a whole number from 1 to 100".to_owned())
    }
}

/// What an invite is.
#[derive(Debug)]
pub(crate) struct State;

impl Parameter for State {
    type Value = InviteStatus;

    fn schema() -> MetaSchema {
        let names = ["open", "used", "revoked", "expired"];
        MetaSchema { enum_items: names.map(Into::into).to_vec(), ..MetaSchema::new("string") }
    }

    fn parse(text: &str) -> Result<InviteStatus, String> {
        InviteStatus::parse(text).ok_or_else(|| "must be `open`, `used`, `revoked` or `expired`".to_owned())
    }
}

/// What became of a delivery.
#[derive(Debug)]
pub(crate) struct DeliveryStateName;

impl Parameter for DeliveryStateName {
    type Value = DeliveryState;

    fn schema() -> MetaSchema {
        let names = ["pending", "applied", "ignored", "failed"];
        MetaSchema { enum_items: names.map(Into::into).to_vec(), ..MetaSchema::new("string") }
    }

    fn parse(text: &str) -> Result<DeliveryState, String> {
        let state = DeliveryState::parse(text);
        state.ok_or_else(|| "must be `pending`, `applied`, `ignored` or `failed`".to_owned())
    }
}

/// What became of telling an endpoint of an event.
#[derive(Debug)]
pub(crate) struct OutgoingStateName;

impl Parameter for OutgoingStateName {
    type Value = OutgoingState;

    fn schema() -> MetaSchema {
        let names = OutgoingState::ALL.iter().map(|it| it.as_str().into());
        MetaSchema { enum_items: names.collect(), ..MetaSchema::new("string") }
    }

    fn parse(text: &str) -> Result<OutgoingState, String> {
        OutgoingState::parse(text).ok_or_else(|| "must be `pending`, `delivered` or `failed`".to_owned())
    }
}

/// The id of a user of the helpdesk.
#[derive(Debug)]
pub(crate) struct ZammadUser;

impl Parameter for ZammadUser {
    type Value = ZammadUserId;

    fn schema() -> MetaSchema {
        MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int64") }
    }

    fn parse(text: &str) -> Result<ZammadUserId, String> {
        text.parse().map(ZammadUserId).map_err(|_| "must be a whole number".to_owned())
    }
}

/// Where a page begins, as an earlier page told.
#[derive(Debug)]
pub(crate) struct Cursor<C>(PhantomData<C>);

/// A place in a list that can be written down.
pub(crate) trait Place: Sized + Send + Sync + 'static {
    /// Writes it down.
    fn encode(&self) -> String;

    /// Reads what [`encode`](Self::encode) wrote.
    fn decode(text: &str) -> Option<Self>;
}

impl<C: Place> Parameter for Cursor<C> {
    type Value = C;

    fn schema() -> MetaSchema {
        MetaSchema::new("string")
    }

    fn parse(text: &str) -> Result<C, String> {
        C::decode(text).ok_or_else(|| "must be a `next_cursor` of an earlier page of this list".to_owned())
    }
}

/// Reads the optional parameters of one request, and collects what is wrong with them.
#[derive(Default)]
pub(crate) struct QueryReader {
    errors: Vec<FieldError>,
}

impl QueryReader {
    /// The value of `/query/<name>`, if it was sent.
    pub(crate) fn read<P: Parameter>(&mut self, name: &str, raw: Option<&Raw<P>>) -> Option<P::Value> {
        match raw?.read(&format!("/query/{name}")) {
            Ok(value) => Some(value),
            Err(err) => {
                self.errors.push(err);
                None
            }
        }
    }

    /// `values`, unless something was wrong.
    pub(crate) fn finish<T>(self, values: T) -> Result<T, crate::problem::Problem> {
        if self.errors.is_empty() { Ok(values) } else { Err(crate::problem::Problem::invalid(self.errors)) }
    }
}
