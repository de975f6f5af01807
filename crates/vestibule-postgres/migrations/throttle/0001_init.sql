-- Tries per window. A row is of no use once its window has ended; `maintain` removes it an hour later.
create table vestibule_window (
    realm text collate "C" not null,
    ends_at bigint not null,
    starts_at bigint not null,
    kind text collate "C" not null,
    digest bytea not null check (octet_length(digest) = 32),
    debits bigint not null check (debits >= 0),
    primary key (realm, ends_at, starts_at, kind, digest)
);

-- How many rows of the table above a window has: past its population the shared counters below stand in.
create table vestibule_window_population (
    realm text collate "C" not null,
    ends_at bigint not null,
    starts_at bigint not null,
    kind text collate "C" not null,
    counters bigint not null check (counters > 0),
    primary key (realm, ends_at, starts_at, kind)
);

create table vestibule_window_shared (
    realm text collate "C" not null,
    ends_at bigint not null,
    starts_at bigint not null,
    kind text collate "C" not null,
    network bigint not null check (network >= 0),
    key bigint not null check (key >= 0),
    debits bigint not null check (debits >= 0),
    primary key (realm, ends_at, starts_at, kind, network, key)
);
