//! P13 and N10: the second factor cannot be shown, or there is none yet.

use core::time::Duration;

use vestibule::{Acting, Authenticated, Enrolling};
use vestibule_core::{AccountId, Remedy, SubjectId};
use vestibule_profiles::{AccountPolicy, FactorRequirement, NewMember, Role};

use crate::walkthrough::app::{Equipped, STEP};
use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, Office, Stage, StageError, done, refused};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The phone is lost, the sheet of recovery codes is at hand. The account asks for a factor, so its administrator sees one.
pub(super) async fn recovery_code_at_hand(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ben, .. } = stage.office().await?;
    let Equipped { who: ada, .. } = stage.equip("ada").await?;
    ask_everybody(stage, &ada, acme).await?;
    let mut factor = stage.equip("ben").await?;
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let refusal = stage.without_factor(&pending).await?.refusal("going on without the second factor")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let code = factor.recovery_code()?;
    let completed = stage.operation("complete_sign_in");
    let completed = completed.complete_sign_in(&pending.token, code, stage.client()).await;
    let completed = done("a recovery code", completed)?;
    if completed.replacement.is_none() {
        return Err(StageError::Script("no new recovery code was shown".to_owned()));
    }
    let end = Door::after(completed.outcome).end();
    let how =
        "A recovery code stands in for the phone; it is used up, and they are shown a new one in its place.";
    Ok(played.pressed(Remedy::R22, how, end))
}

/// No phone and no codes, but an administrator who knows Ben.
pub(super) async fn exempted_by_an_administrator(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    stage.equip("ben").await?;
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let asked = stage.operation("ask_for_access").ask_for_access(&pending.token, None).await;
    done("asking the administrators", asked)?;
    let refusal = stage.without_factor(&pending).await?.refusal("going on before anybody has answered")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    exempt(stage, &ada, acme, ben, &played).await?;
    let end = stage.without_factor(&pending).await?.end();
    let how = "They ask the administrators, one of whom exempts them for three days.";
    Ok(played.pressed(Remedy::R26, how, end))
}

/// Acme accepts a device for a month after the code that was shown on it. The month is over, and the phone is at home.
pub(super) async fn device_remembered_too_long(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let mut policy = AccountPolicy::new();
    policy.remembers_devices = Some(30 * DAY);
    let by = Acting::Administrator(&ada);
    let edited = stage.operation("edit_policy").edit_policy(by, acme, policy).await;
    done("accepting remembered devices", edited)?;
    let mut factor = stage.equip("ben").await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let device = stage.remember(&pending, factor.app.answer(stage.now())?).await?;
    stage.wait(30 * DAY);
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let refusal = stage.by_device(&pending, &device).await?.refusal("a device after its month")?;
    let played = stage.told(&refusal).await?;
    let ada = stage.session("ada").await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let device = stage.remember(&pending, factor.recovery_code()?).await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let end = stage.by_device(&pending, &device).await?.end();
    let how = "A recovery code stands in for the phone, and they have the device remembered anew: it opens the account again.";
    Ok(played.pressed(Remedy::R22, how, end))
}

/// What Acme's administrator allows opens Acme and not Bolts, to which Ben belongs, too.
pub(super) async fn exempted_elsewhere(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    stage.person("cleo").await?;
    let (bolts, cleo) = stage.company("cleo", "bolts").await?;
    stage.add(&cleo, bolts, NewMember::active(ben, Role::parse("employee")?)).await?;
    stage.equip("ben").await?;
    let reason = vestibule::Reason::parse("their phone is lost")?;
    let until = Some(stage.now().plus(3 * DAY));
    let exempted =
        stage.operation("exempt").exempt(Acting::Administrator(&ada), acme, ben, until, &reason).await;
    done("exempting a member", exempted)?;
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let signed_in = stage.without_factor(&pending).await?.signed_in("an exemption")?;
    let who = stage.authenticate(&signed_in.token).await?;
    let tried = stage.operation("enter").enter(&who, bolts, stage.client()).await;
    let refusal = refused("another account than the one that exempts", tried)?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &cleo, bolts, ben).await?;
    exempt(stage, &cleo, bolts, ben, &played).await?;
    let end = stage.enter(&who, bolts).await?;
    let how = "An administrator of this account exempts them, too.";
    Ok(played.pressed(Remedy::R23, how, end))
}

/// The app was installed again, and came back with a key that was never confirmed.
pub(super) async fn app_reinstalled(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let who = stage.session("ben").await?;
    let restored = stage.begin_app(Enrolling::Session(&who)).await?;
    let mut factor = stage.equip("ben").await?;
    stage.mark().await?;
    let tried = stage.both(stage.of("ben").into_account(acme), restored.answer(stage.now())?).await?;
    let refusal = tried.refusal("a code of another key")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let code = factor.recovery_code()?;
    let signed_in = stage.both(stage.of("ben"), code).await?.signed_in("a recovery code")?;
    let who = stage.authenticate(&signed_in.token).await?;
    let app = stage.replace_app(&who, &factor.app).await?;
    stage.wait(STEP);
    let end = stage.both(stage.of("ben").into_account(acme), app.answer(stage.now())?).await?.end();
    let how = "A recovery code signs them in; they set the app up anew and remove the old one. Its next code is right.";
    Ok(played.pressed(Remedy::R22, how, end))
}

