-- What becomes of an identifier that its profile has given up (R18): until the end of its window nobody else takes its key,
-- and it opens nothing.
alter table vestibule_identifier_owner add column leaving_until integer;
create index vestibule_identifier_owner_leaving on vestibule_identifier_owner (realm, leaving_until)
    where leaving_until is not null;

create table vestibule_leaving (
    realm text not null,
    subject blob not null check (length(subject) between 1 and 64),
    kind text not null,
    key blob not null check (length(key) = 32),
    canonical text not null,
    typed text not null,
    verified_at integer not null,
    left_at integer not null,
    left_until integer not null,
    session blob not null check (length(session) = 16),
    primary key (realm, subject, kind, key)
) strict, without rowid;

create unique index vestibule_leaving_by_key on vestibule_leaving (realm, kind, key);
create index vestibule_leaving_by_end on vestibule_leaving (realm, left_until);

-- While it is disputed whose a profile is, nothing about it is changed. And which of its logins is the primary one.
alter table vestibule_profile add column freeze_since integer;
alter table vestibule_profile add column freeze_change integer
    check ((freeze_since is null) = (freeze_change is null));
alter table vestibule_profile add column primary_login blob check (length(primary_login) = 32);
