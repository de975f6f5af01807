//! How a database file is opened.

use core::time::Duration;

use crate::Schema;

/// When a commit counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "the two settings of SQLite that keep a database whole")]
pub enum Synchronous {
    /// When it is on the disk: an answered commit survives a loss of power.
    #[default]
    Full,
    /// When it is with the operating system: a loss of power may take the last commits back, each wholly. A try that was
    /// debited and a word that was consumed may then come back to life.
    Normal,
}

impl Synchronous {
    pub(crate) const fn pragma(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
        }
    }
}

/// How a database file is opened.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) readers: usize,
    pub(crate) queue: usize,
    pub(crate) pages: Option<u32>,
    pub(crate) cache_kib: u32,
    pub(crate) schema: Schema,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            queue: 1024,
            pages: None,
            cache_kib: 16 * 1024,
            schema: Schema::enabled(),
        }
    }
}

impl Options {
    /// Kept on the disk, five seconds of patience with other processes, four readers, 1024 waiting commits, the tables of
    /// every enabled domain.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// When a commit counts as kept.
    #[must_use]
    pub const fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long another process that writes, or a reader that is lent out, is waited for before the answer is `Contended`.
    #[must_use]
    pub const fn busy_timeout(mut self, patience: Duration) -> Self {
        self.busy_timeout = patience;
        self
    }

    /// How many connections answer questions at the same time; at least one.
    #[must_use]
    pub const fn readers(mut self, readers: usize) -> Self {
        self.readers = if readers == 0 { 1 } else { readers };
        self
    }

    /// How many commits may wait for the writer; at least one. Beyond it a commit is `Contended` at once.
    #[must_use]
    pub const fn queue(mut self, commits: usize) -> Self {
        self.queue = if commits == 0 { 1 } else { commits };
        self
    }

    /// How many pages (of 4096 bytes, unless the file was made otherwise) the file may have. A commit that needs more is
    /// answered `Full`, before the disk is; by default the disk decides.
    #[must_use]
    pub const fn at_most_pages(mut self, pages: u32) -> Self {
        self.pages = Some(pages);
        self
    }

    /// How much of the file each connection, the writer's and each reader's, keeps in memory at most, in KiB; 16 MiB by
    /// default. What is not there is asked of the operating system, a page at a time; where millions of people are asked
    /// about in turn, more of it saves that.
    #[must_use]
    pub const fn cache_kib(mut self, kib: u32) -> Self {
        self.cache_kib = kib;
        self
    }

    /// The tables that the file must have.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = schema;
        self
    }
}
