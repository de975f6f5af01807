//! P3 and P8: an address that nobody signs in with, and a link that opens nothing.

use core::time::Duration;

use vestibule::{Acting, SignUpAsked, SignUpRequest};
use vestibule_checkword::TRIES_PER_CODE;
use vestibule_core::{ContactEmail, Failure, Refusal, Remedy, Secret};
use vestibule_profiles::{NewMember, Role};

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{NEW_PASSWORD, Office, PASSWORD, Stage, StageError, done, refused};

const MINUTE: Duration = Duration::from_secs(60);

/// The page says the same as ever; the mailbox is told that nobody has a profile under it.
pub(super) async fn address_of_nobody(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let other = stage.address("ben.other");
    stage.ask(&other).await?;
    let refusal =
        stage.sign_in(stage.request(other, PASSWORD)).await?.refusal("an address that nobody has")?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    let how = "The mail says that nobody here has that address; they use the other one.";
    Ok(played.pressed(Remedy::R35, how, end))
}

pub(super) async fn address_for_contact_only(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ada").await?;
    let ben = stage.person("ben").await?;
    let (acme, ada) = stage.company("ada", "acme").await?;
    let contact = ContactEmail::parse(&stage.address("desk"))?;
    let member = NewMember::active(ben, Role::parse("employee")?).contact(contact);
    stage.add(&ada, acme, member).await?;
    stage.mark().await?;
    let desk = stage.address("desk");
    stage.ask(&desk).await?;
    let tried = stage.request(desk, PASSWORD).into_account(acme);
    let refusal = stage.sign_in(tried).await?.refusal("a contact address")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let looked_up = stage.operation("view_member").view_member(Acting::Administrator(&ada), acme, ben).await;
    done("looking up the login", looked_up)?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    let how = "The administrator looks up the member's login; with it they come in.";
    Ok(played.pressed(Remedy::R21, how, end))
}

pub(super) async fn address_of_a_phone_profile(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person_with_phone("ben").await?;
    stage.mark().await?;
    let work = stage.address("ben.work");
    stage.ask(&work).await?;
    let refusal =
        stage.sign_in(stage.request(work, PASSWORD)).await?.refusal("an address that is not the login")?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.request(stage.phone(), PASSWORD)).await?.end();
    let how = "The mail says that nobody here has that address; they use their phone number.";
    Ok(played.pressed(Remedy::R35, how, end))
}

/// A link of 31 minutes ago: by then a new one is made, and only the newest works.
pub(super) async fn superseded_link(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let login = stage.address("ben");
    stage.ask(&login).await?;
    let older = stage.link(&login).await?;
    stage.wait(31 * MINUTE);
    stage.ask(&login).await?;
    let refusal = refused("an older link", stage.recover(&older).await)?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    done("setting a new password", stage.recover(&stage.link(&login).await?).await)?;
    let end = stage.sign_in(stage.request(login, NEW_PASSWORD).into_account(acme)).await?.end();
    Ok(played.pressed(Remedy::R4, "They open the newest message and set a password.", end))
}

pub(super) async fn expired_link(stage: &mut Stage) -> Result<Played, StageError> {
    let login = asked(stage).await?;
    let link = stage.link(&login).await?;
    stage.wait(60 * MINUTE);
    let refusal = refused("a link of an hour ago", stage.recover(&link).await)?;
    let played = stage.told(&refusal).await?;
    Ok(played.pressed(Remedy::R1, "They ask for a new link.", stage.back_in("ben").await?))
}

