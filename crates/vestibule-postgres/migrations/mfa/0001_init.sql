-- A person's authenticators; what is pending was never confirmed and has no step. The secret rests sealed for its row.
-- Algorithms: 1 SHA-1, 2 SHA-256, 3 SHA-512.
create table vestibule_authenticator (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    slot bigint not null check (slot between 0 and 3),
    id bytea not null check (octet_length(id) = 16),
    name text collate "C" not null check (length(name) between 1 and 64),
    algorithm bigint not null check (algorithm in (1, 2, 3)),
    digits bigint not null check (digits between 6 and 8),
    period bigint not null check (period between 15 and 120),
    sealed bytea not null check (octet_length(sealed) > 42),
    created_at bigint not null,
    confirmed_at bigint,
    last_step bigint check (last_step >= 0) check ((last_step is null) = (confirmed_at is null)),
    version bigint not null check (version >= 0),
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject, slot)
);

-- A person's recovery codes as keyed digests: the live one of each slot, and the one that was spent there last.
create table vestibule_recovery_code (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    slot bigint not null check (slot between 0 and 9),
    key text collate "C" not null check (length(key) between 1 and 8),
    digest bytea not null check (octet_length(digest) = 32),
    spent_key text collate "C" check (length(spent_key) between 1 and 8),
    spent bytea check (octet_length(spent) = 32) check ((spent is null) = (spent_key is null)),
    version bigint not null check (version >= 0),
    made_at bigint not null,
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject, slot)
);

-- Tries at a person's authenticators, one count for all of them.
create table vestibule_factor_tries (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    taken bigint not null check (taken > 0),
    settled bigint not null check (settled between 0 and taken),
    stopped_at bigint,
    last_at bigint not null,
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject)
);

-- For the case that the factor is lost: the password with which it was shown last, and the reset that waits.
create table vestibule_factor_reset (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    proven bigint check (proven >= 0),
    begun_at bigint,
    ends_at bigint check (ends_at >= begun_at) check ((ends_at is null) = (begun_at is null)),
    generation bigint check (generation >= 0) check ((generation is null) = (begun_at is null)),
    version bigint not null check (version >= 0),
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject)
);
