//! An account: a company's space.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AccountId, CorruptRow, SubjectId, Timestamp};

use crate::policy::AccountPolicy;
use crate::profile::count;

/// An account: a company's space (a tenant).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Account {
    /// Which it is.
    pub account: AccountId,
    /// What people call it; at most 200 bytes, without controls.
    pub name: String,
    /// Whether it can be entered.
    pub state: AccountState,
    /// Who created it: its primary administrator, who cannot be dismissed.
    pub primary: SubjectId,
    /// Active members.
    pub seats: u32,
    /// Active members who administer; never zero (PR-8).
    pub administrators: u32,
    /// What it asks of those who enter.
    pub policy: AccountPolicy,
    /// Counts every change of the policy and of the state.
    pub settings_version: u64,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Whether an account can be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "stores and admission match on it: a new state must fail to compile there"
)]
pub enum AccountState {
    /// It can.
    Open,
    /// Not for now (N8).
    Suspended,
    /// Never again (N8).
    Closed,
}

impl AccountState {
    /// The word that rests in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] for any other.
    pub fn from_stored(word: &str) -> Result<Self, CorruptRow> {
        match word {
            "open" => Ok(Self::Open),
            "suspended" => Ok(Self::Suspended),
            "closed" => Ok(Self::Closed),
            _ => Err(CorruptRow("state")),
        }
    }
}

impl Account {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.account.as_bytes())
            .text(&self.name)
            .text(self.state.as_str())
            .bytes(self.primary.as_bytes())
            .u64(self.seats.into())
            .u64(self.administrators.into())
            .bytes(&self.policy.encode())
            .u64(self.settings_version)
            .time(self.created_at)
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let account = Self {
            account: row.account("account")?,
            name: row.text("name")?.to_owned(),
            state: AccountState::from_stored(row.text("state")?)?,
            primary: row.subject("primary")?,
            seats: count(&mut row, "seats")?,
            administrators: count(&mut row, "administrators")?,
            policy: AccountPolicy::decode(row.bytes("policy")?)?,
            settings_version: row.u64("settings_version")?,
            created_at: row.time("created_at")?,
        };
        row.finish()?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_account_id, any_policy, any_subject, any_time};

    fn any_account() -> impl Strategy<Value = Account> {
        let states = [AccountState::Open, AccountState::Suspended, AccountState::Closed];
        let who = (any_account_id(), any_subject(), "\\PC{0,60}", proptest::sample::select(states.to_vec()));
        let rest = (any::<(u32, u32, u64)>(), any_policy(), any_time());
        (who, rest).prop_map(|((account, primary, name, state), (counts, policy, created_at))| Account {
            account,
            name,
            state,
            primary,
            seats: counts.0,
            administrators: counts.1,
            policy,
            settings_version: counts.2,
            created_at,
        })
    }

    proptest! {
        #[test]
        fn every_account_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            account in any_account(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = account.encode();
            prop_assert!(Account::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Account::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Account::decode(&bytes), Ok(account));
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(account in any_account(), byte: u8) {
            let whole = account.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Account::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Account::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1;
            }
            let _ = Account::decode(&bytes);
        }
    }
}