/// The phone is four and a half minutes ahead.
pub(super) async fn clock_wrong(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let Equipped { app, .. } = stage.equip("ben").await?;
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let ahead = vestibule::FactorAnswer::code(app.code(stage.now(), 9)?);
    let refusal = stage.complete(&pending, ahead).await?.refusal("a code of a phone whose clock is wrong")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    stage.wait(STEP);
    let end = stage.complete(&pending, app.answer(stage.now())?).await?.end();
    Ok(played.pressed(Remedy::R34, "They set the phone's clock; the next code is right.", end))
}

/// The old phone is at hand, and is to give way to a new one.
pub(super) async fn new_phone(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    let Equipped { app: old, who, .. } = stage.equip("ben").await?;
    stage.wait(10 * MINUTE);
    stage.mark().await?;
    let name = vestibule_mfa::AuthenticatorName::parse("new phone")?;
    let begun = stage.operation("begin_authenticator");
    let begun = begun.begin_authenticator(Enrolling::Session(&who), &name).await;
    let refusal = refused("a new authenticator in a session of ten minutes ago", begun)?;
    let played = stage.told(&refusal).await?;
    let stepped = stage.operation("step_up").step_up(&who, old.answer(stage.now())?, stage.client()).await;
    let (resumed, _) = done("showing the second factor once more", stepped)?;
    let who = stage.resume(resumed).await?;
    let app = stage.replace_app(&who, &old).await?;
    stage.wait(STEP);
    let end = stage.both(stage.of("ben"), app.answer(stage.now())?).await?.end();
    let how = "They type a code of the old phone, set up the new one and remove the old one.";
    Ok(played.pressed(Remedy::R24, how, end))
}

/// A hundred wrong codes in a row, over days, by somebody who has the password.
pub(super) async fn factor_stopped(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada: _, ben } = stage.office().await?;
    let mut factor = stage.equip("ben").await?;
    for _ in 0..20 {
        let pending = stage.pending(stage.of("ben")).await?;
        for _ in 0..5 {
            stage.wait(STEP + STEP);
            let wrong = factor.app.wrong_answer(stage.now())?;
            stage.complete(&pending, wrong).await?.refusal("a wrong code")?;
        }
        stage.wait(3 * HOUR);
    }
    stage.mark().await?;
    let pending = stage.pending(stage.of("ben").into_account(acme)).await?;
    let right = factor.app.answer(stage.now())?;
    let refusal =
        stage.complete(&pending, right).await?.refusal("the right code of a factor that stopped")?;
    let played = stage.told(&refusal).await?;
    let ada = stage.session("ada").await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let code = factor.recovery_code()?;
    let signed_in = stage.complete(&pending, code).await?.signed_in("a recovery code")?;
    let who = stage.authenticate(&signed_in.token).await?;
    let (app, _) = stage.bind_anew(&who).await?;
    stage.wait(STEP);
    let end = stage.both(stage.of("ben").into_account(acme), app.answer(stage.now())?).await?.end();
    let how = "A recovery code signs them in; they set the second factor up again, and it counts anew.";
    Ok(played.pressed(Remedy::R22, how, end))
}

/// Acme asks everybody for a second factor, and Ben has let his day of grace pass.
pub(super) async fn not_set_up(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ben, .. } = stage.office().await?;
    let Equipped { app, who: ada, .. } = stage.equip("ada").await?;
    ask_everybody(stage, &ada, acme).await?;
    stage.wait(DAY);
    stage.mark().await?;
    let door = stage.sign_in(stage.of("ben").into_account(acme)).await?;
    let Door::Outside(signed_in, refusal) = door else {
        return Err(StageError::Script(format!("the account's door led to {}", door.end())));
    };
    let played = stage.told(&refusal).await?;
    let signed_in_again = stage.both(stage.of("ada"), app.answer(stage.now())?).await?;
    let ada = stage.authenticate(&signed_in_again.signed_in("both factors")?.token).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let who = stage.authenticate(&signed_in.token).await?;
    let (_, who) = stage.bind_anew(&who).await?;
    let end = stage.enter(&who, acme).await?;
    Ok(played.pressed(Remedy::R24, "They set it up at the door.", end))
}

/// The account asks everybody for a second factor, who have a day to set one up.
async fn ask_everybody(stage: &Stage, by: &Authenticated, account: AccountId) -> Result<(), StageError> {
    let mut policy = AccountPolicy::new();
    policy.factor = Some(FactorRequirement::of_everyone(stage.now()).grace(DAY));
    let by = Acting::Administrator(by);
    let edited = stage.operation("edit_policy").edit_policy(by, account, policy).await;
    done("asking everybody for a second factor", edited)
}

/// R23, for three days, because of the case that the visitor read out.
async fn exempt(
    stage: &Stage,
    by: &Authenticated,
    account: AccountId,
    subject: SubjectId,
    played: &Played,
) -> Result<(), StageError> {
    let until = Some(stage.now().plus(3 * DAY));
    let by = Acting::Administrator(by);
    let reason = Stage::reason(played)?;
    done("exempting a member", stage.operation("exempt").exempt(by, account, subject, until, &reason).await)
}
