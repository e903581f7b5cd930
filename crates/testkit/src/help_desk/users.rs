//! Users, in pages, and the plan they are shown with.

use std::num::NonZeroU32;

use async_trait::async_trait;
use family_plan_domain::{
    ZammadUser, ZammadUserId,
    ports::{ChangedUsers, HelpDeskError, HelpDeskUsers, ListedUser},
};
use time::OffsetDateTime;

use super::{FakeHelpDesk, HelpDeskCall, State};

impl State {
    fn offset(&self, page: NonZeroU32) -> usize {
        let n_before = page.get() as usize - 1;
        if self.counts_pages { n_before * self.page_size } else { 0 }
    }
}

#[async_trait]
impl HelpDeskUsers for FakeHelpDesk {
    async fn page(&self, number: NonZeroU32) -> Result<Vec<ListedUser>, HelpDeskError> {
        let state = self.enter(HelpDeskCall::Page(number.get())).await?;
        Ok(state.users.values().skip(state.offset(number)).take(state.page_size).cloned().collect())
    }

    async fn changed_since(
        &self,
        since: OffsetDateTime,
        page: NonZeroU32,
    ) -> Result<Option<ChangedUsers>, HelpDeskError> {
        let state = self.enter(HelpDeskCall::ChangedSince(since, page.get())).await?;
        if !state.tells_changes {
            return Ok(None);
        }
        let mut changed: Vec<_> =
            state.users.values().filter(|it| since <= it.user.updated_at).cloned().collect();
        changed.sort_by_key(|it| it.user.updated_at);
        let users: Vec<_> = changed.into_iter().skip(state.offset(page)).take(state.page_size).collect();
        Ok(Some(ChangedUsers { is_last: users.len() < state.page_size, users }))
    }

    async fn find(&self, user: ZammadUserId) -> Result<Option<ZammadUser>, HelpDeskError> {
        let state = self.enter(HelpDeskCall::Find(user)).await?;
        Ok(state.users.get(&user).map(|it| it.user.clone()))
    }

    async fn write_plan_line(&self, user: ZammadUserId, line: String) -> Result<bool, HelpDeskError> {
        let mut state = self.enter(HelpDeskCall::WritePlanLine(user, line.clone())).await?;
        let Some(listed) = state.users.get_mut(&user) else {
            return Ok(false);
        };
        listed.user.updated_at = self.clock.now();
        listed.plan_line = Some(line);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{ManualClock, START, fixtures::zammad_user};

    fn help_desk() -> Arc<FakeHelpDesk> {
        let help_desk = FakeHelpDesk::new(Arc::new(ManualClock::default()));
        for id in [4, 2, 3] {
            help_desk.put(zammad_user(id, START));
        }
        Arc::new(help_desk)
    }

    fn number(page: u32) -> NonZeroU32 {
        NonZeroU32::new(page).unwrap()
    }

    async fn page(help_desk: &FakeHelpDesk, page: u32) -> Vec<i64> {
        help_desk.page(number(page)).await.unwrap().iter().map(|it| it.user.id.0).collect()
    }

    #[tokio::test]
    async fn pages_are_by_id_and_shift_when_somebody_goes() {
        let help_desk = help_desk();
        let going = Arc::clone(&help_desk);
        help_desk.before_call(2, async move || going.remove(ZammadUserId(2)));
        assert_eq!(page(&help_desk, 1).await, [2, 3]);
        assert_eq!(page(&help_desk, 2).await, [] as [i64; 0]);
        assert_eq!(help_desk.calls(), [HelpDeskCall::Page(1), HelpDeskCall::Page(2)]);
    }

    #[tokio::test]
    async fn changes_come_in_the_order_in_which_they_happened() {
        let help_desk = help_desk();
        let changed = help_desk.changed_since(START, number(2)).await.unwrap().unwrap();
        assert_eq!(changed.users.iter().map(|it| it.user.id.0).collect::<Vec<_>>(), [4]);
        assert!(changed.is_last);
        let later = START + time::Duration::MILLISECOND;
        assert_eq!(help_desk.changed_since(later, number(1)).await.unwrap().unwrap().users, []);
        help_desk.tell_changes(false);
        assert_eq!(help_desk.changed_since(START, number(1)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_plan_is_shown_at_whoever_is_there() {
        let help_desk = help_desk();
        assert!(help_desk.write_plan_line(ZammadUserId(2), "free".to_owned()).await.unwrap());
        assert!(!help_desk.write_plan_line(ZammadUserId(9), "free".to_owned()).await.unwrap());
        assert_eq!(help_desk.plan_line(ZammadUserId(2)).as_deref(), Some("free"));
        assert_eq!(help_desk.plan_line(ZammadUserId(3)), None);
    }
}
