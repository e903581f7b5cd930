//! Pulling the helpdesk's users: what was asked for, who is at it, and how far they got.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Lease, text::to_reason};

/// How long a pull may have rested when it goes on: later, those who were seen may be gone.
const RESUMED_WITHIN: Duration = Duration::HOUR;

/// How much a pull reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncKind {
    /// What changed since the last one, where the helpdesk can tell.
    Incremental,
    /// Everybody; only so are those noticed who are gone.
    Full,
}

impl SyncKind {
    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Incremental, Self::Full].into_iter().find(|it| it.as_str() == name)
    }

    /// Its name, as the API and the database have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
        }
    }
}

/// How often to pull by itself; `None` for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncSchedule {
    /// From the end of one pull to the next.
    pub incremental: Option<Duration>,
    /// From the end of one full pull that went well to the next. One that failed rests for the shorter of the two.
    pub full: Option<Duration>,
}

/// A pull that was begun: how far it got, which is also where the next replica goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRun {
    /// How much it reads.
    pub kind: SyncKind,
    /// When it began; going on after an interruption does not change it.
    pub started_at: OffsetDateTime,
    /// The page to read next, from 1.
    pub next_page: u32,
    /// Users that were read so far.
    pub users_seen: u64,
    /// Those of them that were new, or newer than what was known.
    pub users_changed: u64,
    /// Users who were found to be gone.
    pub users_vanished: u64,
}

impl SyncRun {
    fn begin(kind: SyncKind, now: OffsetDateTime) -> Self {
        Self { kind, started_at: now, next_page: 1, users_seen: 0, users_changed: 0, users_vanished: 0 }
    }
}

/// The one record of pulls.
///
/// Its methods decide; whoever calls them then [saves](crate::ports::Syncs::save) it, and somebody who did so meanwhile
/// makes that fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// Counts its saves.
    pub revision: i64,
    /// What was asked for and has not begun.
    pub requested: Option<SyncKind>,
    /// The pull that runs or was interrupted; else the last one.
    pub run: Option<SyncRun>,
    /// Who is at it. None when the last one has ended.
    pub lease: Option<Lease>,
    /// When the last one ended, well or not.
    pub finished_at: Option<OffsetDateTime>,
    /// When the last full one ended well.
    pub full_finished_at: Option<OffsetDateTime>,
    /// Why the last one failed; at most 500 characters.
    pub last_error: Option<String>,
    /// Every change up to then, by Zammad's clock, is known; `None` before the first full pull.
    pub known_until: Option<OffsetDateTime>,
}

impl Sync {
    /// Nothing was ever pulled.
    #[must_use]
    pub fn new() -> Self {
        Self {
            revision: 0,
            requested: None,
            run: None,
            lease: None,
            finished_at: None,
            full_finished_at: None,
            last_error: None,
            known_until: None,
        }
    }

