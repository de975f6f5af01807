//! In which one way a twin is wrong.

/// One way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Operations land whatever their conditions say.
    DoubleSpend,
    /// The first half of the operations lands although a condition does not hold.
    HalfBatch,
    /// Only absence is judged; versions are not.
    IgnoresVersion,
    /// Only versions are judged; absence is not: an insert overwrites.
    SwallowsDuplicate,
    /// Rows that are only relied on are not judged.
    RequireWithoutLock,
    /// The realm is no part of the key.
    LeaksRealm,
    /// Keys are compared without regard to case.
    CaseFolds,
    /// Keys end at a NUL within a part.
    NulTruncates,
    /// Rows that remember batches are not kept.
    ForgetsMemory,
    /// A new handle finds nothing that an earlier one wrote.
    LosesOnReopen,
    /// A handle answers from what it read first.
    StaleReads,
    /// Counters add without their limit, when it is checked too early.
    CountersOverspend,
    /// A counter never says that it is full.
    CountersUnlimited,
    /// Giving back does nothing.
    NeverGivesBack,
    /// A page ends one row early.
    ShortPages,
    /// A page begins with the row that ended the last.
    PagesOverlap,
    /// Lists run into the next partition.
    ListsRunOn,
    /// Lists come in the opposite order.
    ListsBackwards,
    /// Deletes are forgotten.
    NeverDeletes,
    /// An empty list is an error.
    MissingIsError,
    /// Values are cut to 96 bytes.
    CutsValues,
    /// Addresses are put in lower case.
    FoldsValues,
    /// A batch is written in two steps, and whoever goes away in between leaves the first.
    HalfWhenCancelled,
    /// A fault does not say what the database said.
    LosesCause,
    /// A database that cannot be reached is taken for an empty one.
    BrokenIsEmpty,
    /// Tables of a newer version are opened.
    IgnoresSchema,
    /// A page of nothing is a page of everything.
    ZeroIsAll,
    /// Housekeeping does nothing.
    PurgesNothing,
    /// Housekeeping knows no grace.
    PurgesEarly,
    /// Housekeeping removes counters that still count.
    PurgesLive,
    /// Housekeeping forgets what has just landed.
    PurgesMemory,
    /// Housekeeping removes earlier checkwords that are still told.
    PurgesFormer,
    /// What a host takes back stays.
    RollBackKeeps,
    /// A host's commit keeps what is its own and not our batch.
    HostCommitsAlone,
    /// A refused batch ends the host's transaction.
    RefusalEndsTransaction,
}

impl Fault {
    /// The clause of the key-value door that it breaks, if it is of the door.
    pub(crate) const fn breaks(self) -> Option<&'static str> {
        match self {
            Self::LosesOnReopen | Self::StaleReads => Some("K-1"),
            Self::DoubleSpend
            | Self::HalfBatch
            | Self::HalfWhenCancelled
            | Self::IgnoresVersion
            | Self::RequireWithoutLock
            | Self::SwallowsDuplicate => Some("K-2"),
            Self::ListsBackwards
            | Self::ListsRunOn
            | Self::PagesOverlap
            | Self::ShortPages
            | Self::ZeroIsAll => Some("K-3"),
            Self::CountersOverspend | Self::CountersUnlimited | Self::NeverGivesBack => Some("K-4"),
            _ => None,
        }
    }

    pub(crate) const ALL: [Self; 35] = [
        Self::DoubleSpend,
        Self::HalfBatch,
        Self::IgnoresVersion,
        Self::SwallowsDuplicate,
        Self::RequireWithoutLock,
        Self::LeaksRealm,
        Self::CaseFolds,
        Self::NulTruncates,
        Self::ForgetsMemory,
        Self::LosesOnReopen,
        Self::StaleReads,
        Self::CountersOverspend,
        Self::CountersUnlimited,
        Self::NeverGivesBack,
        Self::ShortPages,
        Self::PagesOverlap,
        Self::ListsRunOn,
        Self::ListsBackwards,
        Self::NeverDeletes,
        Self::MissingIsError,
        Self::CutsValues,
        Self::FoldsValues,
        Self::HalfWhenCancelled,
        Self::LosesCause,
        Self::BrokenIsEmpty,
        Self::IgnoresSchema,
        Self::ZeroIsAll,
        Self::PurgesNothing,
        Self::PurgesEarly,
        Self::PurgesLive,
        Self::PurgesMemory,
        Self::PurgesFormer,
        Self::RollBackKeeps,
        Self::HostCommitsAlone,
        Self::RefusalEndsTransaction,
    ];
}
