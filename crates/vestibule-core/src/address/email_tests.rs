use proptest::prelude::*;

use super::{AddressError, ContactEmail, LoginEmail};

fn canonical(typed: &str) -> String {
    LoginEmail::parse(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}")).canonical().to_owned()
}

#[test]
fn ordinary_addresses_are_taken() {
    for typed in [
        "a@b.example",
        "ada.lovelace+tag@sub.example.co",
        "o'brien@example.com",
        "1_2-3@4.example",
        "josé@example.com",
        "田中@example.jp",
        "हिन्दी@example.in",
        "a@xn--bcher-kva.example",
        "x@a--b.example",
    ] {
        assert_eq!(canonical(typed), typed);
    }
}

#[test]
fn dots_and_tags_count_and_ascii_case_does_not() {
    assert_eq!(canonical("A.B+C@Example.COM"), "a.b+c@example.com");
    assert_ne!(canonical("ab@gmail.com"), canonical("a.b@gmail.com"));
    assert_ne!(canonical("ab@gmail.com"), canonical("ab+x@gmail.com"));
}

#[test]
fn each_ambiguity_is_refused_with_its_reason() {
    let long = |bytes: usize| "x".repeat(bytes);
    for (typed, error) in [
        (String::new(), AddressError::Empty),
        (" \t ".into(), AddressError::Empty),
        ("@b.example".into(), AddressError::Empty),
        ("ada".into(), AddressError::NoAt),
        ("a@b@c.example".into(), AddressError::SeveralAt),
        ("a@@b.example".into(), AddressError::SeveralAt),
        ("a\u{FF20}b.example".into(), AddressError::LookAlikeAt),
        ("a@b\u{FE6B}c.example".into(), AddressError::LookAlikeAt),
        ("a@b.example\n".into(), AddressError::Control),
        ("a@b.example\r\nBcc: c@d.example".into(), AddressError::Control),
        ("a\0@b.example".into(), AddressError::Control),
        ("a\u{202E}b@c.example".into(), AddressError::Bidi),
        ("a\u{200B}@b.example".into(), AddressError::Invisible),
        ("a@b\u{AD}.example".into(), AddressError::Invisible),
        ("\u{FEFF}a@b.example".into(), AddressError::Invisible),
        ("a@b.example,c@d.example".into(), AddressError::List),
        ("a@b.example;c@d.example".into(), AddressError::List),
        ("a\u{37E}@b.example".into(), AddressError::LookAlike),
        ("<a@b.example>".into(), AddressError::Decorated),
        ("\"a b\"@c.example".into(), AddressError::Decorated),
        ("a(comment)@b.example".into(), AddressError::Decorated),
        ("a\\@b.example".into(), AddressError::Decorated),
        ("Ada <a@b.example>".into(), AddressError::WhiteSpace),
        ("a b@c.example".into(), AddressError::WhiteSpace),
        ("a@b.example\u{A0}".into(), AddressError::WhiteSpace),
        ("a%b@c.example".into(), AddressError::Character),
        ("b!a@c.example".into(), AddressError::Character),
        ("-oX@c.example".into(), AddressError::Character),
        ("a:b@c.example".into(), AddressError::Character),
        ("\u{301}a@c.example".into(), AddressError::Character),
        ("=\u{338}@c.example".into(), AddressError::Character),
        ("😀@c.example".into(), AddressError::Character),
        (".a@b.example".into(), AddressError::Dots),
        ("a.@b.example".into(), AddressError::Dots),
        ("a..b@c.example".into(), AddressError::Dots),
        ("a@b..example".into(), AddressError::Dots),
        ("a@.b.example".into(), AddressError::Dots),
        ("a@b.example.".into(), AddressError::Dots),
        ("a@".into(), AddressError::DomainWithoutDot),
        ("a@localhost".into(), AddressError::DomainWithoutDot),
        ("a@[127.0.0.1]".into(), AddressError::DomainLiteral),
        ("a@[IPv6:::1]".into(), AddressError::DomainLiteral),
        ("a@127.0.0.1".into(), AddressError::DomainLiteral),
        ("a@bücher.example".into(), AddressError::NonAsciiDomain),
        ("a@b\u{3002}example".into(), AddressError::NonAsciiDomain),
        ("a@b\u{FF0E}example".into(), AddressError::LookAlike),
        ("a@b_c.example".into(), AddressError::BadLabel),
        ("a@-b.example".into(), AddressError::BadLabel),
        ("a@b-.example".into(), AddressError::BadLabel),
        ("a@xn--.example".into(), AddressError::BadLabel),
        (format!("{}@b.example", long(65)), AddressError::LocalTooLong),
        (format!("a@{}.example", long(64)), AddressError::LabelTooLong),
        (format!("a@{0}.{0}.{0}.{0}", long(63)), AddressError::TooLong),
    ] {
        assert_eq!(LoginEmail::parse(&typed), Err(error), "{typed:?}");
        assert_eq!(ContactEmail::parse(&typed), Err(error), "{typed:?}");
    }
}

#[test]
fn the_longest_parts_are_taken() {
    let long = |bytes: usize| "x".repeat(bytes);
    let text = format!("{}@{}.{}.{}", long(64), long(63), long(63), long(61));
    assert_eq!(text.len(), 254);
    assert_eq!(canonical(&text), text);
}

