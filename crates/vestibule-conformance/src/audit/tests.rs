//! Every flaw is planted, and seen; where nothing is planted nothing is seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_checkword::purpose::RECOVERY;
use vestibule_checkword::{Checkword, CheckwordWrite, State, read_link};
use vestibule_core::kv::{Action, Applied, Expect, Key, Kv, KvStore, MemoryKv, Op};
use vestibule_core::{
    AddressKind, Batch, BatchId, Commit, EventId, KeyPurpose, Landed, Realm, Secret, SecretText,
    SystemEntropy,
};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Lane, Tries};
use vestibule_journal::{
    Case, CaseOf, Code, Contents, JournalRead, JournalWrite, Letter, Message, Personal, derive_slot,
    seal_message,
};
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, MfaWrite, Tries as FactorTries};
use vestibule_profiles::{Membership, Profile, ProfilesWrite, Standing, Status};
use vestibule_sessions::{Device, Session, SessionsRead};

use super::*;
use crate::fixture::{
    NOW, account_id, address_key, bind, bury, checkword, code, confirmed, consume, create_account,
    create_profile, device, email, event, first_code, ids, link, membership, note_proven, pending, profile,
    put_checkword, put_device, put_password, put_session, record, redeem_code, ring, session, social,
    standing, subject, take, take_factor_try, take_try,
};
use crate::harness::block_on;
use crate::joined::JoinedWrite;

/// A sound deployment: Ada (1), who administers acme, and Bob (2), each with everything a person has.
struct Ground {
    kv: Arc<MemoryKv>,
    store: KvStore<Arc<MemoryKv>>,
    batches: core::cell::Cell<u8>,
}

fn event_id(number: u8) -> BatchId {
    BatchId::from_bytes([number; 16])
}

fn link_text() -> SecretText {
    SecretText::make(&SystemEntropy, RECOVERY, ring().unwrap().current(KeyPurpose::Digest)).unwrap()
}

fn letter(owner: &[u8], payload: &[u8]) -> Message {
    let (ring, purpose) = (ring().unwrap(), Code::parse("recovery.link").unwrap());
    let letter = Letter {
        slot: derive_slot(&ring, &purpose, owner),
        purpose,
        to: AddressKind::Email,
        suppressed: false,
        not_before: NOW,
        language: None,
        contents: Contents {
            recipient: Secret::new("ada@example.com".to_owned()),
            payload: Secret::new(payload.to_vec()),
        },
    };
    seal_message(&ring, &SystemEntropy, letter, NOW).unwrap()
}

fn case() -> Case {
    let code = Code::parse("sign_in.wrong_secret").unwrap();
    let refusal = CaseOf {
        code: &code,
        told: &code,
        identifier: &address_key(1),
        client: None,
        account: None,
        facts: &[],
        at: NOW,
    };
    Case::derive(&ring().unwrap(), &refusal, 0).unwrap()
}

impl Ground {
    fn sound() -> Self {
        let kv = Arc::new(MemoryKv::new());
        let store = KvStore::new(Arc::clone(&kv), Realm::default());
        let ground = Self { kv, store, batches: core::cell::Cell::new(0) };
        let acme = account_id("acme").unwrap();
        ground.land(vec![create_account("acme").unwrap().into()]);
        for number in [1, 2] {
            let administers = number == 1;
            let standing = Standing { administers, ..standing(Status::Active).unwrap() };
            let member = Membership { standing, ..membership(acme, subject(number)).unwrap() };
            let profile = Profile { live_memberships: 1, social_links: 1, ..profile(number) };
            let name = 16 * number + 3;
            ground.land(vec![
                ProfilesWrite::CreateProfile { profile }.into(),
                take(email(number, &format!("p{number}@example.com")).unwrap()).into(),
                take(social(number, &format!("p{number}")).unwrap()).into(),
                ProfilesWrite::AddMembership { membership: member }.into(),
                put_password(number, "hash", None, 1).into(),
                take_try(number, 0, 100).into(),
                put_session(session(number, name), None).into(),
                put_device(device(number, name), None).into(),
            ]);
            ground.land(vec![
                bind(confirmed(number, 0, 10).unwrap()).into(),
                bind(pending(number, 2).unwrap()).into(),
                first_code(number, 0).unwrap().into(),
                first_code(number, 9).unwrap().into(),
                take_factor_try(number, 0, 100).into(),
                note_proven(number, 1).into(),
            ]);
            ground.land(vec![redeem_code(number, 9, 1).unwrap().into()]);
            ground.land(vec![put_checkword(number, 1, None).into()]);
            ground.land(vec![
                put_checkword(number, 2, Some(0)).into(),
                bury(number, 1, State::Superseded { at: NOW }).into(),
            ]);
        }
        let seats = ProfilesWrite::CountSeats { account: acme, delta: 1, settings_version: 1 };
        ground.land(vec![seats.into()]);
        for number in [1, 2] {
            let id = event_id(100 + number);
            let personal = Personal::make(&SystemEntropy, id.into(), &[("reason", "left")]).unwrap();
            let mut own = event(id, Some([number; 5])).unwrap();
            own.commitment = personal.commitment();
            ground.land(vec![record(own).into(), JournalWrite::RecordPersonal { personal }.into()]);
        }
        for owner in [b"ada", b"bob"] {
            ground.land(vec![JournalWrite::QueueMessage { message: letter(owner, b"no link") }.into()]);
        }
        ground.land(vec![JournalWrite::FoldCase { case: case() }.into()]);
        ground
    }

