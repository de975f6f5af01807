//! Writes as statements.

use vestibule_core::{AccountId, BatchId, Lower, SubjectId};
use vestibule_profiles::{
    Account, AccountPolicy, MAX_IDENTIFIERS, Membership, Profile, ProfilesWrite, Standing,
};

use super::addresses::{
    forget_leaving, leave_identifier, move_contact, note_pending, release_identifier, require_identifier,
    take_identifier,
};
use crate::{Plan, Value};

impl Lower<Plan> for ProfilesWrite {
    fn lower(&self, _batch: BatchId, plan: &mut Plan) {
        match self {
            Self::AddMembership { membership } => add_membership(plan, membership),
            Self::BumpEpoch { subject, from } => {
                let params = person(plan, *subject, [(*from).into()]);
                plan.step(
                    "update vestibule_profile set epoch = epoch + 1
                     where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::CountAdministrators { account, delta } => {
                let params = company(plan, *account, [signed(*delta)]);
                plan.step(
                    "update vestibule_account set administrators = administrators + ?3
                     where realm = ?1 and account = ?2
                     and administrators + ?3 between 1 and 4294967295",
                    params,
                );
            }
            Self::CountProfile { subject, memberships, accounts, accounts_at_most } => {
                // Only who creates an account is held to the limit.
                let at_most = if *accounts > 0 { *accounts_at_most } else { u32::MAX };
                let params =
                    person(plan, *subject, [signed(*memberships), signed(*accounts), at_most.into()]);
                plan.step(
                    "update vestibule_profile
                     set live_memberships = live_memberships + ?3, created_accounts = created_accounts + ?4
                     where realm = ?1 and subject = ?2
                     and live_memberships + ?3 between 0 and 4294967295
                     and created_accounts + ?4 between 0 and ?5",
                    params,
                );
            }
            Self::CountSeats { account, delta, settings_version } => {
                let params = company(plan, *account, [signed(*delta), (*settings_version).into()]);
                if *delta > 0 {
                    plan.step(
                        "update vestibule_account set seats = seats + ?3
                         where realm = ?1 and account = ?2 and settings_version = ?4 and state = 'open'
                         and seats + ?3 between 0 and coalesce(seat_limit, 4294967295)",
                        params,
                    );
                } else {
                    plan.step(
                        "update vestibule_account set seats = seats + ?3
                         where realm = ?1 and account = ?2 and settings_version = ?4
                         and seats + ?3 between 0 and 4294967295",
                        params,
                    );
                }
            }
            Self::CountWays { subject, identifiers, social_links } => {
                let params = person(
                    plan,
                    *subject,
                    [signed(*identifiers), signed(*social_links), MAX_IDENTIFIERS.into()],
                );
                plan.step(
                    "update vestibule_profile
                     set identifiers = identifiers + ?3, social_links = social_links + ?4
                     where realm = ?1 and subject = ?2
                     and identifiers + ?3 between 0 and ?5 and social_links + ?4 between 0 and ?5
                     and identifiers + ?3 + social_links + ?4 >= 1",
                    params,
                );
            }
            Self::CreateAccount { account } => create_account(plan, account),
            Self::CreateProfile { profile } => create_profile(plan, profile),
            Self::EditPolicy { account, from, policy } => edit_policy(plan, *account, *from, policy),
            Self::ForgetLeaving { subject, kind, key, until } => {
                forget_leaving(plan, *subject, *kind, *key, *until);
            }
            Self::LeaveIdentifier { leaving } => leave_identifier(plan, leaving),
            Self::MoveContact { account, key, from, to } => move_contact(plan, *account, *key, *from, *to),
            Self::MoveMembership { account, subject, from, to, ends_access } => {
                let at = [(*from).into()];
                match to {
                    Some(standing) => {
                        move_membership(plan, member(plan, *account, *subject, at), standing, *ends_access);
                    }
                    None => {
                        let params = member(plan, *account, *subject, at);
                        plan.step(
                            "delete from vestibule_membership
                             where realm = ?1 and account = ?2 and subject = ?3 and version = ?4",
                            params,
                        );
                    }
                }
            }
            Self::NotePending { identifier } => note_pending(plan, identifier),
            Self::ReleaseIdentifier { subject, kind, key, verified } => {
                release_identifier(plan, *subject, *kind, *key, *verified);
            }
            Self::RequireIdentifier { subject, kind, key, leaving_until } => {
                require_identifier(plan, *subject, *kind, *key, *leaving_until);
            }
            Self::RequireMembership { account, subject, version } => {
                let params = member(plan, *account, *subject, [(*version).into()]);
                plan.require(
                    "select 1 from vestibule_membership
                     where realm = ?1 and account = ?2 and subject = ?3 and version = ?4",
                    params,
                );
            }
            Self::RequireProfile { subject, epoch } => {
                let params = person(plan, *subject, [(*epoch).into()]);
                plan.require(
                    "select 1 from vestibule_profile where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::RequireSettings { account, version } => {
                let params = company(plan, *account, [(*version).into()]);
                plan.require(
                    "select 1 from vestibule_account
                     where realm = ?1 and account = ?2 and settings_version = ?3",
                    params,
                );
            }
            Self::SetBlock { subject, from, block } => {
                let since = block.map(|block| block.since);
                let until = block.and_then(|block| block.until);
                let params = person(plan, *subject, [(*from).into(), since.into(), until.into()]);
                plan.step(
                    "update vestibule_profile set block_since = ?4, block_until = ?5, epoch = epoch + 1
                     where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::SetFactor { subject, from, since } => {
                let params = person(plan, *subject, [(*from).into(), (*since).into()]);
                plan.step(
                    "update vestibule_profile set epoch = epoch + 1, factor_since = ?4
                     where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::SetFreeze { subject, from, freeze } => {
                let params = person(
                    plan,
                    *subject,
                    [
                        (*from).into(),
                        freeze.map(|freeze| freeze.since).into(),
                        freeze.map(|freeze| freeze.change_at).into(),
                    ],
                );
                plan.step(
                    "update vestibule_profile set epoch = epoch + 1, freeze_since = ?4, freeze_change = ?5
                     where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::SetPrimary { subject, epoch, primary } => {
                let key = primary.as_bytes().as_slice().into();
                let params = person(plan, *subject, [(*epoch).into(), key]);
                plan.step(
                    "update vestibule_profile set primary_login = ?4
                     where realm = ?1 and subject = ?2 and epoch = ?3",
                    params,
                );
            }
            Self::SetState { account, from, state } => {
                let params = company(plan, *account, [(*from).into(), state.as_str().into()]);
                plan.step(
                    "update vestibule_account set state = ?4, settings_version = settings_version + 1
                     where realm = ?1 and account = ?2 and settings_version = ?3",
                    params,
                );
            }
            Self::TakeIdentifier { identifier } => take_identifier(plan, identifier),
            Self::SetContact { account, subject, from, contact } => {
                let params = member(plan, *account, *subject, [(*from).into(), contact.clone().into()]);
                plan.step(
                    "update vestibule_membership set contact = ?5, version = version + 1
                     where realm = ?1 and account = ?2 and subject = ?3 and version = ?4",
                    params,
                );
            }
            Self::TouchMembership { account, subject, at } => {
                let params = member(plan, *account, *subject, [(*at).into()]);
                plan.always(
                    "update vestibule_membership set wrong_secret_at = ?4
                     where realm = ?1 and account = ?2 and subject = ?3
                     and (wrong_secret_at is null or wrong_secret_at < ?4)",
                    params,
                );
            }
        }
    }
}

fn add_membership(plan: &mut Plan, membership: &Membership) {
    let standing = &membership.standing;
    let params = member(
        plan,
        membership.account,
        membership.subject,
        [
            standing.status.as_str().into(),
            standing.role.as_str().into(),
            standing.administers.into(),
            standing.since.into(),
            standing.moved_by.into(),
            membership.contact.clone().into(),
            membership.joined_at.into(),
            membership.version.into(),
            membership.epoch.into(),
            membership.wrong_secret_at.into(),
            standing.exempt_until.into(),
        ],
    );
    plan.step(
        "insert into vestibule_membership
         (realm, account, subject, status, role, administers, since, moved_by, contact, joined_at, version, epoch,
          wrong_secret_at, exempt_until)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         on conflict (realm, account, subject) do nothing",
        params,
    );
}

/// `params`: the member, and the version that was read.
fn move_membership(plan: &mut Plan, mut params: Vec<Value>, to: &Standing, ends_access: bool) {
    params.extend([
        to.status.as_str().into(),
        to.role.as_str().into(),
        to.administers.into(),
        to.since.into(),
        to.moved_by.into(),
        u32::from(ends_access).into(),
        to.exempt_until.into(),
    ]);
    plan.step(
        "update vestibule_membership
         set status = ?5, role = ?6, administers = ?7, since = ?8, moved_by = ?9, version = version + 1,
         epoch = epoch + ?10, exempt_until = ?11
         where realm = ?1 and account = ?2 and subject = ?3 and version = ?4",
        params,
    );
}

fn create_account(plan: &mut Plan, account: &Account) {
    let params = company(
        plan,
        account.account,
        [
            account.name.as_str().into(),
            account.state.as_str().into(),
            account.primary.into(),
            account.seats.into(),
            account.administrators.into(),
            account.policy.seat_limit.into(),
            account.policy.encode().into(),
            account.settings_version.into(),
            account.created_at.into(),
        ],
    );
    plan.step(
        "insert into vestibule_account
         (realm, account, name, state, primary_subject, seats, administrators, seat_limit, policy,
          settings_version, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict (realm, account) do nothing",
        params,
    );
}

fn edit_policy(plan: &mut Plan, account: AccountId, from: u64, policy: &AccountPolicy) {
    let params = company(plan, account, [from.into(), policy.seat_limit.into(), policy.encode().into()]);
    plan.step(
        "update vestibule_account
         set seat_limit = ?4, policy = ?5, settings_version = settings_version + 1
         where realm = ?1 and account = ?2 and settings_version = ?3",
        params,
    );
}

fn create_profile(plan: &mut Plan, profile: &Profile) {
    let params = person(
        plan,
        profile.subject,
        [
            profile.epoch.into(),
            profile.block.map(|block| block.since).into(),
            profile.block.and_then(|block| block.until).into(),
            profile.identifiers.into(),
            profile.social_links.into(),
            profile.live_memberships.into(),
            profile.created_accounts.into(),
            profile.created_at.into(),
            profile.freeze.map(|freeze| freeze.since).into(),
            profile.freeze.map(|freeze| freeze.change_at).into(),
            profile.primary.map(|key| key.as_bytes().to_vec()).into(),
            profile.factor_since.into(),
        ],
    );
    plan.step(
        "insert into vestibule_profile
         (realm, subject, epoch, block_since, block_until, identifiers, social_links, live_memberships,
          created_accounts, created_at, freeze_since, freeze_change, primary_login, factor_since)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         on conflict (realm, subject) do nothing",
        params,
    );
}

pub(super) fn person<const N: usize>(plan: &Plan, subject: SubjectId, more: [Value; N]) -> Vec<Value> {
    let mut params = vec![plan.realm().into(), subject.into()];
    params.extend(more);
    params
}

pub(super) fn company<const N: usize>(plan: &Plan, account: AccountId, more: [Value; N]) -> Vec<Value> {
    let mut params = vec![plan.realm().into(), account.into()];
    params.extend(more);
    params
}

fn member<const N: usize>(
    plan: &Plan,
    account: AccountId,
    subject: SubjectId,
    more: [Value; N],
) -> Vec<Value> {
    let mut params = company(plan, account, [subject.into()]);
    params.extend(more);
    params
}

fn signed(delta: i8) -> Value {
    Value::Int(i64::from(delta))
}
