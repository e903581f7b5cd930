//! The ways the simulator fails on demand.

use std::time::Duration;

use crate::operation::Operation;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 401, as for a token nobody knows.
    Unauthorized,
    /// 403, as for a token that lacks the permission.
    Forbidden,
    /// 422 with the masked "Error ID" text.
    MaskedUnprocessable,
    /// 429 with a plain text body.
    TooManyRequests {
        /// The seconds in the `Retry-After` header; no header when `None`.
        retry_after: Option<u32>,
    },
    /// 500 with the masked "Error ID" text.
    InternalError,
    /// 502 with the HTML page of an nginx in front.
    Html502,
    /// 503 with the HTML page of an nginx in front.
    Html503,
    /// The right answer, that much later.
    Slow(Duration),
    /// The request is held, without effect, until [`Simulator::recover`](crate::Simulator::recover); then answered.
    Hang,
    /// The request has its effect, and its answer is held until [`Simulator::recover`](crate::Simulator::recover).
    HangAfterEffect,
    /// The TCP connection is reset, without effect.
    ConnectionReset,
    /// The request has its effect (a token is stored), and the TCP connection is reset instead of an answer.
    ResetAfterEffect,
    /// As if the setting `api_token_access` were off: 403 for tokens.
    TokenAccessDisabled,
    /// 200 with a body that is not JSON, without effect.
    GarbageBody,
    /// 200 without a body, without effect.
    EmptyBody,
}

/// Which failures are switched on.
#[derive(Debug, Default)]
pub(crate) struct FailurePlan {
    rules: Vec<FailureRule>,
}

#[derive(Debug)]
struct FailureRule {
    failure: Failure,
    /// Empty for every operation.
    operations: Vec<Operation>,
    reach: Reach,
}

#[derive(Debug, PartialEq, Eq)]
enum Reach {
    UntilRecovery,
    Next(usize),
}

impl FailureRule {
    fn concerns(&self, operation: Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }
}

impl FailurePlan {
    pub(crate) fn fail(&mut self, operations: &[Operation], failure: Failure) {
        let operations = operations.to_vec();
        self.rules.push(FailureRule { failure, operations, reach: Reach::UntilRecovery });
    }

    pub(crate) fn fail_next(&mut self, count: usize, operations: &[Operation], failure: Failure) {
        if count == 0 {
            return;
        }
        let operations = operations.to_vec();
        self.rules.push(FailureRule { failure, operations, reach: Reach::Next(count) });
    }

    pub(crate) fn recover(&mut self) {
        self.rules.clear();
    }

    /// How the next request for `operation` fails: counted failures first, oldest first; then the latest sticky one.
    pub(crate) fn take(&mut self, operation: Operation) -> Option<Failure> {
        let counted =
            self.rules.iter().position(|it| it.reach != Reach::UntilRecovery && it.concerns(operation));
        let Some(idx) = counted else {
            return self.rules.iter().rev().find(|it| it.concerns(operation)).map(|it| it.failure);
        };
        let rule = &mut self.rules[idx];
        let failure = rule.failure;
        match &mut rule.reach {
            Reach::Next(count) if 1 < *count => *count -= 1,
            Reach::Next(_) | Reach::UntilRecovery => drop(self.rules.remove(idx)),
        }
        Some(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_failures_come_first_and_in_order() {
        let mut plan = FailurePlan::default();
        plan.fail(&[], Failure::Html502);
        plan.fail_next(2, &[Operation::MintToken], Failure::Forbidden);
        plan.fail_next(1, &[], Failure::Unauthorized);

        assert_eq!(plan.take(Operation::MintToken), Some(Failure::Forbidden));
        assert_eq!(plan.take(Operation::ListUsers), Some(Failure::Unauthorized));
        assert_eq!(plan.take(Operation::ListUsers), Some(Failure::Html502));
        assert_eq!(plan.take(Operation::MintToken), Some(Failure::Forbidden));
        assert_eq!(plan.take(Operation::MintToken), Some(Failure::Html502));
    }

    #[test]
    fn recovery_ends_every_failure() {
        let mut plan = FailurePlan::default();
        plan.fail(&[], Failure::Html502);
        plan.fail_next(1, &[], Failure::Forbidden);
        plan.recover();

        assert_eq!(plan.take(Operation::ListUsers), None);
    }

    #[test]
    fn the_latest_sticky_failure_wins() {
        let mut plan = FailurePlan::default();
        plan.fail(&[], Failure::Html502);
        plan.fail(Operation::TOKENS, Failure::Forbidden);

        assert_eq!(plan.take(Operation::DeleteToken), Some(Failure::Forbidden));
        assert_eq!(plan.take(Operation::Signshow), Some(Failure::Html502));
    }
}
