-- Every part of every table of a schema: its table, and what the server says that it is. Names of schemas are left out.
with ours as (select oid, relname, relrowsecurity, relforcerowsecurity from pg_class
    where relkind in ('r', 'p') and relnamespace = {namespace})
select relname, 'table rls ' || relrowsecurity::text || relforcerowsecurity::text as part from ours
union all
select relname, 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull::text || ' '
    || coalesce((select collname::text from pg_collation where oid = attcollation), '-') || ' '
    || coalesce(pg_get_expr(adbin, adrelid), '-') || ' ' || attidentity::text || attgenerated::text
    from ours join pg_attribute on attrelid = ours.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = ours.oid and adnum = attnum
union all
select relname, 'constraint ' || conname || ' ' || convalidated::text || condeferrable::text || ' '
    || case when contype = 'f' then confrelid::regclass::text else pg_get_constraintdef(con.oid) end
    from ours join pg_constraint as con on conrelid = ours.oid and contype <> 'n'
union all
select relname, 'index ' || (select index.relname from pg_class as index where index.oid = indexrelid) || ' '
    || indisunique::text || indisvalid::text || indisready::text || ' ' || substring(pg_get_indexdef(indexrelid) from ' USING .*')
    from ours join pg_index on indrelid = ours.oid
union all
select relname, 'trigger ' || tgname || ' ' || tgtype || tgenabled::text
    from ours join pg_trigger on tgrelid = ours.oid and not tgisinternal
union all
select relname, 'rule ' || rulename from ours join pg_rewrite on ev_class = ours.oid
