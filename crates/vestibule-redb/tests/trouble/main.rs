//! What can go wrong around a redb file: processes that are killed, callers that go away, a full disk, foreign bytes.

#![cfg(test)]

#[path = "../../../vestibule/tests/trouble/acts.rs"]
mod acts;
#[path = "../../../vestibule/tests/trouble/amount.rs"]
mod amount;
#[path = "../../../vestibule/tests/trouble/calls.rs"]
mod calls;
#[path = "../../../vestibule/tests/trouble/cast.rs"]
mod cast;
#[path = "../../../vestibule/tests/trouble/dropped.rs"]
mod dropped;
#[path = "../../../vestibule/tests/trouble/factor.rs"]
mod factor;
#[path = "../../../vestibule/tests/trouble/full.rs"]
mod full;
mod ground;
#[path = "../../../vestibule/tests/trouble/killed.rs"]
mod killed;
#[path = "../../../vestibule/tests/trouble/mutated.rs"]
mod mutated;
#[path = "../../../vestibule/tests/trouble/picture.rs"]
mod picture;
#[path = "../../../vestibule/tests/trouble/process.rs"]
mod process;
#[path = "../../../vestibule/tests/trouble/target.rs"]
mod target;
mod values;

use std::process::ExitCode;

use target::{each_act, trial};

fn main() -> ExitCode {
    target::run(
        |part, words| match part {
            killed::PART => killed::play(words),
            other => panic!("{other}"),
        },
        || {
            let mut trials = vec![
                trial("dropped::every_call", dropped::every_call),
                trial("full::no_room", || full::no_room("4m")),
                trial("values::every_value", values::every_value),
                trial("values::every_counter", values::every_counter),
            ];
            trials.extend(each_act("dropped", dropped::every_act));
            trials.extend(each_act("killed", killed::everywhere));
            trials
        },
        values::left_out,
    )
}