    fn land(&self, writes: Vec<JoinedWrite>) {
        self.batches.set(self.batches.get() + 1);
        let batch = Batch::new(BatchId::from_bytes([self.batches.get(); 16]), NOW, writes).unwrap();
        assert_eq!(block_on(self.store.commit(&batch)).unwrap(), Landed::Applied);
    }

    /// The one row of a table whose key has these bytes.
    fn row(&self, table: &str, key: &[u8]) -> (Key, Vec<u8>) {
        let has =
            |bytes: &[u8], part: &[u8]| part.is_empty() || bytes.windows(part.len()).any(|own| own == part);
        // A part of a partition has its length before it, so that no name is the beginning of another.
        let table = [&u16::try_from(table.len()).unwrap().to_be_bytes()[..], table.as_bytes()].concat();
        let mut found = self.kv.dump().into_iter().filter(|(own, _)| {
            let all = [own.partition().as_bytes(), own.sort()].concat();
            has(own.partition().as_bytes(), &table) && has(&all, key)
        });
        let row = found.next().expect("there is no such row");
        assert!(found.next().is_none(), "there are two such rows");
        row
    }

    fn write(&self, key: Key, action: Action) {
        let op = Op { key, expect: Expect::Present, action };
        assert_eq!(block_on(self.kv.apply(BatchId::from_bytes([0; 16]), vec![op])).unwrap(), Applied::All);
    }

    /// Puts what stands under one key of a table under another.
    fn copy(&self, table: &str, from: &[u8], to: &[u8]) {
        let (_, value) = self.row(table, from);
        self.write(self.row(table, to).0, Action::Put(value));
    }

    fn found(&self) -> Vec<Unsound> {
        let links: Vec<_> = [(1, 1), (1, 2), (1, 9), (2, 1), (2, 2)].map(|(n, g)| link(n, g)).to_vec();
        let (people, accounts) = ([1, 2, 7, 9].map(subject), [account_id("acme").unwrap()]);
        let (cases, ring) = ([case().reference], ring().unwrap());
        let scope = Scope::new(&people, &accounts).links(&links).cases(&cases).ring(&ring);
        block_on(audit_within(&self.store, &scope)).unwrap()
    }
}

/// Plants damage, and sees it: these flaws, and no other.
fn sees(expected: &[Flaw], plant: impl FnOnce(&Ground)) {
    let ground = Ground::sound();
    plant(&ground);
    let found = ground.found();
    let flaws: Vec<_> = found.iter().map(|unsound| unsound.flaw).collect();
    assert_eq!(flaws, expected, "{:?}", found.iter().map(ToString::to_string).collect::<Vec<_>>());
}

fn counter(of: Counted, says: u64, there: u64) -> Flaw {
    Flaw::Counter { of, says, there }
}

#[test]
fn what_is_sound_is_found_sound() {
    sees(&[], |_| {});
}

