//! What cannot be as it was given.

use core::time::Duration;

use vestibule::{ImportField, ImportProblem, ImportedAccount, ImportedMembership, ImportedPerson};
use vestibule_core::AddressError;
use vestibule_credentials::{ForeignHashError, HashError, StoredHashError, UnusableHash};
use vestibule_profiles::{PolicyError, Problem};

use super::{ARGON2ID, BCRYPT, ada, engines, ours, problem, world};
use crate::world::{ADA, block_on, reason};

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_written() {
    let world = world();
    let dear = BCRYPT.replace("$05$", "$06$");
    let large = ARGON2ID.replace("m=64", "m=65");
    let unknown_key = ours().replace("k=k1", "k=k9");
    let later = world.vestibule.now().plus(Duration::from_secs(1));
    let person = || ImportedPerson::new(ada()).email(ADA);
    let unverifiable = |error| ImportProblem::Hash(UnusableHash::Unverifiable(error));
    let unreadable = |error| ImportProblem::Hash(UnusableHash::Unreadable(error));
    let address = |field, error| ImportProblem::Address { field, error };
    let (role, contact) = (ImportField::MembershipRole(engines()), ImportField::MembershipContact(engines()));
    let error = PolicyError::Role;
    let member = || ImportedMembership::active(engines(), "clerk");
    for (given, expected) in [
        (person().email("bob"), address(ImportField::Email(1), AddressError::NoAt)),
        (person().phone("030 123"), address(ImportField::Phone(0), AddressError::NoCountryCode)),
        (
            person().social("https://a.example", "1").social("a.example", "1"),
            address(ImportField::Social(1), AddressError::Issuer),
        ),
        (person().email("bob").phone("1"), address(ImportField::Email(1), AddressError::NoAt)),
        (person().password_hash(dear), unverifiable(HashError::Foreign(ForeignHashError::TooCostly))),
        (person().password_hash(large), unverifiable(HashError::TooCostly)),
        (person().password_hash(unknown_key), unverifiable(HashError::PepperMissing)),
        (
            person().password_hash("5f4dcc3b5aa765d61d8327deb882cf99"),
            unreadable(StoredHashError::UnknownFormat),
        ),
        (person().created_at(later), ImportProblem::Future { field: ImportField::CreatedAt }),
        (
            person().member(ImportedMembership::dismissed(engines(), "")),
            ImportProblem::Role { field: role, error },
        ),
        (person().member(member().contact("x")), address(contact, AddressError::NoAt)),
        (
            person().member(member().since(later)),
            ImportProblem::Future { field: ImportField::MembershipSince(engines()) },
        ),
        (
            person().member(member().joined_at(later)),
            ImportProblem::Future { field: ImportField::MembershipJoinedAt(engines()) },
        ),
    ] {
        let problem = world.problem(given);
        assert_eq!(problem, expected);
        assert!(problem.to_string().starts_with(&problem.field().unwrap().to_string()), "{problem}");
    }
    let many = (0..9).fold(ImportedPerson::new(ada()), |person, n| person.email(&format!("{n}@b.example")));
    assert_eq!(world.problem(many), ImportProblem::Profiles(Problem::TooManyIdentifiers));
    let account = ImportedAccount::new(engines(), "Engines", ada(), "");
    let role = problem(block_on(world.vestibule.import_account(account, &reason())));
    assert_eq!(role.field(), Some(ImportField::PrimaryRole));
    let account = ImportedAccount::new(engines(), "Engines", ada(), "owner");
    let unknown = problem(block_on(world.vestibule.import_account(account, &reason())));
    assert_eq!(unknown, ImportProblem::Profiles(Problem::ProfileUnknown));
    assert!(world.rows().is_empty());
}
