//! What several promises need.

use vestibule::{Authenticated, SignInRequest};
use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::{Permission, Permissions};

use crate::world::{ADA, RIGHT, World, block_on};

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
        Approve, Dismiss, EditContact, EditPolicy, EndSessions, Exempt, Invite, ReadAudit, Reinstate, SeeLogin,
    };
    [Approve, Dismiss, EditContact, EditPolicy, EndSessions, Exempt, Invite, ReadAudit, Reinstate, SeeLogin]
        .into_iter()
        .fold(Permissions::none(), Permissions::with)
}
