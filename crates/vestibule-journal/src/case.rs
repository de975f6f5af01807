//! Refusals before proof, folded.

use core::time::Duration;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{
    AccountId, AddressKey, CaseReference, ClientAddress, CorruptRow, KeyRing, SecretDigest, Timestamp,
};

use crate::code::Code;
use crate::field::{FieldError, encode_fields, read_fields, read_text, write_fields};
use crate::row;
use crate::write::JournalWrite;

/// How many cases a realm keeps apart by identifier.
pub const MAX_CASES: u64 = 100_000;

/// How often a try that a window or a stop refused touches its case.
const TOUCH: Duration = Duration::from_secs(60);

/// Refusals before proof of one code, one submitted identifier, one client and one hour: one row, however many.
///
/// Nothing in it depends on whether the identifier exists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: stores build it")]
pub struct Case {
    /// The reference that the visitor reads to support: the first bits of the key.
    pub reference: CaseReference,
    /// What is folded together, as a keyed digest.
    pub key: [u8; 32],
    /// The refusal's code.
    pub code: Code,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many.
    pub count: u64,
    /// The network it came from, masked: an IPv4 /24 or IPv6 /48.
    pub network: Option<String>,
    /// The account into which it was tried.
    pub account: Option<AccountId>,
    /// The refusal's facts: name and encoded text.
    pub facts: Vec<(String, String)>,
}

/// A refusal before proof, as it happened.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "every field must be thought of where a refusal is recorded")]
pub struct CaseOf<'a> {
    /// The refusal's code.
    pub code: &'a Code,
    /// The code that the visitor is told: the same for causes that are told alike.
    pub told: &'a Code,
    /// The key of the submitted identifier, existing or not.
    pub identifier: &'a AddressKey,
    /// From where.
    pub client: Option<ClientAddress>,
    /// The account into which it was tried.
    pub account: Option<AccountId>,
    /// The refusal's facts.
    pub facts: &'a [(&'a str, &'a str)],
    /// When.
    pub at: Timestamp,
}

impl Case {
    /// The case of one refusal. `population` is how many cases the realm has, as
    /// [`case_population`](crate::JournalRead::case_population) answered: from [`MAX_CASES`] on, all identifiers of a
    /// network share one, so that a flood of refusals cannot grow the table as it likes.
    ///
    /// The reference follows from the arguments alone: it is known without a read, and the same each time.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the facts are not of the form.
    pub fn derive(ring: &KeyRing, refusal: &CaseOf<'_>, population: u64) -> Result<Self, FieldError> {
        let key = derive_key(ring, refusal, population);
        Ok(Self {
            reference: CaseReference::derive(&SecretDigest::from_bytes(key)),
            key,
            code: refusal.code.clone(),
            first: refusal.at,
            last: refusal.at,
            count: 1,
            network: refusal.client.map(|client| client.wide_network().to_string()),
            account: refusal.account,
            facts: encode_fields(refusal.facts)?,
        })
    }

    /// This case and another of the same key, as one: the count of both, the earlier first and the later last. The
    /// rest stays as it was first recorded.
    #[must_use]
    pub fn folded(self, other: &Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            count: self.count.saturating_add(other.count),
            ..self
        }
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(1)
            .bytes(&self.key)
            .text(self.code.as_str())
            .time(self.first)
            .time(self.last)
            .u64(self.count)
            .maybe(self.network.as_deref(), RecordWriter::text)
            .maybe(self.account.as_ref(), |row, account| row.bytes(account.as_bytes()));
        write_fields(row, &self.facts).finish()
    }

    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], also when it ends before it begins or counts nothing.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let key = row::fixed(&mut row, "key")?;
        let case = Self {
            reference: CaseReference::derive(&SecretDigest::from_bytes(key)),
            key,
            code: row::code(&mut row, "code")?,
            first: row.time("first")?,
            last: row.time("last")?,
            count: row.u64("count")?,
            network: row.maybe("network", |row| read_text(row, "network"))?,
            account: row.maybe("account", |row| row.account("account"))?,
            facts: read_fields(&mut row)?,
        };
        row.finish()?;
        if case.first.is_after(case.last) {
            return Err(CorruptRow("last"));
        }
        if case.count == 0 {
            return Err(CorruptRow("count"));
        }
        Ok(case)
    }
}

/// The first eight bytes, of which the reference is made, follow from what the visitor is told; the others from the cause.
/// A reference that followed from the cause would tell by its changes what the answer keeps to itself (PR-6): whether the
/// login is known, and since when.
fn derive_key(ring: &KeyRing, refusal: &CaseOf<'_>, population: u64) -> [u8; 32] {
    let hour = refusal.at.start_of(Duration::from_secs(3600)).unix_micros().to_be_bytes();
    let digest = |code: &Code| {
        let code = code.as_str().as_bytes();
        if population < MAX_CASES {
            let network = refusal.client.map(|client| client.own_network().to_bytes());
            let network = network.as_ref().map_or(&[][..], |network| network);
            ring.digest_current("journal.case", &[code, refusal.identifier.as_bytes(), network, &hour])
        } else {
            let network = refusal.client.map(|client| client.wide_network().to_bytes());
            let network = network.as_ref().map_or(&[][..], |network| network);
            ring.digest_current("journal.case_shared", &[code, network, &hour])
        }
    };
    let (told, cause) = (digest(refusal.told), digest(refusal.code));
    let mut key = *cause.as_bytes();
    for (byte, told) in key.iter_mut().zip(told.as_bytes()).take(8) {
        *byte = *told;
    }
    key
}

