//! The second front end: one `#[test]` per case.

vestibule_conformance::conformance_tests!(vestibule_conformance::MemoryHarness::new());
