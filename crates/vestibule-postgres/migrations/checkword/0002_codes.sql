-- Whether a checkword is the ticket of a code that people type, and the tries that were taken with codes: with the newest, and
-- with all of a day.
alter table vestibule_checkword add column tries bigint not null default 0 check (tries >= 0);
alter table vestibule_checkword add column day_tries bigint not null default 0 check (day_tries >= 0);
alter table vestibule_checkword add column day_began_at bigint not null default 0;
alter table vestibule_checkword add column is_code bigint not null default 0 check (is_code in (0, 1));