#[test]
fn counters_that_say_other_than_there_is() {
    let acme = account_id("acme").unwrap();
    sees(&[counter(Counted::Seats, 3, 2)], |ground| {
        let seat = ProfilesWrite::CountSeats { account: acme, delta: 1, settings_version: 1 };
        ground.land(vec![seat.into()]);
    });
    sees(&[counter(Counted::Administrators, 2, 1)], |ground| {
        ground.land(vec![ProfilesWrite::CountAdministrators { account: acme, delta: 1 }.into()]);
    });
    sees(&[counter(Counted::Identifiers, 2, 1), counter(Counted::SocialLinks, 3, 1)], |ground| {
        let ways = ProfilesWrite::CountWays { subject: subject(1), identifiers: 1, social_links: 2 };
        ground.land(vec![ways.into()]);
    });
    sees(&[counter(Counted::Memberships, 2, 1)], |ground| {
        let (memberships, accounts, accounts_at_most) = (1, 0, 9);
        let count =
            ProfilesWrite::CountProfile { subject: subject(2), memberships, accounts, accounts_at_most };
        ground.land(vec![count.into()]);
    });
    sees(&[counter(Counted::Cases, 0, 1)], |ground| {
        ground.write(ground.row("journal.case_population", &[]).0, Action::Delete);
    });
}

#[test]
fn accounts_and_memberships_that_do_not_agree() {
    let acme = account_id("acme").unwrap();
    let nobody =
        [counter(Counted::Administrators, 1, 0), Flaw::NoAdministrator, Flaw::PrimaryAdministersNothing];
    sees(&nobody, |ground| {
        let to = Some(standing(Status::Active).unwrap());
        let (subject, from, ends_access) = (subject(1), 1, false);
        ground.land(vec![
            ProfilesWrite::MoveMembership { account: acme, subject, from, to, ends_access }.into(),
        ]);
    });
    // Another's membership in the account's own list.
    let ada = subject(1);
    let globex = account_id("globex").unwrap();
    let foreign =
        [Flaw::ForeignMembership(globex), Flaw::MembershipDiffers(globex), Flaw::AccountMissing(globex)];
    sees(&foreign, |ground| {
        let other = Membership {
            standing: Standing { administers: true, ..standing(Status::Active).unwrap() },
            ..membership(globex, ada).unwrap()
        };
        let (key, _) = ground
            .kv
            .dump()
            .into_iter()
            .find(|(key, _)| {
                let own = |part: &[u8]| key.partition().as_bytes().windows(part.len()).any(|p| p == part);
                own(b"profiles.member\0") && key.sort().ends_with(ada.as_bytes())
            })
            .unwrap();
        ground.write(key, Action::Put(other.encode()));
    });
    sees(&[Flaw::AccountMissing(globex)], |ground| {
        let (memberships, accounts, accounts_at_most) = (1, 0, 9);
        ground.land(vec![
            ProfilesWrite::AddMembership { membership: membership(globex, subject(2)).unwrap() }.into(),
            ProfilesWrite::CountProfile { subject: subject(2), memberships, accounts, accounts_at_most }
                .into(),
        ]);
    });
}

#[test]
fn people_without_a_way_in_and_addresses_of_others() {
    sees(&[Flaw::NoWayIn], |ground| {
        let profile = Profile { identifiers: 0, ..profile(7) };
        ground.land(vec![ProfilesWrite::CreateProfile { profile }.into()]);
    });
    sees(&[Flaw::OwnedByAnother], |ground| {
        let key =
            |number| *email(number, &format!("p{number}@example.com")).unwrap().identifier.key().as_bytes();
        ground.copy("profiles.owner", &key(2), &key(1));
    });
}

#[test]
fn rows_of_nobody() {
    let orphans = [Row::Identifier, Row::Membership, Row::Password, Row::Session, Row::Device];
    sees(&orphans.map(Flaw::Orphan), |ground| {
        ground.land(vec![
            take(email(9, "nobody@example.com").unwrap()).into(),
            ProfilesWrite::AddMembership {
                membership: membership(account_id("globex").unwrap(), subject(9)).unwrap(),
            }
            .into(),
            put_password(9, "hash", None, 1).into(),
            put_session(session(9, 163), None).into(),
            put_device(device(9, 163), None).into(),
            // Of whoever is nobody this is right: an unknown address leaves as much.
            take_try(9, 0, 100).into(),
            put_checkword(9, 1, None).into(),
        ]);
    });
}

