//! What keeps accounts and realms apart.

use vestibule_checkword::{CheckwordGuard, Problem, State};
use vestibule_core::{Landed, Realm};
use vestibule_credentials::{CredentialsRead, Lane};
use vestibule_mfa::{Authenticator, CodeRow, MfaGuard, MfaRead, MfaWrite, Reset, Tries};
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite};
use vestibule_sessions::decide::end;
use vestibule_sessions::{SessionsGuard, SessionsRead};
use vestibule_throttle::{Taken, Windows};

use super::checkwords::told;
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    COURSE, NOW, account_id, add_membership, address_key, advance, bind, bury, confirmed, consume,
    create_account, create_profile, device, email, first_code, ids, put_checkword, put_device, put_password,
    put_session, redeem_code, session, set_course, standing, subject, take, take_factor_try, take_try,
    unbind, window,
};
use crate::harness::Harness;
use crate::scene::Scene;

pub(super) async fn account_isolation_read<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "account_isolation_read").await?;
    let (acme, acme2) = (account_id("acme")?, account_id("acme2")?);
    scene.land(vec![add_membership(acme, subject(1))?, add_membership(acme2, subject(2))?]).await?;
    same("a member of another account", &scene.store.membership(acme, subject(2)).await?, &None)?;
    let members = scene.store.members_of(acme, None, 9).await?;
    same("the members of one", &members.iter().map(|row| row.subject).collect(), &vec![subject(1)])?;
    let accounts = scene.store.memberships_of(subject(2), None, 9).await?;
    same("the accounts of one", &accounts.iter().map(|row| row.account).collect(), &vec![acme2])
}

pub(super) async fn account_isolation_write<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "account_isolation_write").await?;
    let (acme, globex, ada) = (account_id("acme")?, account_id("globex")?, subject(1));
    scene.land(vec![add_membership(acme, ada)?, add_membership(globex, ada)?]).await?;
    let elsewhere = scene.store.membership(globex, ada).await?;
    let dismissed = standing(vestibule_profiles::Status::Dismissed)?;
    let step =
        |to, from| ProfilesWrite::MoveMembership { account: acme, subject: ada, from, to, ends_access: true };
    scene.land(vec![step(Some(dismissed.clone()), 1)]).await?;
    let here = scene.store.membership(acme, ada).await?.map(|row| (row.standing, row.version, row.epoch));
    same("the membership moved", &here, &Some((dismissed, 2, 2)))?;
    same("the membership elsewhere", &scene.store.membership(globex, ada).await?, &elsewhere)?;
    scene.land(vec![step(None, 2)]).await?;
    same("the membership removed", &scene.store.membership(acme, ada).await?, &None)?;
    same("the membership elsewhere", &scene.store.membership(globex, ada).await?, &elsewhere)?;
    let listed = scene.store.memberships_of(ada, None, 9).await?;
    same("the memberships left", &listed, &elsewhere.into_iter().collect())
}

pub(super) async fn account_isolation_unique_key<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "account_isolation_unique_key").await?;
    let contact = |account, from, to| ProfilesWrite::MoveContact { account, key: address_key(1), from, to };
    let (acme, globex) = (account_id("acme")?, account_id("globex")?);
    scene.land(vec![contact(acme, None, Some(subject(1)))]).await?;
    scene.land(vec![contact(globex, None, Some(subject(2)))]).await?;
    let again = vec![contact(acme, None, Some(subject(3)))];
    scene.refuse("the same contact twice in one account", again, ProfilesGuard::Contact).await?;
    let owners = (
        scene.store.contact_owner(acme, address_key(1)).await?,
        scene.store.contact_owner(globex, address_key(1)).await?,
    );
    same("whose the contact is", &owners, &(Some(subject(1)), Some(subject(2))))
}

type Factor = (Vec<Authenticator>, Vec<CodeRow>, Option<Tries>, Option<Reset>);

async fn factor_of<S: MfaRead>(store: &S) -> Result<Factor, Finding> {
    let own = subject(1);
    let (held, codes) = (store.authenticators(own).await?, store.codes(own).await?);
    Ok((held, codes, store.mfa_tries(own).await?, store.factor_reset(own).await?))
}

