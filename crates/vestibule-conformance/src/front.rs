//! The front ends: one line per case, or one `#[test]` per case.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::Case;
use crate::cases;
use crate::finding::{Finding, Outcome};
use crate::harness::{Harness, Missing};
use crate::report::{self, Log, Report, VARIABLE, Verdict};

/// With this set to `1` a missing server fails.
const REQUIRE: &str = "VESTIBULE_REQUIRE_SERVERS";

/// Runs every case as a test target of its own (`harness = false`), says at the end what was not run and why, and writes
/// the report if `--report <file>` or `VESTIBULE_CONFORMANCE_REPORT` names a file for it, or a folder.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a test target's report")]
pub fn run<H: Harness + 'static>(harness: H) -> ExitCode {
    let (arguments, place) = split(std::env::args_os().collect());
    let (harness, log) = (Arc::new(harness), Arc::new(Log::default()));
    let arguments = Arguments::from_iter(arguments);
    let conclusion = libtest_mimic::run(&arguments, trials_noted(&harness, &log));
    if arguments.list {
        return conclusion.exit_code();
    }
    let report = reported(&*harness, &log);
    println!("{}", closing(&report));
    match place.map(|place| report.save(&place)) {
        None => conclusion.exit_code(),
        Some(Ok(file)) => {
            println!("the report is in {}", file.display());
            conclusion.exit_code()
        }
        Some(Err(error)) => {
            eprintln!("the report cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments without ours, and where the report goes.
fn split(arguments: Vec<OsString>) -> (Vec<OsString>, Option<PathBuf>) {
    let (mut others, mut place) = (Vec::new(), std::env::var_os(VARIABLE).map(PathBuf::from));
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().unwrap_or_default();
        if text == "--report" {
            place = arguments.next().map(PathBuf::from).or(place);
        } else if let Some(named) = text.strip_prefix("--report=") {
            place = Some(named.into());
        } else {
            others.push(argument);
        }
    }
    (others, place)
}

fn reported<H: Harness>(harness: &H, log: &Log) -> Report {
    let why = |case: &Case<H>| unrun_because(case, harness);
    log.report(harness.name(), &cases::all::<H>(), why, harness.measures())
}

/// What was not run and why, what was measured, and the summary.
fn closing(report: &Report) -> String {
    let mut lines = Vec::new();
    for case in &report.cases {
        let what = match case.outcome {
            Verdict::Ignored => "ignored",
            Verdict::NotAsked => "not asked",
            Verdict::Passed | Verdict::Failed | Verdict::LeftOut => continue,
        };
        let why = case.why.as_deref().unwrap_or_default();
        lines.push(format!("{what} conformance::{}::{}: {why}", report.store, case.id));
    }
    lines
        .extend(report.measures.iter().map(|(what, n)| format!("conformance::{} {what}: {n}", report.store)));
    lines.push(report.summary());
    lines.join("\n")
}

/// The cases as trials, for a target that runs others beside them.
#[must_use]
pub fn trials<H: Harness + 'static>(harness: &Arc<H>) -> Vec<Trial> {
    trials_noted(harness, &Arc::default())
}

fn trials_noted<H: Harness + 'static>(harness: &Arc<H>, log: &Arc<Log>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases::all::<H>() {
        let name = format!("conformance::{}::{}", harness.name(), case.id);
        let ignored = match unrun_because(&case, &**harness) {
            Some((Verdict::NotAsked, _)) => continue,
            unrun => unrun.is_some(),
        };
        let (harness, log) = (Arc::clone(harness), Arc::clone(log));
        let judged = move || {
            let outcome = log.watch(&case, || judge(&case, &*harness));
            outcome.map_err(|finding| Failed::from(finding.to_string()))
        };
        trials.push(Trial::test(name, judged).with_ignored_flag(ignored));
    }
    trials
}

