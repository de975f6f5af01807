//! Everything that is stored about a scene, without what differs each time: times, ids that were drawn, secrets.

use vestibule::Store;
use vestibule_checkword::purpose;
use vestibule_core::Identifier;
use vestibule_credentials::Lane;
use vestibule_journal::{Message, MessageState};
use vestibule_profiles::ProfileIdentifier;

use crate::cast::{ADA, BOB, CLEO, ELSEWHERE, FREE, HIS, HOME, PHONE, accounts, people, social};

/// More than there is of anything.
const ALL: u32 = 1000;

/// One line per row. Two stores of one picture went through the same commits.
pub(crate) async fn picture(store: &impl Store) -> Vec<String> {
    let mut lines = Vec::new();
    for account in accounts() {
        let Some(row) = store.account(account).await.unwrap() else { continue };
        lines.push(format!(
            "account {account} {:?} by {} seats {} administrators {} version {} limit {:?}",
            row.state,
            row.primary,
            row.seats,
            row.administrators,
            row.settings_version,
            row.policy.seat_limit
        ));
        for member in store.members_of(account, None, ALL).await.unwrap() {
            lines.push(format!("  has {}", member.subject));
        }
        let events = store.events_of_account(account, None, ALL).await.unwrap();
        lines.extend(sorted(
            events.iter().map(|event| format!("  event {:?} of {:?}", event.kind, event.subject)),
        ));
    }
    for subject in people() {
        lines.extend(person(store, subject).await);
    }
    let mut others = Vec::new();
    let mut whose = |owner: Option<ProfileIdentifier>| match owner.map(|owner| owner.subject) {
        None => "nobody".to_owned(),
        Some(known) if people().contains(&known) => known.to_string(),
        Some(drawn) => {
            others.push(drawn);
            "somebody".to_owned()
        }
    };
    for login in [ADA, BOB, CLEO, HIS, PHONE, FREE] {
        let login = Identifier::parse_login(login).unwrap();
        let owner = store.identifier_owner(login.kind(), login.key()).await.unwrap();
        lines.push(format!("owner {}", whose(owner)));
        if let Some(leaving) = store.leaving(login.kind(), login.key()).await.unwrap() {
            lines.push(format!("  left by {}", leaving.subject));
        }
    }
    for (issuer, login) in [(HOME, BOB), (HOME, CLEO), (HOME, "of bob"), (ELSEWHERE, ADA)] {
        let link = Identifier::from(social(issuer, login));
        let owner = store.identifier_owner(link.kind(), link.key()).await.unwrap();
        lines.push(format!("link {issuer} {login} {}", whose(owner)));
    }
    // Whoever signs up is drawn an id.
    others.sort();
    others.dedup();
    for drawn in others {
        let own = person(store, drawn).await;
        lines.extend(own.iter().map(|line| line.replace(&drawn.to_string(), "somebody")));
    }
    // What is said to nobody is a blank in a slot, and whether a slot was ever used is no matter.
    let said = |message: &Message| message.state != MessageState::Suppressed;
    let messages: Vec<_> = store.messages(None, ALL).await.unwrap().into_iter().filter(said).collect();
    let messages =
        messages.iter().map(|message| format!("message {:?} {:?}", message.purpose, message.state));
    lines.extend(sorted(messages));
    lines
}

/// What is in one picture alone.
pub(crate) fn difference(found: &[String], expected: &[String]) -> Vec<String> {
    let alone = |sign: char, these: &[String], those: &[String]| {
        let mut those = those.to_vec();
        let mut alone = Vec::new();
        for line in these {
            match those.iter().position(|other| other == line) {
                Some(same) => drop(those.remove(same)),
                None => alone.push(format!("{sign}{line}")),
            }
        }
        alone
    };
    [alone('+', found, expected), alone('-', expected, found)].concat()
}

/// Within a millisecond what is listed by time stands in any order.
fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

