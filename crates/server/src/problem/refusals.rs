//! Which problem each refusal of the use cases is. The matches are exhaustive: a new refusal does not compile until
//! somebody has decided upon its status.

use std::time::Duration;

use family_plan_application::{
    AcceptInviteError, AccessError, ChangePlanError, ClosePlanError, DeliveriesError, DetachMemberError,
    EditUserError, EndpointError, IssueInviteError, LinkZammadUserError, ListPlansError, MeError, OnceError,
    OpenPlanError, PreviewInviteError, ReadFeedError, RecallCodeError, ReplaceSettingsError,
    RevokeInviteError, SaveFailure, SyncError, TransferPlanError,
};
use family_plan_domain::{
    AcceptRefusal, DetachRefusal, IssueRefusal, PlanFull, ResendRefusal,
    ports::{HelpDeskError, StoreError, UnfitTarget},
};

use super::{Code, FieldError, Problem};

/// How long clients shall wait when the helpdesk did not say.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

impl From<StoreError> for Problem {
    fn from(err: StoreError) -> Self {
        Self::failure(Code::Internal, err)
    }
}

impl From<SaveFailure> for Problem {
    fn from(err: SaveFailure) -> Self {
        match err {
            SaveFailure::Conflict => Self::new(Code::Conflict),
            SaveFailure::Superseded => Self::new(Code::IdempotencyInProgress),
            SaveFailure::Store(err) => err.into(),
        }
    }
}

impl<E> From<OnceError<E>> for Problem
where
    Self: From<E>,
{
    fn from(err: OnceError<E>) -> Self {
        match err {
            OnceError::Reused => Self::new(Code::IdempotencyKeyReused),
            OnceError::InProgress => Self::new(Code::IdempotencyInProgress),
            OnceError::Store(err) => err.into(),
            OnceError::Work(err) => err.into(),
        }
    }
}

impl From<RecallCodeError> for Problem {
    fn from(err: RecallCodeError) -> Self {
        match err {
            RecallCodeError::KeyRotated => Self::new(Code::Conflict).with_detail(
                "The invite was issued, but its link cannot be shown again: the secret key that it was made with is \
                 configured no longer. Send the invite again, with another key.",
            ),
            RecallCodeError::Store(err) => err.into(),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(err: AccessError) -> Self {
        match err {
            AccessError::PlanNotFound => Self::new(Code::PlanNotFound),
            AccessError::Forbidden => Self::new(Code::Forbidden),
            AccessError::Store(err) => err.into(),
        }
    }
}

impl From<HelpDeskError> for Problem {
    fn from(err: HelpDeskError) -> Self {
        match err {
            HelpDeskError::Unavailable { retry_after, cause } => {
                Self::failure(Code::ZammadUnavailable, cause)
                    .retry_after(retry_after.unwrap_or(DEFAULT_RETRY_AFTER))
            }
            HelpDeskError::Rejected(cause) => Self::failure(Code::ZammadRejected, cause),
        }
    }
}

impl From<PlanFull> for Problem {
    fn from(PlanFull(seats): PlanFull) -> Self {
        Self::plan_full(seats)
    }
}

impl From<OpenPlanError> for Problem {
    fn from(err: OpenPlanError) -> Self {
        match err {
            OpenPlanError::OwnerRequired => Self::invalid(vec![FieldError {
                pointer: "/owner_id".to_owned(),
                detail: "is required of a service".to_owned(),
            }]),
            OpenPlanError::Forbidden => Self::new(Code::Forbidden),
            OpenPlanError::AlreadyInPlan => Self::new(Code::AlreadyInPlan),
            OpenPlanError::Save(err) => err.into(),
        }
    }
}

impl From<LinkZammadUserError> for Problem {
    fn from(err: LinkZammadUserError) -> Self {
        match err {
            LinkZammadUserError::Forbidden => Self::new(Code::Forbidden),
            LinkZammadUserError::Taken => Self::new(Code::ZammadUserTaken),
            LinkZammadUserError::NotFound => Self::new(Code::NotFound),
            LinkZammadUserError::Store(err) => err.into(),
        }
    }
}

impl From<DeliveriesError> for Problem {
    fn from(err: DeliveriesError) -> Self {
        match err {
            DeliveriesError::Forbidden => Self::new(Code::Forbidden),
            DeliveriesError::NotFound => Self::new(Code::NotFound),
            DeliveriesError::Store(err) => err.into(),
        }
    }
}

impl From<EndpointError> for Problem {
    fn from(err: EndpointError) -> Self {
        let invalid = |pointer: &str, detail: &str| {
            Self::invalid(vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }])
        };
        match err {
            EndpointError::Forbidden => Self::new(Code::Forbidden),
            EndpointError::NotFound => Self::new(Code::NotFound),
            EndpointError::NoSuchEvent => invalid("/event_id", "must be the id of an event"),
            EndpointError::Unfit(UnfitTarget(requirement)) => invalid("/url", requirement),
            EndpointError::KeyRotated => Self::new(Code::Conflict).with_detail(
                "It was done, but the endpoint's secret cannot be shown again: the secret key that it was sealed with is \
                 configured no longer. Rotate the secret, with another key.",
            ),
            EndpointError::Secret(err) => Self::failure(Code::Internal, err),
            EndpointError::Save(err) => err.into(),
        }
    }
}

