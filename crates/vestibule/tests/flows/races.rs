//! A sign-in against whatever ends its grounds: no session of the time before outlives it.

use std::sync::Barrier;

use vestibule::{Acting, RecoveryRequest, SignIn, SignInRequest, SignedIn};
use vestibule_checkword::{CheckwordRead, State, purpose};
use vestibule_core::{AccountId, Secret, SubjectId};
use vestibule_profiles::Move;

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, rounds};

/// Who sets out how much later. Whoever came first waits longer in the next round, twice as long while that changes nothing and
/// half as long once it did: so each comes first in some rounds, and in most of them the two are at work at once.
#[derive(Default)]
struct Lead {
    /// How many turns the other act waits; below zero, the sign-in does.
    turns: i64,
    step: i64,
    /// Whether the sign-in came first in the last round.
    last: Option<bool>,
    /// In how many rounds it came second, and first.
    met: [usize; 2],
}

impl Lead {
    /// Whether there is one more round: as many as are meant, and more of them while one outcome was never met.
    fn goes_on(&self, meant: usize) -> bool {
        let so_far = self.met[0] + self.met[1];
        if so_far >= meant + 200 {
            assert!(!self.met.contains(&0), "one of them always came first: {:?}", self.met);
        }
        so_far < meant || self.met.contains(&0)
    }

    fn came_first(&mut self, sign_in: bool) {
        self.met[usize::from(sign_in)] += 1;
        self.step = match self.last.replace(sign_in) {
            None => 1 << 10,
            Some(last) if last == sign_in => (self.step * 2).min(1 << 24),
            Some(_) => (self.step / 2).max(1 << 4),
        };
        self.turns += if sign_in { -self.step } else { self.step };
    }
}

fn wait(turns: i64) {
    (0..turns).for_each(|_| core::hint::spin_loop());
}

/// Signs in with the password of before while the other act runs; the session, if there is one.
fn race(
    world: &World,
    login: &str,
    account: Option<AccountId>,
    lead: &Lead,
    other: impl FnOnce() + Send,
) -> Option<SignedIn> {
    let barrier = Barrier::new(2);
    let turns = lead.turns;
    std::thread::scope(|scope| {
        let signing = scope.spawn(|| {
            let mut request = SignInRequest::new(login, RIGHT);
            if let Some(account) = account {
                request = request.into_account(account);
            }
            barrier.wait();
            wait(-turns);
            match world.try_in(request) {
                Ok(SignIn::SignedIn(signed_in)) => Some(signed_in),
                Ok(SignIn::FactorNeeded(_)) => panic!("nobody has a second factor"),
                Ok(SignIn::PasswordChangeNeeded { .. }) => panic!("nothing was marked"),
                Err(failure) => {
                    assert!(failure.refused().is_some(), "{failure:?}");
                    None
                }
            }
        });
        scope.spawn(|| {
            barrier.wait();
            wait(turns);
            other();
        });
        signing.join().unwrap()
    })
}

#[test]
fn no_session_of_the_old_password_outlives_its_change() {
    let mut lead = Lead::default();
    while lead.goes_on(rounds(100)) {
        let (world, _) = World::with_ada();
        let who = world.session(ADA);
        let won = race(&world, ADA, None, &lead, || {
            block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
        });
        lead.came_first(won.is_some());
        if let Some(signed_in) = won {
            let _ = world.dead(&signed_in.token);
        }
        assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
        world.sign_in_with(SignInRequest::new(ADA, NEW));
    }
}

#[test]
fn no_session_of_before_a_block_outlives_it() {
    let mut lead = Lead::default();
    while lead.goes_on(rounds(100)) {
        let (world, ada) = World::with_ada();
        let won = race(&world, ADA, None, &lead, || {
            block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
        });
        lead.came_first(won.is_some());
        let Some(signed_in) = won else { continue };
        let _ = world.dead(&signed_in.token);
        block_on(world.vestibule.unblock(&reason(), ada)).unwrap();
        assert!(world.authenticate(&signed_in.token).is_err(), "after {:?}: it came to life again", lead.met);
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
    let mut lead = Lead::default();
    while lead.goes_on(rounds(100)) {
        let step =
            |step| block_on(world.vestibule.move_member(Acting::Administrator(&ada), account, bob, step));
        let dismissed = || step(Move::Dismiss).unwrap();
        let won = race(&world, "bob@example.com", Some(account), &lead, dismissed);
        let signed_in = won.expect("a dismissal refuses no sign-in");
        lead.came_first(matches!(signed_in.entered, Some(Ok(_))));
        let session = world.authenticate(&signed_in.token).unwrap();
        assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap(), "after {:?}", lead.met);
        step(Move::Reinstate).unwrap();
        assert!(!block_on(world.vestibule.is_admitted(&session, account)).unwrap(), "after {:?}", lead.met);
    }
}

