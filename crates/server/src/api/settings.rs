//! Settings.

use std::sync::Arc;

use family_plan_application::{AdministerSettings, Precondition};
use family_plan_domain::{Capacity, DetachedInvites, InviteTtl, Settings, SettingsRevision, SettingsValues};
use poem::{
    http::{HeaderMap, header},
    web::Data,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Header, payload::Json};

use super::{
    Topic,
    auth::Auth,
    body::{Body, Fields, flag, number, text},
    views::{DetachedInvitesView, SettingsPreviewView, SettingsView},
};
use crate::{
    problem::{Code, Problem, Refused, listed},
    service::Service,
};

pub(crate) struct SettingsApi;

/// The settings to be put in force. Those that are read-only may be sent along, and are ignored.
#[derive(Debug, Object)]
struct NewSettings {
    /// Seats of a plan without a limit of its own, the owner's included.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    user_limit: u32,
    /// How long an invite can be accepted, in seconds.
    #[oai(validator(minimum(value = "60"), maximum(value = "2592000")))]
    invite_ttl_seconds: u32,
    /// Whether an open invite holds a seat.
    pending_invites_hold_seats: bool,
    /// What becomes of the invite of somebody who is detached.
    detached_invites: DetachedInvitesView,
}

impl NewSettings {
    fn values(fields: &mut Fields) -> Option<SettingsValues> {
        for name in ["revision", "updated_at", "updated_by"] {
            fields.ignore(name);
        }
        let user_limit = fields.required("user_limit", number(Capacity::new));
        let invite_ttl = fields.required("invite_ttl_seconds", number(InviteTtl::new));
        let pending_invites_hold_seats = fields.required("pending_invites_hold_seats", flag);
        let detached_invites = fields.required("detached_invites", text(DetachedInvites::parse));
        Some(SettingsValues {
            user_limit: user_limit?,
            invite_ttl: invite_ttl?,
            pending_invites_hold_seats: pending_invites_hold_seats?,
            detached_invites: detached_invites?,
        })
    }
}

#[derive(ApiResponse)]
enum Current {
    /// The settings in force.
    #[oai(status = 200)]
    Ok(
        Json<SettingsView>,
        /// Stands for these settings; send it as `If-Match` to replace them.
        #[oai(header = "ETag")]
        String,
    ),
}

impl From<Settings> for Current {
    fn from(settings: Settings) -> Self {
        let etag = etag(settings.revision);
        Self::Ok(Json(settings.into()), etag)
    }
}

listed!(Reading: Unauthenticated, Forbidden);
listed!(Previewing: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest);
listed!(Replacing: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, PreconditionRequired, PreconditionFailed, Conflict);

#[OpenApi(tag = "Topic::Settings")]
impl SettingsApi {
    /// Show the settings.
    #[oai(path = "/v1/settings", method = "get", operation_id = "getSettings")]
    async fn get(&self, service: Data<&Arc<Service>>, auth: Auth) -> Result<Current, Refused<Reading>> {
        Ok(service.settings.read(&auth.0).await?.into())
    }

    /// Replace the settings.
    ///
    /// They bind the very next decision about any plan.
    #[oai(path = "/v1/settings", method = "put", operation_id = "putSettings")]
    async fn put(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// The `ETag` of the settings that you saw, a list of them, or `*`.
        #[oai(name = "If-Match")]
        #[expect(
            unused_variables,
            reason = "documents the header; a list may come in several lines, see `headers`"
        )]
        if_match: Header<Option<String>>,
        headers: &HeaderMap,
        body: Body<NewSettings>,
    ) -> Result<Current, Refused<Replacing>> {
        AdministerSettings::check(&auth.0)?;
        let values = body.read(NewSettings::values)?;
        let precondition = precondition(headers).ok_or_else(|| Problem::new(Code::PreconditionRequired))?;
        let settings = service.settings.replace(&auth.0, &precondition, values).await?;
        Ok(settings.into())
    }

    /// Tell what settings would do.
    ///
    /// How many plans would have more people than seats, were these settings in force. Nothing changes, and nobody would
    /// be removed: people would have to leave before others could join.
    #[oai(path = "/v1/settings/preview", method = "post", operation_id = "previewSettings")]
    async fn preview(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        body: Body<NewSettings>,
    ) -> Result<Json<SettingsPreviewView>, Refused<Previewing>> {
        AdministerSettings::check(&auth.0)?;
        let values = body.read(NewSettings::values)?;
        Ok(Json(service.settings.preview(&auth.0, values).await?.into()))
    }
}

/// Reads `If-Match` (RFC 9110, section 13.1.1), all its lines. What is none of our tags matches nothing; a weak tag does
/// not either.
fn precondition(headers: &HeaderMap) -> Option<Precondition> {
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    lines.peek()?;
    let tags: Vec<&str> =
        lines.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(',')).map(str::trim).collect();
    if tags.contains(&"*") {
        return Some(Precondition::Any);
    }
    let revisions = tags.into_iter().filter_map(|tag| {
        let revision = SettingsRevision(tag.trim_matches('"').parse().ok()?);
        (tag == etag(revision)).then_some(revision)
    });
    Some(Precondition::OneOf(revisions.collect()))
}

fn etag(revision: SettingsRevision) -> String {
    format!("\"{}\"", revision.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Option<Precondition> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, header::HeaderValue::from_static(line));
        }
        precondition(&headers)
    }

    #[test]
    fn any_of_the_tags_in_a_list_matches() {
        let revisions =
            |it: &[i64]| Some(Precondition::OneOf(it.iter().copied().map(SettingsRevision).collect()));
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[" * "]), Some(Precondition::Any));
        assert_eq!(read(&[r#""3""#]), revisions(&[3]));
        assert_eq!(read(&[r#""x", "3" ,"4""#]), revisions(&[3, 4]));
        assert_eq!(read(&[r#""x""#, r#""3""#]), revisions(&[3]));
        for other in [r#"W/"3""#, "3", r#""+3""#, r#""03""#, ""] {
            assert_eq!(read(&[other]), revisions(&[]), "{other}");
        }
    }
}
