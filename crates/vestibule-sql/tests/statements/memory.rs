use vestibule_core::{Batch, BatchId};
use vestibule_profiles::ProfilesWrite;
use vestibule_sql::{Plan, batches};

use crate::world::{NOW, acme, ada, realm};
use crate::{compare, planned, run};

#[test]
fn a_batch_that_no_row_remembers_begins_with_this_statement() {
    let writes = vec![
        ProfilesWrite::RequireMembership { account: acme(), subject: ada(), version: 7 },
        ProfilesWrite::BumpEpoch { subject: ada(), from: 8 },
    ];
    let batch = Batch::new(BatchId::from_bytes([0xba; 16]), NOW, writes).unwrap();
    let mut text = String::new();
    planned(&mut text, &Plan::of(&realm(), &batch).unwrap());
    run(&mut text, "forget_batches", &batches::forget_batches(&realm(), NOW, 500));
    compare("memory", &text);
}
