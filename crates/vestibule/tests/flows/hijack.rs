//! Pre-hijacking (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022) and nOAuth: Mallory prepares something for Eve's address
//! before Eve comes, or says her address to a provider that does not check. Whatever Eve does then, Mallory has nothing of it.

use vestibule::{
    ConnectRequest, EmailVerified, LoginChange, ProviderAnswer, ProviderIdentity, ProviderSignUp,
    ProviderSignUpRequest, RecoveryRequest, Sent, SignInRequest, SignUpRequest,
};
use vestibule_core::{Secret, SubjectId};
use vestibule_profiles::ProfilesRead;

use crate::social::{MINUTE, come, enter_by, owner, says, session_by, unknown};
use crate::world::{ELSEWHERE, HOME, NEW, RIGHT, WRONG, World, block_on, refused};

/// Her mailbox is run by the provider [`HOME`].
const EVE: &str = "eve@example.com";

/// The link that waits in Eve's mailbox.
fn link_for_eve(world: &World) -> Secret<String> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 200)).unwrap().messages.into_iter();
    let mut links: Vec<_> = waiting
        .filter(|message| message.recipient.expose() == EVE)
        .filter_map(|message| message.link)
        .collect();
    assert_eq!(links.len(), 1);
    links.remove(0)
}

fn sign_up(world: &World, identity: ProviderIdentity) -> ProviderSignUp {
    let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(identity)).has_no_profile();
    block_on(world.vestibule.sign_up_with_provider(request)).unwrap()
}

fn confirm(world: &World, link: &Secret<String>, password: &str) -> SubjectId {
    block_on(world.vestibule.confirm_sign_up(link, password, None)).unwrap()
}

/// Eve signs up by an address and a password.
fn eve_signs_up(world: &World) -> SubjectId {
    let _ = block_on(world.vestibule.request_sign_up(SignUpRequest::new(EVE).has_no_profile())).unwrap();
    confirm(world, &link_for_eve(world), RIGHT)
}

/// Mallory, whom a social account of hers opens.
fn mallory(world: &World) -> SubjectId {
    let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(says(world, ELSEWHERE, "mallory")));
    let request = request.without_address().has_no_profile();
    match block_on(world.vestibule.sign_up_with_provider(request)).unwrap() {
        ProviderSignUp::SignedUp(mallory) => mallory,
        other => panic!("{other:?}"),
    }
}

/// Classic-federated merge: Mallory signs up with Eve's address and a password of her own; Eve comes by her provider.
#[test]
fn a_classic_sign_up_and_a_federated_one_never_merge() {
    let world = World::new();
    let prepared = SignUpRequest::new(EVE).has_no_profile();
    let _ = block_on(world.vestibule.request_sign_up(prepared)).unwrap();
    let identity = || says(&world, HOME, "eve").email(EVE, EmailVerified::True);
    let _ = unknown(come(&world, ProviderAnswer::Identity(identity())));
    let ProviderSignUp::SignedUp(eve) = sign_up(&world, identity()) else { panic!("her provider proves it") };
    assert_eq!(world.refused_in(SignInRequest::new(EVE, WRONG)).code(), "password.none");

    // The other way round: who has a profile by a password is not joined by whoever comes with the address.
    let other = World::new();
    let eve_there = eve_signs_up(&other);
    let theirs = says(&other, HOME, "mallory").email(EVE, EmailVerified::True);
    let _ = unknown(come(&other, ProviderAnswer::Identity(theirs.clone())));
    let request = ProviderSignUpRequest::new(ProviderAnswer::Identity(theirs)).has_no_profile();
    let tried = block_on(other.vestibule.sign_up_with_provider(request));
    assert_eq!(refused(tried).code(), "identifier.taken");
    assert_eq!(owner(&other, HOME, "mallory"), None);
    let own = block_on(other.store.identifiers(eve_there)).unwrap();
    assert_eq!(own.len(), 1, "nothing was added to her profile");
    assert_eq!(enter_by(&world, HOME, "eve").subject, eve);
}

