-- The tries that were taken with codes that people type: with the newest, and with all of a day.
alter table vestibule_checkword add column tries bigint not null default 0 check (tries >= 0);
alter table vestibule_checkword add column day_tries bigint not null default 0 check (day_tries >= 0);
alter table vestibule_checkword add column day_began_at bigint not null default 0;
