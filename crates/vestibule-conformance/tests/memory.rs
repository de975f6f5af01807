//! The in-memory reference passes its own contract.

fn main() -> std::process::ExitCode {
    vestibule_conformance::run(vestibule_conformance::MemoryHarness::new())
}
