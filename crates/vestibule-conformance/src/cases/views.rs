//! Reads that span domains, and stores whose type was erased.

use vestibule::{SessionView, SignInQuestion, Views, session_view_of, sign_in_view_of};
use vestibule_credentials::{CredentialsWrite, Lane};
use vestibule_profiles::{Block, ProfilesWrite};

use super::{batches, checkword_ends, credentials, isolation, reading, recovery_codes, revocation, windows};
use crate::erased::Erased;
use crate::finding::{Finding, Outcome, same};
use crate::fixture::{
    NOW, account_id, add_membership, create_account, create_profile, device, email, ids, put_device,
    put_password, put_session, session, subject, take, take_try,
};
use crate::harness::Harness;
use crate::scene::Scene;

/// What is read at once is what is read one by one: also of strangers, of other people's devices, and of nobody.
pub(super) async fn composed_reads_say_what_single_reads_say<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "composed_reads_say_what_single_reads_say").await?;
    let acme = account_id("acme")?;
    for number in [1, 2] {
        let address = format!("ada{number}@example.com");
        scene.land(vec![create_profile(number), take(email(number, &address)?)]).await?;
        scene.land(vec![put_password(number, "hash", None, number), take_try(number, 0, 100)]).await?;
        let name = 16 * number + 3;
        let lane = Lane::Device(ids(name).handle);
        let own =
            CredentialsWrite::TakeTry { subject: subject(number), lane, from: 0, at: NOW, stops_at: number };
        scene.land(vec![own]).await?;
        scene.land(vec![put_device(device(number, name), None)]).await?;
        scene.land(vec![put_session(session(number, name), None)]).await?;
    }
    scene.land(vec![create_account("acme")?, add_membership(acme, subject(1))?]).await?;
    let block = Some(Block { since: NOW, until: None });
    scene.land(vec![ProfilesWrite::SetBlock { subject: subject(2), from: 1, block }]).await?;
    scene.land(vec![put_session(session(3, 51), None)]).await?;

    let store = scene.reopen().await?;
    for address in ["ada1@example.com", "ada2@example.com", "nobody@example.com"] {
        let own = email(1, address)?.identifier;
        for device in [None, Some(19), Some(35), Some(99)] {
            for account in [None, Some(acme), Some(account_id("globex")?)] {
                let question = SignInQuestion {
                    kind: own.kind(),
                    key: own.key(),
                    decoy: subject(3),
                    device: device.map(|name| ids(name).digest),
                    account,
                };
                let expected = sign_in_view_of(&store, question.clone()).await?;
                let told = store.sign_in_view(question).await?;
                // A password's `Debug` shows little on purpose.
                if told != expected {
                    let sentence =
                        format!("for {address}, device {device:?}, account {account:?}: found {told:?}");
                    return Err(Finding::new(format!("{sentence}, one by one {expected:?}")));
                }
            }
        }
    }
    for name in [19, 35, 51, 99] {
        let digest = ids(name).digest;
        let expected: Option<SessionView> = session_view_of(&store, digest).await?;
        same("a session's view", &store.session_view(digest).await?, &expected)?;
    }
    Ok(())
}

/// A handful of cases, on the same store behind `dyn`.
pub(super) async fn object_safe_twin_answers_alike<H: Harness>(harness: &H) -> Outcome {
    let erased = Erased(harness);
    reading::read_your_write(&erased).await?;
    reading::missing_is_none_not_error(&erased).await?;
    reading::fresh_handle_sees_write(&erased).await?;
    batches::batch_is_all_or_nothing(&erased).await?;
    batches::did_it_land_is_answered(&erased).await?;
    batches::domains_land_together(&erased).await?;
    isolation::account_isolation_write(&erased).await?;
    isolation::realm_isolation_read_write_unique(&erased).await?;
    credentials::set_get_replace(&erased).await?;
    checkword_ends::consume_once(&erased).await?;
    recovery_codes::redeem_once(&erased).await?;
    revocation::revoke_is_immediate_on_every_handle(&erased).await?;
    windows::window_rolls_over(&erased).await
}
