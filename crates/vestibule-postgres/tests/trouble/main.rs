//! What can go wrong around a server: processes that are killed, that race, callers that go away; wires that are cut, a
//! restart, a full disk, foreign bytes, and tables that are not as they should be.

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
mod cut;
#[path = "../../../vestibule/tests/trouble/dropped.rs"]
mod dropped;
#[path = "../../../vestibule/tests/trouble/factor.rs"]
mod factor;
#[path = "../../../vestibule/tests/trouble/full.rs"]
mod full;
mod ground;
#[path = "../../../vestibule/tests/trouble/killed.rs"]
mod killed;
mod migrators;
#[path = "../../../vestibule/tests/trouble/mutated.rs"]
mod mutated;
#[path = "../../../vestibule/tests/trouble/picture.rs"]
mod picture;
mod pool;
#[path = "../../../vestibule/tests/trouble/process.rs"]
mod process;
#[path = "../../../vestibule/tests/trouble/raced.rs"]
mod raced;
mod restarted;
#[path = "../support/ground.rs"]
mod server;
mod tables;
#[path = "../../../vestibule/tests/trouble/target.rs"]
mod target;
#[path = "../support/wire.rs"]
mod wire;

use std::process::ExitCode;

use server::cluster;
use target::{each_act, each_of, trial};

fn main() -> ExitCode {
    let code = target::run(
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
                trial("full::no_room", || full::no_room("64m")),
                trial(
                    "migrators::one_that_is_killed_has_done_nothing",
                    migrators::one_that_is_killed_has_done_nothing,
                ),
                trial(
                    "migrators::of_several_at_once_one_does_the_work",
                    migrators::of_several_at_once_one_does_the_work,
                ),
                trial(
                    "pool::taken_by_others_it_is_contended_and_then_free",
                    pool::taken_by_others_it_is_contended_and_then_free,
                ),
                trial(
                    "restarted::nothing_that_was_acknowledged_is_lost",
                    restarted::nothing_that_was_acknowledged_is_lost,
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
            let cut = |act: &acts::Act| amount::all() || cut::ACTS.contains(act);
            trials.extend(each_of("cut", cut::everywhere, cut));
            trials.extend(each_act("dropped", dropped::every_act));
            trials.extend(each_act("killed", killed::everywhere));
            trials.extend(each_act("raced::two", raced::by_two));
            trials.extend(each_act("raced::four", raced::by_four));
            trials
        },
        || amount::left_out().map(|said| format!("{said}\nthe wire was cut in {} commands", cut::ACTS.len())),
    );
    ground::clear();
    code
}
