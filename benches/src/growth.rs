//! The questions of every request, asked of a small and of a large crowd in turns.

use std::hint::black_box;

use vestibule::{SignInQuestion, Views};
use vestibule_core::{AddressKind, StoreError};
use vestibule_profiles::ProfilesRead;

use crate::Unmeasured;
use crate::crowd::{account, login_key, sample, session_digest, subject};
use crate::deployment::block_on;
use crate::process::timed;
use crate::stats::Spread;

/// How much longer the large crowd may take (this gates).
pub const AT_MOST: f64 = 2.0;

/// How many people are asked about in a round: fewer than the machine needs time for to do something else.
const ROUND: usize = 50;

/// How many of a list are asked for at once.
const PAGE: u32 = 50;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    SignIn,
    Session,
    Membership,
    Page,
}

impl Question {
    const ALL: [Self; 4] = [Self::SignIn, Self::Session, Self::Membership, Self::Page];

    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "everything that a sign-in decides on",
            Self::Session => "a session and what it is judged by",
            Self::Membership => "a membership",
            Self::Page => "a page of 50 members, anywhere in the list",
        }
    }

    async fn ask<S: Views + ProfilesRead>(self, store: &S, number: u32) -> Result<(), Unmeasured> {
        let fault = |error: StoreError| Unmeasured::at(self.name(), &error);
        let (account, subject) = (account()?, subject(number)?);
        let found = match self {
            Self::SignIn => {
                let (kind, key) = (AddressKind::Email, login_key(number)?);
                let question =
                    SignInQuestion { kind, key, decoy: subject, device: None, account: Some(account) };
                let view = black_box(store.sign_in_view(question).await.map_err(fault)?);
                view.owner == Some(subject)
                    && view.password.is_some()
                    && view.tries.is_some()
                    && view.membership.is_some()
            }
            Self::Session => {
                let view = store.session_view(session_digest(number)).await.map_err(fault)?;
                black_box(view).is_some_and(|view| view.session.subject == subject && view.profile.is_some())
            }
            Self::Membership => black_box(store.membership(account, subject).await.map_err(fault)?).is_some(),
            // Behind the last there is nobody.
            Self::Page => {
                let page = store.members_of(account, Some(subject), PAGE).await.map_err(fault)?;
                black_box(page).iter().all(|member| member.subject > subject)
            }
        };
        if found { Ok(()) } else { Err(Unmeasured::because(format!("{}: a wrong answer", self.name()))) }
    }
}

/// A store, how many people are in it, and who of them is asked about.
#[derive(Debug)]
pub struct Crowd<S> {
    store: S,
    people: u32,
    sample: Vec<u32>,
}

impl<S: Views + ProfilesRead> Crowd<S> {
    /// `size` people all over the crowd are asked about.
    pub fn new(store: S, people: u32, size: usize) -> Self {
        Self { store, people, sample: sample(people, size) }
    }

    fn ask_all(&self, question: Question) -> Result<(), Unmeasured> {
        self.ask_about(question, self.sample.iter())
    }

    /// Asks about those whose turn it is.
    fn ask_some(&self, question: Question, round: usize) -> Result<(), Unmeasured> {
        let first = round.saturating_mul(ROUND).checked_rem(self.sample.len()).unwrap_or(0);
        self.ask_about(question, self.sample.iter().cycle().skip(first).take(ROUND))
    }

    fn ask_about<'a>(
        &self,
        question: Question,
        numbers: impl Iterator<Item = &'a u32>,
    ) -> Result<(), Unmeasured> {
        block_on(async {
            for &number in numbers {
                question.ask(&self.store, number).await?;
            }
            Ok(())
        })
    }
}

/// How each question fared.
#[derive(Debug)]
#[non_exhaustive]
pub struct Growth {
    /// One line a question.
    pub lines: Vec<String>,
    /// Whether every median is within [`AT_MOST`].
    pub within: bool,
}

/// Asks everything once, so that it is warm, and then in turns.
///
/// # Errors
///
/// [`Unmeasured`] when a question is not answered as the crowd was made.
pub fn compare<S: Views + ProfilesRead>(
    small: &Crowd<S>,
    large: &Crowd<S>,
    rounds: usize,
) -> Result<Growth, Unmeasured> {
    let mut growth = Growth { lines: Vec::new(), within: true };
    for question in Question::ALL {
        for _ in 0..2 {
            small.ask_all(question)?;
            large.ask_all(question)?;
        }
        let (mut ratios, mut times) = (Vec::with_capacity(rounds), [Vec::new(), Vec::new()]);
        for round in 0..rounds {
            let (of_small, of_large) = if round % 2 == 0 {
                let of_small = timed(|| small.ask_some(question, round));
                (of_small, timed(|| large.ask_some(question, round)))
            } else {
                let of_large = timed(|| large.ask_some(question, round));
                (timed(|| small.ask_some(question, round)), of_large)
            };
            let (of_small, of_large) = (of_small?.as_secs_f64(), of_large?.as_secs_f64());
            ratios.push(of_large / of_small);
            for (times, spent) in times.iter_mut().zip([of_small, of_large]) {
                times.push(spent * 1e6 / ROUND as f64);
            }
        }
        let nothing = || Unmeasured::because("no round was run");
        let ratio = Spread::of_most(ratios).ok_or_else(nothing)?;
        let [of_small, of_large] = times.map(Spread::of_most);
        let (of_small, of_large) = (of_small.ok_or_else(nothing)?, of_large.ok_or_else(nothing)?);
        growth.within &= ratio.median <= AT_MOST;
        growth.lines.push(format!(
            "{}: {:.1} us of {} people, {:.1} us of {}; ratio {:.2} [{:.2}..{:.2}] (at most {AT_MOST})",
            question.name(),
            of_small.median,
            small.people,
            of_large.median,
            large.people,
            ratio.median,
            ratio.least,
            ratio.most,
        ));
    }
    Ok(growth)
}
