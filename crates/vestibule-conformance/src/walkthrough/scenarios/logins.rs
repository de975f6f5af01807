//! P7: the address that is to become a login is one already.

use core::time::Duration;

use vestibule::{Authenticated, LoginChange, NoticeKind};
use vestibule_core::{PhoneNumber, Remedy, Secret};

use crate::walkthrough::phone::ticket;
use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{NEW_PASSWORD, PASSWORD, Stage, StageError, done, refused};

const MINUTE: Duration = Duration::from_secs(60);

/// Between the message and its link, somebody else made a profile with the address.
pub(super) async fn address_taken_meanwhile(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let who = stage.session("ben").await?;
    let (own, cleos) = (stage.address("ben"), stage.address("cleo"));
    let link = ask(stage, &who, LoginChange::replace(own.as_str(), cleos.as_str()), &cleos).await?;
    stage.person("cleo").await?;
    let tried = stage.operation("confirm_login_change").confirm_login_change(&who, &link).await;
    let refusal = refused("confirming somebody's login", tried)?;
    let played = stage.told(&refusal).await?;
    stage.wait(2 * MINUTE);
    let spare = stage.address("ben.spare");
    let link = ask(stage, &who, LoginChange::replace(own, spare.as_str()), &spare).await?;
    confirm(stage, &who, &link).await?;
    let end = stage.sign_in(stage.request(spare, PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R35, "They take another address.", end))
}

/// Ben has made a second profile with his private address, and has forgotten its password: he recovers it, moves the address
/// away there, and claims it here.
pub(super) async fn address_of_ones_other_profile(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let who = stage.session("ben").await?;
    let wanted = stage.address("private");
    let link = ask(stage, &who, LoginChange::add(wanted.as_str()), &wanted).await?;
    stage.person("private").await?;
    let tried = stage.operation("confirm_login_change").confirm_login_change(&who, &link).await;
    let refusal = refused("confirming a login of the other profile", tried)?;
    let played = stage.told(&refusal).await?;

    stage.ask(&wanted).await?;
    let back = stage.link_of(&wanted, NoticeKind::RecoveryLink).await?;
    done("setting a new password", stage.recover(&back).await)?;
    let there = stage.sign_in(stage.request(wanted.as_str(), NEW_PASSWORD)).await?;
    let there = stage.authenticate(&there.signed_in("signing in there")?.token).await?;
    let spare = stage.address("private.spare");
    let moved = ask(stage, &there, LoginChange::replace(wanted.as_str(), spare.as_str()), &spare).await?;
    confirm(stage, &there, &moved).await?;
    let released = stage.operation("request_login_release").request_login_release(&there, &wanted).await;
    done("asking for the address to be free at once", released)?;
    let free = stage.link_of(&wanted, NoticeKind::LoginReleaseLink).await?;
    done("giving the address free", stage.operation("release_login").release_login(&there, &free).await)?;
    // The refusal has not spent the link.
    confirm(stage, &who, &link).await?;
    let end = stage.sign_in(stage.request(wanted, PASSWORD)).await?.end();
    let how = "They recover the other profile, move its address away, and confirm it here.";
    Ok(played.pressed(Remedy::R18, how, end))
}

/// Ben wants his phone as a login, and it is that of a profile that he made before: he frees it there, and claims it here.
pub(super) async fn number_of_another_profile(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.person_with_phone("earlier").await?;
    stage.mark().await?;
    let who = stage.session("ben").await?;
    let change = LoginChange::add(stage.phone());
    let asked = stage.operation("request_login_change").request_login_change(&who, change).await;
    let (ticket, code) = (ticket(done("asking for a code", asked)?)?, stage.code().await?);
    let tried = stage.operation("confirm_login_code").confirm_login_code(&who, &ticket, &code).await;
    let refusal = refused("claiming the number of another profile", tried)?;
    let played = stage.told(&refusal).await?;

    let there = stage.session("earlier").await?;
    let number = stage.phone();
    done("giving it up", stage.operation("remove_login").remove_login(&there, &number).await)?;
    let released = stage.operation("request_login_release").request_login_release(&there, &number).await;
    done("asking for the number to be free at once", released)?;
    let number = PhoneNumber::parse(&number)?;
    let free = stage.link_of(number.canonical(), NoticeKind::LoginReleaseLink).await?;
    done("giving the number free", stage.operation("release_login").release_login(&there, &free).await)?;
    // The refusal has not spent the code.
    let link = stage.operation("confirm_login_code").confirm_login_code(&who, &ticket, &code).await;
    confirm(stage, &who, &done("typing the code", link)?).await?;
    let end = stage.sign_in(stage.request(stage.phone(), PASSWORD)).await?.end();
    let how = "They sign in to the other profile, free the number there, and claim it here.";
    Ok(played.pressed(Remedy::R18, how, end))
}

/// R18 asked for, and the link that the new address was sent.
async fn ask(
    stage: &Stage,
    who: &Authenticated,
    change: LoginChange,
    new: &str,
) -> Result<Secret<String>, StageError> {
    let asked = stage.operation("request_login_change").request_login_change(who, change).await;
    let _sent = done("asking for a login", asked)?;
    stage.link_of(new, NoticeKind::LoginChangeLink).await
}

async fn confirm(stage: &Stage, who: &Authenticated, link: &Secret<String>) -> Result<(), StageError> {
    let confirmed = stage.operation("confirm_login_change").confirm_login_change(who, link).await;
    done("confirming a login", confirmed)
}
