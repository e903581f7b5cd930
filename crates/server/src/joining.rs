//! What the holder of a link can do, within limits: the same for the API and for the pages.

use family_plan_application::{
    AcceptInviteError, Acceptance, Caller, InviteCode, InvitePreview, PreviewInviteError,
};

use crate::{address::ClientAddress, metrics::Course, problem::Problem, service::Service};

impl Service {
    /// What `code` leads to.
    pub(crate) async fn preview(
        &self,
        code: &InviteCode,
        caller: Option<&Caller>,
        from: ClientAddress,
    ) -> Result<InvitePreview, Problem> {
        self.limits.preview(caller, from)?;
        let preview = self.preview_invite.run(code, caller).await;
        if matches!(preview, Err(PreviewInviteError::NotFound)) {
            self.limits.note_guess(from);
        }
        Ok(preview?)
    }

    /// Makes `caller` a member by `code`; that they were already is noted in `course`.
    pub(crate) async fn accept(
        &self,
        code: &InviteCode,
        caller: &Caller,
        from: ClientAddress,
        course: &Course,
    ) -> Result<Acceptance, Problem> {
        self.limits.accept(caller, from)?;
        let accepted = self.accept_invite.run(caller, code).await;
        match &accepted {
            Ok(acceptance) if acceptance.replayed => course.note_repetition(),
            // A failure is not the caller's.
            Ok(_) | Err(AcceptInviteError::Save(_)) => (),
            Err(AcceptInviteError::NotFound) => {
                self.limits.note_guess(from);
                self.limits.note_refusal(caller);
            }
            Err(AcceptInviteError::Refused(_) | AcceptInviteError::NotAPerson) => {
                self.limits.note_refusal(caller);
            }
        }
        Ok(accepted?)
    }
}
