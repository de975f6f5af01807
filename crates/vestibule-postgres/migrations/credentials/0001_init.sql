-- One row a person, for ever: a removed password leaves it without a hash, so that no generation comes back.
create table vestibule_password (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    hash text collate "C",
    version bigint not null check (version >= 0),
    generation bigint not null check (generation >= 0),
    set_at bigint not null,
    must_change bigint not null check (must_change in (0, 1)),
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject)
);

-- Tries at a password; the lane is empty, or the handle of a known device. For somebody unknown the subject is a decoy,
-- which the row does not tell: so those of the empty lane are never removed. (Decoys are 65536 at most.)
create table vestibule_tries (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    lane bytea not null check (octet_length(lane) in (0, 16)),
    taken bigint not null check (taken > 0),
    settled bigint not null check (settled between 0 and taken),
    stopped_at bigint,
    last_at bigint not null,
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject, lane)
);
create index vestibule_tries_of_devices on vestibule_tries (realm, last_at) where length(lane) > 0;
