-- One row a person, for ever: a removed password leaves it without a hash, so that no generation comes back.
create table vestibule_password (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    hash text,
    version integer not null check (version >= 0),
    generation integer not null check (generation >= 0),
    set_at integer not null,
    must_change integer not null check (must_change in (0, 1)),
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject)
) strict, without rowid;

-- Tries at a password; the lane is empty, or the handle of a known device. For somebody unknown the subject is a decoy,
-- which the row does not tell: so those of the empty lane are never removed. (Decoys are 65536 at most.)
create table vestibule_tries (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    lane blob not null check (length(lane) in (0, 16)),
    taken integer not null check (taken > 0),
    settled integer not null check (settled between 0 and taken),
    stopped_at integer,
    last_at integer not null,
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject, lane)
) strict, without rowid;
create index vestibule_tries_of_devices on vestibule_tries (realm, last_at) where length(lane) > 0;
