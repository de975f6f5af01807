//! What several promises need.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule::{Authenticated, SignInRequest, Vestibule};
use vestibule_core::kv::{Key, MemoryKv};
use vestibule_core::{AccountId, KeyId, KeyPurpose, KeyRing, MemoryStore, Realm, Secret, SubjectId};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_profiles::{Permission, Permissions};

use crate::ground::Keep;
use crate::world::{ADA, RIGHT, World, block_on, wide};

pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const EVE: &str = "eve@example.com";

/// Ada administers account 1, Bob is a member of it, Eve administers account 2.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) ada: Authenticated,
    pub(crate) bob: SubjectId,
    pub(crate) eve: Authenticated,
    pub(crate) account: AccountId,
    pub(crate) other: AccountId,
}

pub(crate) fn office() -> Office {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    world.person(EVE);
    let (ada, eve) = (world.session(ADA), world.session(EVE));
    let (account, other) = (world.account(&ada, 1), world.account(&eve, 2));
    world.add(&ada, account, bob);
    Office { world, ada, bob, eve, account, other }
}

impl Office {
    /// With the right password and this account asked for, is Bob let in?
    pub(crate) fn bob_gets_in(&self) -> bool {
        let request = SignInRequest::new(BOB, RIGHT).into_account(self.account);
        self.world.sign_in_with(request).entered.unwrap().is_ok()
    }

    pub(crate) fn is_admitted(&self, who: &Authenticated) -> bool {
        block_on(self.world.vestibule.is_admitted(who, self.account)).unwrap()
    }
}

/// Every permission there is.
pub(crate) fn all_permissions() -> Permissions {
    use Permission::{
        Approve, Dismiss, EditContact, EditPolicy, EndSessions, Exempt, Invite, ReadAudit, Reinstate,
        SeeLogin,
    };
    [Approve, Dismiss, EditContact, EditPolicy, EndSessions, Exempt, Invite, ReadAudit, Reinstate, SeeLogin]
        .into_iter()
        .fold(Permissions::none(), Permissions::with)
}

/// The parts of a row's partition: realm, table, ids.
pub(crate) fn parts(key: &Key) -> Vec<Vec<u8>> {
    let (mut bytes, mut parts) = (key.partition().as_bytes(), Vec::new());
    while let [high, low, rest @ ..] = bytes {
        let (part, after) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        parts.push(part.to_vec());
        bytes = after;
    }
    parts
}

/// The table in which a row rests.
pub(crate) fn table(key: &Key) -> String {
    String::from_utf8(parts(key).swap_remove(1)).unwrap()
}

/// Every row there is.
pub(crate) fn rows(world: &World) -> BTreeMap<Key, Vec<u8>> {
    world.store.kv().dump().into_iter().collect()
}

/// A deployment in a realm of its own, on a database that it shares.
pub(crate) fn realm(base: &World, kv: &Arc<MemoryKv>, name: &str) -> World {
    let store = MemoryStore::new(Arc::clone(kv), Realm::parse(name).unwrap());
    let mut ring = KeyRing::builder();
    for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
        ring = ring.current(purpose, KeyId::parse("k1").unwrap(), Secret::new([7; 32]));
    }
    let vestibule = Vestibule::builder()
        .store(store.clone())
        .keys(ring.build().unwrap())
        .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
        .clock(Arc::clone(&base.clock))
        .throttle(wide())
        .build()
        .unwrap();
    World { vestibule, store, clock: Arc::clone(&base.clock), keep: Keep }
}