/// Unexpired session: Mallory is signed in while Eve proves that the mailbox is hers.
#[test]
fn a_session_of_before_does_not_outlive_the_proof_of_the_mailbox() {
    let world = World::new();
    let eve = eve_signs_up(&world);
    let mallorys = world.sign_in(EVE);
    let again = world.session(EVE);
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(EVE))).unwrap();
    block_on(world.vestibule.recover(&link_for_eve(&world), NEW, None)).unwrap();
    assert_eq!(world.dead(&mallorys.token), "session.revoked");
    // Nor does she attach anything by it any more.
    let answer = ProviderAnswer::Identity(says(&world, ELSEWHERE, "mallory"));
    let linked = block_on(world.vestibule.link_provider(&again, answer));
    assert_eq!(refused(linked).code(), "session.revoked");
    let profile = block_on(world.store.profile(eve)).unwrap().unwrap();
    assert_eq!((owner(&world, ELSEWHERE, "mallory"), profile.social_links), (None, 0));
}

/// Trojan identifier, by a sign-up: Mallory begins one with her own social account and Eve's address, and Eve confirms it.
#[test]
fn a_social_account_of_somebody_else_is_not_in_the_profile_that_eve_confirms() {
    let world = World::new();
    let theirs = || says(&world, ELSEWHERE, "mallory").email(EVE, EmailVerified::True);
    assert!(matches!(sign_up(&world, theirs()), ProviderSignUp::Sent(Sent::Message)));
    let eve = confirm(&world, &link_for_eve(&world), RIGHT);
    let _ = unknown(come(&world, ProviderAnswer::Identity(theirs())));
    let profile = block_on(world.store.profile(eve)).unwrap().unwrap();
    assert_eq!((profile.identifiers, profile.social_links), (1, 0));

    // Or by her own social account, with the same link: then that is the one, and not the other.
    let world = World::new();
    let theirs = says(&world, ELSEWHERE, "mallory").email(EVE, EmailVerified::True);
    assert!(matches!(sign_up(&world, theirs.clone()), ProviderSignUp::Sent(Sent::Message)));
    let answer = ProviderAnswer::Identity(says(&world, ELSEWHERE, "eve"));
    let link = link_for_eve(&world);
    let eve = block_on(world.vestibule.confirm_sign_up_with_provider(&link, answer, None)).unwrap();
    assert_eq!(owner(&world, ELSEWHERE, "eve"), Some(eve));
    let _ = unknown(come(&world, ProviderAnswer::Identity(theirs)));
}

/// Trojan identifier, by an address: Mallory asks for Eve's address to be connected to her own profile, and Eve opens the link in
/// every way there is. A link that joined its reader to that profile would leave Mallory's social account in it.
#[test]
fn nobody_is_joined_to_the_profile_of_whoever_named_their_address() {
    let world = World::new();
    let mallory = mallory(&world);
    let who = session_by(&world, ELSEWHERE, "mallory");
    let _ = block_on(world.vestibule.request_address(&who, ConnectRequest::new(EVE))).unwrap();
    let link = link_for_eve(&world);
    assert!(block_on(world.vestibule.recover(&link, NEW, None)).is_err());
    assert!(block_on(world.vestibule.confirm_sign_up(&link, NEW, None)).is_err());
    // In a session of her own, by a second profile.
    world.person("eve@elsewhere.example");
    let eves = world.session("eve@elsewhere.example");
    let tried = block_on(world.vestibule.connect_address(&eves, &link, NEW));
    assert_eq!(refused(tried).code(), "checkword.other_person");
    let own = block_on(world.store.profile(mallory)).unwrap().unwrap();
    assert_eq!(own.identifiers, 0);
}

