//! PR-16: no secret rests or is printed. Every secret that a person or a host ever hands over is planted and looked for,
//! in the store and in everything that can be printed.

use core::fmt::Debug;

use vestibule::{
    Acting, Enrolling, FactorAnswer, ImportedPerson, NewPerson, SignIn, SignInRequest, Vestibule,
};
use vestibule_core::{Failure, LoginEmail, Secret};
use vestibule_mfa::AuthenticatorName;
use vestibule_profiles::{Move, NewMember};

use crate::app::App;
use crate::doors::BOB;
use crate::ground::at_rest;
use crate::world::{ADA, RIGHT, World, block_on, reason, refused, role};

/// Everything planted, and everything printed.
#[derive(Default)]
struct Search {
    planted: Vec<(&'static str, Vec<u8>)>,
    printed: String,
}

impl Search {
    fn plant(&mut self, name: &'static str, secret: &str) -> String {
        self.planted.push((name, secret.as_bytes().to_vec()));
        secret.to_owned()
    }

    fn plant_token(&mut self, name: &'static str, token: &Secret<String>) {
        // EXPOSE: the test looks for it where it must not be.
        let text = token.expose();
        self.planted.push((name, text.as_bytes().to_vec()));
        self.planted.push((name, text.split('_').nth(3).unwrap().as_bytes().to_vec()));
    }

    fn print(&mut self, value: &impl Debug) {
        self.printed.push_str(&format!("{value:?} {value:#?} "));
    }

    fn print_failure<P: Debug>(&mut self, failure: &Failure<P>) {
        self.print(failure);
        if let Failure::Fault(error) = failure {
            let mut next: Option<&dyn core::error::Error> = Some(error);
            while let Some(error) = next {
                self.printed.push_str(&format!("{error} {error:?} "));
                next = error.source();
            }
        }
    }

    /// What rests, and what was printed.
    fn finds(&self, world: &World) -> Vec<String> {
        let rows = at_rest(&world.store, &world.keep);
        assert!(rows.len() > 10 && !self.planted.is_empty());
        let mut found = Vec::new();
        for (name, secret) in &self.planted {
            assert!(secret.len() >= 8, "{name} is too short to be looked for");
            for form in forms(secret) {
                let holds = |bytes: &[u8]| bytes.windows(form.len()).any(|window| window == form);
                if rows.iter().any(|row| holds(row)) {
                    found.push(format!("{name} rests"));
                }
                if holds(self.printed.as_bytes()) {
                    found.push(format!("{name} was printed"));
                }
            }
        }
        found
    }
}

/// Raw, in hexadecimal of both cases, as a list of numbers, and in base64 at each of its three alignments.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers = format!("{secret:?}");
    let mut forms = vec![
        secret.to_vec(),
        hex.clone().into_bytes(),
        hex.to_uppercase().into_bytes(),
        numbers.into_bytes(),
    ];
    for skipped in 0..3 {
        let whole = (secret.len() - skipped) / 3 * 3;
        forms.push(base64(&secret[skipped..skipped + whole]));
    }
    forms
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|three| {
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            [18, 12, 6, 0].map(|shift| DIGITS[usize::try_from(bits >> shift & 63).unwrap()])
        })
        .collect()
}

#[test]
fn pr_16_no_secret_of_any_flow_rests_or_is_printed() {
    let world = World::new();
    let v: &Vestibule = &world.vestibule;
    let mut search = Search::default();
    let first = search.plant("first password", "eight lanterns over the weir");
    let second = search.plant("second password", "seven kettles on the ridge");
    let third = search.plant("third password", "nine thimbles in a drawer");
    let guess = search.plant("guessed password", "guess of a stranger 4711");
    let rejected = search.plant("rejected password", "Qx7!pw9");
    search.planted.pop();
    search.planted.push(("rejected password", format!("{rejected}{rejected}").into_bytes()));
    search.planted.push(("the ring's keys", vec![7; 32]));

    let person = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap()).password(first.as_str());
    search.print(&person);
    let ada = block_on(v.register_verified(person)).unwrap();
    let again = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap()).password(first.as_str());
    search.print_failure(&block_on(v.register_verified(again)).unwrap_err());
    let short = NewPerson::verified_by_host(LoginEmail::parse(BOB).unwrap()).password(rejected.as_str());
    search.print_failure(&block_on(v.register_verified(short)).unwrap_err());

    let request = SignInRequest::new(ADA, first.as_str()).device(Secret::new(guess.clone()));
    search.print(&request);
    let signed_in = world.sign_in_with(request);
    search.plant_token("session token", &signed_in.token);
    search.plant_token("device token", signed_in.device.as_ref().unwrap());
    search.print(&signed_in);
    for login in [ADA, "nobody@example.com", "no login at all"] {
        search.print(&world.refused_in(SignInRequest::new(login, guess.as_str())));
    }
    // A password in the field of the login: typed by many, kept by nobody.
    search.print(&world.refused_in(SignInRequest::new(second.as_str(), guess.as_str())));
    let dead = world.authenticate(&Secret::new(guess.clone())).unwrap_err();
    search.print_failure(&dead);

    let who = world.authenticate(&signed_in.token).unwrap();
    search.print(&who);
    search.print_failure(&block_on(v.change_password(&who, guess.as_str(), second.as_str())).unwrap_err());
    search.print_failure(&block_on(v.change_password(&who, first.as_str(), rejected.as_str())).unwrap_err());
    let token = block_on(v.change_password(&who, first.as_str(), second.as_str())).unwrap();
    search.plant_token("token of the change", &token);
    search.print(&token);

    block_on(v.require_password_change(&reason(), ada)).unwrap();
    let needed = world.try_in(SignInRequest::new(ADA, second.as_str())).unwrap();
    search.print(&needed);
    let SignIn::PasswordChangeNeeded { proof, .. } = needed else { panic!("no change was asked for") };
    search.print(&proof);
    block_on(v.replace_password(proof, third.as_str())).unwrap();

    let hash =
        "$argon2id$v=19$m=64,t=3,p=4$QEFCQ0RFRkdISUpLTE1OTw$rKiwSNzzuzzlOU1dy3SOffRmPFyZXErEik4OBIzf8bY";
    let person = ImportedPerson::new(50.into()).email("carol@example.com").password_hash(hash);
    search.print(&person);
    match block_on(v.import(person, &reason())) {
        Ok(imported) => search.print(&imported),
        Err(failure) => search.print_failure(&failure),
    }
    assert!(!search.printed.contains("rKiwSNzzuzzlOU1dy3SO"), "a hash was printed");

    let signed_in = world.sign_in_with(SignInRequest::new(ADA, third.as_str()));
    search.plant_token("session token of later", &signed_in.token);
    let who = world.authenticate(&signed_in.token).unwrap();
    let account = world.account(&who, 1);
    let bob = world.person(BOB);
    let by = Acting::Administrator(&who);
    block_on(v.add_member(by, account, NewMember::active(bob, role()))).unwrap();
    block_on(v.move_member(by, account, bob, Move::Dismiss)).unwrap();
    block_on(v.block(&reason(), bob, None)).unwrap();
    search.print(&refused(world.try_in(SignInRequest::new(BOB, RIGHT))));
    search.print(&block_on(v.view_member(by, account, bob)).unwrap());
    search.print(&block_on(v.waiting_messages(None, 100)).unwrap());
    search.print(&block_on(v.list_sessions(&who)).unwrap());
    search.print(v);
    search.print(&Vestibule::builder().product("x"));
    assert_eq!(search.finds(&world), [""; 0]);
}

