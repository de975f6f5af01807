//! The codes by which hosts and support know the problems: a code that changed is a breaking change.

#![cfg(test)]

use vestibule_core::Registered;
use vestibule_mfa::{Problem, registry};

#[test]
fn every_problem_keeps_its_code() {
    let kept = [
        (Problem::ClockSkew { steps: 3 }, "mfa.clock_skew"),
        (Problem::Gone, "mfa.gone"),
        (Problem::NotEnrolled, "mfa.not_enrolled"),
        (Problem::NotPending, "mfa.not_pending"),
        (Problem::RecoveryCodeSpent, "mfa.recovery_code_spent"),
        (Problem::RecoveryCodeWrong, "mfa.recovery_code_wrong"),
        (Problem::Replayed, "mfa.code_replayed"),
        (Problem::Stopped, "mfa.stopped"),
        (Problem::TooMany, "mfa.too_many"),
        (Problem::Wrong, "mfa.code_wrong"),
    ];
    for (problem, code) in kept {
        assert_eq!(problem.entry().code, code);
    }
    assert!(registry().iter().all(|entry| kept.iter().any(|(_, code)| *code == entry.code)));
}
