//! P2, P4, N4 to N8: the person is who they say, and the account does not let them in.

use vestibule::{Acting, Authenticated};
use vestibule_core::{AccountId, Refusal, Remedy, SubjectId};
use vestibule_profiles::{AccountPolicy, Move, NetworkRange, NewMember, Role};

use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, Office, Stage, StageError, done, refused};

/// Ben, at the door of an account.
async fn ben_at(stage: &Stage, account: AccountId) -> Result<(Authenticated, Refusal), StageError> {
    let door = stage.sign_in(stage.of("ben").into_account(account)).await?;
    let Door::Outside(signed_in, refusal) = door else {
        return Err(StageError::Script(format!("the account's door led to {}", door.end())));
    };
    Ok((stage.authenticate(&signed_in.token).await?, refusal))
}

/// The person lists the accounts they belong to and switches to the first of them.
async fn switch(stage: &Stage, who: &Authenticated) -> Result<String, StageError> {
    let own = stage.operation("list_accounts").list_accounts(who, None, 10).await;
    match done("listing the own accounts", own)?.first() {
        Some(first) => stage.enter(who, first.account).await,
        None => Err(StageError::Script("there is no account to switch to".to_owned())),
    }
}

async fn set_policy(
    stage: &Stage,
    by: Acting<'_>,
    account: AccountId,
    change: impl FnOnce(&mut AccountPolicy),
) -> Result<(), StageError> {
    let mut policy = AccountPolicy::new();
    change(&mut policy);
    done("editing a policy", stage.operation("edit_policy").edit_policy(by, account, policy).await)
}

/// The wrong one of two profiles of the same person.
pub(super) async fn another_profile(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, .. } = stage.office().await?;
    let private = stage.person("private").await?;
    let request = stage.of("private").into_account(acme);
    let door = stage.sign_in(request).await?;
    let Door::Outside(signed_in, refusal) = door else {
        return Err(StageError::Script("a stranger was let in".to_owned()));
    };
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, private).await?;
    let who = stage.authenticate(&signed_in.token).await?;
    done("signing out", stage.operation("sign_out").sign_out(&who).await)?;
    let end = stage.sign_in(stage.of("ben").into_account(acme)).await?.end();
    Ok(played.pressed(Remedy::R6, "They sign out and sign in with their other login.", end))
}

/// The account never had anything to do with the person.
pub(super) async fn never_member(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { ben, .. } = stage.office().await?;
    stage.person("cleo").await?;
    let (bolts, cleo) = stage.company("cleo", "bolts").await?;
    stage.mark().await?;
    let (who, refusal) = ben_at(stage, bolts).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &cleo, bolts, ben).await?;
    let end = switch(stage, &who).await?;
    Ok(played.pressed(Remedy::R7, "They list the accounts they belong to and switch to theirs.", end))
}

pub(super) async fn dismissed(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    stage.move_member(&ada, acme, ben, Move::Dismiss).await?;
    let (who, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    stage.move_member(&ada, acme, ben, Move::Reinstate).await?;
    let end = stage.enter(&who, acme).await?;
    let how = "The administrator reinstates them; login and password are the same.";
    Ok(played.pressed(Remedy::R16, how, end))
}

/// Every seat is taken: it is the administrator who is refused, when approving.
pub(super) async fn seats_taken(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let by = Acting::Administrator(&ada);
    set_policy(stage, by, acme, |policy| policy.seat_limit = Some(2)).await?;
    let cleo = stage.person("cleo").await?;
    stage.add(&ada, acme, NewMember::awaiting_approval(cleo, Role::parse("employee")?)).await?;
    stage.mark().await?;
    let approved = stage.operation("move_member").move_member(by, acme, cleo, Move::Approve).await;
    let refusal = refused("approving beyond the seats", approved)?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, cleo).await?;
    stage.move_member(&ada, acme, ben, Move::Dismiss).await?;
    stage.move_member(&ada, acme, cleo, Move::Approve).await?;
    let end = stage.sign_in(stage.of("cleo").into_account(acme)).await?.end();
    let how = "The administrator dismisses a member who left, and approves the one who waits.";
    Ok(played.pressed(Remedy::R15, how, end))
}