/// What waits to be sent is sealed: the address to which it goes is not readable in the message's row.
#[test]
fn pr_16_a_message_rests_sealed() {
    let (world, ada) = World::with_ada();
    let stands: Vec<_> = world.store.kv().dump();
    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
    let known: std::collections::BTreeSet<_> = stands.into_iter().map(|(key, _)| key).collect();
    let mut messages = 0;
    for (key, row) in world.store.kv().dump().into_iter().filter(|(key, _)| !known.contains(key)) {
        let holds = |text: &[u8]| row.windows(text.len()).any(|window| window == text);
        messages += usize::from(String::from_utf8_lossy(key.partition().as_bytes()).contains("message"));
        assert!(!holds(ADA.as_bytes()) && !holds(b"ada@"), "an address rests in the clear");
    }
    assert_eq!(
        messages, 4,
        "the notice, and blanks in place of the links of a mailbox and of a change of the login"
    );
}

/// The search finds what is there, in every form that it looks for.
#[test]
fn pr_16_the_search_finds_what_is_there() {
    let (world, _) = World::with_ada();
    let planted = || vec![("login", ADA.as_bytes().to_vec())];
    let rests = Search { planted: planted(), printed: String::new() };
    assert_eq!(rests.finds(&world), ["login rests"]);
    for form in forms(ADA.as_bytes()) {
        let printed = format!("before {} after", String::from_utf8(form).unwrap());
        let found = Search { planted: planted(), printed }.finds(&world);
        assert!(found.iter().any(|one| one == "login was printed"), "a form was overlooked: {found:?}");
    }
}

#[test]
fn pr_16_no_secret_of_a_second_factor_rests_or_is_printed() {
    let world = World::new();
    let v: &Vestibule = &world.vestibule;
    let mut search = Search::default();
    world.person(ADA);
    let who = world.session(ADA);
    let name = AuthenticatorName::parse("phone").unwrap();
    let begun = block_on(v.begin_authenticator(Enrolling::Session(&who), &name)).unwrap();
    search.print(&begun);
    // EXPOSE: the test looks for it where it must not be.
    search.plant("manual key", begun.manual_key().expose());
    // EXPOSE: the same.
    search.plant("key", &begun.manual_key().expose().replace(' ', ""));
    let app = App::scan(&begun);
    search.planted.push(("secret of the authenticator", app.secret_bytes()));
    let code = app.code(world.now(), 0);
    let enrolled =
        block_on(v.confirm_authenticator(Enrolling::Session(&who), begun.id(), &code, None)).unwrap();
    search.print(&enrolled);
    let sheet = enrolled.sheet.as_ref().unwrap();
    let codes: Vec<String> = sheet
        .codes()
        .iter()
        .map(|code| {
            // EXPOSE: the test looks for it where it must not be.
            code.render().expose().clone()
        })
        .collect();
    for code in &codes {
        search.plant("recovery code", code);
        search.plant("recovery code, bare", &code.replace('-', ""));
    }
    let pending = world.pending(SignInRequest::new(ADA, RIGHT));
    search.print(&pending);
    search.plant_token("pending sign-in", &pending.token);
    for wrong in [FactorAnswer::code("000000"), FactorAnswer::recovery_code("ABCD-EFGH-JKMN-PQRS-TVWX-YZ23")]
    {
        search.print(&wrong);
        search.print_failure(&block_on(v.complete_sign_in(&pending.token, wrong, None)).unwrap_err());
    }
    let answer = FactorAnswer::recovery_code(codes[0].clone());
    let completed = block_on(v.complete_sign_in(&pending.token, answer, None)).unwrap();
    search.print(&completed);
    // EXPOSE: the test looks for it where it must not be.
    search.plant("replacement", completed.replacement.as_ref().unwrap().render().expose());
    search.print(&block_on(v.waiting_messages(None, 100)).unwrap());
    assert_eq!(search.finds(&world), [""; 0]);
}
