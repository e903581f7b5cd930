//! The page on which administrators see and change the settings.

mod form;
mod view;
mod words;

use std::sync::Arc;

use family_plan_application::{AdministerSettings, Caller, PageSize, Precondition, ReplaceSettingsError};
use family_plan_domain::{SettingsRevision, SettingsValues};
use poem::{Body, Request, Response, handler, http::StatusCode, web::Data};

use self::{
    form::Typed,
    view::{Overview, State},
};
use super::{
    form::Form,
    visit::{Visit, see_other},
    words::Words,
};
use crate::{
    problem::{Code, Problem},
    service::Service,
};

/// How many changes a page of the history has: as many as one reads without turning pages, most often all there are.
const CHANGES: i64 = 20;
/// The query that a page is opened with after a save.
const SAVED: &str = "saved";
const UNCHANGED: &str = "unchanged";

/// Shows the settings, what they mean, and how they came about.
#[handler]
pub(crate) async fn show_settings(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let visit = Visit { service, request, url: service.links.settings() };
    let caller = match administrator(&visit).await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let query = Form::of_query(request);
    match overview(&visit, &caller, query.number("before").map(SettingsRevision)).await {
        Ok(overview) => {
            let state = outcome(&query, overview.settings.revision);
            view::page_of(&visit, &caller, &overview, &Typed::of(&overview.settings), &state)
        }
        Err(err) => visit.refuse(Some(&caller), &err.into()),
    }
}

/// Tells what the posted settings would do, or puts them in force.
#[handler]
pub(crate) async fn change_settings(
    request: &Request,
    Data(service): Data<&Arc<Service>>,
    body: Body,
) -> Response {
    let visit = Visit { service, request, url: service.links.settings() };
    let caller = match administrator(&visit).await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let form = match Form::read(body, service.body_limit).await {
        Ok(form) => form,
        Err(problem) => return visit.refuse(Some(&caller), &problem),
    };
    if !visit.is_from_our_page(&form) {
        return visit
            .refuse_form(&caller, "Nothing was changed. Open the settings again, and change them there.");
    }
    let visitor = Visitor { visit, caller };
    match visitor.act(&form).await {
        Ok(answer) => answer,
        Err(err) => visitor.visit.refuse(Some(&visitor.caller), &err.into()),
    }
}

/// Somebody who may see and change the settings; else the answer that says why not.
async fn administrator(visit: &Visit<'_>) -> Result<Caller, Response> {
    let caller = visit.caller().await?;
    if AdministerSettings::check(&caller).is_err() {
        let words = Words {
            what: "Only administrators see and change the settings of the service.",
            next: "Sign in as an administrator, or ask one.",
            ..Words::of(Code::Forbidden)
        };
        return Err(visit.refuse_saying(Some(&caller), &Problem::new(Code::Forbidden), words, None));
    }
    Ok(caller)
}

async fn overview(
    visit: &Visit<'_>,
    caller: &Caller,
    before: Option<SettingsRevision>,
) -> Result<Overview, ReplaceSettingsError> {
    let administering = &visit.service.settings;
    let settings = administering.read(caller).await?;
    let occupancy = administering.preview(caller, settings.values).await?;
    let size = PageSize::new(CHANGES).unwrap_or_default();
    let changes = administering.history(caller, before, size).await?;
    Ok(Overview { settings, occupancy, changes, is_newest: before.is_none() })
}

/// What a save led to, as long as nothing has happened since.
fn outcome(query: &Form, current: SettingsRevision) -> State {
    let is_of = |name| query.number(name) == Some(current.0);
    if is_of(SAVED) {
        State::Saved
    } else if is_of(UNCHANGED) {
        State::Unchanged
    } else {
        State::Opened
    }
}

/// An administrator who pressed a button on the page.
struct Visitor<'a> {
    visit: Visit<'a>,
    caller: Caller,
}

impl Visitor<'_> {
    async fn act(&self, form: &Form) -> Result<Response, ReplaceSettingsError> {
        let typed = Typed::posted(form);
        match typed.values() {
            Err(mistakes) => self.show(&typed, &State::Mistaken(mistakes)).await,
            Ok(values) if form.once("action") == Some("save") => self.save(&typed, values).await,
            Ok(values) => {
                let occupancy = self.visit.service.settings.preview(&self.caller, values).await?;
                self.show(&typed, &State::Previewed { values, occupancy }).await
            }
        }
    }

    /// Only the settings that were shown are replaced.
    async fn save(&self, typed: &Typed, values: SettingsValues) -> Result<Response, ReplaceSettingsError> {
        let seen = Precondition::OneOf(vec![typed.revision]);
        match self.visit.service.settings.replace(&self.caller, &seen, values).await {
            Ok(settings) if settings.revision == typed.revision => {
                Ok(self.back(UNCHANGED, settings.revision))
            }
            Ok(settings) => Ok(self.back(SAVED, settings.revision)),
            Err(ReplaceSettingsError::PreconditionFailed) => self.conflict(typed, values).await,
            Err(err) => Err(err),
        }
    }

    /// Somebody else saved meanwhile. Saving once more replaces what is shown now.
    async fn conflict(
        &self,
        typed: &Typed,
        values: SettingsValues,
    ) -> Result<Response, ReplaceSettingsError> {
        let overview = overview(&self.visit, &self.caller, None).await?;
        let current = overview.settings.revision;
        if overview.settings.values == values {
            return Ok(self.back(UNCHANGED, current));
        }
        let state = State::Conflict { values, seen: typed.revision };
        let typed = Typed { revision: current, ..typed.clone() };
        Ok(view::page_of(&self.visit, &self.caller, &overview, &typed, &state))
    }

    async fn show(&self, typed: &Typed, state: &State) -> Result<Response, ReplaceSettingsError> {
        let overview = overview(&self.visit, &self.caller, None).await?;
        Ok(view::page_of(&self.visit, &self.caller, &overview, typed, state))
    }

    /// To the page that says what came of it, so that loading it again posts nothing.
    fn back(&self, outcome: &str, revision: SettingsRevision) -> Response {
        see_other(&format!("{}?{outcome}={}", self.visit.url.path(), revision.0))
    }
}

impl State {
    fn status(&self) -> StatusCode {
        match self {
            Self::Opened | Self::Saved | Self::Unchanged | Self::Previewed { .. } => StatusCode::OK,
            Self::Mistaken(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict { .. } => StatusCode::CONFLICT,
        }
    }
}
