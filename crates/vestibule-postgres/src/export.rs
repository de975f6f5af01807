//! The migrations as one script, for whoever runs schema changes by other means.

use core::fmt::Write as _;

use crate::Schema;
use crate::migrate::LEDGER;

/// The script that makes the tables in the first schema of the `search_path`, entries of the ledger included.
pub(crate) fn export(schema: &Schema) -> String {
    let mut script = format!("begin;\n\n{LEDGER}");
    for domain in schema.domains() {
        for migration in domain.migrations {
            let (name, number, sql) = (domain.name, migration.number, migration.sql.trim_end());
            let checksum = migration.checksum().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            let end = if sql.ends_with(';') { "" } else { ";" };
            // Writing to a String does not fail.
            let _ = write!(
                script,
                "\n-- {name} {number:04}\n{sql}{end}\n\
                 insert into vestibule_migration (domain, number, checksum, applied_at)\n    \
                 values ('{name}', {number}, '\\x{checksum}', (extract(epoch from now()) * 1000000)::bigint);\n",
            );
        }
    }
    script.push_str("\ncommit;\n");
    script
}
