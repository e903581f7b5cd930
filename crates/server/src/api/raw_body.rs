//! Bodies as bytes.

use std::sync::Arc;

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};

use crate::{
    problem::{Code, Problem},
    service::Service,
    upload::unreadable,
};

/// What a webhook delivers, byte for byte, whatever it says it is: only so can its signature be verified.
pub(crate) struct RawBody(pub(crate) Vec<u8>);

impl<'a> ApiExtractor<'a> for RawBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        Some(MetaRequest {
            description: Some("What Zammad sends; see its documentation."),
            content: vec![MetaMediaType { content_type: "application/json; charset=utf-8", schema }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let limit = request.data::<Arc<Service>>().map_or(0, |it| it.webhook.body_limit);
        match body.take()?.into_bytes_limit(limit).await {
            Ok(bytes) => Ok(Self(bytes.into())),
            Err(err) => match unreadable(&err) {
                Code::MalformedRequest => {
                    Err(Problem::new(Code::MalformedRequest).with_detail("The body cannot be read.").into())
                }
                code => Err(Problem::new(code).into()),
            },
        }
    }
}
