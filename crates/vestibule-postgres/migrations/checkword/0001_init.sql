-- The newest checkword of each holder and purpose. The secret rests as a keyed digest; its text, while it may be sent
-- again, sealed for this row. States: 0 live, 1 rotated, 3 used.
create table vestibule_checkword (
    realm text collate "C" not null,
    holder bytea not null check (octet_length(holder) between 1 and 64),
    purpose text collate "C" not null check (length(purpose) between 1 and 24),
    generation bigint not null check (generation > 0),
    digest bytea not null check (octet_length(digest) = 32),
    bound bytea not null check (octet_length(bound) <= 512),
    issued_at bigint not null,
    expires_at bigint not null,
    state bigint not null check (state in (0, 1, 3)),
    state_at bigint check ((state = 0) = (state_at is null)),
    rotation bigint check ((state = 1) = (rotation is not null)),
    sealed bytea check (sealed is null or state = 0),
    sends bigint not null check (sends >= 0),
    last_sent_at bigint not null,
    version bigint not null check (version >= 0),
    set_by bytea not null check (octet_length(set_by) = 16),
    primary key (realm, holder, purpose)
);

create index vestibule_checkword_by_digest on vestibule_checkword (realm, digest);
create index vestibule_checkword_by_end on vestibule_checkword (realm, expires_at);
create index vestibule_checkword_sealed on vestibule_checkword (realm, issued_at) where sealed is not null;

-- The last eight earlier ones, so that their holder is told why they are refused. States: 1 rotated, 2 superseded, 3 used.
create table vestibule_checkword_former (
    realm text collate "C" not null,
    holder bytea not null check (octet_length(holder) between 1 and 64),
    purpose text collate "C" not null check (length(purpose) between 1 and 24),
    place bigint not null check (place between 0 and 7),
    generation bigint not null check (generation > 0 and generation % 8 = place),
    digest bytea not null check (octet_length(digest) = 32),
    issued_at bigint not null,
    state bigint not null check (state in (1, 2, 3)),
    state_at bigint not null,
    rotation bigint check ((state = 1) = (rotation is not null)),
    primary key (realm, holder, purpose, place)
);

create index vestibule_checkword_former_by_digest on vestibule_checkword_former (realm, digest);
create index vestibule_checkword_former_by_age on vestibule_checkword_former (realm, issued_at);
