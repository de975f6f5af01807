//! What can go wrong around a file: processes that are killed, that race, callers that go away; a full disk, foreign bytes,
//! and tables that are not as they should be.

#![cfg(test)]

#[path = "../../../vestibule/tests/trouble/acts.rs"]
mod acts;
#[path = "../../../vestibule/tests/trouble/amount.rs"]
mod amount;
#[path = "../../../vestibule/tests/trouble/calls.rs"]
mod calls;
#[path = "../../../vestibule/tests/trouble/cast.rs"]
mod cast;
mod columns;
#[path = "../../../vestibule/tests/trouble/columns_read.rs"]
mod columns_read;
#[path = "../../../vestibule/tests/trouble/dropped.rs"]
mod dropped;
#[path = "../../../vestibule/tests/trouble/factor.rs"]
mod factor;
#[path = "../../../vestibule/tests/trouble/failed.rs"]
mod failed;
#[path = "../../../vestibule/tests/trouble/full.rs"]
mod full;
mod ground;
#[path = "../../../vestibule/tests/trouble/interleaved.rs"]
mod interleaved;
#[path = "../../../vestibule/tests/trouble/killed.rs"]
mod killed;
mod migrators;
#[path = "../../../vestibule/tests/trouble/mutated.rs"]
mod mutated;
#[path = "../../../vestibule/tests/trouble/picture.rs"]
mod picture;
#[path = "../../../vestibule/tests/trouble/process.rs"]
mod process;
#[path = "../../../vestibule/tests/trouble/raced.rs"]
mod raced;
mod readers;
mod tables;
#[path = "../../../vestibule/tests/trouble/target.rs"]
mod target;

use std::process::ExitCode;

use target::{each_act, trial};

fn main() -> ExitCode {
    target::run(
        |part, words| match part {
            killed::PART => killed::play(words),
            migrators::PART => migrators::play(words),
            raced::PART => raced::play(words),
            other => panic!("{other}"),
        },
        || {
            let mut trials = vec![
                trial("columns::every_column", columns::every_column),
                trial("dropped::every_call", dropped::every_call),
                trial("interleaved::what_no_order_explained_once", interleaved::what_no_order_explained_once),
                trial("full::no_room", || full::no_room("4m")),
                trial(
                    "migrators::one_that_is_killed_has_done_nothing",
                    migrators::one_that_is_killed_has_done_nothing,
                ),
                trial(
                    "migrators::of_several_at_once_one_does_the_work",
                    migrators::of_several_at_once_one_does_the_work,
                ),
                trial(
                    "migrators::tables_one_version_newer_are_left_alone",
                    migrators::tables_one_version_newer_are_left_alone,
                ),
                trial(
                    "readers::held_by_others_they_are_contended_and_then_free",
                    readers::held_by_others_they_are_contended_and_then_free,
                ),
                trial(
                    "tables::every_constraint_that_is_missing_is_found",
                    tables::every_constraint_that_is_missing_is_found,
                ),
                trial(
                    "tables::a_key_that_is_no_longer_unique_opens_nothing",
                    tables::a_key_that_is_no_longer_unique_opens_nothing,
                ),
            ];
            trials.extend(each_act("dropped", dropped::every_act));
            trials.extend(each_act("failed", failed::everywhere));
            trials.extend(each_act("interleaved", interleaved::by_two));
            trials.extend(each_act("killed", killed::everywhere));
            trials.extend(each_act("raced::two", raced::by_two));
            trials.extend(each_act("raced::four", raced::by_four));
            trials
        },
        amount::left_out,
    )
}