impl From<SyncError> for Problem {
    fn from(err: SyncError) -> Self {
        match err {
            SyncError::Forbidden => Self::new(Code::Forbidden),
            SyncError::Store(err) => err.into(),
        }
    }
}

impl From<ListPlansError> for Problem {
    fn from(err: ListPlansError) -> Self {
        match err {
            ListPlansError::Forbidden => Self::new(Code::Forbidden),
            ListPlansError::Store(err) => err.into(),
        }
    }
}

impl From<ReadFeedError> for Problem {
    fn from(err: ReadFeedError) -> Self {
        match err {
            ReadFeedError::Forbidden => Self::new(Code::Forbidden),
            ReadFeedError::Store(err) => err.into(),
        }
    }
}

impl From<ChangePlanError> for Problem {
    fn from(err: ChangePlanError) -> Self {
        match err {
            ChangePlanError::Access(err) => err.into(),
            ChangePlanError::Save(err) => err.into(),
        }
    }
}

impl From<TransferPlanError> for Problem {
    fn from(err: TransferPlanError) -> Self {
        match err {
            TransferPlanError::Access(err) => err.into(),
            TransferPlanError::NotAMember(_) => Self::new(Code::NotAMember),
            TransferPlanError::Save(err) => err.into(),
        }
    }
}

impl From<ClosePlanError> for Problem {
    fn from(err: ClosePlanError) -> Self {
        match err {
            ClosePlanError::Access(err) => err.into(),
            ClosePlanError::Save(err) => err.into(),
        }
    }
}

impl From<DetachMemberError> for Problem {
    fn from(err: DetachMemberError) -> Self {
        match err {
            DetachMemberError::Access(err) => err.into(),
            DetachMemberError::Refused(DetachRefusal::NotAMember) => Self::new(Code::NotAMember),
            DetachMemberError::Refused(DetachRefusal::Owner) => Self::new(Code::OwnerCannotLeave),
            DetachMemberError::Save(err) => err.into(),
        }
    }
}

impl From<IssueInviteError> for Problem {
    fn from(err: IssueInviteError) -> Self {
        match err {
            IssueInviteError::Access(err) => err.into(),
            IssueInviteError::Refused(ResendRefusal::NotFound) => Self::new(Code::InviteNotFound),
            IssueInviteError::Refused(ResendRefusal::Used) => Self::new(Code::InviteUsed),
            IssueInviteError::Refused(ResendRefusal::New(IssueRefusal::Full(err))) => err.into(),
            IssueInviteError::Refused(ResendRefusal::New(IssueRefusal::TooManyInvites)) => {
                Self::new(Code::TooManyInvites)
            }
            IssueInviteError::HelpDesk(err) => err.into(),
            IssueInviteError::Save(err) => err.into(),
        }
    }
}

impl From<RevokeInviteError> for Problem {
    fn from(err: RevokeInviteError) -> Self {
        match err {
            RevokeInviteError::Access(err) => err.into(),
            RevokeInviteError::NotFound => Self::new(Code::InviteNotFound),
            RevokeInviteError::Save(err) => err.into(),
        }
    }
}

impl From<PreviewInviteError> for Problem {
    fn from(err: PreviewInviteError) -> Self {
        match err {
            PreviewInviteError::NotFound => Self::new(Code::InviteNotFound),
            PreviewInviteError::Store(err) => err.into(),
        }
    }
}

impl From<AcceptInviteError> for Problem {
    fn from(err: AcceptInviteError) -> Self {
        match err {
            AcceptInviteError::NotAPerson => Self::new(Code::Forbidden),
            AcceptInviteError::NotFound => Self::new(Code::InviteNotFound),
            AcceptInviteError::Refused(refusal) => refusal.into(),
            AcceptInviteError::Save(err) => err.into(),
        }
    }
}

impl From<AcceptRefusal> for Problem {
    fn from(refusal: AcceptRefusal) -> Self {
        match refusal {
            AcceptRefusal::Revoked => Self::new(Code::InviteRevoked),
            AcceptRefusal::Used => Self::new(Code::InviteUsed),
            AcceptRefusal::Expired => Self::new(Code::InviteExpired),
            AcceptRefusal::Barred => Self::new(Code::InviteBarred),
            AcceptRefusal::OwnPlan => Self::new(Code::OwnPlan),
            AcceptRefusal::AlreadyInPlan => Self::new(Code::AlreadyInPlan),
            AcceptRefusal::Full(err) => err.into(),
        }
    }
}

impl From<MeError> for Problem {
    fn from(err: MeError) -> Self {
        match err {
            MeError::NotAPerson => Self::new(Code::Forbidden),
            MeError::Store(err) => err.into(),
        }
    }
}

impl From<EditUserError> for Problem {
    fn from(err: EditUserError) -> Self {
        match err {
            EditUserError::Forbidden => Self::new(Code::Forbidden),
            EditUserError::Store(err) => err.into(),
        }
    }
}

impl From<ReplaceSettingsError> for Problem {
    fn from(err: ReplaceSettingsError) -> Self {
        match err {
            ReplaceSettingsError::Forbidden => Self::new(Code::Forbidden),
            ReplaceSettingsError::PreconditionFailed => Self::new(Code::PreconditionFailed),
            ReplaceSettingsError::Save(err) => err.into(),
        }
    }
}
