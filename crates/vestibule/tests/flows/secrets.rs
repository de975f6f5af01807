//! No secret rests anywhere, and none is printed.

use vestibule::{RecoveryRequest, SignInRequest};
use vestibule_core::Secret;

use crate::ground::at_rest;
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, refused};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A token as text, its random part (`vst1_<purpose>_<key id>_<random>_<check>`), and the 20 bytes that part stands for.
fn planted(secret: &Secret<String>) -> Vec<Vec<u8>> {
    const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    // EXPOSE: the test looks for it where it must not be.
    let text = secret.expose();
    let random = text.split('_').nth(3).unwrap();
    let bits: String = random.chars().map(|digit| format!("{:05b}", DIGITS.find(digit).unwrap())).collect();
    assert_eq!(bits.len(), 160);
    let raw = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| byte.iter().fold(0_u8, |value, bit| (value << 1) | (bit - b'0')));
    vec![text.clone().into_bytes(), random.as_bytes().to_vec(), raw.collect()]
}

#[test]
fn no_password_and_no_token_rests_in_the_store_or_is_printed() {
    let (world, _) = World::with_ada();
    let request = SignInRequest::new(ADA, RIGHT);
    let mut printed = format!("{request:?}");
    let first = world.sign_in_with(request);
    let device = first.device.as_ref().unwrap();
    let who = world.authenticate(&first.token).unwrap();
    let wrong = refused(block_on(world.vestibule.change_password(&who, WRONG, NEW)));
    let unknown = world.refused_in(SignInRequest::new("nobody@example.com", WRONG));
    let fresh = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    printed.push_str(&format!("{first:?}{who:?}{wrong:?}{unknown:?}{fresh:?}{:?}", world.vestibule));
    printed.push_str(&format!("{:?}", SignInRequest::new(ADA, RIGHT).device(Secret::new(NEW.to_owned()))));

    let mut secrets: Vec<Vec<u8>> = [RIGHT, WRONG, NEW].map(|text| text.as_bytes().to_vec()).to_vec();
    for token in [&first.token, device, &fresh] {
        secrets.extend(planted(token));
    }
    look_for(&world, secrets, &printed);
}

/// Neither the link that waits in the mailbox nor the password that it set.
#[test]
fn no_link_rests_in_the_store_or_is_printed() {
    let (world, _) = World::with_ada();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    let mut waiting = block_on(world.vestibule.waiting_messages(None, 9)).unwrap();
    let mut printed = format!("{waiting:?}");
    let link = waiting.messages.remove(0).link.unwrap();
    printed.push_str(&format!("{:?}", block_on(world.vestibule.inspect_recovery(&link, None)).unwrap()));
    look_for(&world, planted(&link), &printed);
    let refusal = refused(block_on(world.vestibule.recover(&link, "short planted", None)));
    block_on(world.vestibule.recover(&link, NEW, None)).unwrap();
    let used = refused(block_on(world.vestibule.recover(&link, NEW, None)));
    let secrets = [planted(&link), vec![NEW.as_bytes().to_vec(), b"short planted".to_vec()]].concat();
    look_for(&world, secrets, &format!("{printed}{refusal:?}{used:?}"));
}

fn look_for(world: &World, secrets: Vec<Vec<u8>>, printed: &str) {
    let rests = at_rest(&world.store, &world.keep);
    assert!(!rests.is_empty());
    for secret in secrets {
        let (raw, digits) = (secret.as_slice(), hex(&secret));
        let holds = |bytes: &[u8]| {
            bytes.windows(raw.len()).any(|window| window == raw)
                || String::from_utf8_lossy(bytes).to_lowercase().contains(&digits)
        };
        assert!(!rests.iter().any(|row| holds(row)), "a secret rests");
        assert!(!holds(printed.as_bytes()), "a secret was printed");
        assert!(!printed.contains(&format!("{raw:?}")), "a secret was printed as bytes");
    }
}

/// The search above finds what is there: the login rests, as it must, and is found.
#[test]
fn the_search_finds_what_does_rest() {
    let (world, _) = World::with_ada();
    let found = at_rest(&world.store, &world.keep)
        .iter()
        .any(|row| row.windows(ADA.len()).any(|window| window == ADA.as_bytes()));
    assert!(found);
}
