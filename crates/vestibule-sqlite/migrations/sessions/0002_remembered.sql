-- When the second factor was shown on a device that is remembered in the place of one.
alter table vestibule_device add column remembered_since integer;