pub(super) async fn network_not_allowed(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let office = NetworkRange::parse("198.51.100.0/24")?;
    set_policy(stage, Acting::Administrator(&ada), acme, |policy| policy.networks.push(office)).await?;
    let (who, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let reason = Stage::reason(&played)?;
    let home = NetworkRange::parse("192.0.2.0/24")?;
    let widen = |policy: &mut AccountPolicy| policy.networks.extend([office, home]);
    set_policy(stage, Acting::Operator(&reason), acme, widen).await?;
    let end = stage.enter(&who, acme).await?;
    let how = "They read the case to the operator, who finds the network missing in the account's list and adds it.";
    Ok(played.pressed(Remedy::R38, how, end))
}

pub(super) async fn single_sign_on_only(stage: &mut Stage) -> Result<Played, StageError> {
    let (acme, ada, ben) = with_second_account(stage).await?;
    set_policy(stage, Acting::Administrator(&ada), acme, |policy| policy.single_sign_on_only = true).await?;
    let (_, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let (who, _) = ben_at(stage, acme).await?;
    let end = stage.enter(&who, acme).await?;
    let how = "The account's identity provider lets them in; until that way is built the account stays shut to them.";
    Ok(played.waits_for("single_sign_on", how, end))
}

pub(super) async fn awaiting_approval(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ada").await?;
    let ben = stage.person("ben").await?;
    let (acme, ada) = stage.company("ada", "acme").await?;
    stage.add(&ada, acme, NewMember::awaiting_approval(ben, Role::parse("employee")?)).await?;
    let (who, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    stage.move_member(&ada, acme, ben, Move::Approve).await?;
    let end = stage.enter(&who, acme).await?;
    Ok(played.pressed(Remedy::R14, "The administrator approves them.", end))
}

pub(super) async fn account_unknown(stage: &mut Stage) -> Result<Played, StageError> {
    stage.office().await?;
    let nowhere = stage.account("nowhere")?;
    let (who, refusal) = ben_at(stage, nowhere).await?;
    let played = stage.told(&refusal).await?;
    let end = switch(stage, &who).await?;
    Ok(played.pressed(Remedy::R7, "They list the accounts they belong to and switch to theirs.", end))
}

pub(super) async fn account_closed(stage: &mut Stage) -> Result<Played, StageError> {
    let (acme, ada, ben) = with_second_account(stage).await?;
    let by = Acting::Administrator(&ada);
    done("closing an account", stage.operation("close_account").close_account(by, acme).await)?;
    let (who, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let end = stage.enter(&who, stage.account("bolts")?).await?;
    Ok(played.pressed(Remedy::R7, "They list the accounts they belong to and switch to the other one.", end))
}

pub(super) async fn account_suspended(stage: &mut Stage) -> Result<Played, StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let unpaid = vestibule::Reason::parse("the invoice of March is open")?;
    let suspended = stage.operation("suspend_account").suspend_account(&unpaid, acme, true).await;
    done("suspending an account", suspended)?;
    let (who, refusal) = ben_at(stage, acme).await?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let reason = Stage::reason(&played)?;
    let opened = stage.operation("suspend_account").suspend_account(&reason, acme, false).await;
    done("opening an account again", opened)?;
    let end = stage.enter(&who, acme).await?;
    Ok(played.pressed(Remedy::R38, "They read the case to the operator, who opens the account again.", end))
}

/// Ben belongs to Acme, which Ada administers, and to Bolts, which is his.
async fn with_second_account(stage: &mut Stage) -> Result<(AccountId, Authenticated, SubjectId), StageError> {
    let Office { acme, ada, ben } = stage.office().await?;
    let _ = stage.company("ben", "bolts").await?;
    stage.mark().await?;
    Ok((acme, ada, ben))
}
