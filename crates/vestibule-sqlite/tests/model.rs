//! Random batches of all domains, beside the in-memory reference; other ones every time.

#[path = "conformance/ground.rs"]
mod ground;

#[test]
fn every_history_is_answered_as_the_reference_answers() {
    if let Err(finding) = vestibule_conformance::model_check(&ground::Sqlite::default(), 64) {
        panic!("{finding}");
    }
}
