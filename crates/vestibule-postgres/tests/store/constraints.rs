//! Every constraint of the tables: a refusal of the contract, or out of reach, and why.

use std::collections::BTreeSet;
use std::error::Error;

use vestibule_core::{Commit, StoreErrorKind};
use vestibule_postgres::ServerError;

use crate::ground::{Place, own, runtime};
use crate::passwords::{first_passwords, landed};

/// Every statement there is.
const STATEMENTS: &[&str] = &[
    include_str!("../../../vestibule-sql/src/checkword.rs"),
    include_str!("../../../vestibule-sql/src/credentials.rs"),
    include_str!("../../../vestibule-sql/src/journal/writes.rs"),
    include_str!("../../../vestibule-sql/src/mfa.rs"),
    include_str!("../../../vestibule-sql/src/plan.rs"),
    include_str!("../../../vestibule-sql/src/profiles/addresses.rs"),
    include_str!("../../../vestibule-sql/src/profiles/writes.rs"),
    include_str!("../../../vestibule-sql/src/sessions.rs"),
    include_str!("../../../vestibule-sql/src/throttle.rs"),
    include_str!("../../src/migrate.rs"),
    include_str!("../../../vestibule-sql/src/throttle/at_once.rs"),
];

/// Unique keys whose violation is a step's refusal.
const REFUSES: &[&str] = &["vestibule_event_by_case"];

/// Unique keys that nobody can run into, and why.
const NEVER_MET: &[(&str, &str)] = &[
    ("vestibule_session_by_digest", "the digest of 160 random bits"),
    ("vestibule_device_by_digest", "the digest of 160 random bits"),
    ("vestibule_leaving_by_key", "a row that is there is put anew"),
];

/// Primary keys of rows that are inserted without `on conflict`, and why.
const INSERTED_BARE: &[(&str, &str)] = &[
    (
        "vestibule_leaving",
        "whatever is in its way is in that of `vestibule_leaving_by_key`, too, and is put anew",
    ),
    ("vestibule_migration", "written under the migrators' lock, after a look at what is there"),
    ("vestibule_window", "two who begin one counter meet here; the second is tried again and finds it"),
];

/// Checks of numbers, and what keeps to them before they are asked.
const KEPT_BY: &[(&str, &[&str])] = &[
    (
        "a version, a generation or an epoch counts up from zero, and its guard names the one before",
        &[
            "vestibule_password_generation_check",
            "vestibule_password_version_check",
            "vestibule_checkword_generation_check",
            "vestibule_checkword_version_check",
            "vestibule_authenticator_version_check",
            "vestibule_recovery_code_version_check",
            "vestibule_factor_reset_generation_check",
            "vestibule_factor_reset_proven_check",
            "vestibule_factor_reset_version_check",
            "vestibule_profile_epoch_check",
            "vestibule_account_settings_version_check",
            "vestibule_membership_epoch_check",
            "vestibule_membership_version_check",
            "vestibule_session_password_generation_check",
            "vestibule_session_profile_epoch_check",
            "vestibule_session_version_check",
            "vestibule_device_profile_epoch_check",
        ],
    ),
    (
        "the guard of every change of it states the same bounds, and the type of the row has no others",
        &[
            "vestibule_profile_created_accounts_check",
            "vestibule_profile_identifiers_check",
            "vestibule_profile_live_memberships_check",
            "vestibule_profile_social_links_check",
            "vestibule_account_administrators_check",
            "vestibule_account_seat_limit_check",
            "vestibule_account_seats_check",
        ],
    ),
    (
        "tries only count up from one, and what is settled is at most what was taken",
        &[
            "vestibule_tries_check",
            "vestibule_tries_taken_check",
            "vestibule_factor_tries_check",
            "vestibule_factor_tries_taken_check",
            "vestibule_case_refusals_check",
        ],
    ),
    (
        "the type of the row holds nothing else",
        &[
            "vestibule_profile_check",
            "vestibule_checkword_purpose_check",
            "vestibule_checkword_sends_check",
            "vestibule_checkword_tries_check",
            "vestibule_checkword_is_code_check",
            "vestibule_checkword_day_tries_check",
            "vestibule_checkword_former_purpose_check",
            "vestibule_authenticator_digits_check",
            "vestibule_authenticator_last_step_check",
            "vestibule_authenticator_name_check",
            "vestibule_authenticator_period_check",
            "vestibule_authenticator_slot_check",
            "vestibule_recovery_code_check",
            "vestibule_recovery_code_key_check",
            "vestibule_recovery_code_slot_check",
            "vestibule_recovery_code_spent_key_check",
            "vestibule_session_idle_check",
            "vestibule_session_slot_check",
            "vestibule_device_slot_check",
            "vestibule_window_shared_key_check",
            "vestibule_window_shared_network_check",
        ],
    ),
    (
        "a debit counts up from one, and giving back asks for one that is there",
        &[
            "vestibule_window_debits_check",
            "vestibule_window_population_counters_check",
            "vestibule_window_shared_debits_check",
        ],
    ),
    (
        "the row is written from one state of a checkword, with what belongs to that state and nothing else",
        &[
            "vestibule_checkword_check",
            "vestibule_checkword_check1",
            "vestibule_checkword_check2",
            "vestibule_checkword_former_check1",
        ],
    ),
    (
        "the place of an earlier checkword is what is left of its generation by eight",
        &["vestibule_checkword_former_check", "vestibule_checkword_former_place_check"],
    ),
    (
        "a code confirms an authenticator, and its step is the first used one",
        &["vestibule_authenticator_check"],
    ),
    (
        "a reset is one value with its beginning, its end and its password, and the type of the row reads no other",
        &["vestibule_factor_reset_check", "vestibule_factor_reset_check1", "vestibule_factor_reset_check2"],
    ),
    ("migrations are numbered from one", &["vestibule_migration_number_check"]),
];