/// CVE-2019-19844: a letter outside ASCII became an ASCII one, and the mail went to the typed address.
#[test]
fn no_letter_outside_ascii_meets_an_ascii_letter() {
    let plain = |letter: char| LoginEmail::parse(&format!("x{letter}@example.com")).unwrap().key();
    assert_eq!(LoginEmail::parse("x\u{212A}@example.com"), Err(AddressError::LookAlike), "Kelvin");
    assert_eq!(LoginEmail::parse("x\u{17F}@example.com"), Err(AddressError::LookAlike), "long s");
    for letter in ['İ', 'ı', 'і'] {
        assert_ne!(plain(letter), plain('i'), "{letter}");
        assert_ne!(plain(letter), plain('I'), "{letter}");
    }
    let ascii: std::collections::HashSet<_> = ('a'..='z').map(plain).collect();
    for letter in ('\u{80}'..=char::MAX).filter(|letter| letter.is_alphabetic()) {
        if let Ok(email) = LoginEmail::parse(&format!("x{letter}@example.com")) {
            assert!(!ascii.contains(&email.key()), "{letter:?}");
        }
    }
}

#[test]
fn normal_forms_meet_and_the_typed_form_stays() {
    let (composed, decomposed) = ("jos\u{E9}@example.com", "jose\u{301}@example.com");
    assert_eq!(LoginEmail::parse(composed), LoginEmail::parse(decomposed));
    assert_eq!(LoginEmail::parse(decomposed).unwrap().as_typed(), decomposed);
    // Lower case makes these two compose: the canonical form is normal all the same.
    assert_eq!(canonical("H\u{331}a@example.com"), canonical("\u{1E96}a@example.com"));
    assert_eq!(canonical("I\u{307}a@example.com"), canonical("İa@example.com"));
}

#[test]
fn debug_and_mask_do_not_give_the_address_away() {
    for (typed, masked) in [
        ("ada@example.com", "a***@e***.com"),
        ("ad@example.com", "***@e***.com"),
        ("ada@ab.cd", "a***@***.cd"),
        ("éva@mail.example.org", "é***@m***.org"),
    ] {
        let login = LoginEmail::parse(typed).unwrap();
        assert_eq!(login.masked(), masked);
        assert_eq!(format!("{login:?}"), format!("LoginEmail({masked})"));
    }
}

/// Long input is refused by its length: whatever it is made of, normalisation is not reached.
#[test]
fn a_flood_of_marks_is_refused_before_it_is_normalised() {
    for flood in ["e".to_owned() + &"\u{301}\u{323}".repeat(50_000), "a@b.".repeat(100_000)] {
        assert_eq!(LoginEmail::parse(&flood), Err(AddressError::TooLong));
        assert_eq!(LoginEmail::parse(&format!("{flood}@example.com")), Err(AddressError::TooLong));
        assert_eq!(super::Identifier::parse_login(&flood), Err(AddressError::TooLong));
    }
}

/// Texts near the border between accepted and refused.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-zA-Z0-9]{1,4}",
        2 => "[.@+-]",
        1 => "[,;<>\"()\\[\\]\r\n\0 ]",
        1 => "[\u{301}\u{331}\u{307}\u{338}İıéßКД田\u{212A}\u{FF20}\u{200D}\u{202E}]",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..8).prop_flat_map(|pieces| {
        let local = pieces.concat();
        prop_oneof![
            Just(local.clone()),
            Just(format!("{local}@example.com")),
            Just(format!(" a@{local}.Example ")),
            Just(format!("x{local}@Example.com")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_accepted_is_one_clean_address(typed in nearly()) {
        let Ok(email) = LoginEmail::parse(&typed) else { return Ok(()) };
        for text in [email.as_typed(), email.canonical()] {
            prop_assert_eq!(text.matches('@').count(), 1);
            prop_assert!(!text.contains([',', ';', '<', '>', '\r', '\n', '\0', '"', ' ']));
            prop_assert!(text.len() <= 254);
        }
        let again = LoginEmail::parse(email.canonical()).unwrap();
        prop_assert_eq!(again.canonical(), email.canonical());
        prop_assert_eq!(again.key(), email.key());
        prop_assert!(LoginEmail::from_stored(email.canonical(), email.as_typed()).is_ok());
        prop_assert!(email.domain().is_ascii() && email.domain().contains('.'));
    }

    #[test]
    fn keys_are_equal_exactly_when_canonical_forms_are(one in "[aAbB.]{1,3}", two in "[aAbB.]{1,3}") {
        let parse = |local: &str| LoginEmail::parse(&format!("{local}@example.com"));
        let (Ok(one), Ok(two)) = (parse(&one), parse(&two)) else { return Ok(()) };
        prop_assert_eq!(one.key() == two.key(), one.canonical() == two.canonical());
        prop_assert_eq!(one.key() == two.key(), one == two);
    }

    #[test]
    fn no_text_panics(typed in any::<String>()) {
        let _ = LoginEmail::parse(&typed);
        let _ = LoginEmail::from_stored(&typed, &typed);
        let _ = super::Identifier::parse_login(&typed);
    }
}
