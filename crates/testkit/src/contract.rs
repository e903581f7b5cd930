//! What every store promises, as functions that any adapter can be put through; [`contract!`](macro@crate::contract) makes
//! tests of them.

#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "the names are sentences, and it is by panicking that a promise is found broken"
)]

pub mod decisions;
pub mod endpoints;
pub mod feed;
pub mod feed_races;
pub mod history;
pub mod idempotency;
pub mod idempotency_races;
pub mod inbox;
pub mod inbox_races;
pub mod invite_register;
pub mod links;
pub mod lists;
pub mod loading;
pub mod matches;
pub mod noting;
pub mod occupancy;
pub mod outbox;
pub mod outbox_races;
pub mod plan_writes;
pub mod races;
pub mod settings;
pub mod sweeps;
pub mod syncs;
pub mod users;
mod world;
pub mod zammad_races;
pub mod zammad_users;

use std::sync::Arc;

use family_plan_domain::ports::{
    Endpoints, EventFeed, IdempotencyKeys, Inbox, InviteRegister, Outbox, PlanWrites, Plans, SettingsStore,
    Sweeps, Syncs, Users, ZammadUsers,
};

/// The stores of one adapter, over the same data, which take note of every plan to be told.
#[derive(Clone)]
pub struct Stores {
    /// Keeps plans.
    pub plans: Arc<dyn Plans>,
    /// Keeps users.
    pub users: Arc<dyn Users>,
    /// Keeps the settings.
    pub settings: Arc<dyn SettingsStore>,
    /// The events of all plans in one order.
    pub feed: Arc<dyn EventFeed>,
    /// Keeps the endpoints that are told of events.
    pub endpoints: Arc<dyn Endpoints>,
    /// Keeps what they are to be told.
    pub outbox: Arc<dyn Outbox>,
    /// Keeps what is known of the helpdesk's users.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// Keeps who is to be told their plan.
    pub plan_writes: Arc<dyn PlanWrites>,
    /// Keeps what webhooks delivered.
    pub inbox: Arc<dyn Inbox>,
    /// Keeps the record of pulls.
    pub syncs: Arc<dyn Syncs>,
    /// Keeps the record of sweeps.
    pub sweeps: Arc<dyn Sweeps>,
    /// Knows which invites need their token.
    pub invite_register: Arc<dyn InviteRegister>,
    /// Keeps keyed requests.
    pub idempotency_keys: Arc<dyn IdempotencyKeys>,
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
            only_pending_invites_come_with_a_plan,
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
        $crate::contract_tests! { $fresh, occupancy:
            without_plans_nothing_is_full,
            plans_are_counted_at_and_over_a_limit,
            a_limit_of_its_own_counts_for_a_plan,
            only_people_who_are_in_count,
        }
        $crate::contract_tests! { $fresh, history:
            every_change_is_told_in_order,
            history_is_read_page_by_page,
            an_event_tells_who_when_and_why,
        }
        $crate::contract_tests! { $fresh, feed:
            the_feed_is_empty_at_first,
            what_was_saved_is_in_the_feed_once_it_has_its_place,
            the_feed_has_everything_that_ever_happened,
            the_feed_is_read_page_by_page,
            places_are_given_a_few_at_a_time,
            very_many_events_get_their_places_at_once,
        }
        $crate::contract_tests! { $fresh, endpoints:
            there_are_no_endpoints_at_first,
            every_field_of_an_endpoint_comes_back,
            an_endpoint_is_replaced_once_per_revision,
            an_endpoint_that_was_removed_is_gone,
            when_an_endpoint_took_an_event_is_known_to_a_minute,
            an_endpoint_is_added_together_with_the_answer_or_not_at_all,
            an_endpoint_is_replaced_together_with_the_answer_or_not_at_all,
        }
        $crate::contract_tests! { $fresh, outbox:
            an_endpoint_is_told_of_what_happens_from_then_on,
            an_endpoint_is_told_of_what_it_wants,
            a_lane_is_told_in_order,
            a_lane_is_claimed_by_one_until_the_claim_ends,
            the_longest_due_is_claimed_first,
            whoever_lost_a_lane_settles_nothing,
            what_fails_waits_and_those_after_it_too,
            what_is_given_up_lets_others_pass,
            what_is_kept_goes_out_when_the_endpoint_is_woken,
            what_comes_while_a_lane_is_left_is_not_lost,
            an_event_can_be_told_again,
            everything_since_a_time_can_be_told_again,
            what_is_told_is_listed_page_by_page,
            what_was_delivered_is_forgotten_in_time,
            nothing_is_told_to_whom_was_removed,
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
            the_history_of_the_settings_tells_each_change,
            the_history_of_the_settings_is_read_page_by_page,
        }
        $crate::contract_tests! { $fresh, zammad_users:
            an_unknown_zammad_user_is_not_found,
            what_was_heard_of_a_user_comes_back,
            the_longest_names_and_addresses_fit,
            newer_replaces_older,
            older_never_overwrites_newer,
            the_same_again_changes_nothing_but_when_they_were_seen,
            a_user_may_come_several_times_in_one_call,
            very_many_can_be_recorded_at_once,
            nobody_can_be_recorded,
            whoever_is_not_seen_any_more_is_listed_page_by_page,
            whoever_was_seen_meanwhile_does_not_vanish,
            whoever_vanished_and_is_seen_later_is_there_again,
            what_is_heard_late_brings_nobody_back,
            whoever_vanished_stays_gone_since_then,
        }
        $crate::contract_tests! { $fresh, matches:
            the_same_address_on_either_side_is_a_match,
            an_address_is_the_same_whatever_its_case,
            an_address_that_nobody_verified_matches_nobody,
            an_address_of_two_in_the_helpdesk_matches_nobody,
            whoever_vanished_does_not_count,
            whoever_is_deactivated_counts_and_matches,
            an_address_that_was_verified_for_two_matches_nobody,
            zammads_own_user_neither_matches_nor_counts,
            whoever_is_associated_does_not_match,
            whoever_was_unlinked_by_hand_does_not_match,
            matches_are_looked_for_among_those_who_are_asked_for,
        }
        $crate::contract_tests! { $fresh, links:
            an_association_shows_wherever_the_user_does,
            a_link_makes_a_user,
            the_same_link_again_changes_nothing,
            a_requested_link_replaces_another,
            what_somebody_else_has_is_taken,
            what_was_given_back_can_be_taken,
            unlinking_where_nothing_is_changes_nothing,
            an_event_tells_who_linked_whom_and_why,
            outside_of_plans_no_plan_tells,
            a_link_makes_what_was_loaded_before_stale,
            a_link_by_address_needs_a_match,
            a_link_by_address_replaces_nothing,
            a_link_by_address_respects_what_was_taken_away_by_hand,
            users_of_the_helpdesk_are_found_many_at_once,
        }
        $crate::contract_tests! { $fresh, plan_writes:
            whoever_is_due_the_longest_is_claimed_first,
            whoever_is_claimed_is_left_alone_until_then,
            what_is_done_is_done,
            what_failed_is_due_again_later,
            what_is_due_anew_while_claimed_is_not_lost,
            what_is_due_anew_at_the_very_end_of_a_claim_is_not_lost,
            somebody_is_due_once_however_often_they_are_made_due,
            very_many_can_be_due_at_once,
        }
        $crate::contract_tests! { $fresh, noting:
            joining_and_leaving_is_told,
            opening_and_closing_is_told,
            another_name_is_told_to_everybody,
            what_is_no_matter_of_the_plan_line_is_not_told,
            an_association_is_told_to_both,
            an_own_plan_is_told,
            a_save_that_fails_is_not_told,
            whoever_is_associated_meanwhile_joins_anew,
        }
        $crate::contract_tests! { $fresh, inbox:
            bodies_come_back_exactly,
            the_same_body_is_kept_once,
            the_oldest_are_claimed_first,
            a_claim_takes_about_16_mebibytes,
            nobody_else_gets_what_is_claimed_until_the_claim_ends,
            whoever_lost_a_claim_settles_nothing,
            what_is_settled_shows_in_the_list,
            long_reasons_are_cut,
            whatever_became_of_a_delivery_it_can_be_replayed,
            deliveries_are_listed_page_by_page,
            what_was_applied_or_ignored_is_forgotten_in_time,
            a_thousand_deliveries_are_settled_and_forgotten_at_once,
        }
        $crate::contract_tests! { $fresh, syncs:
            nothing_was_pulled_at_first,
            every_field_of_the_record_comes_back,
            the_record_is_replaced_once_per_revision,
            long_errors_are_cut,
        }
        $crate::contract_tests! { $fresh, sweeps:
            nothing_was_swept_at_first,
            every_field_of_the_record_comes_back,
            the_record_is_replaced_once_per_revision,
        }
        $crate::contract_tests! { $fresh, invite_register:
            the_token_of_an_open_invite_is_needed,
            tokens_that_are_of_no_use_are_given_up,
            a_closed_plan_needs_no_token_whatever_the_clock,
            invites_that_nobody_knows_are_unknown,
            a_token_that_was_given_up_is_not_needed_again,
            invites_that_need_their_token_are_listed_page_by_page,
            invites_that_need_their_token_are_listed_by_when_they_were_issued,
            very_many_tokens_are_given_up_at_once,
            the_hashes_of_an_invite_are_known_whatever_became_of_it,
        }
        $crate::contract_tests! { $fresh, idempotency:
            a_request_is_claimed_once,
            an_answer_comes_back_exactly,
            an_answer_is_kept_with_what_led_to_it_or_not_at_all,
            an_answer_alone_can_be_kept,
            another_body_is_noticed_whether_running_or_answered,
            keys_do_not_mix,
            a_released_key_is_free,
            what_was_answered_is_not_released,
            whoever_lost_a_claim_neither_saves_nor_releases,
            an_answer_is_forgotten_in_time,
            what_is_over_is_dropped_bit_by_bit,
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
        $crate::contract_tests! { $fresh, feed_races:
            whoever_follows_the_feed_misses_nothing_while_others_save,
            what_waits_for_its_place_keeps_the_order_of_its_plan,
        }
        $crate::contract_tests! { $fresh, outbox_races:
            workers_share_the_lanes_and_each_is_told_in_order,
        }
        $crate::contract_tests! { $fresh, zammad_races:
            one_of_many_gets_a_user_of_the_helpdesk,
            a_user_gets_one_of_many_by_address_or_request,
            a_user_of_whom_many_say_something_else_is_associated_as_the_last_one_said,
            the_newest_wins_whatever_the_order,
            links_and_saves_of_one_plan_follow_one_another,
            whoever_joins_and_is_linked_at_once_is_told,
            every_plan_write_is_claimed_once,
            what_becomes_due_while_others_work_is_not_lost,
        }
        $crate::contract_tests! { $fresh, inbox_races:
            one_of_many_keeps_a_body,
            workers_share_what_is_pending,
            nobody_is_left_without_while_more_is_pending,
            what_expires_is_taken_over_by_one,
            one_replica_begins_a_pull,
            one_replica_begins_a_sweep,
            tokens_are_given_up_while_plans_change,
        }
        $crate::contract_tests! { $fresh, idempotency_races:
            one_of_many_carries_a_request_out,
            one_of_many_takes_over_what_was_left_behind,
            whoever_comes_late_and_whoever_takes_over_save_once,
            keys_are_dropped_while_they_are_claimed_anew,
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