/// Unexpired change of the address: Mallory, signed in, has asked for her own address to take the place of Eve's, and waits with the
/// link until Eve has proven that the mailbox is hers.
#[test]
fn a_change_of_the_login_that_waits_ends_with_the_proof_of_the_mailbox() {
    const MALLORYS: &str = "mallory@example.net";
    let world = World::new();
    let eve = eve_signs_up(&world);
    let mallorys = world.session(EVE);
    let change = LoginChange::replace(EVE, MALLORYS);
    let _ = block_on(world.vestibule.request_login_change(&mallorys, change)).unwrap();
    let waiting = block_on(world.vestibule.waiting_messages(None, 200)).unwrap().messages.into_iter();
    let hers = waiting.filter(|message| message.recipient.expose() == MALLORYS);
    let kept = hers.filter_map(|message| message.link).next().unwrap();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(EVE))).unwrap();
    block_on(world.vestibule.recover(&link_for_eve(&world), NEW, None)).unwrap();
    let eves = world.sign_in_with(SignInRequest::new(EVE, NEW));
    let eves = world.authenticate(&eves.token).unwrap();
    let tried = block_on(world.vestibule.confirm_login_change(&mallorys, &kept));
    assert_eq!(refused(tried).code(), "session.revoked");
    // Not even in a browser of Eve's.
    let tried = block_on(world.vestibule.confirm_login_change(&eves, &kept));
    assert_eq!(refused(tried).code(), "checkword.rotated");
    let profile = block_on(world.store.profile(eve)).unwrap().unwrap();
    assert_eq!(profile.identifiers, 1);
}

/// The same for a profile without an address: what waits reserves nothing, and Eve's own sign-up
/// makes it worthless.
#[test]
fn a_connection_that_waits_stands_in_nobodys_way() {
    let world = World::new();
    mallory(&world);
    let who = session_by(&world, ELSEWHERE, "mallory");
    let _ = block_on(world.vestibule.request_address(&who, ConnectRequest::new(EVE))).unwrap();
    let theirs = link_for_eve(&world);
    world.clock.advance(2 * MINUTE);
    let eve = eve_signs_up(&world);
    // Even with the link in hand it is Eve's.
    let tried = block_on(world.vestibule.connect_address(&who, &theirs, NEW));
    assert_eq!(refused(tried).code(), "identifier.taken");
    assert_eq!(world.sign_in(EVE).subject, eve);
}

/// Non-verifying provider: one that runs no mailbox of Eve's says that it has verified her address.
#[test]
fn a_provider_is_not_believed_about_addresses_that_it_does_not_run() {
    let world = World::new();
    let theirs = || says(&world, ELSEWHERE, "mallory").email(EVE, EmailVerified::True);
    assert!(matches!(sign_up(&world, theirs()), ProviderSignUp::Sent(Sent::Message)), "the mailbox decides");
    assert_eq!(owner(&world, ELSEWHERE, "mallory"), None);
    // Nor the provider of Eve's domain, where it says so in any other way than by the boolean.
    for said in ["\"true\"", "1", "false", "null"] {
        let theirs = says(&world, HOME, "mallory").email(EVE, EmailVerified::from_json(Some(said)));
        assert!(matches!(sign_up(&world, theirs), ProviderSignUp::Sent(Sent::Message)), "{said}");
    }
    let eve = confirm(&world, &link_for_eve(&world), RIGHT);
    let _ = unknown(come(&world, ProviderAnswer::Identity(theirs())));
    assert_eq!(world.sign_in(EVE).subject, eve);
}

/// nOAuth: the address at the provider is whatever its holder writes there, and changes at will.
#[test]
fn an_address_that_changes_at_the_provider_changes_nobody() {
    let world = World::new();
    let mallory = mallory(&world);
    let eve = eve_signs_up(&world);
    for address in [EVE, "other@example.com", "EVE@example.com"] {
        let renamed = says(&world, ELSEWHERE, "mallory").email(address, EmailVerified::True);
        let entered = crate::social::signed_in(come(&world, ProviderAnswer::Identity(renamed)));
        assert_eq!(entered.subject, mallory, "the subject decides: {address}");
        let other = says(&world, ELSEWHERE, "nobody").email(address, EmailVerified::True);
        let _ = unknown(come(&world, ProviderAnswer::Identity(other)));
    }
    assert_eq!(world.sign_in(EVE).subject, eve);
}
