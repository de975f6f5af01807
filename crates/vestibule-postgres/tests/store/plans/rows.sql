-- Rows for the planner to count: so many that a key pays, of several accounts, and of one realm.
create temporary table people as
    select number::bigint, decode(lpad(to_hex(number), 32, '0'), 'hex') as id, sha256(number::text::bytea) as hash
    from generate_series(1, 4000) as number;
create temporary table companies as select distinct number % 20 as number, decode(lpad(to_hex(number % 20), 32, '0'), 'hex') as id from people;

insert into vestibule_profile
    select 'default', id, 0, null, null, 1, 0, 1, 0, number from people;
insert into vestibule_identifier
    select 'default', id, 'email', hash, number::text, number::text, number, number from people;
insert into vestibule_identifier_owner
    select 'default', 'email', hash, id, case when number % 2 = 0 then number end from people;
insert into vestibule_leaving
    select 'default', id, 'email', sha256(hash), number::text, number::text, 0, number, number, id from people;
insert into vestibule_account
    select 'default', id, 'a company', 'open', id, 1, 1, null, '\x', 0, 0 from companies;
insert into vestibule_membership
    select 'default', companies.id, people.id, 'active', 'employee', 0, 0, null, null, 0, 0, 0, null
    from people join companies on companies.number in (people.number % 20, people.number % 19);
insert into vestibule_contact
    select 'default', companies.id, hash, people.id from people join companies on companies.number = people.number % 20;
insert into vestibule_password select 'default', id, 'a hash', 1, 1, number, 0, id from people;
insert into vestibule_tries select 'default', id, '', 3, 3, null, number, id from people;
insert into vestibule_authenticator
    select 'default', id, slot, id, 'phone', 1, 6, 30, hash || hash, number, number, number, 1, id
    from people, generate_series(0, 1) as slot;
insert into vestibule_recovery_code
    select 'default', id, slot, 'k1', sha256((number::text || slot)::bytea), null, null, 1, number, id
    from people, generate_series(0, 1) as slot;
insert into vestibule_factor_tries select 'default', id, 3, 3, null, number, id from people;
insert into vestibule_session
    select 'default', id, slot, decode(md5(number::text || slot), 'hex'), sha256((number::text || slot)::bytea), 0, 1, '\x', 0, 0,
    1, number, '\x', '', 0, id from people, generate_series(0, 1) as slot;
insert into vestibule_device
    select 'default', id, slot, decode(md5(number::text || slot), 'hex'), sha256((number::text || slot)::bytea), 0, 0, number, '', id
    from people, generate_series(0, 1) as slot;
insert into vestibule_event
    select 'default', people.id, people.number, people.id, 'kind', 'person', people.id, companies.id, people.id,
    substring(hash for 5), null, hash from people join companies on companies.number = people.number % 20;
insert into vestibule_event_personal select 'default', id, hash, '\x' from people;
insert into vestibule_case
    select 'default', substring(hash for 5), hash, 'code', number, number, 1, null, null, '\x' from people;
insert into vestibule_message
    select 'default', hash, id, 'purpose', 'email', '\x', case when number % 2 = 0 then 'queued' else 'sent' end, number, 0, null
    from people;
insert into vestibule_window select 'default', number % 50, 0, 'kind', hash, 1 from people;
insert into vestibule_window_population select 'default', number, 0, 'kind', 1 from people;
insert into vestibule_window_shared select 'default', number % 50, 0, 'kind', number, number, 1 from people;
insert into vestibule_checkword
    select 'default', id, 'recovery', 1, hash, '\x', number, number + 10, 0, null, null, case when number % 2 = 0 then id end, 1, 0, 0, id
    from people;
insert into vestibule_checkword_former
    select 'default', id, 'recovery', place, 8 + place, sha256((number::text || place)::bytea), number, 2, 0, null
    from people, generate_series(0, 1) as place;
insert into vestibule_batch select 'default', id, number from people;
analyze;
