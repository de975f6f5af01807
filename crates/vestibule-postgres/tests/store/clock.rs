//! What time it is where the rows are.

use vestibule_core::{ServerClock, Timestamp};

use crate::ground::{Place, own, runtime};

#[test]
fn the_servers_time_is_told_to_the_microsecond() {
    let place = Place::new();
    runtime().block_on(async {
        let store = place.create().await;
        let client = own(&place).await;
        let now = async || {
            let micros = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
            Timestamp::from_unix_micros(client.query_one(micros, &[]).await.unwrap().get(0))
        };
        let before = now().await;
        let told = store.server_time().await.unwrap().unwrap();
        let after = now().await;
        assert!(before <= told && told <= after, "{before:?} {told:?} {after:?}");
    });
}
