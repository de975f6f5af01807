create table if not exists vestibule_migration (
    domain text not null,
    number integer not null check (number > 0),
    checksum blob not null check (length(checksum) = 32),
    applied_at integer not null,
    primary key (domain, number)
) strict, without rowid;
