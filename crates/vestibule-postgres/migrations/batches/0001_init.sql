-- Batches that no other row remembers. `maintain` removes them after a day.
create table vestibule_batch (
    realm text collate "C" not null,
    id bytea not null check (octet_length(id) = 16),
    at bigint not null,
    primary key (realm, id)
);

create index vestibule_batch_by_time on vestibule_batch (realm, at);
