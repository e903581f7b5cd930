//! The settings, for administrators.

use std::sync::Arc;

use family_plan_domain::{
    Occupancy, Settings, SettingsChange, SettingsRevision, SettingsValues,
    ports::{Clock, Plans, SettingsStore, StoreError},
};

use crate::{Caller, Page, PageSize, SaveFailure, attempts::Attempts};

/// Which settings somebody has seen and is willing to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Whichever are in force.
    Any,
    /// One of these.
    OneOf(Vec<SettingsRevision>),
}

impl Precondition {
    fn holds_for(&self, revision: SettingsRevision) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

/// Why the settings are neither shown nor replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceSettingsError {
    /// Only administrators deal with settings.
    #[error("the caller does not administer the service")]
    Forbidden,
    /// Somebody replaced them since the caller saw them.
    #[error("the settings were changed meanwhile")]
    PreconditionFailed,
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

impl From<StoreError> for ReplaceSettingsError {
    fn from(err: StoreError) -> Self {
        Self::Save(err.into())
    }
}

/// Shows and replaces the settings.
pub struct AdministerSettings {
    /// Where settings are kept.
    pub settings: Arc<dyn SettingsStore>,
    /// Where the plans are kept that the settings bind.
    pub plans: Arc<dyn Plans>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl AdministerSettings {
    /// Whether `caller` may see and replace the settings.
    ///
    /// # Errors
    ///
    /// [`ReplaceSettingsError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), ReplaceSettingsError> {
        if caller.is_admin { Ok(()) } else { Err(ReplaceSettingsError::Forbidden) }
    }

    /// The settings in force.
    ///
    /// # Errors
    ///
    /// See [`ReplaceSettingsError`].
    pub async fn read(&self, caller: &Caller) -> Result<Settings, ReplaceSettingsError> {
        Self::check(caller)?;
        Ok(self.settings.load().await?)
    }

    /// How full plans would be if `values` were in force. Nothing changes by asking.
    ///
    /// # Errors
    ///
    /// See [`ReplaceSettingsError`].
    pub async fn preview(
        &self,
        caller: &Caller,
        values: SettingsValues,
    ) -> Result<Occupancy, ReplaceSettingsError> {
        Self::check(caller)?;
        Ok(self.plans.occupancy(values.user_limit).await?)
    }

    /// A page of the changes of the settings, the newest first, those before the one that made the revision `before`.
    ///
    /// # Errors
    ///
    /// See [`ReplaceSettingsError`].
    pub async fn history(
        &self,
        caller: &Caller,
        before: Option<SettingsRevision>,
        size: PageSize,
    ) -> Result<Page<SettingsChange, SettingsRevision>, ReplaceSettingsError> {
        Self::check(caller)?;
        let changes = self.settings.history(before, size.with_one_more()).await?;
        Ok(Page::new(changes, size, |it: &SettingsChange| it.settings.revision))
    }

    /// Puts `values` in force, if `precondition` holds for those that are, and answers what is in force then. The
    /// very next decision about any plan, in every replica, is bound by them.
    ///
    /// # Errors
    ///
    /// See [`ReplaceSettingsError`].
    pub async fn replace(
        &self,
        caller: &Caller,
        precondition: &Precondition,
        values: SettingsValues,
    ) -> Result<Settings, ReplaceSettingsError> {
        Self::check(caller)?;
        let mut attempts = Attempts::default();
        loop {
            let current = self.settings.load().await?;
            if !precondition.holds_for(current.revision) {
                return Err(ReplaceSettingsError::PreconditionFailed);
            }
            let origin = caller.origin(self.clock.now());
            match self.settings.replace(current.revision, values, &origin).await {
                Ok(settings) => return Ok(settings),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
