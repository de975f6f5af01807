-- A session rests where its token's digest leads: every request asks for one, and finds it in one descent. A person's slots,
-- which are few, are found through an index of their own.
create table vestibule_session_by_token (
    realm text not null,
    digest blob not null check (length(digest) = 32),
    subject blob not null check (length(subject) between 1 and 64),
    slot integer not null check (slot >= 0),
    handle blob not null check (length(handle) = 16),
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
    primary key (realm, digest)
) strict, without rowid;

insert into vestibule_session_by_token
    (realm, digest, subject, slot, handle, profile_epoch, password_generation, evidence, created_at, last_used_at, idle,
    ends_at, admissions, label, version, set_by)
select realm, digest, subject, slot, handle, profile_epoch, password_generation, evidence, created_at, last_used_at, idle,
    ends_at, admissions, label, version, set_by from vestibule_session order by realm, digest;

drop table vestibule_session;
alter table vestibule_session_by_token rename to vestibule_session;

create unique index vestibule_session_by_slot on vestibule_session (realm, subject, slot);
create index vestibule_session_by_end on vestibule_session (realm, ends_at);
