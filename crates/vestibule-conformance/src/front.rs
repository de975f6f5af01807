//! The front ends: one line per case, or one `#[test]` per case.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::{CONTRACT, Case};
use crate::cases;
use crate::finding::{Finding, Outcome};
use crate::harness::{Harness, Missing};

/// With this set to `1` a missing server fails.
const REQUIRE: &str = "VESTIBULE_REQUIRE_SERVERS";

/// Runs every case as a test target of its own (`harness = false`), and says at the end what was not run and why.
#[expect(clippy::print_stdout, reason = "a test target's report")]
pub fn run<H: Harness>(harness: H) -> ExitCode {
    let harness = Arc::new(harness);
    let arguments = Arguments::from_args();
    let conclusion = libtest_mimic::run(&arguments, trials(&harness));
    if !arguments.list {
        let name = harness.name();
        let all = cases::all::<H>();
        let unrun = all.iter().filter_map(|case| ignored_because(case, &*harness).map(|why| (case.id, why)));
        let mut complete = true;
        for (id, why) in unrun {
            complete = false;
            println!("ignored conformance::{name}::{id}: {why}");
        }
        if complete && !conclusion.has_failed() && conclusion.num_filtered_out == 0 {
            println!("conformance::{name} passes contract {CONTRACT}: {} cases", conclusion.num_passed);
        }
    }
    conclusion.exit_code()
}

/// The cases as trials, for a target that runs others beside them.
#[must_use]
pub fn trials<H: Harness>(harness: &Arc<H>) -> Vec<Trial> {
    cases::all::<H>()
        .into_iter()
        .map(|case| {
            let name = format!("conformance::{}::{}", harness.name(), case.id);
            let ignored = ignored_because(&case, &**harness).is_some();
            let harness = Arc::clone(harness);
            Trial::test(name, move || {
                judge(&case, &*harness).map_err(|finding| Failed::from(finding.to_string()))
            })
            .with_ignored_flag(ignored)
        })
        .collect()
}

/// Runs one case by its id; for [`conformance_tests!`](crate::conformance_tests).
///
/// # Panics
///
/// When it fails, or there is none of that name: it is a test.
#[expect(clippy::panic, clippy::print_stdout, reason = "a test's only ways to speak")]
pub fn assert_case<H: Harness>(harness: &H, id: &str) {
    let Some(case) = cases::named::<H>(id) else { panic!("no case {id}") };
    if let Some(why) = ignored_because(&case, harness) {
        println!("ignored conformance::{}::{id}: {why}", harness.name());
        return;
    }
    if let Err(finding) = judge(&case, harness) {
        panic!("{finding}");
    }
}

/// Runs the case; a finding says what it means.
fn judge<H: Harness>(case: &Case<H>, harness: &H) -> Outcome {
    if let Some(Missing { reason, variable }) = harness.missing() {
        return Err(Finding::new(format!("{reason}; set {variable}")));
    }
    harness
        .block_on((case.run)(harness))
        .map_err(|finding| Finding::new(format!("{finding}\n  clauses {:?}: {}", case.clauses, case.breaks)))
}

fn ignored_because<H: Harness>(case: &Case<H>, harness: &H) -> Option<String> {
    if let Some(Missing { reason, variable }) = harness.missing() {
        let required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
        return (!required).then(|| format!("{reason}; set {variable}"));
    }
    case.unmet(harness).map(str::to_owned)
}

/// One `#[test]` per case, over the harness that the expression gives.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_tests! { @each $harness;
            read_your_write missing_is_none_not_error fresh_handle_sees_write two_handles_same_data
            pagination_stable_under_insert lists_are_by_length_then_bytes unicode_and_nul_safe_text
            time_far_future_and_epoch host_ids_of_every_shape object_safe_twin_answers_alike
            batch_is_all_or_nothing refused_batch_leaves_no_trace first_refusal_in_canonical_order
            effects_on_one_row_keep_their_order did_it_land_is_answered a_refused_batch_is_not_remembered
            resend_race_lands_once require_has_no_effect_and_is_judged require_conflicts_with_concurrent_writer
            domains_land_together random_batches_are_answered_as_the_reference_answers account_isolation_read account_isolation_write account_isolation_unique_key
            realm_isolation_read_write_unique identifier_unique_across_profiles two_pendings_one_winner
            provider_subject_unique_globally pending_grants_nothing_and_never_hides released_identifier_is_free
            unlink_last_method_refused_race last_administrator_cannot_be_dismissed_race
            seats_are_never_overspent_race join_race_one_winner stale_versions_are_refused
            last_wrong_secret_only_moves_forward set_get_replace replace_if_stale_is_conflict
            replace_if_matches_wins_once rehash_does_not_undo_password_change removed_password_keeps_its_count
            n_parallel_failures_count_n tries_stop_at_the_limit_race success_settles_only_its_own_try
            success_does_not_erase_a_newer_stop lanes_are_apart
            sessions_and_devices_come_back_unchanged session_digest_only_at_rest
            a_replaced_token_is_found_no_more a_replaced_device_is_found_no_more
            ended_session_cannot_be_required stamp_by_stale_version_is_refused
            touch_never_goes_back_and_never_revives revoke_is_immediate_on_every_handle revoke_all_by_epoch
            password_change_reissues_acting_session_in_same_commit sign_in_vs_reset_race
            sign_in_vs_dismiss_race sign_in_vs_block_race act_vs_sign_out_race slot_is_taken_once_race
            password_change_race_one_winner
            budget_is_never_overspent_race window_rolls_over
            a_full_window_gives_the_earlier_ones_back debits_are_durable a_live_counter_is_never_evicted
            giving_back_reaches_its_own_counter an_event_is_found_by_every_way a_case_reference_is_given_once
            events_are_listed_in_the_order_of_time parallel_refusals_are_one_row_with_their_count
            a_newer_message_takes_the_slot
        }
    };
    (@each $harness:expr; $($id:ident)+) => {
        /// Every case there is has its test.
        #[test]
        fn no_case_is_left_out() {
            let tests = [$(stringify!($id)),+];
            fn ids<H: $crate::Harness>(_: &H) -> Vec<&'static str> {
                $crate::all::<H>().into_iter().map(|case| case.id).collect()
            }
            assert_eq!(ids(&$harness), tests);
        }

        $(#[test]
        fn $id() {
            $crate::assert_case(&$harness, stringify!($id));
        })+
    };
}
