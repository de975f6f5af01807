//! P1, before proof: the secret or the login is not right.

use core::time::Duration;

use vestibule::Acting;
use vestibule_core::{ContactEmail, Remedy};
use vestibule_profiles::{NewMember, Role};
use vestibule_throttle::ChallengePassed;

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Office, PASSWORD, Stage, StageError, WRONG, done, key_of};

pub(super) async fn wrong_password(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let mistyped = stage.request(stage.address("ben"), WRONG).into_account(acme);
    let refusal = stage.sign_in(mistyped).await?.refusal("a wrong password")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    Ok(played.pressed(Remedy::R34, "They type it once more, with care.", end))
}

pub(super) async fn unknown_login(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person_with_phone("ben").await?;
    stage.mark().await?;
    let refusal = stage
        .sign_in(stage.request(stage.address("benn"), PASSWORD))
        .await?
        .refusal("a login that nobody has")?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.request(stage.phone(), PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R35, "They use their phone number.", end))
}

/// What was typed is no login of any kind: a user name, as other systems have them.
pub(super) async fn no_login(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let refusal = stage.sign_in(stage.request("ben", PASSWORD)).await?.refusal("a user name")?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R34, "They type their whole address.", end))
}

/// The address on the business card is a contact address of the account, and nobody's login.
pub(super) async fn contact_is_no_login(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ada").await?;
    let ben = stage.person("ben").await?;
    let (acme, ada) = stage.company("ada", "acme").await?;
    let contact = ContactEmail::parse(&stage.address("sales"))?;
    let member = NewMember::active(ben, Role::parse("employee")?).contact(contact);
    stage.add(&ada, acme, member).await?;
    stage.mark().await?;
    let card = stage.request(stage.address("sales"), PASSWORD).into_account(acme);
    let refusal = stage.sign_in(card).await?.refusal("a contact address")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let by = Acting::Administrator(&ada);
    let looked_up = stage.operation("view_member").view_member(by, acme, ben).await;
    done("looking up the login", looked_up)?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    let how = "The administrator looks up which login the member uses; with it they come in.";
    Ok(played.pressed(Remedy::R21, how, end))
}

/// A hundred failures in a row, over days, past every challenge.
pub(super) async fn password_stopped(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let known = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?;
    let login = stage.address("ben");
    for _ in 0..100 {
        stage.wait(Duration::from_secs(1800));
        let passed = ChallengePassed::vouched_by_host(key_of(&login)?, stage.now());
        let guess = stage.request(login.as_str(), WRONG).challenge(passed);
        stage.sign_in(guess).await?.refusal("a guess")?;
    }
    stage.wait(Duration::from_secs(1800));
    let passed = ChallengePassed::vouched_by_host(key_of(&login)?, stage.now());
    let refusal = stage
        .sign_in(stage.of("ben").into_account(acme).challenge(passed))
        .await?
        .refusal("the right password of somebody whose password has stopped")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    // Elsewhere the password opens nothing until it is set anew; a device that they signed in on before goes on.
    stage.sign_in(stage.on_device("ben", known.device)).await?.signed_in("signing in on a known device")?;
    let end = stage.back_in("ben").await?;
    Ok(played.pressed(Remedy::R1, "They ask for a link, and set a new password with it.", end))
}
