//! Windows, debited by the writer.

use core::time::Duration;

use rusqlite::Connection;
use vestibule_core::{Realm, StoreError, StoreErrorKind, Timestamp};
use vestibule_sql::Statement;
use vestibule_sql::throttle::{
    begin_own, claim_place, debit_own, debit_shared, forget_windows, give_back, has_own,
};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use crate::SqliteStore;
use crate::bind::{count, execute};
use crate::error::fault;
use crate::run::in_savepoint;
use crate::writer::{Done, Task};

/// How long an ended window is kept: clocks of several servers differ.
const GRACE: Duration = Duration::from_secs(3600);

/// What the writer does for windows.
pub(crate) enum WindowTask {
    Take(Realm, Vec<WindowTake>),
    GiveBack(Realm, Vec<TakenWindow>),
}

impl WindowTask {
    pub(crate) const fn may_linger(&self) -> bool {
        matches!(self, Self::GiveBack(..))
    }

    pub(crate) fn run(&self, connection: &Connection) -> Result<Taken, StoreError> {
        match self {
            Self::Take(realm, windows) => in_savepoint(
                connection,
                |taken| matches!(taken, Taken::All(_)),
                || take_all(connection, realm, windows),
            ),
            Self::GiveBack(realm, windows) => in_savepoint(
                connection,
                |_| true,
                || {
                    for window in windows {
                        execute(connection, &give_back(realm, window)).map_err(fault)?;
                    }
                    Ok(Taken::All(Vec::new()))
                },
            ),
        }
    }
}

fn take_all(connection: &Connection, realm: &Realm, windows: &[WindowTake]) -> Result<Taken, StoreError> {
    let mut taken = Vec::with_capacity(windows.len());
    for (position, window) in windows.iter().enumerate() {
        match take(connection, realm, window).map_err(fault)? {
            Some(shared) => taken.push(TakenWindow { key: window.key.clone(), shared }),
            None => return Ok(Taken::Full { position }),
        }
    }
    Ok(Taken::All(taken))
}

/// Whether the shared counter was debited; `None` when the window is full.
fn take(connection: &Connection, realm: &Realm, window: &WindowTake) -> rusqlite::Result<Option<bool>> {
    let changes = |statement: Statement| execute(connection, &statement).map(|rows| rows > 0);
    if changes(debit_own(realm, window))? {
        return Ok(Some(false));
    }
    if count(connection, &has_own(realm, &window.key))? > 0 {
        return Ok(None);
    }
    if changes(claim_place(realm, window))? {
        return Ok(changes(begin_own(realm, window))?.then_some(false));
    }
    Ok(changes(debit_shared(realm, window))?.then_some(true))
}

/// The statements that remove windows nobody asks for any more.
pub(crate) fn forget(realm: &Realm, now: Timestamp, budget: u32) -> [Statement; 3] {
    forget_windows(realm, now.minus(GRACE), budget)
}

impl SqliteStore {
    async fn windows(&self, task: WindowTask) -> Result<Taken, StoreError> {
        match self.hand_over(Task::Windows(task)).await? {
            Done::Windows(taken) => Ok(taken),
            Done::Batch(_) | Done::Statement { .. } => Err(StoreErrorKind::Backend.into()),
        }
    }
}

impl Windows for SqliteStore {
    async fn take(&self, windows: Vec<WindowTake>) -> Result<Taken, StoreError> {
        self.windows(WindowTask::Take(self.realm().clone(), windows)).await
    }

    /// Answered once it is the writer's, which does everything in turn: whoever takes a window afterwards finds the debits given
    /// back. It need not be on the disk: what is lost with the process errs on the strict side. So a sign-in has one sync of
    /// the disk less.
    async fn give_back(&self, windows: Vec<TakenWindow>) -> Result<(), StoreError> {
        let task = WindowTask::GiveBack(self.realm().clone(), windows);
        self.leave_with_writer(Task::Windows(task))
    }
}
