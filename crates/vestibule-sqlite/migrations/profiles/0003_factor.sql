-- Since when a person has a second factor, and until when an account asks a member for none (R23).
alter table vestibule_profile add column factor_since integer;
alter table vestibule_membership add column exempt_until integer;