#[test]
fn rows_in_the_place_of_others() {
    let (ada, bob) = (subject(1), subject(2));
    sees(&[Flaw::Misplaced(Row::Password)], |ground| {
        ground.copy("credentials.password", bob.as_bytes(), ada.as_bytes());
    });
    sees(&[Flaw::Misplaced(Row::Tries)], |ground| {
        ground.copy("credentials.tries", bob.as_bytes(), ada.as_bytes());
    });
    let session = [Flaw::Misplaced(Row::Session), Flaw::NotByItsDigest(Row::Session)];
    sees(&session, |ground| {
        let other = Session { subject: bob, ..session_of(ground, 1) };
        // What stands under the token is found through the slot it points to, so that it is this row itself.
        let other = Session { digest: ids(999).digest, ..other };
        ground.write(ground.row("sessions.rows", ada.as_bytes()).0, Action::Put(other.encode()));
    });
    let device = [Flaw::Misplaced(Row::Device), Flaw::NotByItsDigest(Row::Device)];
    sees(&device, |ground| {
        let own = block_on(ground.store.devices(ada)).unwrap().remove(0);
        let other = Device { subject: bob, digest: ids(999).digest, ..own };
        ground.write(ground.row("sessions.devices", ada.as_bytes()).0, Action::Put(other.encode()));
    });
    // Bob's slot says otherwise, so that two are his newest.
    sees(&[Flaw::Misplaced(Row::Checkword), Flaw::TwoNewest], |ground| {
        let own = block_on(ground.store.checkword(ada, RECOVERY.as_str().to_owned())).unwrap().unwrap();
        let other = Checkword { holder: bob, ..own };
        ground.write(ground.row("checkword.slots", ada.as_bytes()).0, Action::Put(other.encode()));
    });
}

fn session_of(ground: &Ground, number: u64) -> Session {
    block_on(ground.store.sessions(subject(number))).unwrap().remove(0)
}

#[test]
fn tries_that_are_stopped_by_their_success() {
    sees(&[Flaw::StoppedBySuccess], |ground| {
        let tries = block_on(ground.store.tries(subject(1), Lane::Everybody)).unwrap().unwrap();
        let stopped = Tries { settled: tries.taken, stopped_at: Some(NOW), ..tries };
        let (key, _) = ground.row("credentials.tries", subject(1).as_bytes());
        ground.write(key, Action::Put(stopped.encode()));
    });
    sees(&[], |ground| {
        // By failures they are, and by a reset they are not.
        ground.land(vec![take_try(1, 1, 2).into()]);
        let (subject, lane) = (subject(2), Lane::Everybody);
        ground.land(vec![CredentialsWrite::ResetTries { subject, lane }.into()]);
    });
}

#[test]
fn second_factors_that_are_not_in_order() {
    let ada = subject(1);
    let (held, codes) = ("mfa.authenticators", "mfa.codes");
    // The row of a slot: a partition for each person, and the slot behind it.
    let row = |ground: &Ground, table: &str, number: u64, slot: u8| {
        let own = subject(number);
        let found = ground.kv.dump().into_iter().find(|(key, _)| {
            let has = |part: &[u8]| key.partition().as_bytes().windows(part.len()).any(|own| own == part);
            has(table.as_bytes()) && has(own.as_bytes()) && key.sort().ends_with(&[slot])
        });
        found.unwrap()
    };
    sees(&[Flaw::OutOfOrder(Listed::Authenticators)], |ground| {
        let (first, second) = (row(ground, held, 1, 0), row(ground, held, 1, 2));
        ground.write(first.0, Action::Put(second.1));
        ground.write(second.0, Action::Put(first.1));
    });
    sees(&[Flaw::TwoInOnePlace(Row::Authenticator)], |ground| {
        let (first, second) = (row(ground, held, 1, 0), row(ground, held, 1, 2));
        ground.write(second.0, Action::Put(first.1));
    });
    sees(&[Flaw::TwoInOnePlace(Row::Authenticator)], |ground| {
        ground.land(vec![bind(Authenticator { slot: 3, ..confirmed(1, 0, 10).unwrap() }).into()]);
    });
    sees(&[Flaw::Misplaced(Row::Authenticator)], |ground| {
        let (own, other) = (row(ground, held, 1, 0), row(ground, held, 2, 0));
        ground.write(own.0, Action::Put(other.1));
    });
    sees(&[Flaw::OutOfOrder(Listed::RecoveryCodes)], |ground| {
        let (first, second) = (row(ground, codes, 1, 0), row(ground, codes, 1, 9));
        ground.write(first.0, Action::Put(second.1));
        ground.write(second.0, Action::Put(first.1));
    });
    sees(&[Flaw::Misplaced(Row::RecoveryCode)], |ground| {
        let (own, other) = (row(ground, codes, 1, 0), row(ground, codes, 2, 0));
        ground.write(own.0, Action::Put(other.1));
    });
    sees(&[Flaw::TwoInOnePlace(Row::RecoveryCode)], |ground| {
        let twin = CodeRow { slot: 3, ..code(1, 0, 1).unwrap() };
        ground.land(vec![MfaWrite::PutCode { row: twin, replacing: None }.into()]);
    });
    sees(&[Flaw::SpentAndLive], |ground| {
        let again = CodeRow { slot: 3, ..code(1, 9, 1).unwrap() };
        ground.land(vec![MfaWrite::PutCode { row: again, replacing: None }.into()]);
    });
    sees(&[Flaw::Misplaced(Row::FactorReset)], |ground| {
        ground.copy("mfa.reset", subject(2).as_bytes(), ada.as_bytes());
    });
    sees(&[Flaw::Misplaced(Row::FactorTries)], |ground| {
        ground.copy("mfa.tries", subject(2).as_bytes(), ada.as_bytes());
    });
    sees(&[Flaw::StoppedBySuccess], |ground| {
        let tries = block_on(ground.store.mfa_tries(ada)).unwrap().unwrap();
        let stopped = FactorTries { settled: tries.taken, stopped_at: Some(NOW), ..tries };
        ground.write(ground.row("mfa.tries", ada.as_bytes()).0, Action::Put(stopped.encode()));
    });
    sees(&[], |ground| {
        // By failures they are, and by a reset they are not.
        ground.land(vec![take_factor_try(1, 1, 2).into()]);
        ground.land(vec![MfaWrite::ResetTries { subject: subject(2) }.into()]);
    });
}

