//! P5 and P6: a social account that opens nothing, or not what it should, and a profile that nothing else opens.

use core::time::Duration;

use vestibule::{ConnectRequest, NewPerson, ProviderAnswer};
use vestibule_core::{AccountId, LoginEmail, Remedy, SocialSubject, SubjectId};
use vestibule_profiles::{AccountPolicy, NewMember, Role};

use vestibule::{Acting, Authenticated};

use crate::walkthrough::phone::ticket;
use crate::walkthrough::scene::Played;
use crate::walkthrough::stage::{Door, PASSWORD, PROVIDER, STAFF, Stage, StageError, done, refused};

const MINUTE: Duration = Duration::from_secs(60);

/// Ben's social account opens the profile that he once made for himself, and he wants it to open the one at work.
pub(super) async fn linked_to_another_profile(stage: &mut Stage) -> Result<Played, StageError> {
    let (acme, ada, ben) = at_work(stage).await?;
    stage.linked("private", "of-ben").await?;
    stage.mark().await?;
    let to = stage.session("ben").await?;
    let tried = stage.operation("link_provider").link_provider(&to, stage.says(PROVIDER, "of-ben")?).await;
    let refusal = refused("a social account of another profile", tried)?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let from = stage.session("private").await?;
    let moved = stage.operation("move_link").move_link(&to, &from, stage.says(PROVIDER, "of-ben")?).await;
    let _token = done("moving a social account", moved)?;
    let end = stage.come("of-ben", Some(acme)).await?.end();
    Ok(played.pressed(Remedy::R20, "They sign in to both profiles, and it moves; both are told.", end))
}

/// Ben has two accounts at the provider, and comes by the one that he never linked.
pub(super) async fn another_account_there(stage: &mut Stage) -> Result<Played, StageError> {
    stage.linked("ben", "of-ben").await?;
    stage.mark().await?;
    let refusal =
        stage.come("also-of-ben", None).await?.refusal("a social account that nobody has linked")?;
    let played = stage.told(&refusal).await?;
    let end = stage.come("of-ben", None).await?.end();
    Ok(played.pressed(
        Remedy::R35,
        "They choose the other account at the provider; nothing was created.",
        end,
    ))
}

pub(super) async fn not_linked_yet(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let refusal = stage.come("of-ben", None).await?.refusal("a social account that nobody has linked")?;
    let played = stage.told(&refusal).await?;
    let ben = stage.session("ben").await?;
    let linked = stage.operation("link_provider").link_provider(&ben, stage.says(PROVIDER, "of-ben")?).await;
    let _token = done("linking a social account", linked)?;
    let end = stage.come("of-ben", None).await?.end();
    Ok(played.pressed(Remedy::R20, "They sign in by their password and link it.", end))
}

pub(super) async fn provider_says_no(stage: &mut Stage) -> Result<Played, StageError> {
    stage.linked("ben", "of-ben").await?;
    stage.mark().await?;
    let denied = ProviderAnswer::Denied { issuer: PROVIDER.to_owned() };
    let refusal = stage.come_with(denied, None).await?.refusal("a provider that says no")?;
    let played = stage.told(&refusal).await?;
    let end = stage.back_in("ben").await?;
    Ok(played.pressed(Remedy::R1, "They ask for a link to their mailbox and set a password.", end))
}

pub(super) async fn provider_is_away(stage: &mut Stage) -> Result<Played, StageError> {
    stage.linked("ben", "of-ben").await?;
    stage.mark().await?;
    let away = ProviderAnswer::Unreachable { issuer: PROVIDER.to_owned() };
    let refusal = stage.come_with(away, None).await?.refusal("a provider that does not answer")?;
    let played = stage.told(&refusal).await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R35, "They use their address and password.", end))
}

pub(super) async fn owner_of_the_link_blocked(stage: &mut Stage) -> Result<Played, StageError> {
    let ben = stage.linked("ben", "of-ben").await?;
    stage.mark().await?;
    let why = vestibule::Reason::parse("a stolen telephone")?;
    done("blocking", stage.operation("block").block(&why, ben, None).await)?;
    let refusal = stage.come("of-ben", None).await?.refusal("somebody who is blocked")?;
    let played = stage.told(&refusal).await?;
    let why = Stage::reason(&played)?;
    done("lifting a block", stage.operation("unblock").unblock(&why, ben).await)?;
    let end = stage.come("of-ben", None).await?.end();
    Ok(played.pressed(Remedy::R38, "They read the case to the operator, who lifts the block.", end))
}

/// An account that is entered through its own identity provider only.
pub(super) async fn account_refuses_the_way(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ada").await?;
    let ben = stage.linked("ben", "of-ben").await?;
    let (acme, ada) = stage.company("ada", "acme").await?;
    stage.add(&ada, acme, NewMember::active(ben, Role::parse("employee")?)).await?;
    let (second, _) = stage.company("ben", "second").await?;
    let mut policy = AccountPolicy::new();
    policy.single_sign_on_only = true;
    let by = Acting::Administrator(&ada);
    done("setting a policy", stage.operation("edit_policy").edit_policy(by, acme, policy).await)?;
    stage.mark().await?;
    let refusal =
        stage.come("of-ben", Some(acme)).await?.refusal("an account that takes no social account")?;
    let played = stage.told(&refusal).await?;
    let played = stage.seen(played, &ada, acme, ben).await?;
    let end = stage.come("of-ben", Some(second)).await?.end();
    Ok(played.pressed(Remedy::R7, "They switch to an account that takes it.", end))
}

