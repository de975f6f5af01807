//! The test's own domain, lowered by hand, and a way to wait without a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tempfile::TempDir;
use vestibule_core::kv::{Halt, Key, Rows};
use vestibule_core::{
    Batch, BatchId, Landed, Lower, Memory, Realm, RowName, Timestamp, Verdict, Write, WriteKind,
};
use vestibule_sql::{Constraint, Plan, Query, Value};
use vestibule_sqlite::{Domain, Migration, Options, Schema, SqliteStore};

pub(crate) const TABLES: &str = "
create table test_token (
    realm text not null, key integer not null, used_by blob, seat integer, uses integer not null default 0,
    constraint few_uses check (uses <= 2), primary key (realm, key)
) strict, without rowid;
create unique index test_token_seat on test_token (realm, seat);
create table test_counter (realm text not null, key integer not null, sum integer not null,
    primary key (realm, key)) strict, without rowid;
";

pub(crate) const DOMAIN: Domain = Domain::new("test", &[Migration::new(1, TABLES)]);

#[derive(Debug, Clone)]
pub(crate) enum TestWrite {
    Add { key: u8 },
    Consume { key: u8 },
    Count { key: u8, by: i64 },
    RequireLive { key: u8 },
    Seat { key: u8, seat: u8 },
    Use { key: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    Always,
    FewUses,
    Free,
    Live,
    LiveStill,
    SeatFree,
}

#[derive(Default, Clone)]
struct Token {
    used_by: Option<[u8; 16]>,
    seat: Option<u8>,
    uses: u8,
}

impl Token {
    fn decode(bytes: &[u8]) -> Self {
        let [used, seated, seat, uses, by @ ..] = bytes else { panic!("a short row") };
        Self {
            used_by: (*used == 1).then(|| by.try_into().unwrap()),
            seat: (*seated == 1).then_some(*seat),
            uses: *uses,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let flags = [
            u8::from(self.used_by.is_some()),
            u8::from(self.seat.is_some()),
            self.seat.unwrap_or(0),
            self.uses,
        ];
        [flags.as_slice(), &self.used_by.unwrap_or_default()].concat()
    }
}

fn token(key: u8) -> Key {
    Key::single("test.token", &[&[key]])
}

fn change(rows: &mut Rows<'_>, key: u8, change: impl FnOnce(&mut Token) -> bool) -> Result<Verdict, Halt> {
    let key = token(key);
    let Some(mut row) = rows.get(&key)?.map(Token::decode) else { return Ok(Verdict::Refused) };
    let holds = change(&mut row);
    if holds {
        rows.put(key, row.encode());
    }
    Ok(Verdict::when(holds))
}

impl Write for TestWrite {
    type Guard = Guard;

    fn row(&self) -> RowName {
        match self {
            Self::Add { key } | Self::Consume { key } | Self::RequireLive { key } | Self::Use { key } => {
                RowName::new(1000, &[&[*key]])
            }
            Self::Seat { seat, .. } => RowName::new(1001, &[&[*seat]]),
            Self::Count { key, .. } => RowName::new(1002, &[&[*key]]),
        }
    }

    fn guard(&self) -> Guard {
        match self {
            Self::Add { .. } => Guard::Free,
            Self::Consume { .. } => Guard::Live,
            Self::Count { .. } => Guard::Always,
            Self::RequireLive { .. } => Guard::LiveStill,
            Self::Seat { .. } => Guard::SeatFree,
            Self::Use { .. } => Guard::FewUses,
        }
    }

