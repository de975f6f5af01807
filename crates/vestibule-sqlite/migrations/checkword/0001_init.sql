-- The newest checkword of each holder and purpose. The secret rests as a keyed digest; its text, while it may be sent
-- again, sealed for this row. States: 0 live, 1 rotated, 3 used.
create table vestibule_checkword (
    realm text not null,
    holder blob not null check (length(holder) between 1 and 64),
    purpose text not null check (length(purpose) between 1 and 24),
    generation integer not null check (generation > 0),
    digest blob not null check (length(digest) = 32),
    bound blob not null check (length(bound) <= 512),
    issued_at integer not null,
    expires_at integer not null,
    state integer not null check (state in (0, 1, 3)),
    state_at integer check ((state = 0) = (state_at is null)),
    rotation integer check ((state = 1) = (rotation is not null)),
    sealed blob check (sealed is null or state = 0),
    sends integer not null check (sends >= 0),
    last_sent_at integer not null,
    version integer not null check (version >= 0),
    set_by blob not null check (length(set_by) = 16),
    primary key (realm, holder, purpose)
) strict, without rowid;

create index vestibule_checkword_by_digest on vestibule_checkword (realm, digest);
create index vestibule_checkword_by_end on vestibule_checkword (realm, expires_at);
create index vestibule_checkword_sealed on vestibule_checkword (realm, issued_at) where sealed is not null;

-- The last eight earlier ones, so that their holder is told why they are refused. States: 1 rotated, 2 superseded, 3 used.
create table vestibule_checkword_former (
    realm text not null,
    holder blob not null check (length(holder) between 1 and 64),
    purpose text not null check (length(purpose) between 1 and 24),
    place integer not null check (place between 0 and 7),
    generation integer not null check (generation > 0 and generation % 8 = place),
    digest blob not null check (length(digest) = 32),
    issued_at integer not null,
    state integer not null check (state in (1, 2, 3)),
    state_at integer not null,
    rotation integer check ((state = 1) = (rotation is not null)),
    primary key (realm, holder, purpose, place)
) strict, without rowid;

create index vestibule_checkword_former_by_digest on vestibule_checkword_former (realm, digest);
create index vestibule_checkword_former_by_age on vestibule_checkword_former (realm, issued_at);