/// How many race for one thing.
const TASKS: usize = 16;

/// Everything at once, each on a thread of its own behind one barrier.
pub(crate) fn at_once<T: Send>(tasks: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(tasks);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..tasks)
            .map(|task| {
                let (barrier, act) = (&barrier, &act);
                scope.spawn(move || {
                    barrier.wait();
                    act(task)
                })
            })
            .collect();
        running.into_iter().map(|task| task.join().unwrap()).collect()
    })
}

fn waiting_links(world: &World) -> Vec<Secret<String>> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 100)).unwrap();
    waiting.messages.into_iter().filter_map(|message| message.link).collect()
}

/// PR-3: whoever asks, and however many at once, one link waits, and it works.
#[test]
fn of_requests_at_once_one_link_waits_and_it_is_the_live_one() {
    for _ in 0..rounds(20) {
        let (world, _) = World::with_ada();
        let _ = at_once(TASKS, |_| {
            block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap()
        });
        let links = waiting_links(&world);
        assert_eq!(links.len(), 1);
        block_on(world.vestibule.recover(&links[0], NEW, None)).unwrap();
    }
}

/// PR-3: of those who redeem one link at once, one sets the password, and all others are told that it was used.
#[test]
fn of_redemptions_at_once_one_sets_the_password() {
    for _ in 0..rounds(20) {
        let (world, _) = World::with_ada();
        let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
        let link = waiting_links(&world).remove(0);
        let passwords: Vec<String> = (0..TASKS).map(|task| format!("{NEW} number {task}")).collect();
        let ended =
            at_once(TASKS, |task| block_on(world.vestibule.recover(&link, passwords[task].as_str(), None)));
        let won: Vec<usize> = (0..TASKS).filter(|task| ended[*task].is_ok()).collect();
        assert_eq!(won.len(), 1, "{ended:?}");
        for lost in ended.into_iter().filter(Result::is_err) {
            assert_eq!(crate::world::refused(lost).code(), "checkword.used");
        }
        world.sign_in_with(SignInRequest::new(ADA, passwords[won[0]].as_str()));
    }
}

/// PR-5: a sign-in with the password of before a recovery leaves no session that outlives it.
#[test]
fn no_session_of_before_a_recovery_outlives_it() {
    let mut lead = Lead::default();
    while lead.goes_on(rounds(50)) {
        let (world, _) = World::with_ada();
        let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
        let link = waiting_links(&world).remove(0);
        let won = race(&world, ADA, None, &lead, || {
            block_on(world.vestibule.recover(&link, NEW, None)).unwrap();
        });
        lead.came_first(won.is_some());
        if let Some(signed_in) = won {
            let _ = world.dead(&signed_in.token);
        }
        world.sign_in_with(SignInRequest::new(ADA, NEW));
    }
}

/// PR-5: whoever asks for a link while a person is blocked, no link is left that works once the block is lifted, and none
/// waits to be sent.
#[test]
fn no_link_of_before_a_block_outlives_it() {
    for round in 0..rounds(100) {
        let (world, ada) = World::with_ada();
        at_once(2, |task| match task {
            0 => drop(block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap()),
            _ => block_on(world.vestibule.block(&reason(), ada, None)).unwrap(),
        });
        assert!(waiting_links(&world).is_empty(), "round {round}");
        let word = block_on(world.store.checkword(ada, purpose::RECOVERY.as_str().to_owned())).unwrap();
        assert!(word.is_none_or(|word| word.state != State::Live), "round {round}");
    }
}
