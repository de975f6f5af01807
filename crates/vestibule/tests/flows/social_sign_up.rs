//! Signing up by a social account: explicit, and only what is proven comes into being.

use vestibule::{
    ConnectRequest, EmailVerified, NewPerson, NoticeKind, ProviderAnswer, ProviderIdentity, ProviderSignUp,
    ProviderSignUpRequest, Sent, SignInRequest, SignUpRequest,
};
use vestibule_core::{Failure, Identifier, Refusal, Secret, SubjectId};
use vestibule_profiles::ProfilesRead;

use crate::social::{come, enter_by, owner, person_with, says, session_by, social, unknown};
use crate::world::{ADA, ELSEWHERE, HOME, NEW, RIGHT, STAFF, World, block_on, both, refused, rounds};

const EVE: &str = "eve@example.com";

fn sign_up(world: &World, identity: ProviderIdentity) -> Result<ProviderSignUp, Failure<Refusal>> {
    let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(identity)).has_no_profile();
    block_on(world.vestibule.sign_up_with_provider(request))
}

fn confirm(
    world: &World,
    link: &Secret<String>,
    identity: ProviderIdentity,
) -> Result<SubjectId, &'static str> {
    let answer = ProviderAnswer::Identity(identity);
    match block_on(world.vestibule.confirm_sign_up_with_provider(link, answer, None)) {
        Ok(subject) => Ok(subject),
        refusal => Err(refused(refusal).code()),
    }
}

/// The link of the one answer that waits for an address.
fn link_for(world: &World, to: &str) -> Secret<String> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 200)).unwrap().messages.into_iter();
    let mut own: Vec<_> = waiting.filter(|message| message.recipient.expose() == to).collect();
    assert_eq!(own.len(), 1, "one answer at a time");
    let answer = own.remove(0);
    assert_eq!(answer.notice.kind, NoticeKind::SignUpLink);
    answer.link.unwrap()
}

fn whose(world: &World, login: &str) -> Option<SubjectId> {
    let login = Identifier::parse_login(login).unwrap();
    block_on(world.store.identifier_owner(login.kind(), login.key())).unwrap().map(|own| own.subject)
}

#[test]
fn whoever_signs_up_is_asked_once_whether_they_have_a_profile() {
    let world = World::new();
    let answer = ProviderAnswer::Identity(says(&world, HOME, "1").email(EVE, EmailVerified::True));
    let asked = block_on(world.vestibule.sign_up_with_provider(ProviderSignUpRequest::new(answer))).unwrap();
    assert!(matches!(asked, ProviderSignUp::AskForProfile));
    assert_eq!((owner(&world, HOME, "1"), whose(&world, EVE)), (None, None));
}

/// The provider runs the mailboxes of example.com, and says `true`: nothing is left to prove.
#[test]
fn a_provider_that_runs_the_domain_proves_the_address() {
    let world = World::new();
    let identity = says(&world, HOME, "1").email(EVE, EmailVerified::from_json(Some("true")));
    let ProviderSignUp::SignedUp(eve) = sign_up(&world, identity.clone()).unwrap() else {
        panic!("nothing was left to prove")
    };
    assert_eq!((whose(&world, EVE), owner(&world, HOME, "1")), (Some(eve), Some(eve)));
    assert_eq!(enter_by(&world, HOME, "1").subject, eve);
    assert_eq!(refused(sign_up(&world, identity)).code(), "social.linked_elsewhere");
    // Somebody has the address by now: it is told to who has proven it, and joins nobody.
    let other = says(&world, HOME, "2").email(EVE, EmailVerified::True);
    assert_eq!(refused(sign_up(&world, other)).code(), "identifier.taken");
    assert_eq!(owner(&world, HOME, "2"), None);
}

/// The address is proven by a message, unless all three hold: the domain is the provider's, the claim is the boolean `true`, and
/// the address is the one that the provider named.
#[test]
fn everybody_else_proves_the_address_by_a_message() {
    let said = |value| EmailVerified::from_json(Some(value));
    for (issuer, hint, verified, typed) in [
        (ELSEWHERE, EVE, said("true"), None),
        (HOME, EVE, said("\"true\""), None),
        (HOME, EVE, said("1"), None),
        (HOME, EVE, EmailVerified::from_json(None), None),
        (HOME, "eve@mail.example.com", said("true"), None),
        (HOME, "eve@example.org", said("true"), None),
        (HOME, "mallory@example.com", said("true"), Some(EVE)),
    ] {
        let world = World::new();
        let address = typed.unwrap_or(hint);
        let identity = || says(&world, issuer, "1").email(hint, verified);
        let mut request = ProviderSignUpRequest::new(ProviderAnswer::Identity(identity())).has_no_profile();
        if let Some(typed) = typed {
            request = request.address(typed);
        }
        let answer = block_on(world.vestibule.sign_up_with_provider(request)).unwrap();
        assert!(matches!(answer, ProviderSignUp::Sent(Sent::Message)), "{issuer} {hint}");
        assert_eq!(
            (whose(&world, address), owner(&world, issuer, "1")),
            (None, None),
            "nothing unproven exists"
        );
        let link = link_for(&world, address);
        let eve = confirm(&world, &link, identity()).unwrap();
        assert_eq!((whose(&world, address), owner(&world, issuer, "1")), (Some(eve), Some(eve)));
        assert_eq!(confirm(&world, &link, identity()), Err("checkword.used"));
        assert_eq!(world.refused_in(SignInRequest::new(address, RIGHT)).code(), "password.none");
    }
}