pub(super) async fn realm_isolation_read_write_unique<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "realm_isolation_read_write_unique").await?;
    let other = scene.realm(&Realm::parse("other")?).await?;
    let own = email(1, "ada@example.com")?;
    let (kind, key) = (own.identifier.kind(), own.identifier.key());
    let writes = || vec![create_profile(1), take(own.clone())];
    scene.land(writes()).await?;
    scene.land(vec![create_account("acme")?, add_membership(account_id("acme")?, subject(1))?]).await?;
    scene.land(vec![put_password(1, "hash", None, 1)]).await?;
    scene.land(vec![take_try(1, 0, 100)]).await?;
    ensure(other.profile(subject(1)).await?.is_none(), "another realm reads the profile")?;
    ensure(other.identifier_owner(kind, key).await?.is_none(), "another realm reads the address")?;
    ensure(other.account(account_id("acme")?).await?.is_none(), "another realm reads the account")?;
    ensure(other.memberships_of(subject(1), None, 9).await?.is_empty(), "another realm lists memberships")?;
    ensure(other.password(subject(1)).await?.is_none(), "another realm reads the password")?;
    ensure(other.tries(subject(1), Lane::Everybody).await?.is_none(), "another realm reads the tries")?;

    scene.land(vec![put_session(session(1, 3), None), put_device(device(1, 3), None)]).await?;
    ensure(other.session(ids(3).digest).await?.is_none(), "another realm finds the session")?;
    ensure(other.sessions(subject(1)).await?.is_empty(), "another realm lists the sessions")?;
    ensure(other.device(ids(3).digest).await?.is_none(), "another realm knows the device")?;
    scene.land(vec![put_checkword(1, 1, None), bury(1, 9, State::Used { at: NOW })]).await?;
    for generation in [1, 9] {
        let told = told(&other, 1, generation, NOW).await?;
        same("a link in another realm", &told, &Some(Problem::Unknown))?;
    }
    let used = scene.commit(&other, vec![consume(1, 1, NOW)]).await?.refused();
    same("using the link there", &used, &Some(CheckwordGuard::Live))?;
    let ended = scene.commit(&other, vec![end(&session(1, 3))]).await?.refused();
    same("ending the session there", &ended, &Some(SessionsGuard::SessionLive))?;

    let factor = || -> Result<_, Finding> {
        let course = set_course(1, 0, Some(COURSE));
        Ok(vec![bind(confirmed(1, 0, 10)?), first_code(1, 9)?, take_factor_try(1, 0, 1), course])
    };
    scene.land(factor()?).await?;
    let before = factor_of(&scene.store).await?;
    same(
        "a second factor in another realm",
        &factor_of(&other).await?,
        &(Vec::new(), Vec::new(), None, None),
    )?;
    let none = [
        MfaGuard::StepUnused,
        MfaGuard::AuthenticatorLive,
        MfaGuard::CodeLive,
        MfaGuard::TryNumber,
        MfaGuard::ResetVersion,
    ];
    let theirs = || -> Result<_, Finding> {
        let course = set_course(1, 1, None);
        Ok([advance(1, 0, 11), unbind(1, 0), redeem_code(1, 9, 1)?, take_factor_try(1, 1, 1), course])
    };
    for (write, guard) in theirs()?.into_iter().zip(none) {
        let told = scene.commit(&other, vec![write]).await?.refused();
        same("a change of it there", &told, &Some(guard))?;
    }

    // The same keys are free there, and changes there stay there.
    let landed = scene.commit(&other, writes()).await?;
    same("the same rows in another realm", &landed, &Landed::Applied)?;
    let bump = vec![ProfilesWrite::BumpEpoch { subject: subject(1), from: 1 }];
    same("a change there", &scene.commit(&other, bump).await?, &Landed::Applied)?;
    same("the epoch here", &scene.store.profile(subject(1)).await?.map(|row| row.epoch), &Some(1))?;

    let same_slot = vec![put_session(session(1, 3), None)];
    same("the same session there", &scene.commit(&other, same_slot).await?, &Landed::Applied)?;

    let same_link = scene.commit(&other, vec![put_checkword(1, 1, None)]).await?;
    same("the same link there", &same_link, &Landed::Applied)?;
    let used = scene.commit(&other, vec![consume(1, 1, NOW)]).await?;
    same("using it there", &used, &Landed::Applied)?;
    same("the link here", &told(&scene.store, 1, 1, NOW).await?, &None)?;

    same("the same second factor there", &scene.commit(&other, factor()?).await?, &Landed::Applied)?;
    let reset = MfaWrite::ResetTries { subject: subject(1) };
    for write in [reset].into_iter().chain(theirs()?) {
        same("a change of it there", &scene.commit(&other, vec![write]).await?, &Landed::Applied)?;
    }
    same("the second factor here", &factor_of(&scene.store).await?, &before)?;

    // A batch remembered here is not remembered there.
    let batch = scene.batch(vec![create_profile(7), create_account("seven")?])?;
    let (here, there) = (
        vestibule_core::Commit::commit(&scene.store, &batch).await?,
        vestibule_core::Commit::commit(&other, &batch).await?,
    );
    same("one batch in two realms", &(here, there), &(Landed::Applied, Landed::Applied))?;

    // A full window here is empty there.
    let full = || vec![window(1, 0, 1, 100)];
    let taken = [scene.store.take(full()).await?, other.take(full()).await?];
    let all = taken.iter().all(|taken| matches!(taken, Taken::All(_)));
    ensure(all, "tries in one realm are debited in another")
}
