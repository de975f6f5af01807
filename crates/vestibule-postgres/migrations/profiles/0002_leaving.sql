-- What becomes of an identifier that its profile has given up (R18): until the end of its window nobody else takes its key,
-- and it opens nothing.
alter table vestibule_identifier_owner add column leaving_until bigint;
create index vestibule_identifier_owner_leaving on vestibule_identifier_owner (realm, leaving_until)
    where leaving_until is not null;

create table vestibule_leaving (
    realm text collate "C" not null,
    subject bytea not null check (octet_length(subject) between 1 and 64),
    kind text collate "C" not null,
    key bytea not null check (octet_length(key) = 32),
    canonical text collate "C" not null,
    typed text collate "C" not null,
    verified_at bigint not null,
    left_at bigint not null,
    left_until bigint not null,
    session bytea not null check (octet_length(session) = 16),
    primary key (realm, subject, kind, key)
);

create unique index vestibule_leaving_by_key on vestibule_leaving (realm, kind, key);
create index vestibule_leaving_by_end on vestibule_leaving (realm, left_until);

-- While it is disputed whose a profile is, nothing about it is changed. And which of its logins is the primary one.
alter table vestibule_profile add column freeze_since bigint;
alter table vestibule_profile add column freeze_change bigint
    check ((freeze_since is null) = (freeze_change is null));
alter table vestibule_profile add column primary_login bytea check (octet_length(primary_login) = 32);