/// Runs one case by its id; for [`conformance_tests!`](crate::conformance_tests).
///
/// # Panics
///
/// When it fails, or there is none of that name: it is a test.
#[expect(clippy::panic, clippy::print_stdout, reason = "a test's only ways to speak")]
pub fn assert_case<H: Harness>(harness: &H, id: &str) {
    let Some(case) = cases::named::<H>(id) else { panic!("no case {id}") };
    if let Some((verdict, why)) = unrun_because(&case, harness) {
        let what = if verdict == Verdict::NotAsked { "not asked" } else { "ignored" };
        println!("{what} conformance::{}::{id}: {why}", harness.name());
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

fn unrun_because<H: Harness>(case: &Case<H>, harness: &H) -> Option<(Verdict, String)> {
    let unmet = case.unmet(harness).map(report::unmet);
    if let Some((Verdict::NotAsked, _)) = unmet {
        return unmet;
    }
    if let Some(Missing { reason, variable }) = harness.missing() {
        let required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
        return (!required).then(|| (Verdict::Ignored, format!("{reason}; set {variable}")));
    }
    unmet
}

/// One `#[test]` per case, over the harness that the expression gives.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_tests! { @each $harness;
            read_your_write missing_is_none_not_error fresh_handle_sees_write two_handles_same_data
            pagination_stable_under_insert lists_are_by_length_then_bytes unicode_and_nul_safe_text
            time_far_future_and_epoch host_ids_of_every_shape object_safe_twin_answers_alike
            composed_reads_say_what_single_reads_say many_rows empty_filter_never_means_all survives_reopen
            unknown_schema_version_refused purge_keeps_tombstones_until_grace purge_does_not_touch_live
            ids_are_opaque like_metacharacters_are_literal case_folding_is_done_by_core_not_collation
            long_values_rejected_not_truncated time_roundtrip_utc boundary_expiry_is_exclusive
            now_comes_from_argument_not_database offset_is_reported delete_cascades_only_own_rows
            delete_missing_is_reported batch_is_all_or_nothing refused_batch_leaves_no_trace
            first_refusal_in_canonical_order effects_on_one_row_keep_their_order did_it_land_is_answered
            a_refused_batch_is_not_remembered resend_race_lands_once require_has_no_effect_and_is_judged
            require_conflicts_with_concurrent_writer domains_land_together
            random_batches_are_answered_as_the_reference_answers refused_write_is_listed_and_truly_refused
            duplicate_is_typed_conflict_naming_the_key contention_is_not_refusal
            concurrent_histories_have_a_serial_explanation backend_error_keeps_source
            cancelled_future_leaves_no_half_write lost_answer_is_asked_for_again failed_call_changes_nothing
            slow_commit_is_judged_when_it_lands rollback_undoes_all host_row_and_batch_commit_together
            refused_batch_leaves_host_free_to_roll_back account_isolation_read account_isolation_write
            account_isolation_unique_key realm_isolation_read_write_unique identifier_unique_across_profiles
            two_pendings_one_winner provider_subject_unique_globally pending_grants_nothing_and_never_hides
            released_identifier_is_free left_identifier_is_kept_until_its_window_ends
            left_identifier_one_taker_race unlink_last_method_refused_race
            last_administrator_cannot_be_dismissed_race seats_are_never_overspent_race join_race_one_winner
            stale_versions_are_refused factor_is_set_by_epoch contact_replaced_in_one_membership
            last_wrong_secret_only_moves_forward link_race_one_winner
            dismiss_then_admission_refused rehire_keeps_identity_and_history profile_survives_last_account
            set_get_replace replace_if_stale_is_conflict replace_if_matches_wins_once
            rehash_does_not_undo_password_change removed_password_keeps_its_count n_parallel_failures_count_n
            tries_stop_at_the_limit_race success_settles_only_its_own_try success_does_not_erase_a_newer_stop
            lanes_are_apart remove_then_get_none epoch_bumps_with_every_change
            missing_challenge_counter_refuses sessions_and_devices_come_back_unchanged
            session_digest_only_at_rest a_replaced_token_is_found_no_more a_replaced_device_is_found_no_more
            a_device_is_remembered_as_it_was_put_last
            a_session_that_is_over_gives_way a_device_that_is_over_gives_way
            ended_session_cannot_be_required stamp_by_stale_version_is_refused
            touch_never_goes_back_and_never_revives idle_and_absolute_limits
            revoke_is_immediate_on_every_handle revoke_all_by_epoch
            password_change_reissues_acting_session_in_same_commit sign_in_vs_reset_race
            sign_in_vs_dismiss_race sign_in_vs_block_race act_vs_sign_out_race slot_is_taken_once_race
            password_change_race_one_winner
            checkwords_come_back_unchanged checkword_digest_only_at_rest slot_is_put_by_version
            inspect_does_not_consume wrong_subject_or_purpose_refused unknown_says_unknown
            wiping_leaves_the_link former_checkwords_are_kept issue_supersedes_atomically
            checkword_lands_with_other_domains consume_once second_consume_says_used expired_says_expired
            superseded_says_superseded rotated_says_by_which_change ended_checkword_is_found_in_its_place
            purge_keeps_ended_checkwords consume_race_one_winner consume_resend_race_lands_once
            issue_vs_consume_race issue_race_one_newest consume_vs_rotate_race
            factors_come_back_unchanged factor_secrets_never_rest_in_clear authenticator_is_put_by_version
            advance_step_monotonic pending_secret_not_usable re_enrol_replaces_secret
            factor_reset_is_set_by_version factors_of_people_are_apart factor_lands_with_other_domains
            redeem_once replace_set_kills_old last_code_leaves_zero redeem_race_one_winner
            two_different_codes_in_parallel_both_win replace_vs_redeem_race factor_try_is_taken_by_number
            factor_success_settles_only_its_own_try binding_anew_resets_factor_tries
            factor_tries_stop_at_the_limit_race advance_race_one_winner factor_reset_race_one_winner
            latest_step_wins_race rename_vs_advance_race
            budget_is_never_overspent_race window_rolls_over
            a_full_window_gives_the_earlier_ones_back debits_are_durable a_live_counter_is_never_evicted
            giving_back_reaches_its_own_counter spent_stays_spent an_event_is_found_by_every_way
            a_case_reference_is_given_once events_are_listed_in_the_order_of_time
            parallel_refusals_are_one_row_with_their_count a_newer_message_takes_the_slot walkthrough
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
