-- Batches that no other row remembers. `maintain` removes them after a day.
create table vestibule_batch (
    realm text not null,
    id blob not null check (length(id) = 16),
    at integer not null,
    primary key (realm, id)
) strict, without rowid;

create index vestibule_batch_by_time on vestibule_batch (realm, at);
