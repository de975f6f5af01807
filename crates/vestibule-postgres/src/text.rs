//! Text that PostgreSQL can keep: the form that every driver of ours and of hosts binds.

pub(crate) use vestibule_sql::dialect::{from_postgres_text as given, postgres_text as kept};
