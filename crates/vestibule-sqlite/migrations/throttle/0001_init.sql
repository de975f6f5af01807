-- Tries per window. A row is of no use once its window has ended; `maintain` removes it an hour later.
create table vestibule_window (
    realm text not null,
    ends_at integer not null,
    starts_at integer not null,
    kind text not null,
    digest blob not null check (length(digest) = 32),
    debits integer not null check (debits >= 0),
    primary key (realm, ends_at, starts_at, kind, digest)
) strict, without rowid;

-- How many rows of the table above a window has: past its population the shared counters below stand in.
create table vestibule_window_population (
    realm text not null,
    ends_at integer not null,
    starts_at integer not null,
    kind text not null,
    counters integer not null check (counters > 0),
    primary key (realm, ends_at, starts_at, kind)
) strict, without rowid;

create table vestibule_window_shared (
    realm text not null,
    ends_at integer not null,
    starts_at integer not null,
    kind text not null,
    network integer not null check (network >= 0),
    key integer not null check (key >= 0),
    debits integer not null check (debits >= 0),
    primary key (realm, ends_at, starts_at, kind, network, key)
) strict, without rowid;
