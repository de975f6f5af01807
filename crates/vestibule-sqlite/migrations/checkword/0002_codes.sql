-- Whether a checkword is the ticket of a code that people type, and the tries that were taken with codes: with the newest, and
-- with all of a day.
alter table vestibule_checkword add column tries integer not null default 0 check (tries >= 0);
alter table vestibule_checkword add column day_tries integer not null default 0 check (day_tries >= 0);
alter table vestibule_checkword add column day_began_at integer not null default 0;
alter table vestibule_checkword add column is_code integer not null default 0 check (is_code in (0, 1));
