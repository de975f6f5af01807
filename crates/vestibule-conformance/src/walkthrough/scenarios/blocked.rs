//! P1f and N13: the operator keeps somebody out.

use core::time::Duration;

use vestibule::Reason;
use vestibule_core::{Remedy, SubjectId, Timestamp};

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Office, Stage, StageError, WRONG, done, refused};

async fn block(stage: &Stage, subject: SubjectId, until: Option<Timestamp>) -> Result<(), StageError> {
    let reason = Reason::parse("reported as stolen")?;
    done("blocking somebody", stage.operation("block").block(&reason, subject, until).await)
}

async fn unblock(stage: &Stage, subject: SubjectId, played: &Played) -> Result<(), StageError> {
    let reason = Stage::reason(played)?;
    done("lifting a block", stage.operation("unblock").unblock(&reason, subject).await)
}

/// With a wrong secret nothing is told that a stranger should not know.
pub(super) async fn blocked_wrong_secret(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    block(stage, ben, None).await?;
    let guess = stage.request(stage.address("ben"), WRONG).into_account(acme);
    let refusal = stage.sign_in(guess).await?.refusal("a wrong password")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    unblock(stage, ben, &played).await?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    let how = "They read the case to the operator, who lifts the block; they type with care.";
    Ok(played.pressed(Remedy::R38, how, end))
}

/// With the right secret the truth is told.
pub(super) async fn blocked_right_secret(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    block(stage, ben, None).await?;
    let request = stage.of("ben").into_account(acme);
    let refusal = stage.sign_in(request).await?.refusal("somebody who is blocked")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    unblock(stage, ben, &played).await?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    Ok(played.pressed(Remedy::R38, "They read the case to the operator, who lifts the block.", end))
}

/// Somebody is blocked while they are signed in: the session is over, and signing in tells why.
pub(super) async fn blocked_meanwhile(stage: &mut Stage) -> Result<Played, StageError> {
    let ben = stage.person("ben").await?;
    stage.mark().await?;
    let token = stage.sign_in(stage.of("ben")).await?.signed_in("signing in")?.token;
    block(stage, ben, None).await?;
    let used = stage.operation("authenticate").authenticate(&token).await;
    let refusal = refused("using the session of somebody who is blocked", used)?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign in again, and are told the truth.", end))
}

/// A block with an end: nobody has to lift it.
pub(super) async fn blocked_for_a_time(stage: &mut Stage) -> Result<Played, StageError> {
    let ben = stage.person("ben").await?;
    stage.mark().await?;
    let hour = Duration::from_secs(3600);
    block(stage, ben, Some(stage.now().plus(hour))).await?;
    let refusal = stage.sign_in(stage.of("ben")).await?.refusal("somebody who is blocked for an hour")?;
    let played = stage.told(&refusal).await?;
    let until = stage.looked_up(&played, "until").await?;
    stage.wait(hour);
    let end = stage.sign_in(stage.of("ben")).await?.end();
    let how =
        format!("They read the case to the operator, who finds that the block ends at {until}; then it has.");
    Ok(played.pressed(Remedy::R38, &how, end))
}
