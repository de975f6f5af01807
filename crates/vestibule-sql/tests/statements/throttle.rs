use vestibule_sql::throttle;
use vestibule_throttle::{Overflow, TakenWindow, WindowKey, WindowKind, WindowTake};

use crate::world::{NOW, later, realm};
use crate::{asked, compare, run};

fn key() -> WindowKey {
    WindowKey {
        kind: WindowKind::Identifier,
        digest: [1; 32],
        overflow: Overflow { network: 2, key: 3 },
        starts_at: NOW,
        ends_at: later(60),
    }
}

#[test]
fn windows_are_these_statements() {
    let (realm, mut text) = (realm(), String::new());
    let take = WindowTake { key: key(), at_most: 10, population: 1_000 };
    run(&mut text, "begin_own", &throttle::begin_own(&realm, &take));
    run(&mut text, "claim_place", &throttle::claim_place(&realm, &take));
    asked(&mut text, "debit_at_once, where a query can change rows", &throttle::debit_at_once(&realm, &take));
    run(&mut text, "debit_own", &throttle::debit_own(&realm, &take));
    run(&mut text, "debit_shared", &throttle::debit_shared(&realm, &take));
    for statement in throttle::forget_windows(&realm, later(1), 500) {
        run(&mut text, "forget_windows", &statement);
    }
    for shared in [false, true] {
        let name = if shared { "give_back, shared" } else { "give_back" };
        run(&mut text, name, &throttle::give_back(&realm, &TakenWindow { key: key(), shared }));
    }
    run(&mut text, "has_own", &throttle::has_own(&realm, &key()));
    compare("throttle", &text);
}
