//! P1 and N11: the host's challenge, and windows that are full.

use core::time::Duration;

use vestibule_core::Remedy;
use vestibule_throttle::ChallengePassed;

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, PASSWORD, Stage, StageError, WRONG, key_of};

/// Five failures, a minute apart.
async fn five_failures(stage: &Stage, login: &str) -> Result<(), StageError> {
    for _ in 0..5 {
        stage.sign_in(stage.request(login, WRONG)).await?.refusal("a wrong password")?;
        stage.wait(Duration::from_secs(61));
    }
    Ok(())
}

async fn past_the_challenge(stage: &Stage, login: &str, password: &str) -> Result<Door, StageError> {
    let passed = ChallengePassed::vouched_by_host(key_of(login)?, stage.now());
    stage.sign_in(stage.request(login, password).challenge(passed)).await
}

pub(super) async fn challenge_missing(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let login = stage.address("ben");
    five_failures(stage, &login).await?;
    let refusal =
        stage.sign_in(stage.of("ben")).await?.refusal("the right password without the challenge")?;
    let played = stage.told(&refusal).await?;
    let end = past_the_challenge(stage, &login, PASSWORD).await?.end();
    Ok(played.pressed(Remedy::R34, "They pass the host's challenge and try again.", end))
}

/// The challenge is asked for again and again; the right password ends it.
pub(super) async fn challenge_ends(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let login = stage.address("ben");
    five_failures(stage, &login).await?;
    past_the_challenge(stage, &login, WRONG).await?.refusal("a wrong password past the challenge")?;
    stage.wait(Duration::from_secs(61));
    let refusal = stage.sign_in(stage.of("ben")).await?.refusal("a challenge that is asked for again")?;
    let played = stage.told(&refusal).await?;
    let signed_in = past_the_challenge(stage, &login, PASSWORD).await?;
    let signed_in = signed_in.signed_in("the right password past the challenge")?;
    stage.wait(Duration::from_secs(61));
    let end = stage.sign_in(stage.on_device("ben", signed_in.device)).await?.end();
    let how = "They pass it once more, with the right password; on this device none is asked for any more.";
    Ok(played.pressed(Remedy::R34, how, end))
}

/// Five tries within thirty seconds: the next one has to wait, also with the right password.
pub(super) async fn window_full(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let login = stage.address("ben");
    for _ in 0..5 {
        stage.sign_in(stage.request(login.as_str(), WRONG)).await?.refusal("a wrong password")?;
    }
    let refusal = stage.sign_in(stage.of("ben")).await?.refusal("a try beyond the window")?;
    let played = stage.told(&refusal).await?;
    stage.wait(Duration::from_secs(31));
    let end = past_the_challenge(stage, &login, PASSWORD).await?.end();
    Ok(played.pressed(Remedy::R34, "Half a minute later they try again, with care.", end))
}