#[test]
fn sessions_of_what_is_yet_to_come_and_two_in_one_place() {
    let ahead = |name| Flaw::AheadOfItsTime(ids(name).handle);
    sees(&[ahead(20), ahead(21), ahead(22), ahead(23)], |ground| {
        let later = Some(NOW.plus(core::time::Duration::from_micros(1)));
        ground.land(vec![
            put_session(Session { profile_epoch: 2, ..session(1, 20) }, None).into(),
            put_session(Session { password_generation: Some(2), ..session(1, 21) }, None).into(),
            put_device(Device { profile_epoch: 2, ..device(1, 22) }, None).into(),
            put_device(Device { remembered_since: later, ..device(1, 23) }, None).into(),
        ]);
    });
    let twice = [Flaw::TwoInOnePlace(Row::Session), Flaw::TwoInOnePlace(Row::Device)];
    sees(&twice, |ground| {
        let handle = ids(19).handle;
        ground.land(vec![
            put_session(Session { handle, ..session(1, 20) }, None).into(),
            put_device(Device { handle, ..device(1, 20) }, None).into(),
        ]);
    });
    let found = [Flaw::NotByItsDigest(Row::Session), Flaw::NotByItsDigest(Row::Device)];
    sees(&found, |ground| {
        let digest = ids(19).digest;
        ground.land(vec![
            put_session(Session { digest, ..session(1, 20) }, None).into(),
            put_device(Device { digest, ..device(1, 20) }, None).into(),
        ]);
    });
}

#[test]
fn links_that_are_newest_twice_or_older_than_nothing() {
    sees(&[Flaw::FormerWithoutNewer], |ground| {
        ground.land(vec![bury(1, 9, State::Used { at: NOW }).into()]);
    });
    sees(&[Flaw::NotByItsDigest(Row::Checkword)], |ground| {
        let twin = Checkword { purpose: "sign-up".to_owned(), ..checkword(1, 2, 0) };
        ground.land(vec![CheckwordWrite::Put { checkword: twin, from: None }.into()]);
    });
    // A row of Bob's in Ada's slot, where the pointer of his old link leads.
    let twice = [Flaw::Misplaced(Row::Checkword), Flaw::TwoNewest];
    sees(&twice, |ground| {
        let (ada, bob) = (subject(1), subject(2));
        let (_, his) = ground.row("checkword.slots", bob.as_bytes());
        let (_, to_hers) = ground.row("checkword.digests", link(1, 2).as_bytes());
        ground.land(vec![
            put_checkword(2, 3, Some(1)).into(),
            bury(2, 2, State::Superseded { at: NOW }).into(),
        ]);
        ground.write(ground.row("checkword.slots", ada.as_bytes()).0, Action::Put(his));
        ground.write(ground.row("checkword.digests", link(2, 2).as_bytes()).0, Action::Put(to_hers));
        // What was Ada's newest leads nowhere now; it is not asked for.
        ground.write(ground.row("checkword.digests", link(1, 2).as_bytes()).0, Action::Delete);
    });
}

