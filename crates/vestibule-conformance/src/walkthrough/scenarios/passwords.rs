//! N1 and N2: no password yet, and one that must be changed.

use vestibule::{ImportedPerson, Reason};
use vestibule_core::Remedy;

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, NEW_PASSWORD, PASSWORD, Stage, StageError, done};

pub(super) async fn no_password_yet(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person_without_password("ben").await?;
    stage.mark().await?;
    let refusal = stage.sign_in(stage.of("ben")).await?.refusal("somebody without a password")?;
    let played = stage.told(&refusal).await?;
    let end = stage.back_in("ben").await?;
    Ok(played.pressed(Remedy::R1, "A link to their mailbox sets the first password.", end))
}

pub(super) async fn marked_by_operator(stage: &mut Stage) -> Result<Played, StageError> {
    let ben = stage.person("ben").await?;
    stage.mark().await?;
    let reason = Reason::parse("found in a published list")?;
    let marked = stage.operation("require_password_change").require_password_change(&reason, ben).await;
    done("marking a password", marked)?;
    change(stage, PASSWORD).await
}

/// Whoever came from another system with a hash that is not trusted any more.
pub(super) async fn marked_by_import(stage: &mut Stage) -> Result<Played, StageError> {
    let reason = Reason::parse("moved from the old system")?;
    let person = ImportedPerson::new(stage.subject("ben")?)
        .email(&stage.address("ben"))
        .password_hash(IMPORTED)
        .must_change();
    let imported = stage.operation("import").import(person, &reason).await;
    let _ = imported.map_err(|failure| StageError::Script(format!("{failure:?}")))?;
    stage.mark().await?;
    change(stage, OF_OLD).await
}

/// The password is good for one change, and opens nothing.
async fn change(stage: &mut Stage, password: &str) -> Result<Played, StageError> {
    let door = stage.sign_in(stage.request(stage.address("ben"), password)).await?;
    let Door::MustChange(proof, refusal) = door else {
        return Err(StageError::Script(format!("a marked password led to {}", door.end())));
    };
    let played = stage.told(&refusal).await?;
    let replaced = stage.operation("replace_password").replace_password(proof, NEW_PASSWORD).await;
    done("replacing a marked password", replaced)?;
    let end = stage.sign_in(stage.request(stage.address("ben"), NEW_PASSWORD)).await?.end();
    Ok(played.pressed(Remedy::R5, "They choose a new password and sign in with it.", end))
}

const OF_OLD: &str = "correct horse battery staple";

/// That password by plain Argon2id over four lanes, as another system left it.
const IMPORTED: &str =
    "$argon2id$v=19$m=64,t=3,p=4$QEFCQ0RFRkdISUpLTE1OTw$rKiwSNzzuzzlOU1dy3SOffRmPFyZXErEik4OBIzf8bY";
