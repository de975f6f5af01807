create table if not exists vestibule_migration (
    domain text collate "C" not null,
    number bigint not null check (number > 0),
    checksum bytea not null check (octet_length(checksum) = 32),
    applied_at bigint not null,
    primary key (domain, number)
);
