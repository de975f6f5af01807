-- What happened. A row never changes; one case reference is one event.
create table vestibule_event (
    realm text collate "C" not null,
    id bytea not null check (octet_length(id) = 16),
    at bigint not null,
    batch bytea not null check (octet_length(batch) = 16),
    kind text collate "C" not null,
    actor text collate "C" not null,
    actor_subject bytea check (octet_length(actor_subject) between 1 and 64),
    account bytea check (octet_length(account) between 1 and 64),
    subject bytea check (octet_length(subject) between 1 and 64),
    case_reference bytea check (octet_length(case_reference) = 5),
    code text collate "C",
    commitment bytea not null check (octet_length(commitment) = 32),
    primary key (realm, id)
);

create unique index vestibule_event_by_case on vestibule_event (realm, case_reference);
create index vestibule_event_by_account on vestibule_event (realm, account, id) where account is not null;
create index vestibule_event_by_subject on vestibule_event (realm, subject, id) where subject is not null;

-- What an event says about people, apart from it, so that it can be erased alone.
create table vestibule_event_personal (
    realm text collate "C" not null,
    event bytea not null check (octet_length(event) = 16),
    salt bytea not null check (octet_length(salt) = 32),
    fields bytea not null,
    primary key (realm, event)
);

-- Refusals before proof, folded. The reference is the first bits of the key.
create table vestibule_case (
    realm text collate "C" not null,
    reference bytea not null check (octet_length(reference) = 5),
    key bytea not null check (octet_length(key) = 32),
    code text collate "C" not null,
    first_at bigint not null,
    last_at bigint not null,
    refusals bigint not null check (refusals > 0),
    network text collate "C",
    account bytea check (octet_length(account) between 1 and 64),
    facts bytea not null,
    primary key (realm, reference, key)
);

-- For `maintain`, which removes the oldest; and the smallest thing to count.
create index vestibule_case_by_age on vestibule_case (realm, last_at);

-- Outgoing messages, one a slot, sealed.
create table vestibule_message (
    realm text collate "C" not null,
    slot bytea not null check (octet_length(slot) = 32),
    id bytea not null check (octet_length(id) = 16),
    purpose text collate "C" not null,
    address_kind text collate "C" not null,
    sealed bytea not null,
    state text collate "C" not null,
    made_at bigint not null,
    not_before bigint not null,
    language text collate "C",
    primary key (realm, slot)
);

-- For `maintain`, which removes what no longer waits.
create index vestibule_message_settled on vestibule_message (realm, made_at) where state <> 'queued';
