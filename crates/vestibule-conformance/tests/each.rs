//! The second front end: one `#[test]` per case.

// So that the names are those of the first: `conformance::memory::consume_once`.
mod conformance {
    mod memory {
        vestibule_conformance::conformance_tests!(vestibule_conformance::MemoryHarness::new());
    }
}