#[test]
fn every_constraint_refuses_or_is_out_of_reach() {
    let place = Place::new();
    let (mut refusing, mut unexplained) = (BTreeSet::new(), Vec::new());
    let mut explained = BTreeSet::new();
    for Constraint { name, table, columns, kind, definition } in constraints(&place) {
        let kept = KEPT_BY.iter().any(|(_, names)| names.contains(&name.as_str()));
        let known = match kind.as_str() {
            "p" if INSERTED_BARE.iter().any(|(bare, _)| *bare == table) => true,
            "p" => is_named_by_every_insert(&table, &columns),
            "u" if REFUSES.contains(&name.as_str()) => refusing.insert(name.clone()),
            "u" => NEVER_MET.iter().any(|(never, _)| *never == name),
            // An id, a digest or a key has its length by its type; a flag or a state is one of its names.
            "c" => kept || definition.contains("octet_length(") || definition.contains("= ANY (ARRAY["),
            _ => false,
        };
        if !known {
            unexplained.push(format!("{name} of {table} ({columns}): {definition}"));
        }
        explained.insert(if kind == "p" { table } else { name });
    }
    assert!(unexplained.is_empty(), "nothing says what a violation means: {unexplained:#?}");
    let listed = KEPT_BY.iter().flat_map(|(_, names)| names.iter());
    let listed = listed.chain(NEVER_MET.iter().chain(INSERTED_BARE).map(|(name, _)| name)).chain(REFUSES);
    let gone: Vec<_> = listed.filter(|name| !explained.contains(**name)).collect();
    assert!(gone.is_empty(), "explained, and not there: {gone:?}");
    assert_eq!(refusing, in_the_map(), "what the statements name as refusals");
}

#[test]
fn another_violation_is_a_fault_that_names_the_constraint_and_no_value() {
    let place = Place::new();
    runtime().block_on(async {
        let store = place.create().await;
        let added = "alter table vestibule_password add constraint added check (hash <> '$argon2id$')";
        own(&place).await.batch_execute(added).await.unwrap();
        let error = store.commit(&first_passwords(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Backend);
        let source = error.source().and_then(|source| source.downcast_ref::<ServerError>()).unwrap();
        assert_eq!((source.code(), source.constraint()), ("23514", Some("added")));
        for shown in [error.to_string(), format!("{error:?}"), source.to_string(), format!("{source:?}")] {
            assert!(!shown.contains("argon2id"), "{shown}");
        }
        assert_eq!(landed(&store, 1).await, 0);
    });
}

struct Constraint {
    name: String,
    table: String,
    columns: String,
    kind: String,
    definition: String,
}

/// Checks, keys and unique indexes of the schema, as the catalogue has them.
fn constraints(place: &Place) -> Vec<Constraint> {
    let rows = runtime().block_on(async {
        drop(place.create().await);
        own(place)
            .await
            .query(
                "select conname::text, relname::text, contype::text, pg_get_constraintdef(con.oid),
                 coalesce((select string_agg(attname, ', ' order by place) from unnest(conkey) with ordinality
                     as key(number, place) join pg_attribute on attrelid = conrelid and attnum = number), '')
                 from pg_constraint as con join pg_class as class on class.oid = conrelid
                 where connamespace = to_regnamespace($1)
                 union all
                 select index.relname::text, class.relname::text, 'u', pg_get_indexdef(indexrelid), ''
                 from pg_index join pg_class as class on class.oid = indrelid
                 join pg_class as index on index.oid = indexrelid
                 where class.relnamespace = to_regnamespace($1) and indisunique
                 and not exists (select 1 from pg_constraint where conindid = indexrelid)",
                &[&place.0],
            )
            .await
            .unwrap()
    });
    assert!(rows.len() > 60, "the catalogue was not read");
    rows.iter()
        .map(|row| Constraint {
            name: row.get(0),
            table: row.get(1),
            kind: row.get(2),
            definition: row.get(3),
            columns: row.get(4),
        })
        .collect()
}

/// Whether each insert into the table says what a row that is there means.
fn is_named_by_every_insert(table: &str, key: &str) -> bool {
    let inserts: Vec<&str> = STATEMENTS
        .iter()
        .flat_map(|file| file.split("insert into ").skip(1))
        .filter(|insert| insert.split(|end: char| end != '_' && !end.is_alphanumeric()).next() == Some(table))
        .map(|insert| insert.split('"').next().unwrap())
        .collect();
    !inserts.is_empty() && inserts.iter().all(|insert| insert.contains(&format!("on conflict ({key}) do")))
}

/// The constraints that some step is refused by.
fn in_the_map() -> BTreeSet<String> {
    STATEMENTS
        .iter()
        .flat_map(|file| file.split("Constraint::unique(").chain(file.split("Constraint::check(")).skip(1))
        .filter_map(|named| named.split('"').nth(1))
        .filter(|name| name.starts_with("vestibule_"))
        .filter(|name| !name.contains(' '))
        .map(str::to_owned)
        .collect()
}
