-- A session in one of a person's slots. Its evidence and its admissions are records of the domain: nobody asks for a part of
-- one. A session that has ended by itself stays for 30 days, then `maintain` removes it.
create table vestibule_session (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    slot integer not null check (slot >= 0),
    handle blob not null check (length(handle) = 16),
    digest blob not null check (length(digest) = 32),
    profile_epoch integer not null check (profile_epoch >= 0),
    password_generation integer check (password_generation >= 0),
    evidence blob not null,
    created_at integer not null,
    last_used_at integer not null,
    idle integer not null check (idle > 0),
    ends_at integer not null,
    admissions blob not null,
    label text not null,
    version integer not null check (version >= 0),
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject, slot)
) strict, without rowid;

create unique index vestibule_session_by_digest on vestibule_session (realm, digest);
create index vestibule_session_by_end on vestibule_session (realm, ends_at);

-- A device on which the person has signed in, in one of a person's slots; kept as long as a session.
create table vestibule_device (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    slot integer not null check (slot >= 0),
    handle blob not null check (length(handle) = 16),
    digest blob not null check (length(digest) = 32),
    profile_epoch integer not null check (profile_epoch >= 0),
    made_at integer not null,
    ends_at integer not null,
    label text not null,
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, subject, slot)
) strict, without rowid;

create unique index vestibule_device_by_digest on vestibule_device (realm, digest);
create index vestibule_device_by_end on vestibule_device (realm, ends_at);