async fn person(store: &impl Store, subject: vestibule_core::SubjectId) -> Vec<String> {
    let mut lines = Vec::new();
    let profile = store.profile(subject).await.unwrap();
    let epoch = profile.as_ref().map_or(0, |row| row.epoch);
    if let Some(row) = profile {
        lines.push(format!(
            "profile {subject} epoch {} blocked {} frozen {} factor {} primary {:?} identifiers {} social links {} \
             live memberships {} created accounts {}",
            row.epoch,
            row.block.is_some(),
            row.freeze.is_some(),
            row.factor_since.is_some(),
            row.primary,
            row.identifiers,
            row.social_links,
            row.live_memberships,
            row.created_accounts
        ));
    }
    for own in store.identifiers(subject).await.unwrap() {
        lines.push(format!("  identifier {:?} verified {}", own.identifier, own.verified_at.is_some()));
    }
    for own in store.memberships_of(subject, None, ALL).await.unwrap() {
        lines.push(format!(
            "  in {} {:?} {:?} administers {} exempt {} contact {:?} version {} epoch {}",
            own.account,
            own.standing.status,
            own.standing.role,
            own.standing.administers,
            own.standing.exempt_until.is_some(),
            own.contact,
            own.version,
            own.epoch
        ));
    }
    if let Some(own) = store.password(subject).await.unwrap() {
        lines.push(format!(
            "  password {} version {} generation {} must change {}",
            own.hash.is_some(),
            own.version,
            own.generation,
            own.must_change
        ));
    }
    for purpose in purpose::ALL {
        if let Some(own) = store.checkword(subject, purpose.as_str().to_owned()).await.unwrap() {
            let state = format!("{:?}", own.state);
            lines.push(format!(
                "  link for {} generation {} {} sealed {} sends {} version {}",
                own.purpose,
                own.generation,
                state.split(' ').next().unwrap_or_default(),
                own.sealed.is_some(),
                own.sends,
                own.version
            ));
        }
    }
    lines.extend(factor(store, subject).await);
    let mut lanes = vec![Lane::Everybody];
    let mut sessions = Vec::new();
    // What is of an older epoch gives way to whoever is drawn its slot.
    for own in store.sessions(subject).await.unwrap() {
        if own.profile_epoch < epoch {
            continue;
        }
        lanes.push(Lane::Device(own.handle));
        sessions.push(format!(
            "  session of epoch {} generation {:?} version {} admitted to {:?}",
            own.profile_epoch, own.password_generation, own.version, own.admissions
        ));
    }
    lines.extend(sorted(sessions.into_iter()));
    for own in store.devices(subject).await.unwrap() {
        if own.profile_epoch < epoch {
            continue;
        }
        let remembered = own.remembered_since.is_some();
        lines.push(format!("  device of epoch {} remembered {remembered}", own.profile_epoch));
    }
    let mut tries = Vec::new();
    for lane in lanes {
        if let Some(own) = store.tries(subject, lane).await.unwrap() {
            let everybodys = matches!(lane, Lane::Everybody);
            tries.push(format!(
                "  tries of everybody {everybodys}: {} taken, {} settled",
                own.taken, own.settled
            ));
        }
    }
    lines.extend(sorted(tries.into_iter()));
    let events = store.events_of_subject(subject, None, ALL).await.unwrap();
    lines
        .extend(sorted(events.iter().map(|event| format!("  event {:?} code {:?}", event.kind, event.code))));
    lines
}

async fn factor(store: &impl Store, subject: vestibule_core::SubjectId) -> Vec<String> {
    let mut lines = Vec::new();
    for own in store.authenticators(subject).await.unwrap() {
        let (confirmed, step) = (own.is_confirmed(), own.last_step);
        lines.push(format!("  authenticator confirmed {confirmed} at {step:?} version {}", own.version));
    }
    for own in store.codes(subject).await.unwrap() {
        let spent = own.spent.is_some();
        lines.push(format!("  recovery code {} spent {spent} version {}", own.slot, own.version));
    }
    if let Some(own) = store.mfa_tries(subject).await.unwrap() {
        lines.push(format!("  tries of codes: {} taken, {} settled", own.taken, own.settled));
    }
    if let Some(own) = store.factor_reset(subject).await.unwrap() {
        let waits = own.course.is_some();
        lines.push(format!("  reset waits {waits} proven by {:?} version {}", own.proven, own.version));
    }
    lines
}
