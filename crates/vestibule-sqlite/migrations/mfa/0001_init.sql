-- A person's authenticators; what is pending was never confirmed and has no step. The secret rests sealed for its row.
-- Algorithms: 1 SHA-1, 2 SHA-256, 3 SHA-512.
create table vestibule_authenticator (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    slot integer not null check (slot between 0 and 3),
    id blob not null check (length(id) = 16),
    name text not null check (length(name) between 1 and 64),
    algorithm integer not null check (algorithm in (1, 2, 3)),
    digits integer not null check (digits between 6 and 8),
    period integer not null check (period between 15 and 120),
    sealed blob not null check (length(sealed) > 42),
    created_at integer not null,
    confirmed_at integer,
    last_step integer check (last_step >= 0) check ((last_step is null) = (confirmed_at is null)),
    version integer not null check (version >= 0),
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject, slot)
) strict, without rowid;

-- A person's recovery codes as keyed digests: the live one of each slot, and the one that was spent there last.
create table vestibule_recovery_code (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    slot integer not null check (slot between 0 and 9),
    key text not null check (length(key) between 1 and 8),
    digest blob not null check (length(digest) = 32),
    spent_key text check (length(spent_key) between 1 and 8),
    spent blob check (length(spent) = 32) check ((spent is null) = (spent_key is null)),
    version integer not null check (version >= 0),
    made_at integer not null,
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject, slot)
) strict, without rowid;

-- Tries at a person's authenticators, one count for all of them.
create table vestibule_factor_tries (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    taken integer not null check (taken > 0),
    settled integer not null check (settled between 0 and taken),
    stopped_at integer,
    last_at integer not null,
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject)
) strict, without rowid;

-- For the case that the factor is lost: the password with which it was shown last, and the reset that waits.
create table vestibule_factor_reset (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    proven integer check (proven >= 0),
    begun_at integer,
    ends_at integer check (ends_at >= begun_at) check ((ends_at is null) = (begun_at is null)),
    generation integer check (generation >= 0) check ((generation is null) = (begun_at is null)),
    version integer not null check (version >= 0),
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject)
) strict, without rowid;
