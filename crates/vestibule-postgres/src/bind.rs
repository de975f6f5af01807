//! Values to PostgreSQL and back.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};
use vestibule_core::{StoreError, StoreErrorKind};
use vestibule_sql::{RowValues, Statement, Value, dialect};

use crate::error::fault;
use crate::loud;
use crate::text::{given, kept};

type Param = Box<dyn ToSql + Sync + Send>;

/// How a statement reaches the server.
#[derive(Clone)]
pub(crate) enum Form {
    /// Prepared on this connection before.
    Prepared(tokio_postgres::Statement),
    /// Sent as text, with the types of its parameters.
    Text(String),
}

/// In which manner a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Manner {
    /// As it is.
    Plain,
    /// The row that a query answers stays as it is until the transaction ends. `key share` would let anybody change what is
    /// not a key.
    Locked,
    /// It fails unless it changes one row, in a transaction.
    Loud,
    /// It fails outside a transaction.
    LoudAny,
    /// Locked, and it fails unless there is one row.
    LoudLocked,
}

/// The statement as PostgreSQL reads it.
pub(crate) fn sql(statement: &Statement, manner: Manner) -> String {
    let sql = dialect::postgres(statement.sql());
    match manner {
        Manner::Plain => sql,
        Manner::Locked => sql + " for share",
        Manner::Loud => loud::changing(&sql),
        Manner::LoudAny => loud::any(&sql),
        Manner::LoudLocked => loud::relying(&(sql + " for share")),
    }
}

/// The types of the parameters. The server finds out itself what a null is.
pub(crate) fn types(statement: &Statement) -> Vec<Type> {
    statement.params().iter().map(type_of).collect()
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Blob(_) => Type::BYTEA,
    }
}

fn param(value: &Value, is: &Type) -> Param {
    match value {
        Value::Null if *is == Type::INT8 => Box::new(None::<i64>),
        Value::Null if *is == Type::BYTEA => Box::new(None::<Vec<u8>>),
        Value::Null => Box::new(None::<String>),
        Value::Int(number) => Box::new(*number),
        Value::Text(text) => Box::new(kept(text).into_owned()),
        Value::Blob(bytes) => Box::new(bytes.clone()),
    }
}

/// Runs a statement and gives the number of changed rows.
pub(crate) async fn execute(client: &Client, form: &Form, statement: &Statement) -> Result<usize, Error> {
    let rows = match form {
        Form::Prepared(prepared) => {
            let params = params(statement, prepared.params());
            client.execute_raw(prepared, params.iter().map(|param| &**param as &(dyn ToSql + Sync))).await?
        }
        Form::Text(sql) => {
            let types = types(statement);
            let params = params(statement, &types);
            client.execute_typed(sql, &typed(&params, types)).await?
        }
    };
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// Runs a query and gives its rows.
pub(crate) async fn query(client: &Client, form: &Form, statement: &Statement) -> Result<Vec<Row>, Error> {
    match form {
        Form::Prepared(prepared) => {
            let params = params(statement, prepared.params());
            let params: Vec<_> = params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect();
            client.query(prepared, &params).await
        }
        Form::Text(sql) => {
            let types = types(statement);
            let params = params(statement, &types);
            client.query_typed(sql, &typed(&params, types)).await
        }
    }
}

fn params(statement: &Statement, types: &[Type]) -> Vec<Param> {
    statement.params().iter().zip(types).map(|(value, is)| param(value, is)).collect()
}

fn typed(params: &[Param], types: Vec<Type>) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|param| &**param as &(dyn ToSql + Sync)).zip(types).collect()
}

/// The columns of each row.
pub(crate) fn values(rows: &[Row]) -> Result<Vec<RowValues>, StoreError> {
    rows.iter().map(row_values).collect()
}

fn row_values(row: &Row) -> Result<RowValues, StoreError> {
    let value = |(at, column): (usize, &tokio_postgres::Column)| {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map_err(fault)?.map_or(Value::Null, Value::Int),
            Type::INT4 => row.try_get::<_, Option<i32>>(at).map_err(fault)?.map(i64::from).into(),
            Type::INT2 => row.try_get::<_, Option<i16>>(at).map_err(fault)?.map(i64::from).into(),
            Type::BOOL => row.try_get::<_, Option<bool>>(at).map_err(fault)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map_err(fault)?.into(),
            Type::TEXT | Type::VARCHAR => match row.try_get::<_, Option<&str>>(at).map_err(fault)? {
                None => Value::Null,
                Some(text) => Value::Text(given(text).ok_or(StoreErrorKind::Corrupt)?),
            },
            // No column of ours is of another type.
            _ => return Err(StoreErrorKind::Corrupt.into()),
        })
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, StoreError>>().map(RowValues::new)
}
