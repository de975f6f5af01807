-- What happened. A row never changes; one case reference is one event.
create table vestibule_event (
    realm text not null,
    id blob not null check (length(id) = 16),
    at integer not null,
    batch blob not null check (length(batch) = 16),
    kind text not null,
    actor text not null,
    actor_subject blob check (length(actor_subject) between 1 and 64),
    account blob check (length(account) between 1 and 64),
    subject blob check (length(subject) between 1 and 64),
    case_reference blob check (length(case_reference) = 5),
    code text,
    commitment blob not null check (length(commitment) = 32),
    primary key (realm, id)
) strict, without rowid;

create unique index vestibule_event_by_case on vestibule_event (realm, case_reference);
create index vestibule_event_by_account on vestibule_event (realm, account, id) where account is not null;
create index vestibule_event_by_subject on vestibule_event (realm, subject, id) where subject is not null;

-- What an event says about people, apart from it, so that it can be erased alone.
create table vestibule_event_personal (
    realm text not null,
    event blob not null check (length(event) = 16),
    salt blob not null check (length(salt) = 32),
    fields blob not null,
    primary key (realm, event)
) strict, without rowid;

-- Refusals before proof, folded. The reference is the first bits of the key.
create table vestibule_case (
    realm text not null,
    reference blob not null check (length(reference) = 5),
    key blob not null check (length(key) = 32),
    code text not null,
    first_at integer not null,
    last_at integer not null,
    refusals integer not null check (refusals > 0),
    network text,
    account blob check (length(account) between 1 and 64),
    facts blob not null,
    primary key (realm, reference, key)
) strict, without rowid;

-- For `maintain`, which removes the oldest; and the smallest thing to count.
create index vestibule_case_by_age on vestibule_case (realm, last_at);

-- Outgoing messages, one a slot, sealed.
create table vestibule_message (
    realm text not null,
    slot blob not null check (length(slot) = 32),
    id blob not null check (length(id) = 16),
    purpose text not null,
    address_kind text not null,
    sealed blob not null,
    state text not null,
    made_at integer not null,
    not_before integer not null,
    language text,
    primary key (realm, slot)
) strict, without rowid;

-- For `maintain`, which removes what no longer waits.
create index vestibule_message_settled on vestibule_message (realm, made_at) where state <> 'queued';
