//! What every store promises, as functions that any adapter can be put through; [`contract!`](macro@crate::contract) makes
//! tests of them.

#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "the names are sentences, and it is by panicking that a promise is found broken"
)]

pub mod decisions;
pub mod history;
pub mod lists;
pub mod loading;
pub mod races;
pub mod settings;
pub mod users;
mod world;

use std::sync::Arc;

use family_plan_domain::ports::{Plans, SettingsStore, Users};

/// The stores of one adapter, over the same data.
#[derive(Clone)]
pub struct Stores {
    /// Keeps plans.
    pub plans: Arc<dyn Plans>,
    /// Keeps users.
    pub users: Arc<dyn Users>,
    /// Keeps the settings.
    pub settings: Arc<dyn SettingsStore>,
}

/// Makes a test of every promise. `$fresh` is an `async fn` without parameters that answers new [`Stores`] with the
/// default settings and nothing else, and a future that disposes of them.
#[macro_export]
macro_rules! contract {
    ($fresh:ident) => {
        $crate::contract_tests! { $fresh, loading:
            a_plan_comes_back_as_it_was_saved,
            an_unknown_plan_is_not_found,
            a_closed_plan_is_not_found_by_any_method,
            only_open_invites_come_with_a_plan,
            an_invite_that_is_asked_for_comes_whatever_its_state,
            an_invite_of_another_plan_does_not_come,
            a_code_leads_to_its_invite,
            a_code_tells_what_is_known_of_the_visitor,
            a_code_remembers_whom_it_was_taken_from,
            members_come_with_the_invite_they_joined_by,
            texts_come_back_exactly,
        }
        $crate::contract_tests! { $fresh, decisions:
            a_plan_without_changes_saves_nothing,
            the_second_save_of_the_same_state_is_stale,
            a_new_plan_can_be_saved_once,
            settings_that_are_no_longer_in_force_make_a_save_stale,
            settings_do_not_matter_to_what_was_decided_without_them,
            nobody_gets_into_two_plans,
            a_stale_save_leaves_nothing_behind,
            name_limit_and_owner_are_saved,
            a_detached_member_leaves_a_reopened_invite,
            a_detached_member_may_leave_a_revoked_invite,
            closing_detaches_everybody,
            a_plan_with_very_many_invites_can_be_closed,
            resending_replaces_an_invite,
        }
        $crate::contract_tests! { $fresh, lists:
            plans_are_listed_page_by_page,
            plans_are_listed_by_owner,
            listed_seats_are_those_of_the_plan,
            invites_are_listed_page_by_page,
            invites_are_listed_by_status,
        }
        $crate::contract_tests! { $fresh, history:
            every_change_is_told_in_order,
            history_is_read_page_by_page,
            an_event_tells_who_when_and_why,
        }
        $crate::contract_tests! { $fresh, users:
            an_unknown_user_is_not_found,
            a_mention_makes_a_user,
            an_edit_touches_only_what_it_sets,
            a_family_shows_in_its_members,
            ids_of_users_are_compared_exactly,
            the_longest_ids_and_names_fit,
            a_user_can_be_recorded_by_many_at_once,
        }
        $crate::contract_tests! { $fresh, settings:
            the_settings_start_with_the_defaults,
            settings_are_replaced,
            the_same_settings_change_nothing,
            settings_of_an_old_revision_are_stale,
            one_of_many_replaces_the_settings,
        }
        $crate::races!($fresh);
    };
}

/// Makes a test of every promise that is about several people at once; part of [`contract!`](macro@crate::contract).
#[macro_export]
macro_rules! races {
    ($fresh:ident) => {
        $crate::contract_tests! { $fresh, races:
            as_many_join_as_there_are_seats,
            one_of_many_gets_an_invite,
            one_person_joins_one_of_two_plans,
            one_person_opens_one_of_two_plans,
            an_invite_is_accepted_or_revoked,
            nobody_joins_beyond_a_lowered_limit,
            nobody_joins_beyond_a_lowered_limit_of_the_plan,
            nobody_stays_in_a_closed_plan,
            a_reopened_invite_changes_hands,
            promised_seats_are_not_promised_twice,
        }
    };
}

/// Part of [`contract!`](macro@crate::contract).
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($fresh:ident, $module:ident: $($name:ident,)+) => {
        mod $module {
            use super::$fresh;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let (stores, dispose) = $fresh().await;
                    $crate::contract::$module::$name(stores).await;
                    dispose.await;
                }
            )+
        }
    };
}
