-- A session in one of a person's slots. Its evidence and its admissions are records of the domain: nobody asks for a part of
-- one. A session that has ended by itself stays for 30 days, then `maintain` removes it.
create table vestibule_session (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    slot bigint not null check (slot >= 0),
    handle bytea not null check (octet_length(handle) = 16),
    digest bytea not null check (octet_length(digest) = 32),
    profile_epoch bigint not null check (profile_epoch >= 0),
    password_generation bigint check (password_generation >= 0),
    evidence bytea not null,
    created_at bigint not null,
    last_used_at bigint not null,
    idle bigint not null check (idle > 0),
    ends_at bigint not null,
    admissions bytea not null,
    label text collate "C" not null,
    version bigint not null check (version >= 0),
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject, slot)
);

create unique index vestibule_session_by_digest on vestibule_session (realm, digest);
create index vestibule_session_by_end on vestibule_session (realm, ends_at);

-- A device on which the person has signed in, in one of a person's slots; kept as long as a session.
create table vestibule_device (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    slot bigint not null check (slot >= 0),
    handle bytea not null check (octet_length(handle) = 16),
    digest bytea not null check (octet_length(digest) = 32),
    profile_epoch bigint not null check (profile_epoch >= 0),
    made_at bigint not null,
    ends_at bigint not null,
    label text collate "C" not null,
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, subject, slot)
);

create unique index vestibule_device_by_digest on vestibule_device (realm, digest);
create index vestibule_device_by_end on vestibule_device (realm, ends_at);