pub(super) async fn nobody_signs_up_by_it(stage: &mut Stage) -> Result<Played, StageError> {
    stage.person("ben").await?;
    stage.mark().await?;
    let answer = stage.says(STAFF, "of-ben")?;
    let refusal = stage.come_with(answer, None).await?.refusal("a provider by which nobody signs up")?;
    let played = stage.told(&refusal).await?;
    let ben = stage.session("ben").await?;
    let linked = stage.operation("link_provider").link_provider(&ben, stage.says(STAFF, "of-ben")?).await;
    let _token = done("linking a social account", linked)?;
    let end = stage.come_with(stage.says(STAFF, "of-ben")?, None).await?.end();
    Ok(played.pressed(Remedy::R20, "They sign in by their password and link it.", end))
}

/// A question and no refusal: what is refused here is to give the social account up before there is anything else.
pub(super) async fn only_a_social_account(stage: &mut Stage) -> Result<Played, StageError> {
    let who = social_only(stage).await?;
    let given_up =
        stage.operation("unlink_provider").unlink_provider(&who, &stage.social(PROVIDER, "of-ben")?).await;
    let refusal = refused("giving up the last way in", given_up)?;
    let played = stage.told(&refusal).await?;
    connect(stage, &who, "ben").await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(
        Remedy::R19,
        "They connect an address and set a password; the social account stays.",
        end,
    ))
}

/// What is refused is to give the social account up too soon; then a number is connected, as an address would be.
pub(super) async fn social_account_and_a_phone(stage: &mut Stage) -> Result<Played, StageError> {
    let who = social_only(stage).await?;
    let given_up =
        stage.operation("unlink_provider").unlink_provider(&who, &stage.social(PROVIDER, "of-ben")?).await;
    let refusal = refused("giving up the last way in", given_up)?;
    let played = stage.told(&refusal).await?;
    let asked = ConnectRequest::new(stage.phone());
    let asked = stage.operation("request_address").request_address(&who, asked).await;
    let (ticket, code) = (ticket(done("asking for a code", asked)?)?, stage.code().await?);
    let link = stage.operation("confirm_address_code").confirm_address_code(&who, &ticket, &code).await;
    let link = done("typing a code", link)?;
    let connected = stage.operation("connect_address").connect_address(&who, &link, PASSWORD).await;
    let _token = done("connecting a number", connected)?;
    let end = stage.sign_in(stage.request(stage.phone(), PASSWORD)).await?.end();
    let how = "They connect their phone by a code, and set a password; the social account stays.";
    Ok(played.pressed(Remedy::R19, how, end))
}

/// The address became somebody's login between the message and its link.
pub(super) async fn social_account_and_a_taken_address(stage: &mut Stage) -> Result<Played, StageError> {
    let who = social_only(stage).await?;
    let cleos = stage.address("cleo");
    let asked =
        stage.operation("request_address").request_address(&who, ConnectRequest::new(cleos.as_str())).await;
    let _sent = done("asking for an address", asked)?;
    let link = stage.link(&cleos).await?;
    stage.person("cleo").await?;
    let tried = stage.operation("connect_address").connect_address(&who, &link, PASSWORD).await;
    let refusal = refused("connecting somebody's login", tried)?;
    let played = stage.told(&refusal).await?;
    stage.wait(2 * MINUTE);
    connect(stage, &who, "ben").await?;
    let end = stage.sign_in(stage.of("ben")).await?.end();
    Ok(played.pressed(Remedy::R35, "They connect another address.", end))
}

/// Ada administers Acme, and Ben is a member of it.
async fn at_work(stage: &mut Stage) -> Result<(AccountId, Authenticated, SubjectId), StageError> {
    let office = stage.office().await?;
    Ok((office.acme, office.ada, office.ben))
}

/// Ben, whom a social account alone opens, signed in by it.
async fn social_only(stage: &mut Stage) -> Result<Authenticated, StageError> {
    let link = stage.social(PROVIDER, "of-ben")?;
    stage.register("ben", NewPerson::verified_by_host(link)).await?;
    stage.mark().await?;
    let signed_in = stage.come("of-ben", None).await?.signed_in("coming by a social account")?;
    stage.authenticate(&signed_in.token).await
}

/// R19: asked for, and redeemed in the same session.
async fn connect(stage: &Stage, who: &Authenticated, name: &str) -> Result<(), StageError> {
    let address = stage.address(name);
    let asked = ConnectRequest::new(address.as_str());
    let asked = stage.operation("request_address").request_address(who, asked).await;
    let _sent = done("asking for an address", asked)?;
    let link = stage.link(&address).await?;
    let connected = stage.operation("connect_address").connect_address(who, &link, PASSWORD).await;
    done("connecting an address", connected).map(drop)
}

impl Stage {
    pub(super) fn social(&self, issuer: &str, subject: &str) -> Result<SocialSubject, StageError> {
        Ok(SocialSubject::new(issuer, &self.address(subject))?)
    }

    /// What a provider says of somebody, now.
    fn says(&self, issuer: &str, subject: &str) -> Result<ProviderAnswer, StageError> {
        let subject = self.social(issuer, subject)?;
        Ok(ProviderAnswer::Identity(vestibule::ProviderIdentity::verified_by_host(subject, self.now())))
    }

    /// Somebody with a mailbox, a password and a social account.
    async fn linked(&mut self, name: &'static str, subject: &str) -> Result<SubjectId, StageError> {
        let login = LoginEmail::parse(&self.address(name))?;
        let link = self.social(PROVIDER, subject)?;
        self.register(name, NewPerson::verified_by_host(login).also(link).password(PASSWORD)).await
    }

    /// Somebody comes back from the provider.
    async fn come(&self, subject: &str, account: Option<AccountId>) -> Result<Door, StageError> {
        self.come_with(self.says(PROVIDER, subject)?, account).await
    }
}
