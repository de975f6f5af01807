//! P13 where nothing of the factor is left: by the operator, and by the reset that waits for three days (R33).

use core::time::Duration;

use vestibule::{Enrolling, NextStep, NoticeKind, PendingSignIn, Resumed};
use vestibule_core::{Remedy, Secret};

use crate::walkthrough::app::Equipped;
use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, Stage, StageError, done, refused};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Ada alone administers Acme: there is nobody whom she could ask.
pub(super) async fn sole_administrator(stage: &mut Stage) -> Result<Played, StageError> {
    let ada = stage.person("ada").await?;
    let (acme, _) = stage.company("ada", "acme").await?;
    stage.equip("ada").await?;
    stage.mark().await?;
    let pending = stage.pending(stage.of("ada").into_account(acme)).await?;
    let asked = stage.operation("ask_for_access").ask_for_access(&pending.token, None).await;
    if done("asking the administrators", asked)?.administrators != 0 {
        return Err(StageError::Script("somebody else administers the account".to_owned()));
    }
    let refusal = stage.without_factor(&pending).await?.refusal("going on without the second factor")?;
    let mut played = stage.told(&refusal).await?;
    played.sentences.push("Nothing: who alone administers the account is the one at its door.".to_owned());
    let reason = Stage::reason(&played)?;
    done("resetting a factor", stage.operation("reset_factor").reset_factor(&reason, ada).await)?;
    let pending = stage.pending(stage.of("ada").into_account(acme)).await?;
    let end = set_up(stage, &pending).await?.end();
    let how = "They read the case to the operator, who makes sure who they are and resets the factor; at the next sign-in they set up a new one.";
    Ok(played.pressed(Remedy::R38, how, end))
}

/// Password and mailbox are left; the factor was used with this password before.
pub(super) async fn reset_to_its_end(stage: &mut Stage) -> Result<Played, StageError> {
    let _lost = proven(stage).await?;
    let pending = stage.pending(stage.of("ben")).await?;
    let refusal = stage.without_factor(&pending).await?.refusal("going on without the second factor")?;
    begin(stage, &pending).await?;
    let played = stage.told(&refusal).await?;
    stage.wait(3 * DAY);
    let pending = stage.pending(stage.of("ben")).await?;
    let end = set_up(stage, &pending).await?.end();
    let how = "A link begins the reset, and every address of theirs is told how to stop it. Nobody does; three days later they sign in by the same password and set up a new one.";
    Ok(played.pressed(Remedy::R33, how, end))
}

/// On the second day the sheet of recovery codes turns up.
pub(super) async fn reset_ended_by_the_factor(stage: &mut Stage) -> Result<Played, StageError> {
    let mut factor = proven(stage).await?;
    let pending = stage.pending(stage.of("ben")).await?;
    begin(stage, &pending).await?;
    stage.wait(DAY);
    let pending = stage.pending(stage.of("ben")).await?;
    let asked = stage.operation("request_factor_reset").request_factor_reset(&pending.token).await;
    let refusal = refused("a reset beside the one that waits", asked)?;
    let played = stage.told(&refusal).await?;
    let code = factor.recovery_code()?;
    stage.complete(&pending, code).await?.signed_in("a recovery code")?;
    stage.wait(2 * DAY);
    let pending = stage.pending(stage.of("ben")).await?;
    if pending.next != NextStep::Code {
        return Err(StageError::Allowed { what: "a new factor after a reset that was ended" });
    }
    let how = "They find the sheet of recovery codes; a code signs them in and ends the reset. When its three days are over, nothing is reset.";
    Ok(played.pressed(Remedy::R22, how, Door::Factor(pending).end()))
}

/// Ben, who has signed in by both factors with the password that he has.
async fn proven(stage: &mut Stage) -> Result<Equipped, StageError> {
    stage.person("ben").await?;
    let factor = stage.equip("ben").await?;
    stage.both(stage.of("ben"), factor.app.answer(stage.now())?).await?.signed_in("both factors")?;
    stage.wait(DAY);
    stage.mark().await?;
    Ok(factor)
}

/// R33: the link is asked for, and used at the same sign-in.
async fn begin(stage: &Stage, pending: &PendingSignIn) -> Result<(), StageError> {
    let asked = stage.operation("request_factor_reset").request_factor_reset(&pending.token).await;
    let _asked = done("asking for a reset", asked)?;
    let link: Secret<String> = stage.link_of(&stage.address("ben"), NoticeKind::FactorResetLink).await?;
    let begun = stage.operation("begin_factor_reset").begin_factor_reset(&pending.token, &link).await;
    done("beginning a reset", begun).map(|_| ())
}

/// A new second factor, at a sign-in that demands it.
async fn set_up(stage: &Stage, pending: &PendingSignIn) -> Result<Door, StageError> {
    if pending.next != NextStep::SetUp {
        return Err(StageError::Script("the old second factor is still asked for".to_owned()));
    }
    let by = Enrolling::Pending(&pending.token);
    let app = stage.begin_app(by).await?;
    match stage.confirm_app(by, &app).await?.resumed {
        Resumed::SignedIn(signed_in) => Ok(Door::of(signed_in)),
        Resumed::PasswordChangeNeeded { .. } | Resumed::Session { .. } => {
            Err(StageError::Script("a session came before the factor".to_owned()))
        }
    }
}
