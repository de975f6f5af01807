//! Codes that people type.

use vestibule_checkword::purpose::{CODE_RECOVERY, CODE_SIGN_UP};
use vestibule_checkword::{CODE_LASTS, CodeRequested, TRIES_PER_CODE, TRIES_PER_DAY};

use super::*;

struct Sent {
    ticket: String,
    code: Option<String>,
}

fn phoned() -> CheckwordRequest {
    CheckwordRequest::new(ada(), CODE_RECOVERY).bound_to(b"+15550100")
}

fn asked(node: &Checkwords<MemoryStore>, now: Timestamp) -> Sent {
    let CodeRequested { ticket, message, .. } = block_on(node.request_code(&phoned(), now)).unwrap();
    // EXPOSE: tests play the page and the phone.
    let code = message.map(|message| message.code.expose().clone());
    // EXPOSE: tests play the page and the phone.
    Sent { ticket: ticket.expose().clone(), code }
}

/// The ticket and the code of a message that is due.
pub(crate) fn sent(node: &Checkwords<MemoryStore>, now: Timestamp) -> (String, String) {
    let Sent { ticket, code } = asked(node, now);
    (ticket, code.expect("a message is due"))
}

pub(crate) fn typed(
    node: &Checkwords<MemoryStore>,
    ticket: &str,
    code: &str,
    now: Timestamp,
) -> Result<RedeemedCheckword, Problem> {
    known(block_on(node.redeem_code(ticket, code, CODE_RECOVERY, now)))
}

pub(crate) fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

#[test]
fn a_code_and_its_ticket_are_worth_something_together_once() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, code } = asked(&node, NOW);
    let code = code.unwrap();
    let proof = typed(&node, &ticket, &code, after(1)).unwrap();
    assert_eq!(
        (proof.holder(), proof.bound(), proof.intent()),
        (ada(), &b"+15550100"[..], Intent::TypedCode)
    );
    assert_eq!(typed(&node, &ticket, &code, after(2)), Err(Problem::Used { at: after(1) }));
}

#[test]
fn a_code_lasts_ten_minutes_whatever_the_policy_of_links() {
    let policy = CheckwordPolicy::default().with_lifetime(CODE_RECOVERY, MINUTE * 600).unwrap();
    for node in [node(&MemoryStore::in_memory()), node(&MemoryStore::in_memory()).with_policy(policy)] {
        let Sent { ticket, code } = asked(&node, NOW);
        let end = NOW.plus(CODE_LASTS);
        assert_eq!(typed(&node, &ticket, &code.unwrap(), end), Err(Problem::Expired { at: end }));
    }
}

#[test]
fn whoever_asks_within_half_its_life_gets_the_same_ticket_and_the_phone_the_same_code() {
    let node = node(&MemoryStore::in_memory());
    let first = asked(&node, NOW);
    let spaced = asked(&node, NOW.plus(MINUTE / 2));
    assert_eq!((spaced.ticket, spaced.code), (first.ticket.clone(), None));
    let again = asked(&node, after(1));
    assert_eq!((again.ticket, again.code), (first.ticket.clone(), first.code.clone()));
    let _ = typed(&node, &first.ticket, &first.code.unwrap(), after(9)).unwrap();
}

#[test]
fn whoever_asks_too_soon_past_half_its_life_gets_the_ticket_of_the_code_that_is_on_its_way() {
    let node = node(&MemoryStore::in_memory());
    let first = asked(&node, NOW);
    let again = asked(&node, after(4));
    let spaced = asked(&node, after(8));
    assert_eq!((again.code.is_some(), spaced.code), (true, None));
    assert_eq!(spaced.ticket, first.ticket);
    let _ = typed(&node, &spaced.ticket, &first.code.unwrap(), after(9)).unwrap();
}

/// However often strangers ask, there is a code to be typed at every minute of the day.
#[test]
fn a_code_is_never_spaced_for_longer_than_it_lives() {
    let node = node(&MemoryStore::in_memory());
    let mut sent = 0;
    for minute in 0..300 {
        let Sent { ticket, code } = asked(&node, after(minute));
        sent += u32::from(code.is_some());
        let found = block_on(node.inspect(&ticket, CODE_RECOVERY, after(minute)));
        assert!(known(found).is_ok(), "minute {minute}");
    }
    assert!((30..40).contains(&sent), "{sent}");
}

/// What was asked for before is not told to whoever asks for something else.
#[test]
fn a_spaced_request_for_another_number_gets_no_ticket_of_the_first() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, code } = asked(&node, NOW);
    let other = CheckwordRequest::new(ada(), CODE_RECOVERY).bound_to(b"+15550199");
    let spaced = block_on(node.request_code(&other, NOW)).unwrap();
    assert!(spaced.message.is_none());
    // EXPOSE: tests play the page.
    assert_eq!(typed(&node, spaced.ticket.expose(), &code.unwrap(), NOW), Err(Problem::Unknown));
    assert_ne!(spaced.ticket.expose(), &ticket);
}