    /// Whether somebody is at it, or was interrupted.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.lease.is_some()
    }

    /// Asks for a pull. One that runs will do, unless it reads less than what is asked for.
    pub fn request(&mut self, kind: SyncKind) {
        let running = self.run.as_ref().filter(|_| self.is_running()).map(|it| it.kind);
        if running.is_none_or(|it| it < kind) {
            self.requested = self.requested.max(Some(kind));
        }
    }

    /// Begins what was asked for or is due, or goes on with what was lately interrupted or failed; `None` when there is nothing to do, or
    /// somebody else is at it.
    pub fn begin(&mut self, lease: Lease, schedule: SyncSchedule, now: OffsetDateTime) -> Option<&SyncRun> {
        if let Some(held) = self.lease {
            if held.is_in_force(now) {
                return None;
            }
            self.lease = Some(lease);
            if RESUMED_WITHIN <= now - held.until {
                // Who was seen so long ago may be gone.
                let kind = self.run.as_ref().map_or(SyncKind::Full, |it| it.kind);
                self.run = Some(SyncRun::begin(kind, now));
            }
            return self.run.as_ref();
        }
        // Not what was asked for alone: whoever asks often enough would put off what is due for ever.
        let mut kind = self.requested.max(self.due(schedule, now))?;
        if self.known_until.is_none() {
            // There is nothing yet to add changes to.
            kind = SyncKind::Full;
        }
        self.requested = None;
        self.lease = Some(lease);
        if !(kind == SyncKind::Full && self.has_lately_failed_half_way(now)) {
            self.run = Some(SyncRun::begin(kind, now));
        }
        self.run.as_ref()
    }

    /// Whether the helpdesk failed in the middle of a full pull, which then goes on from there.
    fn has_lately_failed_half_way(&self, now: OffsetDateTime) -> bool {
        let is_full = self.run.as_ref().is_some_and(|it| it.kind == SyncKind::Full);
        let is_recent = self.finished_at.is_some_and(|it| now - it < RESUMED_WITHIN);
        self.last_error.is_some() && is_full && is_recent
    }

    fn due(&self, schedule: SyncSchedule, now: OffsetDateTime) -> Option<SyncKind> {
        let is_past = |end: Option<OffsetDateTime>, pause| end.is_none_or(|it| pause <= now - it);
        // One that failed is not tried again at once.
        let may_try = |pause| self.last_error.is_none() || is_past(self.finished_at, pause);
        let full = schedule.full.filter(|it| {
            is_past(self.full_finished_at, *it)
                && may_try(schedule.incremental.map_or(*it, |incremental| incremental.min(*it)))
        });
        let incremental = schedule.incremental.filter(|it| is_past(self.finished_at, *it));
        full.map(|_| SyncKind::Full).or(incremental.map(|_| SyncKind::Incremental))
    }

    /// Writes down how far the pull got and that its holder is still at it; false when somebody else took over. With a
    /// lease that is over, anybody may go on from there.
    pub fn advance(&mut self, lease: Lease, run: SyncRun, known_until: Option<OffsetDateTime>) -> bool {
        if !self.is_held_by(lease.holder) {
            return false;
        }
        self.lease = Some(lease);
        self.run = Some(run);
        self.known_until = known_until;
        true
    }

    /// Ends the pull, well or for a reason of which 500 characters are kept; false when somebody else took over.
    pub fn finish(&mut self, holder: Uuid, outcome: Result<(), String>, now: OffsetDateTime) -> bool {
        if !self.is_held_by(holder) {
            return false;
        }
        self.lease = None;
        self.finished_at = Some(now);
        if outcome.is_ok() && self.run.as_ref().is_some_and(|it| it.kind == SyncKind::Full) {
            self.full_finished_at = Some(now);
        }
        self.last_error = outcome.err().as_deref().map(to_reason);
        true
    }

    fn is_held_by(&self, holder: Uuid) -> bool {
        self.lease.is_some_and(|it| it.holder == holder)
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);
    const SCHEDULE: SyncSchedule =
        SyncSchedule { incremental: Some(Duration::minutes(5)), full: Some(Duration::days(1)) };
    const NEVER: SyncSchedule = SyncSchedule { incremental: None, full: None };

    /// For a minute.
    fn lease(holder: u128, now: OffsetDateTime) -> Lease {
        Lease { holder: Uuid::from_u128(holder), until: now + Duration::MINUTE }
    }

    fn begin(sync: &mut Sync, schedule: SyncSchedule, now: OffsetDateTime) -> Option<SyncKind> {
        sync.begin(lease(1, now), schedule, now).map(|it| it.kind)
    }

    fn finish(sync: &mut Sync, now: OffsetDateTime) {
        assert!(sync.finish(Uuid::from_u128(1), Ok(()), now));
    }

    fn fail(sync: &mut Sync, now: OffsetDateTime) {
        assert!(sync.finish(Uuid::from_u128(1), Err("it rains".to_owned()), now));
    }

    /// A full pull ended well at `now`.
    fn pulled(now: OffsetDateTime) -> Sync {
        let mut sync = Sync::new();
        sync.request(SyncKind::Full);
        let run = sync.begin(lease(1, now), NEVER, now).unwrap().clone();
        assert!(sync.advance(lease(1, now), run, Some(now)));
        finish(&mut sync, now);
        sync
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in [SyncKind::Incremental, SyncKind::Full] {
            assert_eq!(SyncKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(SyncKind::parse("Full"), None);
    }

    #[test]
    fn without_a_schedule_only_what_was_asked_for_begins() {
        let mut sync = pulled(NOW);
        assert_eq!(begin(&mut sync, NEVER, NOW + Duration::weeks(9)), None);
        assert!(!sync.is_running());
        sync.request(SyncKind::Incremental);
        assert_eq!(begin(&mut sync, NEVER, NOW), Some(SyncKind::Incremental));
        assert!(sync.is_running());
        assert_eq!(sync.requested, None);
        finish(&mut sync, NOW);
        assert_eq!(begin(&mut sync, NEVER, NOW), None);
    }

    #[test]
    fn the_first_pull_is_full_whatever_was_asked_for() {
        let mut sync = Sync::new();
        sync.request(SyncKind::Incremental);
        assert_eq!(begin(&mut sync, NEVER, NOW), Some(SyncKind::Full));

        let incremental = SyncSchedule { full: None, ..SCHEDULE };
        assert_eq!(begin(&mut Sync::new(), incremental, NOW), Some(SyncKind::Full));
    }

    #[test]
    fn pulls_are_due_after_their_pauses() {
        let mut sync = pulled(NOW);
        let later = NOW + Duration::minutes(5);
        assert_eq!(begin(&mut sync, SCHEDULE, later - Duration::MILLISECOND), None);
        assert_eq!(begin(&mut sync, SCHEDULE, later), Some(SyncKind::Incremental));
        // Not a minute after the full one, but after this one.
        finish(&mut sync, NOW + Duration::DAY - Duration::MINUTE);
        assert_eq!(begin(&mut sync, SCHEDULE, NOW + Duration::DAY - Duration::MILLISECOND), None);
        assert_eq!(begin(&mut sync, SCHEDULE, NOW + Duration::DAY), Some(SyncKind::Full));
    }

    #[test]
    fn what_is_due_is_not_put_off_by_what_was_asked_for() {
        let mut sync = pulled(NOW);
        sync.request(SyncKind::Incremental);
        assert_eq!(begin(&mut sync, SCHEDULE, NOW + Duration::DAY), Some(SyncKind::Full));
        assert_eq!(sync.requested, None, "a full one does");
    }

    #[test]
    fn one_that_failed_rests() {
        let mut sync = Sync::new();
        assert_eq!(begin(&mut sync, SCHEDULE, NOW), Some(SyncKind::Full));
        fail(&mut sync, NOW);
        assert_eq!(sync.last_error.as_deref(), Some("it rains"));
        assert_eq!((sync.finished_at, sync.full_finished_at), (Some(NOW), None));
        let later = NOW + Duration::minutes(5);
        assert_eq!(begin(&mut sync, SCHEDULE, later - Duration::MILLISECOND), None);
        assert_eq!(begin(&mut sync, SCHEDULE, later), Some(SyncKind::Full));
        finish(&mut sync, later);
        assert_eq!(sync.last_error, None);
        assert_eq!(sync.full_finished_at, Some(later));
    }

    #[test]
    fn one_that_failed_begins_at_once_when_asked_for() {
        let mut sync = Sync::new();
        begin(&mut sync, SCHEDULE, NOW);
        fail(&mut sync, NOW);
        sync.request(SyncKind::Full);
        assert_eq!(begin(&mut sync, SCHEDULE, NOW), Some(SyncKind::Full));
    }

    #[test]
    fn full_pulls_may_be_more_frequent_than_others() {
        let schedule = SyncSchedule { incremental: Some(Duration::DAY), full: Some(Duration::HOUR) };
        let mut sync = pulled(NOW);
        assert_eq!(begin(&mut sync, schedule, NOW + Duration::HOUR), Some(SyncKind::Full));
        fail(&mut sync, NOW + Duration::HOUR);
        assert_eq!(begin(&mut sync, schedule, NOW + Duration::hours(2)), Some(SyncKind::Full));
    }

    #[test]
    fn the_longest_pauses_never_end() {
        let schedule = SyncSchedule { incremental: Some(Duration::MAX), full: Some(Duration::MAX) };
        assert_eq!(begin(&mut pulled(NOW), schedule, NOW + Duration::weeks(5000)), None);
    }

    #[test]
    fn a_pull_that_runs_will_do_unless_it_reads_less() {
        let mut sync = pulled(NOW);
        sync.request(SyncKind::Incremental);
        begin(&mut sync, NEVER, NOW);
        sync.request(SyncKind::Incremental);
        assert_eq!(sync.requested, None);
        sync.request(SyncKind::Full);
        sync.request(SyncKind::Incremental);
        assert_eq!(sync.requested, Some(SyncKind::Full));
        finish(&mut sync, NOW);

        assert_eq!(begin(&mut sync, NEVER, NOW), Some(SyncKind::Full), "it comes next");
        sync.request(SyncKind::Full);
        sync.request(SyncKind::Incremental);
        assert_eq!(sync.requested, None);
    }

    #[test]
    fn asking_for_less_does_not_take_back_what_was_asked_for() {
        let mut sync = Sync::new();
        for kind in [SyncKind::Incremental, SyncKind::Full, SyncKind::Incremental] {
            sync.request(kind);
        }
        assert_eq!(sync.requested, Some(SyncKind::Full));
    }

    #[test]
    fn nobody_begins_while_somebody_is_at_it() {
        let mut sync = Sync::new();
        begin(&mut sync, SCHEDULE, NOW);
        let before = sync.clone();
        let late = NOW + Duration::MINUTE - Duration::MILLISECOND;
        assert_eq!(sync.begin(lease(2, late), SCHEDULE, late), None);
        assert_eq!(sync, before);
    }

    #[test]
    fn an_interrupted_pull_goes_on_where_it_was() {
        let mut sync = Sync::new();
        let run = sync.begin(lease(1, NOW), SCHEDULE, NOW).unwrap().clone();
        let run = SyncRun { next_page: 7, users_seen: 600, users_changed: 3, users_vanished: 1, ..run };
        assert!(sync.advance(lease(1, NOW), run.clone(), None));

        let later = NOW + Duration::MINUTE;
        sync.request(SyncKind::Full);
        assert_eq!(sync.begin(lease(2, later), NEVER, later), Some(&run));
        assert_eq!(sync.lease, Some(lease(2, later)));
    }

    #[test]
    fn a_pull_that_rested_for_long_begins_anew() {
        for (pause, next_page) in [(Duration::HOUR - Duration::MILLISECOND, 7), (Duration::HOUR, 1)] {
            let mut sync = Sync::new();
            let run = sync.begin(lease(1, NOW), SCHEDULE, NOW).unwrap().clone();
            assert!(sync.advance(lease(1, NOW), SyncRun { next_page: 7, ..run }, None));
            // The lease ends a minute later.
            let later = sync.lease.unwrap().until + pause;
            let run = sync.begin(lease(2, later), NEVER, later).unwrap();
            assert_eq!((run.kind, run.next_page), (SyncKind::Full, next_page));
        }
    }

    #[test]
    fn whoever_was_taken_over_from_has_no_say() {
        let mut sync = Sync::new();
        let run = sync.begin(lease(1, NOW), SCHEDULE, NOW).unwrap().clone();
        let later = NOW + Duration::MINUTE;
        sync.begin(lease(2, later), SCHEDULE, later).unwrap();
        let before = sync.clone();
        assert!(!sync.advance(lease(1, later), SyncRun { next_page: 2, ..run.clone() }, Some(NOW)));
        assert!(!sync.finish(Uuid::from_u128(1), Ok(()), later));
        assert_eq!(sync, before);

        assert!(sync.finish(Uuid::from_u128(2), Ok(()), later));
        assert!(!sync.advance(lease(2, later), run, None), "it has ended");
        assert!(!sync.finish(Uuid::from_u128(2), Ok(()), later));
    }

    #[test]
    fn whoever_advances_holds_on_even_when_late() {
        let mut sync = Sync::new();
        let run = sync.begin(lease(1, NOW), SCHEDULE, NOW).unwrap().clone();
        let late = NOW + Duration::HOUR;
        assert!(sync.advance(lease(1, late), run, Some(NOW)));
        assert_eq!((sync.lease, sync.known_until), (Some(lease(1, late)), Some(NOW)));
        assert_eq!(sync.begin(lease(2, late), SCHEDULE, late), None);
    }

    #[test]
    fn the_last_pull_can_still_be_seen_when_it_has_ended() {
        let mut sync = pulled(NOW);
        assert_eq!(sync.run.as_ref().map(|it| it.kind), Some(SyncKind::Full));
        sync.request(SyncKind::Incremental);
        begin(&mut sync, NEVER, NOW + Duration::HOUR);
        finish(&mut sync, NOW + Duration::HOUR);
        assert_eq!(sync.full_finished_at, Some(NOW), "this one was not full");
        assert_eq!(sync.finished_at, Some(NOW + Duration::HOUR));
    }
}