    fn kind(&self) -> WriteKind {
        if matches!(self, Self::RequireLive { .. }) { WriteKind::Require } else { WriteKind::Effect }
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match *self {
            Self::Add { key } => {
                if rows.has(&token(key))? {
                    return Ok(Verdict::Refused);
                }
                rows.put(token(key), Token::default().encode());
                Ok(Verdict::Lands)
            }
            Self::Consume { key } => change(rows, key, |row| {
                let live = row.used_by.is_none();
                row.used_by = Some(*batch.as_bytes());
                live
            }),
            Self::RequireLive { key } => Ok(Verdict::when(
                rows.get(&token(key))?.is_some_and(|row| Token::decode(row).used_by.is_none()),
            )),
            Self::Use { key } => change(rows, key, |row| {
                row.uses += 1;
                row.uses <= 2
            }),
            Self::Seat { key, seat } => {
                let place = Key::single("test.seat", &[&[seat]]);
                let holder = rows.get(&place)?.map(<[u8]>::to_vec);
                if holder.is_some_and(|holder| holder != [key]) {
                    return Ok(Verdict::Refused);
                }
                let Some(mut row) = rows.get(&token(key))?.map(Token::decode) else {
                    return Ok(Verdict::Refused);
                };
                if let Some(left) = row.seat.replace(seat) {
                    let left = Key::single("test.seat", &[&[left]]);
                    let _ = rows.has(&left)?;
                    rows.delete(left);
                }
                rows.put(place, vec![key]);
                rows.put(token(key), row.encode());
                Ok(Verdict::Lands)
            }
            Self::Count { key, by } => {
                let place = Key::single("test.counter", &[&[key]]);
                let sum = rows.get(&place)?.map_or(0, |row| i64::from_be_bytes(row.try_into().unwrap()));
                rows.put(place, (sum + by).to_be_bytes().to_vec());
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        let Self::Consume { key } = self else { return Ok(Memory::Silent) };
        let row = rows.get(&token(*key))?.map(Token::decode);
        Ok(Memory::when(row.and_then(|row| row.used_by) == Some(*batch.as_bytes())))
    }

    fn carries(&self, _: BatchId) -> bool {
        false
    }
}

impl Lower<Plan> for TestWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        let realm = Value::from(plan.realm());
        match *self {
            Self::Add { key } => {
                plan.step(
                    "insert into test_token (realm, key) values (?1, ?2) on conflict (realm, key) do nothing",
                    [realm, Value::from(u32::from(key))],
                );
            }
            Self::Consume { key } => {
                let params = [realm, Value::from(u32::from(key)), batch.into()];
                plan.step(
                    "update test_token set used_by = ?3 where realm = ?1 and key = ?2 and used_by is null",
                    params.clone(),
                );
                plan.remember_by(
                    "select 1 from test_token where realm = ?1 and key = ?2 and used_by = ?3",
                    params,
                );
            }
            Self::RequireLive { key } => {
                plan.require(
                    "select 1 from test_token where realm = ?1 and key = ?2 and used_by is null",
                    [realm, Value::from(u32::from(key))],
                );
            }
            Self::Use { key } => {
                plan.step(
                    "update test_token set uses = uses + 1 where realm = ?1 and key = ?2",
                    [realm, Value::from(u32::from(key))],
                )
                .refused_by(Constraint::check("few_uses"));
            }
            Self::Seat { key, seat } => {
                plan.step(
                    "update test_token set seat = ?3 where realm = ?1 and key = ?2",
                    [realm, Value::from(u32::from(key)), Value::from(u32::from(seat))],
                )
                .refused_by(Constraint::unique(
                    "test_token_seat",
                    "test_token",
                    &["realm", "seat"],
                ));
            }
            Self::Count { key, by } => {
                plan.always(
                    "insert into test_counter (realm, key, sum) values (?1, ?2, ?3)
                     on conflict (realm, key) do update set sum = sum + ?3",
                    [realm, Value::from(u32::from(key)), by.into()],
                );
            }
        }
    }
}

pub(crate) fn options() -> Options {
    Options::new().schema(Schema::enabled().with(DOMAIN))
}

pub(crate) fn store(folder: &TempDir) -> SqliteStore {
    let path = folder.path().join("people.db");
    SqliteStore::create(path, Realm::default(), options(), Timestamp::EPOCH).unwrap()
}

pub(crate) fn batch(id: u64, writes: Vec<TestWrite>) -> Batch<TestWrite> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    Batch::new(BatchId::from_bytes(bytes), Timestamp::EPOCH, writes).unwrap()
}

pub(crate) fn commit(store: &SqliteStore, batch: &Batch<TestWrite>) -> Landed<Guard> {
    block_on(vestibule_core::Commit::commit(store, batch)).unwrap()
}

pub(crate) fn counter(realm: &Realm, key: u8) -> Query<i64> {
    Query::new(
        "select sum from test_counter where realm = ?1 and key = ?2",
        [realm.into(), Value::from(u32::from(key))],
        |row| row.int("sum"),
    )
}

pub(crate) fn sum(store: &SqliteStore, key: u8) -> i64 {
    store.query_one(&counter(store.realm(), key)).unwrap().unwrap_or(0)
}

/// Every row of every table, in order.
pub(crate) fn dump(store: &SqliteStore) -> Vec<String> {
    let tokens: Query<String> = Query::new(
        "select key, used_by, seat, uses from test_token where realm = ?1 order by key",
        [store.realm().into()],
        |row| {
            let (key, used, seat) = (row.int("key")?, row.maybe_blob("used_by")?, row.maybe_int("seat")?);
            Ok(format!("token {key} used by {used:?} seat {seat:?} uses {}", row.int("uses")?))
        },
    );
    let counters: Query<String> = Query::new(
        "select key, sum from test_counter where realm = ?1 order by key",
        [store.realm().into()],
        |row| Ok(format!("counter {} {}", row.int("key")?, row.int("sum")?)),
    );
    let batches: Query<String> = Query::new(
        "select id from vestibule_batch where realm = ?1 order by id",
        [store.realm().into()],
        |row| Ok(format!("{}", row.batch("id")?)),
    );
    store.snapshot(|at| Ok([at.all(&tokens)?, at.all(&counters)?, at.all(&batches)?].concat())).unwrap()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

pub(crate) fn poll_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
