//! What is typed into the form of the settings.

use family_plan_domain::{
    Capacity, DetachedInvites, InvalidValue, InviteTtl, Settings, SettingsRevision, SettingsValues,
};

use super::words::Setting;
use crate::pages::form::Form;

/// The fields of the form as somebody left them, right or wrong.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) user_limit: String,
    pub(super) invite_ttl: String,
    pub(super) pending_invites: String,
    pub(super) detached_invites: String,
    /// The settings that were shown with the form.
    pub(super) revision: SettingsRevision,
}

impl Typed {
    /// The form before anybody touches it.
    pub(super) fn of(settings: &Settings) -> Self {
        let values = settings.values;
        Self {
            user_limit: values.user_limit.get().to_string(),
            invite_ttl: values.invite_ttl.seconds().to_string(),
            pending_invites: values.pending_invites_hold_seats.to_string(),
            detached_invites: values.detached_invites.as_str().to_owned(),
            revision: settings.revision,
        }
    }

    /// The form that was posted. A field that was posted twice says nothing, and a revision that is none was never in
    /// force.
    pub(super) fn posted(form: &Form) -> Self {
        let text = |setting: Setting| form.once(setting.name()).unwrap_or_default().to_owned();
        Self {
            user_limit: text(Setting::UserLimit),
            invite_ttl: text(Setting::InviteTtl),
            pending_invites: text(Setting::PendingInvites),
            detached_invites: text(Setting::DetachedInvites),
            revision: SettingsRevision(form.number("revision").unwrap_or_default()),
        }
    }

    /// The values that were typed, or all that is wrong with them. Spaces around a number are nobody's mistake.
    pub(super) fn values(&self) -> Result<SettingsValues, Mistakes> {
        let mut mistakes = Mistakes::default();
        let user_limit = mistakes.noted(Setting::UserLimit, number(&self.user_limit, Capacity::new));
        let invite_ttl = mistakes.noted(Setting::InviteTtl, number(&self.invite_ttl, InviteTtl::new));
        let pending_invites = mistakes.noted(Setting::PendingInvites, self.pending_invites.parse().ok());
        let detached_invites = DetachedInvites::parse(&self.detached_invites).ok();
        let detached_invites = mistakes.noted(Setting::DetachedInvites, detached_invites);
        let values = || {
            Some(SettingsValues {
                user_limit: user_limit?,
                invite_ttl: invite_ttl?,
                pending_invites_hold_seats: pending_invites?,
                detached_invites: detached_invites?,
            })
        };
        values().ok_or(mistakes)
    }
}

fn number<T>(text: &str, parse: impl FnOnce(i64) -> Result<T, InvalidValue>) -> Option<T> {
    parse(text.trim().parse().ok()?).ok()
}

/// The settings that were not typed as they must be, in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mistakes(Vec<Setting>);

impl Mistakes {
    /// Whether one of them is this.
    pub(super) fn has(&self, setting: Setting) -> bool {
        self.0.contains(&setting)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Setting> {
        self.0.iter().copied()
    }

    fn noted<T>(&mut self, setting: Setting, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0.push(setting);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            user_limit: "7".to_owned(),
            invite_ttl: "3600".to_owned(),
            pending_invites: "false".to_owned(),
            detached_invites: "revoke".to_owned(),
            revision: SettingsRevision(3),
        }
    }

    fn mistakes(typed: &Typed) -> Vec<Setting> {
        typed.values().unwrap_err().iter().collect()
    }

    #[test]
    fn what_was_typed_right_is_read() {
        let values = SettingsValues {
            user_limit: Capacity::new(7).unwrap(),
            invite_ttl: InviteTtl::new(3600).unwrap(),
            pending_invites_hold_seats: false,
            detached_invites: DetachedInvites::Revoke,
        };
        assert_eq!(typed().values(), Ok(values));
        assert_eq!(Typed { user_limit: " 7 ".to_owned(), ..typed() }.values(), Ok(values));
    }

    #[test]
    fn every_mistake_is_noted() {
        for wrong in ["", " ", "abc", "-1", "0", "4.5", "1e2", "101", "99999999999999999999", "7 8", "٧"] {
            let typed = Typed { user_limit: wrong.to_owned(), ..typed() };
            assert_eq!(mistakes(&typed), [Setting::UserLimit], "{wrong}");
        }
        for wrong in ["59", "2592001", "2 days"] {
            let typed = Typed { invite_ttl: wrong.to_owned(), ..typed() };
            assert_eq!(mistakes(&typed), [Setting::InviteTtl], "{wrong}");
        }
        for wrong in ["", "yes", "TRUE"] {
            let typed = Typed { pending_invites: wrong.to_owned(), ..typed() };
            assert_eq!(mistakes(&typed), [Setting::PendingInvites], "{wrong}");
        }
        for wrong in ["", "keep"] {
            let typed = Typed { detached_invites: wrong.to_owned(), ..typed() };
            assert_eq!(mistakes(&typed), [Setting::DetachedInvites], "{wrong}");
        }
        assert_eq!(mistakes(&Typed::posted(&Form::of("csrf=x"))), Setting::ALL);
    }

    #[test]
    fn the_untouched_form_holds_the_settings_in_force() {
        let settings = Settings {
            values: typed().values().unwrap(),
            revision: SettingsRevision(3),
            updated_at: time::OffsetDateTime::UNIX_EPOCH,
            updated_by: None,
        };
        let form = Typed::of(&settings);
        assert_eq!((form.values(), form.revision), (Ok(settings.values), settings.revision));
    }

    #[test]
    fn what_is_posted_twice_says_nothing() {
        let form = Form::of(
            "user_limit=7&user_limit=8&invite_ttl_seconds=60&pending_invites_hold_seats=true&\
             detached_invites=reopen&revision=4&revision=5&colour=red",
        );
        let typed = Typed::posted(&form);
        assert_eq!(mistakes(&typed), [Setting::UserLimit]);
        assert_eq!(typed.revision, SettingsRevision(0));
    }
}
