//! JSON bodies that are read when it is their turn, and tell everything that is wrong with them at once.

use std::{marker::PhantomData, sync::Arc};

use family_plan_domain::{Edit, InvalidValue};
use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    problem::{Code, FieldError, Problem},
    service::Service,
    upload::unreadable,
};

/// A body as it was sent; `T` is how the OpenAPI document describes it.
pub(crate) struct Body<T> {
    content: Result<Vec<u8>, Code>,
    is_json: bool,
    kind: PhantomData<fn() -> T>,
}

impl<T> Body<T> {
    /// Its bytes, as far as they came.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.content.as_deref().unwrap_or_default()
    }

    /// Reads the fields of the body by `read`, which answers `None` when a required one is missing or wrong.
    pub(crate) fn read<V>(self, read: impl FnOnce(&mut Fields) -> Option<V>) -> Result<V, Problem> {
        let content = self.content.map_err(Problem::new)?;
        let value = if content.is_empty() {
            Value::Object(Map::new())
        } else if self.is_json {
            serde_json::from_slice(&content).map_err(|err| {
                Problem::new(Code::MalformedRequest).with_detail(format!(
                    "The body is not JSON: line {}, column {}.",
                    err.line(),
                    err.column()
                ))
            })?
        } else {
            return Err(Problem::new(Code::UnsupportedMediaType));
        };
        let Value::Object(fields) = value else {
            let err = FieldError { pointer: String::new(), detail: "must be a JSON object".to_owned() };
            return Err(Problem::invalid(vec![err]));
        };
        let mut fields = Fields { rest: fields, errors: Vec::new() };
        let read = read(&mut fields);
        fields.finish(read)
    }
}

impl<'a, T: Type> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: "application/json; charset=utf-8",
                schema: T::schema_ref(),
            }],
            required: T::IS_REQUIRED,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let limit = request.data::<Arc<Service>>().map_or(0, |it| it.body_limit);
        let content = match body.take()?.into_bytes_limit(limit).await {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(err) => Err(unreadable(&err)),
        };
        let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
        Ok(Self { content, is_json: is_json(content_type), kind: PhantomData })
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The fields of a JSON object, taken out one by one.
pub(crate) struct Fields {
    rest: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// A field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Value) -> Result<T, InvalidField>,
    ) -> Option<T> {
        match self.rest.remove(name) {
            Some(value) => self.parsed(name, parse(&value)),
            None => self.parsed(name, Err(InvalidField("is required".to_owned()))),
        }
    }

    /// A field that may be left out; `null` is the same.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Value) -> Result<T, InvalidField>,
    ) -> Option<T> {
        match self.rest.remove(name)? {
            Value::Null => None,
            value => self.parsed(name, parse(&value)),
        }
    }

    /// A field that may be left out, which keeps what is, but not be `null`.
    pub(crate) fn replacement<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Value) -> Result<T, InvalidField>,
    ) -> Option<T> {
        let value = self.rest.remove(name)?;
        self.parsed(name, parse(&value))
    }

    /// A field that may be left out, which keeps what is, or be `null`, which clears it.
    pub(crate) fn edit<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Value) -> Result<T, InvalidField>,
    ) -> Edit<T> {
        match self.rest.remove(name) {
            None => Edit::Keep,
            Some(Value::Null) => Edit::Set(None),
            Some(value) => self.parsed(name, parse(&value)).map_or(Edit::Keep, |it| Edit::Set(Some(it))),
        }
    }

    /// What was read beside the body, whose mistakes are told with its own.
    pub(crate) fn beside<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|err| self.errors.push(err)).ok()
    }

    /// Whether a field is there, be it wrong.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rest.contains_key(name)
    }

    /// Drops a field that clients send back as they got it.
    pub(crate) fn ignore(&mut self, name: &str) {
        self.rest.remove(name);
    }

    fn parsed<T>(&mut self, name: &str, parsed: Result<T, InvalidField>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(InvalidField(detail)) => {
                self.errors.push(FieldError { pointer: pointer(name), detail });
                None
            }
        }
    }

    fn finish<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        let unknown = self
            .rest
            .keys()
            .map(|it| FieldError { pointer: pointer(it), detail: "is not a field of this body".to_owned() });
        self.errors.extend(unknown);
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(Problem::invalid(self.errors)),
        }
    }
}

/// What a field must be.
pub(crate) struct InvalidField(String);

impl From<InvalidValue> for InvalidField {
    fn from(err: InvalidValue) -> Self {
        Self(err.requirement().to_owned())
    }
}

/// Reads a text by the rule of `parse`.
pub(crate) fn text<T>(
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> impl FnOnce(&Value) -> Result<T, InvalidField> {
    move |value| match value {
        Value::String(text) => Ok(parse(text)?),
        _ => Err(InvalidField("must be a string".to_owned())),
    }
}

/// Reads a whole number by the rule of `parse`.
pub(crate) fn number<T>(
    parse: impl FnOnce(i64) -> Result<T, InvalidValue>,
) -> impl FnOnce(&Value) -> Result<T, InvalidField> {
    // A number that does not fit is as far out of bounds as -1.
    move |value| match value {
        Value::Number(number) => Ok(parse(number.as_i64().unwrap_or(-1))?),
        _ => Err(InvalidField("must be a whole number".to_owned())),
    }
}

/// Reads yes or no.
pub(crate) fn flag(value: &Value) -> Result<bool, InvalidField> {
    value.as_bool().ok_or_else(|| InvalidField("must be true or false".to_owned()))
}

/// Reads an instant.
pub(crate) fn instant(value: &Value) -> Result<OffsetDateTime, InvalidField> {
    let instant = value.as_str().and_then(|it| OffsetDateTime::parse(it, &Rfc3339).ok());
    instant.ok_or_else(|| {
        InvalidField("must be an instant as RFC 3339, such as 2026-03-01T12:00:00Z".to_owned())
    })
}

/// Reads an id.
pub(crate) fn uuid(value: &Value) -> Result<Uuid, InvalidField> {
    let uuid = value.as_str().and_then(|it| Uuid::parse_str(it).ok());
    uuid.ok_or_else(|| InvalidField("must be a UUID".to_owned()))
}

/// Reads a list of texts by the rule of `parse`.
pub(crate) fn texts<T>(
    parse: impl FnOnce(&[&str]) -> Result<T, InvalidValue>,
) -> impl FnOnce(&Value) -> Result<T, InvalidField> {
    move |value| {
        let texts = value.as_array().and_then(|it| it.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        Ok(parse(&texts.ok_or_else(|| InvalidField("must be a list of strings".to_owned()))?)?)
    }
}

/// The JSON pointer to a field (RFC 6901, section 3).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
