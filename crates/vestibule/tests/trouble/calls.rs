//! Every way to read a store, as calls of one shape.

use core::pin::Pin;

use vestibule::{SignInQuestion, Store};
use vestibule_checkword::purpose;
use vestibule_core::{CaseReference, EventId, Identifier, Realm, SecretDigest, StoreError, SubjectId};
use vestibule_credentials::Lane;

use crate::cast::{BOB, accounts, bob, engines};

/// A call that was not begun yet.
pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// Under what Bob's rows are found whose names are drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    sessions: Vec<SecretDigest>,
    devices: Vec<SecretDigest>,
    lanes: Vec<Lane>,
    events: Vec<EventId>,
    cases: Vec<CaseReference>,
    links: Vec<SecretDigest>,
}

impl Known {
    pub(crate) async fn of(store: &impl Store) -> Self {
        let sessions = store.sessions(bob()).await.unwrap();
        let events = store.events_of_subject(bob(), None, 100).await.unwrap();
        let mut links = Vec::new();
        for purpose in purpose::ALL {
            let link = store.checkword(bob(), purpose.as_str().to_owned()).await.unwrap();
            links.extend(link.map(|link| link.digest));
        }
        Self {
            sessions: sessions.iter().map(|session| session.digest).collect(),
            devices: store.devices(bob()).await.unwrap().iter().map(|device| device.digest).collect(),
            lanes: sessions.iter().map(|session| Lane::Device(session.handle)).collect(),
            cases: events.iter().filter_map(|event| event.case).collect(),
            events: events.iter().map(|event| event.id).collect(),
            links,
        }
    }

    /// With the reference that a refusal before proof gave.
    pub(crate) fn with_case(mut self, case: CaseReference) -> Self {
        self.cases.push(case);
        self
    }

    /// With the links that there were then.
    pub(crate) fn with_links_of(mut self, earlier: &Self) -> Self {
        self.links.extend(&earlier.links);
        self
    }
}

macro_rules! read {
    ($calls:ident, $store:ident.$method:ident($($argument:expr),*)) => {
        let call: Calling<'a> = Box::pin(async move { $store.$method($($argument),*).await.map(drop) });
        $calls.push((stringify!($method), call));
    };
}

/// Every read there is, of everything of Bob's.
pub(crate) fn reads<'a, S: Store>(store: &'a S, known: &Known) -> Vec<(&'static str, Calling<'a>)> {
    let mut calls: Vec<(&'static str, Calling<'a>)> = Vec::new();
    let login = Identifier::parse_login(BOB).unwrap();
    let (kind, key) = (login.kind(), login.key());
    read!(calls, store.profile(bob()));
    read!(calls, store.identifier_owner(kind, key));
    read!(calls, store.identifiers(bob()));
    read!(calls, store.leaving(kind, key));
    read!(calls, store.leaving_of(bob()));
    read!(calls, store.memberships_of(bob(), None, 100));
    for account in accounts() {
        read!(calls, store.account(account));
        read!(calls, store.membership(account, bob()));
        read!(calls, store.members_of(account, None, 100));
        read!(calls, store.events_of_account(account, None, 100));
        read!(calls, store.contact_owner(account, key));
    }
    read!(calls, store.password(bob()));
    read!(calls, store.tries(bob(), Lane::Everybody));
    for lane in known.lanes.clone() {
        read!(calls, store.tries(bob(), lane));
    }
    read!(calls, store.authenticators(bob()));
    read!(calls, store.codes(bob()));
    read!(calls, store.mfa_tries(bob()));
    read!(calls, store.factor_reset(bob()));
    for purpose in purpose::ALL {
        read!(calls, store.checkword(bob(), purpose.as_str().to_owned()));
    }
    for link in known.links.clone() {
        read!(calls, store.found(link));
    }
    read!(calls, store.sessions(bob()));
    read!(calls, store.devices(bob()));
    for digest in known.sessions.clone() {
        read!(calls, store.session(digest));
        read!(calls, store.session_view(digest));
    }
    for digest in known.devices.clone() {
        read!(calls, store.device(digest));
    }
    read!(calls, store.events_of_subject(bob(), None, 100));
    for event in known.events.clone() {
        read!(calls, store.event(event));
        read!(calls, store.personal(event));
    }
    for case in known.cases.clone() {
        read!(calls, store.event_by_case(case));
        read!(calls, store.cases(case));
    }
    read!(calls, store.case_population());
    read!(calls, store.messages(None, 100));
    let device = known.devices.first().copied();
    let question = SignInQuestion { kind, key, decoy: SubjectId::from(99), device, account: Some(engines()) };
    read!(calls, store.sign_in_view(question));
    read!(calls, store.server_time());
    calls
}

/// A realm by its name.
pub(crate) fn realm(name: &str) -> Realm {
    Realm::parse(name).unwrap()
}
