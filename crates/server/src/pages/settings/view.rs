//! What the page of the settings shows.

use askama::Template;
use family_plan_application::{Caller, Page};
use family_plan_domain::{Occupancy, Settings, SettingsChange, SettingsRevision, SettingsValues, UserId};
use poem::Response;
use time::OffsetDateTime;

use super::{
    form::{Mistakes, Typed},
    words::{Difference, Setting, differences, effect},
};
use crate::pages::{
    instant::{human_readable, machine_readable},
    page,
    visit::{Account, Visit},
};

/// What there is to know about the settings, whatever is typed.
pub(super) struct Overview {
    pub(super) settings: Settings,
    pub(super) occupancy: Occupancy,
    pub(super) changes: Page<SettingsChange, SettingsRevision>,
    /// Whether the changes are the latest.
    pub(super) is_newest: bool,
}

/// Why the page is shown.
pub(super) enum State {
    Opened,
    Saved,
    Unchanged,
    Mistaken(Mistakes),
    Previewed { values: SettingsValues, occupancy: Occupancy },
    Conflict { values: SettingsValues, seen: SettingsRevision },
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'a> {
    base: &'a str,
    action: &'a str,
    csrf: &'a str,
    account: Option<Account<'a>>,
    typed: &'a Typed,
    mistakes: Mistakes,
    told: Told,
    in_force: &'a SettingsValues,
    revision: i64,
    last_change: Option<Stamp>,
    occupancy: &'a Occupancy,
    history: Vec<Entry>,
    is_newest: bool,
    older: Option<i64>,
}

/// What is to be told besides.
enum Told {
    Nothing,
    Saved,
    Unchanged,
    Preview { effect: String, changes: Vec<Difference> },
    Conflict { changes: Vec<Conflict> },
}

/// Who did something, and when.
struct Stamp {
    by: String,
    at: String,
    at_text: String,
}

impl Stamp {
    fn new(by: Option<&UserId>, at: OffsetDateTime) -> Self {
        let by = by.map_or("the service itself", UserId::as_str).to_owned();
        Self { by, at: machine_readable(at), at_text: human_readable(at) }
    }

    /// Nobody has touched the defaults.
    fn of(settings: &Settings) -> Option<Self> {
        let by = settings.updated_by.as_ref()?;
        Some(Self::new(Some(by), settings.updated_at))
    }
}

/// A change in the history.
struct Entry {
    stamp: Stamp,
    changes: Vec<Difference>,
}

impl From<&SettingsChange> for Entry {
    fn from(change: &SettingsChange) -> Self {
        let SettingsChange { replaced, settings } = change;
        Self {
            stamp: Stamp::new(settings.updated_by.as_ref(), settings.updated_at),
            changes: differences(replaced, &settings.values),
        }
    }
}

/// A setting that somebody typed otherwise than it is in force.
struct Conflict {
    label: &'static str,
    yours: String,
    in_force: String,
    /// Who changed it since the form was loaded, if anybody did.
    changed: Option<Stamp>,
}

fn conflicts(overview: &Overview, yours: &SettingsValues, seen: SettingsRevision) -> Vec<Conflict> {
    let meanwhile: Vec<_> = overview.changes.items.iter().filter(|it| seen < it.settings.revision).collect();
    let changed = |setting: Setting| {
        let change = meanwhile
            .iter()
            .find(|it| setting.worded(&it.replaced) != setting.worded(&it.settings.values))?;
        Some(Stamp::new(change.settings.updated_by.as_ref(), change.settings.updated_at))
    };
    let differences = differences(yours, &overview.settings.values).into_iter();
    let conflicts = differences.map(|Difference { setting, from, to }| Conflict {
        label: setting.label(),
        yours: from,
        in_force: to,
        changed: changed(setting),
    });
    conflicts.collect()
}

/// The page as an answer.
pub(super) fn page_of(
    visit: &Visit<'_>,
    caller: &Caller,
    overview: &Overview,
    typed: &Typed,
    state: &State,
) -> Response {
    let settings = &overview.settings;
    let mut mistakes = Mistakes::default();
    let told = match state {
        State::Opened => Told::Nothing,
        State::Saved => Told::Saved,
        State::Unchanged => Told::Unchanged,
        State::Mistaken(made) => {
            mistakes = made.clone();
            Told::Nothing
        }
        State::Previewed { values, occupancy } => {
            Told::Preview { effect: effect(occupancy), changes: differences(&settings.values, values) }
        }
        State::Conflict { values, seen } => Told::Conflict { changes: conflicts(overview, values, *seen) },
    };
    let template = SettingsPage {
        base: visit.base(),
        action: visit.url.path(),
        csrf: &visit.csrf(),
        account: Some(visit.account(caller)),
        typed,
        mistakes,
        told,
        in_force: &settings.values,
        revision: settings.revision.0,
        last_change: Stamp::of(settings),
        occupancy: &overview.occupancy,
        history: overview.changes.items.iter().map(Entry::from).collect(),
        is_newest: overview.is_newest,
        older: overview.changes.next.map(|it| it.0),
    };
    page(state.status(), &visit.service.links, &template)
}