/// What refused a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the try was judged or it was not")]
pub enum RefusedBy {
    /// Its secret was judged: the failure is recorded in any case, and the case with it.
    Secret,
    /// A window or a stop, before anything was judged: such tries cost nothing, so they write little.
    Window,
}

/// Whether this refusal is written, and how: each judged one, of those that a window refused one a minute (U-14: a
/// flood must not turn into a flood of writes). `existing` is what [`cases`](crate::JournalRead::cases) answered for
/// the case's reference.
#[must_use]
pub fn fold(existing: &[Case], case: Case, by: RefusedBy) -> Option<JournalWrite> {
    let same = existing.iter().find(|existing| existing.key == case.key);
    let touched = same.is_some_and(|same| same.last.plus(TOUCH).is_after(case.last));
    match by {
        RefusedBy::Window if touched => None,
        RefusedBy::Secret | RefusedBy::Window => Some(JournalWrite::FoldCase { case }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::field::encode_text;
    use crate::testing::{NOW, refusal};

    const SECOND: Duration = Duration::from_secs(1);
    const HOME: Option<&str> = Some("2001:db8:1:2::1");

    #[test]
    fn a_reference_is_known_without_a_read_and_the_same_each_time() {
        let first = refusal(1, HOME, NOW, 0);
        let later = refusal(1, Some("2001:db8:1:2::ffff"), NOW.plus(SECOND * 3599), 500);
        assert_eq!((first.reference, first.key), (later.reference, later.key));
    }

    #[test]
    fn another_identifier_client_or_hour_is_another_case() {
        let keys = [
            refusal(1, HOME, NOW, 0).key,
            refusal(2, HOME, NOW, 0).key,
            refusal(1, Some("2001:db8:1:3::1"), NOW, 0).key,
            refusal(1, None, NOW, 0).key,
            refusal(1, HOME, NOW.plus(SECOND * 3600), 0).key,
            refusal(1, HOME, NOW, MAX_CASES).key,
        ];
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
    }

    #[test]
    fn past_the_cap_a_network_shares_one_case() {
        let shared = refusal(1, HOME, NOW, MAX_CASES);
        assert_eq!(shared.key, refusal(2, Some("2001:db8:1:ffff::1"), NOW, MAX_CASES + 1).key);
        assert_ne!(shared.key, refusal(1, Some("2001:db8:2::1"), NOW, MAX_CASES).key);
    }

    #[test]
    fn the_network_is_masked() {
        assert_eq!(refusal(1, HOME, NOW, 0).network.as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(refusal(1, Some("203.0.113.9"), NOW, 0).network.as_deref(), Some("203.0.113.0/24"));
    }

    #[test]
    fn a_try_that_a_window_refused_touches_its_case_once_a_minute() {
        let existing = [refusal(1, HOME, NOW, 0)];
        let at = |seconds| refusal(1, HOME, NOW.plus(SECOND * seconds), 0);
        assert!(fold(&[], at(0), RefusedBy::Window).is_some(), "every refusal has a case");
        assert!(fold(&existing, at(59), RefusedBy::Window).is_none());
        assert!(fold(&existing, at(60), RefusedBy::Window).is_some());
        let namesake = [Case { key: [0; 32], ..at(0) }];
        assert!(fold(&namesake, at(1), RefusedBy::Window).is_some(), "another case under the same reference");
        assert!(fold(&existing, at(1), RefusedBy::Secret).is_some(), "a judged try is always counted");
    }

    #[test]
    fn folding_keeps_the_first_and_moves_the_last_whatever_the_order() {
        let (early, late) = (refusal(1, HOME, NOW, 0), refusal(1, HOME, NOW.plus(SECOND), 0));
        for folded in [early.clone().folded(&late), late.clone().folded(&early)] {
            assert_eq!((folded.first, folded.last, folded.count), (early.first, late.last, 2));
        }
    }

    #[test]
    fn a_row_comes_back_and_contradictions_do_not() {
        let case = refusal(1, HOME, NOW, 0);
        assert_eq!(Case::decode(&case.encode()).as_ref(), Ok(&case));
        let backwards = Case { last: NOW.minus(SECOND), ..case.clone() };
        assert_eq!(Case::decode(&backwards.encode()), Err(CorruptRow("last")));
        let nothing = Case { count: 0, ..case };
        assert_eq!(Case::decode(&nothing.encode()), Err(CorruptRow("count")));
    }

    fn any_case() -> impl Strategy<Value = Case> {
        let what = (any::<[u8; 32]>(), "[a-z_]{1,9}\\.[a-z_]{1,9}", any::<(i64, i64)>(), 1..=u64::MAX);
        let network = proptest::option::of("\\PC{0,20}");
        let account = proptest::option::of(proptest::collection::vec(any::<u8>(), 1..=64));
        let facts = proptest::collection::vec(("[a-z_]{1,32}", "\\PC{0,12}"), 0..=4);
        (what, network, account, facts).prop_map(
            |((key, code, (one, other), count), network, account, facts)| Case {
                reference: CaseReference::derive(&SecretDigest::from_bytes(key)),
                key,
                code: Code::parse(&code).unwrap(),
                first: Timestamp::from_unix_micros(one.min(other)),
                last: Timestamp::from_unix_micros(one.max(other)),
                count,
                network: network.map(|network| encode_text(&network)),
                account: account.map(|id| AccountId::from_bytes(&id).unwrap()),
                facts: facts.into_iter().map(|(name, text)| (name, encode_text(&text))).collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn every_case_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            row in any_case(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = row.encode();
            prop_assert!(Case::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Case::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Case::decode(&bytes), Ok(row));
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(row in any_case(), byte: u8) {
            let whole = row.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Case::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Case::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1;
            }
            let _ = Case::decode(&bytes);
        }
    }
}