#[test]
fn events_that_are_not_what_they_were() {
    let (one, two) = (event_id(101), event_id(102));
    let [one_id, two_id] = [one, two].map(EventId::from);
    let differs = [Flaw::EventDiffers(one_id), Flaw::EventDiffers(one_id)];
    // Once in the account's list and once in the person's.
    sees(&differs, |ground| ground.copy("journal.events", two.as_bytes(), one.as_bytes()));
    let elsewhere = [Flaw::CaseLeadsElsewhere(one_id), Flaw::CaseLeadsElsewhere(one_id)];
    sees(&elsewhere, |ground| ground.copy("journal.events_by_case", &[2; 5], &[1; 5]));
    let commitment = [Flaw::Commitment(two_id), Flaw::Commitment(two_id)];
    sees(&commitment, |ground| {
        let personal = Personal::make(&SystemEntropy, two_id, &[("reason", "stayed")]).unwrap();
        ground.land(vec![JournalWrite::RecordPersonal { personal }.into()]);
    });
    sees(&[], |ground| {
        // What was erased is no flaw.
        ground.write(ground.row("journal.personal", two.as_bytes()).0, Action::Delete);
    });
    let unnamed = [Flaw::EventOfAnother(two_id), Flaw::EventDiffers(two_id)];
    sees(&unnamed, |ground| {
        let mut other = block_on(ground.store.event(two_id)).unwrap().unwrap();
        other.account = Some(account_id("globex").unwrap());
        let (key, _) = ground.row("journal.events_of_account", two.as_bytes());
        ground.write(key, Action::Put(other.encode()));
    });
    sees(&[Flaw::OutOfOrder(Listed::Events)], |ground| {
        let table = "journal.events_of_account";
        let (first, second) = (ground.row(table, one.as_bytes()), ground.row(table, two.as_bytes()));
        ground.write(first.0, Action::Put(second.1));
        ground.write(second.0, Action::Put(first.1));
    });
}

#[test]
fn cases_and_messages_that_are_not_in_order() {
    sees(&[Flaw::CaseMisfiled], |ground| {
        let (key, _) = ground.row("journal.cases", case().reference.as_bytes());
        ground.write(key, Action::Put(Case { key: [9; 32], ..case() }.encode()));
    });
    let mut slots = [letter(b"ada", b"").slot, letter(b"bob", b"").slot];
    slots.sort_unstable();
    let [first, second] = slots;
    sees(&[Flaw::OutOfOrder(Listed::Messages)], |ground| {
        let (one, two) = (ground.row("journal.messages", &first), ground.row("journal.messages", &second));
        ground.write(one.0, Action::Put(two.1));
        ground.write(two.0, Action::Put(one.1));
    });
    sees(&[Flaw::LetterSealedElsewhere], |ground| {
        let other = Message { slot: first, ..letter(b"eve", b"") };
        ground.land(vec![JournalWrite::QueueMessage { message: other }.into()]);
    });
}

#[test]
fn a_message_whose_link_is_worthless() {
    let text = link_text();
    // EXPOSE: what the message carries.
    let rendered = text.render().expose().clone();
    let digest = read_link(&ring().unwrap(), &rendered, RECOVERY).unwrap();
    let payload = [b"\x02\0\0\0\x01n", rendered.as_bytes(), b"\0\0\0\x02  "].concat();
    let sent = |ground: &Ground| {
        let own = Checkword { digest, ..checkword(7, 1, 0) };
        ground.land(vec![
            create_profile(7).into(),
            take(email(7, "eve@example.com").unwrap()).into(),
            CheckwordWrite::Put { checkword: own, from: None }.into(),
            JournalWrite::QueueMessage { message: letter(b"eve", &payload) }.into(),
        ]);
    };
    sees(&[], sent);
    sees(&[Flaw::LetterOfNoUse], |ground| {
        sent(ground);
        ground.land(vec![consume(7, 1, NOW).into()]);
    });
    sees(&[], |ground| {
        sent(ground);
        // With the message blanked in the same commit.
        ground.land(vec![
            consume(7, 1, NOW).into(),
            JournalWrite::QueueMessage { message: letter(b"eve", b"blank") }.into(),
        ]);
    });
}

#[test]
fn what_is_found_says_where() {
    let ground = Ground::sound();
    ground.land(vec![bury(1, 9, State::Used { at: NOW }).into()]);
    let places: BTreeSet<_> = ground.found().iter().map(ToString::to_string).collect();
    assert_eq!(places, BTreeSet::from(["holder 0000000000000001: FormerWithoutNewer".to_owned()]));
}
