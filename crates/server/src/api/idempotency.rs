//! Requests that may be sent again: the header `Idempotency-Key`, and the answers that are kept for it.

use std::{borrow::Cow, error::Error, fmt};

use family_plan_application::{Caller, IdempotencyKey};
use family_plan_domain::KeyedRequest;
use poem::{Request, RequestBody, http::HeaderName};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde_json::Value;
use uuid::Uuid;

use crate::problem::{Code, FieldError, Problem};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The header as it was sent. It is read when it is its turn, with the body.
pub(crate) struct SentKey(Result<Option<IdempotencyKey>, FieldError>);

impl SentKey {
    /// The request of that key from `caller` to `route`, which names whatever it is about; `None` without a key. The
    /// body counts byte for byte: what a client sends again, it has at hand as it was.
    pub(crate) fn of(
        self,
        caller: &Caller,
        route: fmt::Arguments<'_>,
        body: &[u8],
    ) -> Result<Option<KeyedRequest>, FieldError> {
        Ok(self.0?.map(|it| it.of(caller, &route.to_string(), body)))
    }
}

/// Reads the header, which may come once.
fn read(request: &Request) -> Result<Option<IdempotencyKey>, FieldError> {
    let mut lines = request.headers().get_all(HEADER).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let key = line.to_str().ok().and_then(IdempotencyKey::new).filter(|_| lines.next().is_none());
    key.map(Some).ok_or_else(|| FieldError {
        pointer: "/header/Idempotency-Key".to_owned(),
        detail: "must be one key of 1 to 255 visible ASCII characters".to_owned(),
    })
}

impl<'a> ApiExtractor<'a> for SentKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = MetaSchema { min_length: Some(1), max_length: Some(255), ..MetaSchema::new("string") };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(read(request)))
    }
}

/// The body of an answer: a new one, or the very one that was given before, whatever the API has learned since.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// A new one.
    First(T),
    /// One that was kept.
    Again(Value),
}

impl<T> Answer<T> {
    /// The header that tells one from the other: there is none on a new answer.
    pub(crate) fn replayed(&self) -> Option<bool> {
        matches!(self, Self::Again(_)).then_some(true)
    }
}

/// Reads an answer that was kept; the id is that of what was made.
pub(crate) fn kept(text: &str) -> Result<(Uuid, Value), Problem> {
    let unreadable = |err: Box<dyn Error + Send + Sync>| Problem::failure(Code::Internal, err);
    let kept: Value = serde_json::from_str(text).map_err(|err| unreadable(err.into()))?;
    let id = kept["id"].as_str().and_then(|it| it.parse().ok());
    Ok((id.ok_or_else(|| unreadable("a kept answer has no id".into()))?, kept))
}

impl<T: Type> Type for Answer<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: ToJSON> ToJSON for Answer<T> {
    fn to_json(&self) -> Option<Value> {
        match self {
            Self::First(answer) => answer.to_json(),
            Self::Again(kept) => Some(kept.clone()),
        }
    }
}
