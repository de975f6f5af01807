//! What a session holds several of, each list as one record.

use vestibule_core::CorruptRow;
use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_sessions::{AdmissionStamp, Amr, Evidence, MAX_ADMISSIONS};

const FORM: u8 = 1;

/// What was proven: the number of entries, then each method's number and its instant.
pub(super) fn evidence(evidence: &[Evidence]) -> Vec<u8> {
    let row = RecordWriter::new(FORM).u64(evidence.len() as u64);
    evidence.iter().fold(row, |row, one| row.u8(one.amr.number()).time(one.at)).finish()
}

pub(super) fn read_evidence(bytes: &[u8]) -> Result<Vec<Evidence>, CorruptRow> {
    list(bytes, "evidence", Amr::ALL.len(), |row| {
        Ok(Evidence { amr: Amr::from_number(row.u8("amr")?)?, at: row.time("evidence")? })
    })
}

/// The admissions: the number of entries, then each account and the three numbers that it relied on.
pub(super) fn admissions(admissions: &[AdmissionStamp]) -> Vec<u8> {
    let row = RecordWriter::new(FORM).u64(admissions.len() as u64);
    let stamped = admissions.iter().fold(row, |row, stamp| {
        row.bytes(stamp.account.as_bytes())
            .u64(stamp.membership_epoch)
            .u64(stamp.policy_version)
            .u64(stamp.membership_version)
    });
    stamped.finish()
}

pub(super) fn read_admissions(bytes: &[u8]) -> Result<Vec<AdmissionStamp>, CorruptRow> {
    list(bytes, "admissions", MAX_ADMISSIONS, |row| {
        Ok(AdmissionStamp {
            account: row.account("account")?,
            membership_epoch: row.u64("membership_epoch")?,
            policy_version: row.u64("policy_version")?,
            membership_version: row.u64("membership_version")?,
        })
    })
}

fn list<T>(
    bytes: &[u8],
    field: &'static str,
    at_most: usize,
    mut read: impl FnMut(&mut RecordReader<'_>) -> Result<T, CorruptRow>,
) -> Result<Vec<T>, CorruptRow> {
    let mut row = RecordReader::new(bytes, FORM)?;
    let length = usize::try_from(row.u64(field)?).ok().filter(|length| *length <= at_most);
    let read = (0..length.ok_or(CorruptRow(field))?).map(|_| read(&mut row)).collect::<Result<_, _>>()?;
    row.finish()?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vestibule_core::{AccountId, Timestamp};

    use super::*;

    fn any_evidence() -> impl Strategy<Value = Vec<Evidence>> {
        prop::collection::vec((0..Amr::ALL.len(), any::<i64>()), 0..=Amr::ALL.len()).prop_map(|list| {
            let one =
                |(amr, at): (usize, _)| Evidence { amr: Amr::ALL[amr], at: Timestamp::from_unix_micros(at) };
            list.into_iter().map(one).collect()
        })
    }

    fn any_admissions() -> impl Strategy<Value = Vec<AdmissionStamp>> {
        let numbers = any::<(u64, u64, u64)>();
        prop::collection::vec((prop::collection::vec(any::<u8>(), 1..=64), numbers), 0..=MAX_ADMISSIONS)
            .prop_map(|list| {
                let one = |(account, numbers): (Vec<u8>, (u64, u64, u64))| AdmissionStamp {
                    account: AccountId::from_bytes(&account).unwrap(),
                    membership_epoch: numbers.0,
                    policy_version: numbers.1,
                    membership_version: numbers.2,
                };
                list.into_iter().map(one).collect()
            })
    }

    proptest! {
        #[test]
        fn every_list_comes_back_and_no_cut_of_it_reads(
            proven in any_evidence(), stamps in any_admissions(), at in any::<prop::sample::Index>(),
        ) {
            let (record, other) = (evidence(&proven), admissions(&stamps));
            prop_assert!(read_evidence(&record[..at.index(record.len())]).is_err());
            prop_assert!(read_admissions(&other[..at.index(other.len())]).is_err());
            prop_assert_eq!(read_evidence(&record), Ok(proven));
            prop_assert_eq!(read_admissions(&other), Ok(stamps));
        }

        #[test]
        fn no_bytes_make_reading_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Some(form) = bytes.first_mut() {
                *form = FORM;
            }
            let _ = (read_evidence(&bytes), read_admissions(&bytes));
        }
    }

    /// Files hold these bytes: if they change, rows that were written before must still be read.
    #[test]
    fn records_rest_in_this_form() {
        let proven = [Evidence { amr: Amr::Otp, at: Timestamp::from_unix_micros(3) }];
        assert_eq!(evidence(&proven), [1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
        let account = AccountId::from_bytes(b"a").unwrap();
        let stamp = AdmissionStamp { account, membership_epoch: 4, policy_version: 5, membership_version: 6 };
        let list = [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, b'a'];
        let numbers = [4, 5, 6].map(|number| [0, 0, 0, 0, 0, 0, 0, number]).concat();
        assert_eq!(admissions(&[stamp]), [list.as_slice(), &numbers].concat());
    }
}
