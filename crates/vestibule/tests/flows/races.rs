//! A sign-in against whatever ends its grounds: no session of the time before outlives it.

use std::sync::Barrier;

use vestibule::{Acting, SignIn, SignInRequest, SignedIn};
use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::Move;

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason};

const ROUNDS: usize = 100;

/// Signs in with the password of before while the other act runs; the session, if there is one.
fn race(
    world: &World,
    login: &str,
    account: Option<AccountId>,
    other: impl FnOnce() + Send,
) -> Option<SignedIn> {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let signing = scope.spawn(|| {
            let mut request = SignInRequest::new(login, RIGHT);
            if let Some(account) = account {
                request = request.into_account(account);
            }
            barrier.wait();
            match world.try_in(request) {
                Ok(SignIn::SignedIn(signed_in)) => Some(signed_in),
                Ok(SignIn::PasswordChangeNeeded { .. }) => panic!("nothing was marked"),
                Err(failure) => {
                    assert!(failure.refused().is_some(), "{failure:?}");
                    None
                }
            }
        });
        scope.spawn(|| {
            barrier.wait();
            other();
        });
        signing.join().unwrap()
    })
}

#[test]
fn no_session_of_the_old_password_outlives_its_change() {
    for _ in 0..ROUNDS {
        let (world, _) = World::with_ada();
        let who = world.session(ADA);
        let won = race(&world, ADA, None, || {
            block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
        });
        if let Some(signed_in) = won {
            let _ = world.dead(&signed_in.token);
        }
        assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
        world.sign_in_with(SignInRequest::new(ADA, NEW));
    }
}

#[test]
fn no_session_of_before_a_block_outlives_it() {
    for round in 0..ROUNDS {
        let (world, ada) = World::with_ada();
        let won = race(&world, ADA, None, || {
            block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
        });
        let Some(signed_in) = won else { continue };
        let _ = world.dead(&signed_in.token);
        block_on(world.vestibule.unblock(&reason(), ada)).unwrap();
        assert!(world.authenticate(&signed_in.token).is_err(), "round {round}: it came to life again");
    }
}

#[test]
fn no_admission_of_before_a_dismissal_outlives_it() {
    let world = World::new();
    world.person(ADA);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    let bob: SubjectId = world.person("bob@example.com");
    world.add(&ada, account, bob);
    for round in 0..ROUNDS {
        let step =
            |step| block_on(world.vestibule.move_member(Acting::Administrator(&ada), account, bob, step));
        let won = race(&world, "bob@example.com", Some(account), || step(Move::Dismiss).unwrap());
        let signed_in = won.expect("a dismissal refuses no sign-in");
        let session = world.authenticate(&signed_in.token).unwrap();
        assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap(), "round {round}");
        step(Move::Reinstate).unwrap();
        assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap(), "round {round}");
    }
}