/// The help page asks people to open a private window; here the link is not spent, and signing out is offered.
pub(super) async fn link_in_another_browser(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ada").await?;
    let login = asked(stage).await?;
    let link = stage.link(&login).await?;
    let adas = stage.sign_in(stage.of("ada")).await?.signed_in("signing in")?;
    let tried = stage.operation("recover").recover(&link, NEW_PASSWORD, Some(&adas.token)).await;
    let refusal = refused("a link in the browser of somebody else", tried)?;
    let played = stage.told(&refusal).await?;
    let ada = stage.authenticate(&adas.token).await?;
    done("signing out", stage.operation("sign_out").sign_out(&ada).await)?;
    done("setting a new password", stage.recover(&link).await)?;
    let end = stage.sign_in(stage.request(login, NEW_PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign the other person out and go on with the same link.", end))
}

pub(super) async fn used_link(stage: &mut Stage) -> Result<Played, StageError> {
    let login = asked(stage).await?;
    let link = stage.link(&login).await?;
    done("setting a new password", stage.recover(&link).await)?;
    stage.wait(2 * MINUTE);
    let refusal = refused("a link once more", stage.recover(&link).await)?;
    let played = stage.told(&refusal).await?;
    Ok(played.pressed(Remedy::R1, "They ask for a new link.", stage.back_in("ben").await?))
}

pub(super) async fn link_after_a_change(stage: &mut Stage) -> Result<Played, StageError> {
    let login = asked(stage).await?;
    let link = stage.link(&login).await?;
    let ben = stage.session("ben").await?;
    let changed =
        stage.operation("change_password").change_password(&ben, PASSWORD, "nine ravens on the wire").await;
    let _token = done("changing the password", changed)?;
    stage.wait(2 * MINUTE);
    let refusal = refused("a link of before the change", stage.recover(&link).await)?;
    let played = stage.told(&refusal).await?;
    Ok(played.pressed(Remedy::R1, "They ask for a new link.", stage.back_in("ben").await?))
}

/// A secret of ours, but of another kind: the token of a session.
pub(super) async fn token_for_another_purpose(stage: &mut Stage) -> Result<Played, StageError> {
    let login = asked(stage).await?;
    let signed_in = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?;
    let refusal = refused("a session's token", stage.recover(&signed_in.token).await)?;
    let played = stage.told(&refusal).await?;
    done("setting a new password", stage.recover(&stage.link(&login).await?).await)?;
    let end = stage.sign_in(stage.request(login, NEW_PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R4, "They open the link in the message.", end))
}

pub(super) async fn mistyped_link(stage: &mut Stage) -> Result<Played, StageError> {
    let login = asked(stage).await?;
    let link = stage.link(&login).await?;
    // EXPOSE: the scene copies the link and loses its last character.
    let mut cut = link.expose().clone();
    cut.pop();
    let refusal = refused("a link without its end", stage.recover(&Secret::new(cut)).await)?;
    let played = stage.told(&refusal).await?;
    done("setting a new password", stage.recover(&link).await)?;
    let end = stage.sign_in(stage.request(login, NEW_PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R34, "They copy all of it.", end))
}

/// Ben has signed up and not confirmed: there is no profile yet, and a recovery sends the confirmation again.
pub(super) async fn not_confirmed_yet(stage: &mut Stage) -> Result<Played, StageError> {
    stage.mark().await?;
    let login = stage.address("ben");
    let request = SignUpRequest::new(login.as_str()).has_no_profile();
    let asked = stage.operation("request_sign_up").request_sign_up(request).await;
    let SignUpAsked::Sent(_) = done("signing up", asked)? else {
        return Err(StageError::Script("the question was answered already".to_owned()));
    };
    let refusal = stage.sign_in(stage.of("ben")).await?.refusal("somebody who has not confirmed yet")?;
    let played = stage.told(&refusal).await?;
    stage.wait(2 * MINUTE);
    stage.ask(&login).await?;
    let link = stage.link(&login).await?;
    let confirmed = stage.operation("confirm_sign_up").confirm_sign_up(&link, PASSWORD, None).await;
    done("confirming a sign-up", confirmed)?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R1, "The confirmation is sent again; they choose a password.", end))
}

/// A code that a phone was sent, with a digit wrong.
pub(super) async fn mistyped_code(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person_with_phone("ben").await?;
    stage.mark().await?;
    let ticket = stage.ask_by_phone().await?;
    let code = stage.code().await?;
    let refusal = refused("a wrong code", type_code(stage, &ticket, &wrong(&code)).await)?;
    let played = stage.told(&refusal).await?;
    let end = by_code(stage, &ticket, &code).await?;
    Ok(played.pressed(Remedy::R34, "They look again, and type the code of the message.", end))
}

/// Somebody guesses until the code is worth nothing; its owner asks for another.
pub(super) async fn code_typed_too_often(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person_with_phone("ben").await?;
    stage.mark().await?;
    let ticket = stage.ask_by_phone().await?;
    let code = stage.code().await?;
    for _ in 0..TRIES_PER_CODE {
        let _refusal = refused("a wrong code", type_code(stage, &ticket, &wrong(&code)).await)?;
    }
    let refusal = refused("a code that was typed too often", type_code(stage, &ticket, &code).await)?;
    let played = stage.told(&refusal).await?;
    stage.wait(2 * MINUTE);
    let ticket = stage.ask_by_phone().await?;
    let end = by_code(stage, &ticket, &stage.code().await?).await?;
    Ok(played.pressed(Remedy::R2, "They ask for another code.", end))
}

async fn type_code(
    stage: &Stage,
    ticket: &Secret<String>,
    code: &str,
) -> Result<Secret<String>, Failure<Refusal>> {
    stage.operation("confirm_recovery_code").confirm_recovery_code(ticket, code, stage.client()).await
}

/// The code, a new password, and a sign-in with it.
async fn by_code(stage: &mut Stage, ticket: &Secret<String>, code: &str) -> Result<String, StageError> {
    let link = done("typing a code", type_code(stage, ticket, code).await)?;
    done("setting a new password", stage.recover(&link).await)?;
    Ok(stage.sign_in(stage.request(stage.phone(), NEW_PASSWORD)).await?.end())
}

/// Another code than this.
fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

/// Ben, who has asked for a link; his login.
async fn asked(stage: &mut Stage) -> Result<String, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let login = stage.address("ben");
    stage.ask(&login).await?;
    Ok(login)
}
