-- One row a person. The counters are what the guards of PR-2 look at.
create table vestibule_profile (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    epoch bigint not null check (epoch >= 0),
    block_since bigint,
    block_until bigint,
    identifiers bigint not null check (identifiers between 0 and 4294967295),
    social_links bigint not null check (social_links between 0 and 4294967295),
    live_memberships bigint not null check (live_memberships between 0 and 4294967295),
    created_accounts bigint not null check (created_accounts between 0 and 4294967295),
    created_at bigint not null,
    primary key (realm, subject)
);

-- What people sign in with. Any number of people may have the same one pending; see the next table.
create table vestibule_identifier (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    kind text collate "C" not null,
    key bytea not null check (octet_length(key) = 32),
    canonical text collate "C" not null,
    typed text collate "C" not null,
    verified_at bigint,
    added_at bigint not null,
    primary key (realm, subject, kind, key)
);

-- Whose verified identifier it is: at most one person's (PR-1).
create table vestibule_identifier_owner (
    realm text collate "C" not null,
    kind text collate "C" not null,
    key bytea not null check (octet_length(key) = 32),
    subject bytea not null check (octet_length(subject) between 1 and 64),
    primary key (realm, kind, key)
);

-- Accounts (companies). What guards look at stands in columns; the seat limit also within the policy.
create table vestibule_account (
    realm text collate "C" not null,
    account bytea not null check (octet_length(account) between 1 and 64),
    name text collate "C" not null,
    state text collate "C" not null check (state in ('open', 'suspended', 'closed')),
    primary_subject bytea not null check (octet_length(primary_subject) between 1 and 64),
    seats bigint not null check (seats between 0 and 4294967295),
    administrators bigint not null check (administrators between 0 and 4294967295),
    seat_limit bigint check (seat_limit between 0 and 4294967295),
    policy bytea not null,
    settings_version bigint not null check (settings_version >= 0),
    created_at bigint not null,
    primary key (realm, account)
);

create table vestibule_membership (
    realm text collate "C" not null,
    account bytea not null check (octet_length(account) between 1 and 64),
    subject bytea not null check (octet_length(subject) between 1 and 64),
    status text collate "C" not null check (status in ('awaiting_approval', 'active', 'dismissed')),
    role text collate "C" not null,
    administers bigint not null check (administers in (0, 1)),
    since bigint not null,
    moved_by bytea check (octet_length(moved_by) between 1 and 64),
    contact text collate "C",
    joined_at bigint not null,
    version bigint not null check (version >= 0),
    epoch bigint not null check (epoch >= 0),
    wrong_secret_at bigint,
    account_length bigint not null generated always as (octet_length(account)) stored,
    subject_length bigint not null generated always as (octet_length(subject)) stored,
    primary key (realm, account, subject)
);

-- Lists are ordered by the length of the id, then by its bytes, as in every store. The lengths are columns because SQLite begins
-- a page in the middle of an index only where what is compared are columns.
create index vestibule_membership_by_account on vestibule_membership (realm, account, subject_length, subject);
create index vestibule_membership_by_subject on vestibule_membership (realm, subject, account_length, account);

-- Whose contact address it is within an account. It is no login.
create table vestibule_contact (
    realm text collate "C" not null,
    account bytea not null check (octet_length(account) between 1 and 64),
    key bytea not null check (octet_length(key) = 32),
    subject bytea not null check (octet_length(subject) between 1 and 64),
    primary key (realm, account, key)
);