/// A ticket is no link, and a link no ticket, whatever their purpose.
#[test]
fn a_ticket_redeems_nothing_without_its_code_and_a_link_has_none() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, .. } = asked(&node, NOW);
    for intent in [Intent::NewPassword, Intent::FederatedIdentity, Intent::OwnSession(ada())] {
        let redeemed = block_on(node.redeem(&ticket, CODE_RECOVERY, intent, NOW));
        assert_eq!(known(redeemed), Err(Problem::WrongPurpose), "{intent:?}");
    }
    // The same purpose and bound by the other way is another text.
    let (link, again) = ask(&node, &phoned(), after(1)).unwrap();
    assert!(!again && link != ticket);
    let typed = block_on(node.redeem_code(&link, "123456", CODE_RECOVERY, after(1)));
    assert_eq!(known(typed), Err(Problem::WrongPurpose));
}

#[test]
fn five_tries_spend_a_code_and_a_new_one_follows() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, code } = asked(&node, NOW);
    let code = code.unwrap();
    for _ in 0..TRIES_PER_CODE {
        assert_eq!(typed(&node, &ticket, &wrong(&code), NOW), Err(Problem::CodeWrong));
    }
    assert_eq!(typed(&node, &ticket, &code, NOW), Err(Problem::CodeSpent), "the right one, too");
    let next = asked(&node, after(1));
    assert_ne!(next.ticket, ticket);
    let _ = typed(&node, &next.ticket, &next.code.unwrap(), after(1)).unwrap();
}

#[test]
fn the_last_try_may_be_the_right_one() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, code } = asked(&node, NOW);
    let code = code.unwrap();
    for _ in 1..TRIES_PER_CODE {
        let _ = typed(&node, &ticket, &wrong(&code), NOW).unwrap_err();
    }
    let _ = typed(&node, &ticket, &code, NOW).unwrap();
}

#[test]
fn a_day_has_twenty_tries_whatever_the_number_of_codes() {
    let node = node(&MemoryStore::in_memory());
    let (mut taken, mut now) = (0, NOW);
    while taken < TRIES_PER_DAY {
        let Sent { ticket, code } = asked(&node, now);
        if let Some(code) = code {
            while let Err(Problem::CodeWrong) = typed(&node, &ticket, &wrong(&code), now) {
                taken += 1;
            }
        }
        now = now.plus(MINUTE * 16);
    }
    assert_eq!(taken, TRIES_PER_DAY);
    let Sent { ticket, code } = asked(&node, now.plus(MINUTE * 60));
    let ends = NOW.plus(MINUTE * 60 * 24);
    let refused = typed(&node, &ticket, &code.unwrap(), now.plus(MINUTE * 61));
    assert_eq!(refused, Err(Problem::CodeWait { not_before: ends }), "the right one, too");
    let Sent { ticket, code } = asked(&node, ends.plus(MINUTE));
    let _ = typed(&node, &ticket, &code.unwrap(), ends.plus(MINUTE)).unwrap();
}

#[test]
fn a_ticket_without_its_code_and_for_another_purpose_is_worth_nothing() {
    let node = node(&MemoryStore::in_memory());
    let Sent { ticket, code } = asked(&node, NOW);
    let code = code.unwrap();
    for guess in ["", "1234567", "12345", "abcdef"] {
        assert!(matches!(typed(&node, &ticket, guess, NOW), Err(Problem::CodeWrong)), "{guess}");
    }
    let other = block_on(node.redeem_code(&ticket, &code, CODE_SIGN_UP, NOW));
    assert_eq!(known(other), Err(Problem::WrongPurpose));
}

#[test]
fn a_link_that_is_handed_over_is_neither_spaced_nor_does_it_space() {
    let node = node(&MemoryStore::in_memory());
    let mailed = super::sent(&node, NOW);
    let other = CheckwordRequest::new(ada(), RECOVERY).bound_to(b"+15550100").handed_over();
    let (handed, again) = ask(&node, &other, NOW).unwrap();
    assert!(!again);
    assert_eq!(inspected(&node, &mailed, NOW), Err(Problem::Superseded { at: NOW }));
    assert_eq!(ask(&node, &other, NOW), Some((handed, true)), "as often as it is proven");
    // The messages are spaced as if it had not been.
    assert_eq!(ask(&node, &wanted(), NOW.plus(MINUTE / 2)), None);
    assert!(ask(&node, &wanted(), after(1)).is_some());
}
