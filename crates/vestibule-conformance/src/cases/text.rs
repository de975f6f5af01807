//! What a database may not do to ids and texts: order, fold, match or cut them.

use vestibule_core::{AccountId, Commit, Identifier, Landed, SocialSubject, SubjectId};
use vestibule_credentials::CredentialsRead;
use vestibule_profiles::{Account, Profile, ProfileIdentifier, ProfilesRead, ProfilesWrite};

use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::{
    NOW, account, account_id, add_membership, create_account, email, membership, put_password, subject, take,
};
use crate::harness::Harness;
use crate::scene::Scene;

/// Ids that a typed column, a trim or a parse would take for one another; no two are the same bytes.
const ALIKE: [&[u8]; 14] = [
    b"1",
    b"01",
    b"1.0",
    b"1e0",
    b"+1",
    b" 1",
    b"1 ",
    b"true",
    b"null",
    b"NULL",
    b"550e8400-e29b-41d4-a716-446655440000",
    b"550E8400-E29B-41D4-A716-446655440000",
    b"{550e8400-e29b-41d4-a716-446655440000}",
    b"\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00",
];

pub(super) async fn ids_are_opaque<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "ids_are_opaque").await?;
    for id in ALIKE {
        let (person, company) = (SubjectId::from_bytes(id)?, AccountId::from_bytes(id)?);
        let name = format!("{id:?}");
        let writes = vec![
            ProfilesWrite::CreateProfile { profile: Profile::new(person, NOW) },
            ProfilesWrite::CreateAccount { account: Account { account: company, name, ..account("x")? } },
            add_membership(company, person)?,
        ];
        scene.land(writes).await.map_err(|finding| finding.within(format_args!("the id {id:?}")))?;
    }
    let store = scene.reopen().await?;
    for id in ALIKE {
        let (person, company) = (SubjectId::from_bytes(id)?, AccountId::from_bytes(id)?);
        let found = store.profile(person).await?.map(|row| row.subject);
        same("whose row an id finds", &found, &Some(person))?;
        let found = store.account(company).await?.map(|row| row.name);
        same("which account an id finds", &found, &Some(format!("{id:?}")))?;
        let members = store.members_of(company, None, 99).await?;
        same("the members", &members, &vec![membership(company, person)?])?;
        let accounts = store.memberships_of(person, None, 99).await?;
        same("the memberships", &accounts, &vec![membership(company, person)?])?;
    }
    Ok(())
}

pub(super) async fn like_metacharacters_are_literal<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "like_metacharacters_are_literal").await?;
    for name in ["acme", "acme2", "aXme"] {
        scene.land(vec![create_account(name)?, add_membership(account_id(name)?, subject(1))?]).await?;
    }
    scene.land(vec![take(email(1, "ada@example.com")?), take(social_of("subject")?)]).await?;
    for pattern in ["ac%", "a_me", "%", "____", "acme%", "a*", "a?me", "[a]cme", "acm\\e", "'acme'", "a.me"] {
        let (store, company) = (&scene.store, account_id(pattern)?);
        same("an account by a pattern", &store.account(company).await?, &None)?;
        same("a membership by a pattern", &store.membership(company, subject(1)).await?, &None)?;
        same("members by a pattern", &store.members_of(company, None, 99).await?, &Vec::new())?;
        let person = SubjectId::from_bytes(pattern.as_bytes())?;
        same("memberships by a pattern", &store.memberships_of(person, None, 99).await?, &Vec::new())?;
        let social = social_of(pattern)?.identifier;
        same("an owner by a pattern", &store.identifier_owner(social.kind(), social.key()).await?, &None)?;
        // And such an id is one like any other, which takes nothing from those it would match.
        scene.land(vec![create_account(pattern)?]).await?;
    }
    for name in ["acme", "acme2", "aXme"] {
        let found = scene.store.account(account_id(name)?).await?;
        same("an account that a pattern would match", &found, &Some(account(name)?))?;
    }
    Ok(())
}

fn social_of(name: &str) -> Result<ProfileIdentifier, Finding> {
    Ok(ProfileIdentifier {
        subject: subject(1),
        identifier: Identifier::Social(SocialSubject::new("https://issuer.example", name)?),
        verified_at: Some(NOW),
        added_at: NOW,
    })
}

pub(super) async fn case_folding_is_done_by_core_not_collation<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "case_folding_is_done_by_core_not_collation").await?;
    // What collations and case rules take for one: each is a person, a company and a provider's subject of its own.
    let apart = ["Subject", "subject", "SUBJECT", "i", "\u{130}", "\u{131}", "ss", "\u{df}", "\u{1e9e}"];
    let apart = apart.into_iter().chain(["\u{e9}", "e\u{301}", "\u{3c3}", "\u{3c2}", "\u{212a}", "k", "K"]);
    let apart: Vec<&str> = apart.collect();
    for (number, text) in (0..).zip(&apart) {
        let person = SubjectId::from_bytes(text.as_bytes())?;
        let company = AccountId::from_bytes(text.as_bytes())?;
        let own = ProfileIdentifier { subject: subject(number), ..social_of(text)? };
        let writes = vec![
            ProfilesWrite::CreateProfile { profile: Profile::new(person, NOW) },
            add_membership(company, person)?,
            take(own),
        ];
        scene.land(writes).await.map_err(|finding| finding.within(format_args!("{text:?}")))?;
    }
    for (number, text) in (0..).zip(&apart) {
        let own = social_of(text)?.identifier;
        let owner = scene.store.identifier_owner(own.kind(), own.key()).await?.map(|row| row.subject);
        same("whose a provider's subject is", &owner, &Some(subject(number)))?;
    }
    // What core folds is one, however it was typed: the store is only given the key.
    scene.land(vec![take(email(1, "Ada@Example.com")?)]).await?;
    let own = email(2, "ada@EXAMPLE.com")?;
    let owner = scene.store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
    same("whose an address is, typed otherwise", &owner.map(|row| row.subject), &Some(subject(1)))
}

pub(super) async fn long_values_rejected_not_truncated<H: Harness>(harness: &H) -> Outcome {
    let scene = Scene::open(harness, "long_values_rejected_not_truncated").await?;
    for (number, length) in (0..).zip([63, 64, 65, 255, 256, 257, 1_023, 4_096, 32_767, 65_535, 65_536]) {
        // The end is another letter, so that whatever is cut is missed.
        let long = format!("{}z", "\u{e9}".repeat(length / 2));
        let batch = scene.batch(vec![put_password(number, &long, None, 1)])?;
        let landed = scene.store.commit(&batch).await;
        let row = scene.reopen().await?.password(subject(number)).await?;
        match landed {
            Ok(Landed::Applied) => {
                let whole = row.and_then(|row| row.hash).is_some_and(|hash| hash == long);
                ensure(whole, &format!("a value of {length} bytes comes back otherwise"))?;
            }
            Ok(other) => return Err(Finding::new(format!("{length} bytes were answered {other:?}"))),
            // A store may have a limit; then it says so, and keeps nothing.
            Err(_) => ensure(row.is_none(), "a value that was rejected is there")?,
        }
    }
    // Whatever the domains allow is not rejected: ids of 64 bytes, a role of the longest name.
    let (person, company) = (SubjectId::from_bytes(&[b'x'; 64])?, AccountId::from_bytes(&[b'y'; 64])?);
    scene.land(vec![add_membership(company, person)?]).await?;
    let found = scene.store.membership(company, person).await?;
    same("a membership of the longest ids", &found, &Some(membership(company, person)?))
}
