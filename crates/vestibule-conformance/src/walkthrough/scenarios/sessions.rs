//! P1e: what the browser holds is no session any more.

use core::time::Duration;

use vestibule_core::{Remedy, Secret};

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Stage, StageError, done, refused};

/// The session was ended, and its token with it.
pub(super) async fn session_unknown(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let token = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    let who = stage.authenticate(&token).await?;
    done("signing out", stage.operation("sign_out").sign_out(&who).await)?;
    let refusal = dead(stage, &token).await?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign in again.", end))
}

/// Somebody signed out everywhere, from another device.
pub(super) async fn session_revoked(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let laptop = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    let phone = stage.session("ben").await?;
    done("signing out everywhere", stage.operation("sign_out_everywhere").sign_out_everywhere(&phone).await)?;
    let refusal = dead(stage, &laptop).await?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign in again.", end))
}

/// A session in the list is ended a second time; to be sure, all are.
pub(super) async fn session_ended(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let laptop = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?;
    let tablet = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    let phone = stage.session("ben").await?;
    let ended = stage.operation("end_session").end_session(&phone, laptop.session).await;
    done("ending a session", ended)?;
    let again = stage.operation("end_session").end_session(&phone, laptop.session).await;
    let refusal = refused("ending a session twice", again)?;
    let played = stage.told(&refusal).await?;
    done("signing out everywhere", stage.operation("sign_out_everywhere").sign_out_everywhere(&phone).await)?;
    dead(stage, &tablet).await?;
    Ok(played.pressed(Remedy::R30, "They sign out everywhere.", "signed_out"))
}

/// Nobody used the session for two weeks.
pub(super) async fn session_idle(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let token = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    stage.wait(DAY * 14);
    let refusal = dead(stage, &token).await?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign in again.", end))
}

/// Used every week, and at its end all the same after thirty days.
pub(super) async fn session_expired(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let token = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    for _ in 0..4 {
        stage.wait(DAY * 7);
        let _ = stage.authenticate(&token).await?;
    }
    stage.wait(DAY * 2);
    let refusal = dead(stage, &token).await?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign in again.", end))
}

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn dead(stage: &Stage, token: &Secret<String>) -> Result<vestibule_core::Refusal, StageError> {
    refused("using an ended session", stage.operation("authenticate").authenticate(token).await)
}
