-- One row a person. The counters are what the guards of PR-2 look at.
create table vestibule_profile (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    epoch integer not null check (epoch >= 0),
    block_since integer,
    block_until integer,
    identifiers integer not null check (identifiers between 0 and 4294967295),
    social_links integer not null check (social_links between 0 and 4294967295),
    live_memberships integer not null check (live_memberships between 0 and 4294967295),
    created_accounts integer not null check (created_accounts between 0 and 4294967295),
    created_at integer not null,
    primary key (realm, subject)
) strict, without rowid;

-- What people sign in with. Any number of people may have the same one pending; see the next table.
create table vestibule_identifier (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    kind text not null,
    key blob not null check (length(key) = 32),
    canonical text not null,
    typed text not null,
    verified_at integer,
    added_at integer not null,
    primary key (realm, subject, kind, key)
) strict, without rowid;

-- Whose verified identifier it is: at most one person's (PR-1).
create table vestibule_identifier_owner (
    realm text not null,
    kind text not null,
    key blob not null check (length(key) = 32),
    subject blob not null check (length(subject) between 1 and 64),
    primary key (realm, kind, key)
) strict, without rowid;

-- Accounts (companies). What guards look at stands in columns; the seat limit also within the policy.
create table vestibule_account (
    realm text not null,
    account blob not null check (length(account) between 1 and 64),
    name text not null,
    state text not null check (state in ('open', 'suspended', 'closed')),
    primary_subject blob not null check (length(primary_subject) between 1 and 64),
    seats integer not null check (seats between 0 and 4294967295),
    administrators integer not null check (administrators between 0 and 4294967295),
    seat_limit integer check (seat_limit between 0 and 4294967295),
    policy blob not null,
    settings_version integer not null check (settings_version >= 0),
    created_at integer not null,
    primary key (realm, account)
) strict, without rowid;

create table vestibule_membership (
    realm text not null,
    account blob not null check (length(account) between 1 and 64),
    subject blob not null check (length(subject) between 1 and 64),
    status text not null check (status in ('awaiting_approval', 'active', 'dismissed')),
    role text not null,
    administers integer not null check (administers in (0, 1)),
    since integer not null,
    moved_by blob check (length(moved_by) between 1 and 64),
    contact text,
    joined_at integer not null,
    version integer not null check (version >= 0),
    epoch integer not null check (epoch >= 0),
    wrong_secret_at integer,
    account_length integer not null generated always as (length(account)) virtual,
    subject_length integer not null generated always as (length(subject)) virtual,
    primary key (realm, account, subject)
) strict, without rowid;

-- Lists are ordered by the length of the id, then by its bytes, as in every store. The lengths are columns because SQLite begins
-- a page in the middle of an index only where what is compared are columns.
create index vestibule_membership_by_account on vestibule_membership (realm, account, subject_length, subject);
create index vestibule_membership_by_subject on vestibule_membership (realm, subject, account_length, account);

-- Whose contact address it is within an account. It is no login.
create table vestibule_contact (
    realm text not null,
    account blob not null check (length(account) between 1 and 64),
    key blob not null check (length(key) = 32),
    subject blob not null check (length(subject) between 1 and 64),
    primary key (realm, account, key)
) strict, without rowid;