#[test]
fn an_address_that_is_a_login_is_told_so_in_its_mailbox_and_joins_nothing() {
    let (world, ada) = World::with_ada();
    let identity = says(&world, ELSEWHERE, "1").email(ADA, EmailVerified::True);
    assert!(matches!(sign_up(&world, identity).unwrap(), ProviderSignUp::Sent(Sent::Message)));
    let waiting = block_on(world.vestibule.waiting_messages(None, 10)).unwrap().messages;
    assert_eq!(waiting[0].notice.kind, NoticeKind::AlreadyALogin);
    let _ = unknown(come(&world, ProviderAnswer::Identity(says(&world, ELSEWHERE, "1"))));
    assert_eq!(world.sign_in(ADA).subject, ada);
}

#[test]
fn what_stands_in_the_way_of_a_confirmation_spends_nothing() {
    let world = World::new();
    let ada = person_with(&world, ADA, HOME, "9");
    let eve = || says(&world, ELSEWHERE, "1").email(EVE, EmailVerified::True);
    assert!(matches!(sign_up(&world, eve()).unwrap(), ProviderSignUp::Sent(Sent::Message)));
    let link = link_for(&world, EVE);
    assert_eq!(confirm(&world, &link, says(&world, HOME, "9")), Err("social.linked_elsewhere"));
    assert_eq!(confirm(&world, &link, says(&world, STAFF, "1")), Err("social.sign_up_closed"));
    let denied = ProviderAnswer::Denied { issuer: HOME.to_owned() };
    let tried = block_on(world.vestibule.confirm_sign_up_with_provider(&link, denied, None));
    assert_eq!(refused(tried).code(), "social.denied");
    let adas = enter_by(&world, HOME, "9");
    let answer = ProviderAnswer::Identity(eve());
    let tried = block_on(world.vestibule.confirm_sign_up_with_provider(&link, answer, Some(&adas.token)));
    assert_eq!(refused(tried).code(), "checkword.other_person");
    assert_ne!(confirm(&world, &link, eve()).unwrap(), ada);
    let closed = sign_up(&world, says(&world, STAFF, "2"));
    assert_eq!(refused(closed).code(), "social.sign_up_closed");
}

/// A profile without an address is what its owner asked for, and is told how to get one (P6).
#[test]
fn without_an_address_the_social_account_is_the_profile() {
    let world = World::new();
    for (subject, identity) in [
        ("1", says(&world, ELSEWHERE, "1").email(EVE, EmailVerified::NotSaid)),
        ("2", says(&world, ELSEWHERE, "2")),
    ] {
        let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(identity)).has_no_profile();
        let answer = block_on(world.vestibule.sign_up_with_provider(request.without_address())).unwrap();
        assert!(matches!(answer, ProviderSignUp::SignedUp(_)));
        let who = session_by(&world, ELSEWHERE, subject);
        let own = block_on(world.vestibule.list_links(&who)).unwrap();
        assert_eq!(own.advice.map(|advice| advice.code), Some("social.only"));
        assert_eq!(own.hints.len(), usize::from(subject == "1"));
    }
    assert_eq!(whose(&world, EVE), None);
}

/// PR-3: one link, redeemed with a password and by a social account at once, makes one profile.
#[test]
fn of_two_confirmations_at_once_one_makes_the_profile() {
    for round in 0..rounds(40) {
        let world = World::new();
        let request = SignUpRequest::new(EVE).has_no_profile();
        let _ = block_on(world.vestibule.request_sign_up(request)).unwrap();
        let link = link_for(&world, EVE);
        let identity = says(&world, ELSEWHERE, "1");
        let by_password = || match block_on(world.vestibule.confirm_sign_up(&link, NEW, None)) {
            Ok(subject) => Ok(subject),
            refusal => Err(refused(refusal).code()),
        };
        let (by_password, by_provider) = both(by_password, || confirm(&world, &link, identity));
        let loser = by_password.err().or(by_provider.err());
        assert_eq!(loser, Some("checkword.used"), "round {round}: the link says it, not what it made");
        let (by_password, by_provider) = (by_password.ok(), by_provider.ok());
        let made: Vec<SubjectId> = by_password.into_iter().chain(by_provider).collect();
        assert_eq!(made.len(), 1, "round {round}");
        assert_eq!(whose(&world, EVE), Some(made[0]));
        assert_eq!(owner(&world, ELSEWHERE, "1"), by_provider);
    }
}

/// Whoever signs up is sent no link to connect their address to somebody else's profile, whoever is first.
#[test]
fn no_link_to_connect_an_address_waits_for_whoever_signed_up_with_it() {
    for _ in 0..rounds(40) {
        let world = World::new();
        let person = NewPerson::verified_by_host(social(HOME, "1"));
        block_on(world.vestibule.register_verified(person)).unwrap();
        let who = session_by(&world, HOME, "1");
        let request = SignUpRequest::new(EVE).has_no_profile();
        let _ = block_on(world.vestibule.request_sign_up(request)).unwrap();
        let link = link_for(&world, EVE);
        let (asked, confirmed) = both(
            || block_on(world.vestibule.request_address(&who, ConnectRequest::new(EVE))),
            || block_on(world.vestibule.confirm_sign_up(&link, NEW, None)),
        );
        let (_, _) = (asked.unwrap(), confirmed.unwrap());
        assert_eq!(world.told_by_mail(NoticeKind::ConnectLink), 0);
    }
}
