//! The memory one worker hashes in.

use std::collections::TryReserveError;

use argon2::{Algorithm, Argon2, Block, ParamsBuilder};
use vestibule_core::{Secret, equal_in_constant_time};
use zeroize::{Zeroize, Zeroizing};

use crate::{PreparedPassword, StoredHash};

/// Blocks that are allocated once and wiped between people.
pub(crate) struct Arena {
    blocks: Vec<Block>,
}

/// A computation that cannot be done: parameters the arena was not made for.
#[derive(Debug)]
pub(crate) struct DoesNotFit;

impl Arena {
    pub(crate) fn allocate(memory_kib: u32) -> Result<Self, TryReserveError> {
        let count = usize::try_from(memory_kib).unwrap_or(usize::MAX);
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(count)?;
        blocks.resize(count, Block::new());
        Ok(Self { blocks })
    }

    /// Computes over `recipe`'s parameters and salt, and leaves the arena wiped.
    pub(crate) fn derive(
        &mut self,
        recipe: &StoredHash,
        pepper: Option<&Secret<[u8; 32]>>,
        password: &PreparedPassword,
        out: &mut [u8],
    ) -> Result<(), DoesNotFit> {
        let params = ParamsBuilder::new()
            .m_cost(recipe.memory_kib)
            .t_cost(recipe.passes)
            .p_cost(recipe.lanes)
            .output_len(out.len())
            .build()
            .map_err(|_| DoesNotFit)?;
        let used = self.blocks.get_mut(..params.block_count()).ok_or(DoesNotFit)?;
        let argon2 = match pepper {
            // EXPOSE: the extra key of the hash.
            Some(key) => Argon2::new_with_secret(key.expose(), Algorithm::Argon2id, recipe.version, params)
                .map_err(|_| DoesNotFit)?,
            None => Argon2::new(Algorithm::Argon2id, recipe.version, params),
        };
        let password = if recipe.preparation == 0 { password.typed() } else { password.prepared() };
        // EXPOSE: the one computation it is there for.
        let bytes = password.expose().as_bytes();
        let result = argon2.hash_password_into_with_memory(bytes, &recipe.salt, out, &mut *used);
        used.iter_mut().for_each(Zeroize::zeroize);
        result.map_err(|_| DoesNotFit)
    }

    /// Whether the password is the one `stored` was made of.
    pub(crate) fn matches(
        &mut self,
        stored: &StoredHash,
        pepper: Option<&Secret<[u8; 32]>>,
        password: &PreparedPassword,
    ) -> Result<bool, DoesNotFit> {
        let mut made = Zeroizing::new(vec![0; stored.hash.len()]);
        self.derive(stored, pepper, password, &mut made)?;
        Ok(equal_in_constant_time(&made, stored.hash.as_bytes()))
    }

    /// Wipes everything, after a computation that did not come to its end.
    pub(crate) fn wipe(&mut self) {
        self.blocks.iter_mut().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, Params, Version};
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { panic!("half a byte") };
        pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn prepared(text: &str) -> PreparedPassword {
        PreparedPassword::prepare(Secret::new(text.into())).unwrap()
    }

    fn weak(text: &str) -> StoredHash {
        let salt = "AAECAwQFBgcICQoLDA0ODw";
        let mut stored =
            StoredHash::parse(&format!("$vst1$k=-,n=1$argon2id$v=19$m=8,t=1,p=1${salt}${}", "A".repeat(43)))
                .unwrap();
        let mut out = [0; 32];
        Arena::allocate(8).unwrap().derive(&stored, None, &prepared(text), &mut out).unwrap();
        stored.hash = password_hash::phc::Output::new(&out).unwrap();
        stored
    }

    /// The vector has associated data and four lanes, which this crate never writes: it is asked of the
    /// implementation beneath, with memory handed in as the arena does.
    #[test]
    fn the_vector_of_rfc_9106_is_reproduced() {
        let field = |name: &str| {
            let vectors = include_str!("../vectors/rfc9106.txt");
            bytes(vectors.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim())
        };
        let (secret, data) = (field("secret "), AssociatedData::new(&field("data ")).unwrap());
        let params: Params = ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(data).build().unwrap();
        let argon2 = Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let (mut out, mut arena) = ([0; 32], Arena::allocate(32).unwrap());
        argon2
            .hash_password_into_with_memory(&field("password "), &field("salt "), &mut out, &mut arena.blocks)
            .unwrap();
        assert_eq!(out.as_slice(), field("tag "));
    }

    #[test]
    fn texts_of_another_implementation_are_verified() {
        let pepper = Secret::new([7; 32]);
        let mut arena = Arena::allocate(19_456).unwrap();
        let mut seen = 0;
        for line in include_str!("../vectors/argon2id.txt").lines().filter(|line| !line.starts_with('#')) {
            let (password, text) = line.split_once(" | ").unwrap();
            let password = String::from_utf8(bytes(password)).unwrap();
            let stored = StoredHash::parse(text).unwrap();
            let key = stored.pepper().map(|_| &pepper);
            assert!(arena.matches(&stored, key, &prepared(&password)).unwrap(), "{text}");
            assert!(!arena.matches(&stored, key, &prepared("another")).unwrap(), "{text}");
            seen += 1;
        }
        assert_eq!(seen, 8);
    }

    #[test]
    fn nothing_of_a_person_is_left_in_the_arena() {
        let mut arena = Arena::allocate(16).unwrap();
        let stored = weak("gnu harp mildew obelisk");
        assert!(arena.matches(&stored, None, &prepared("gnu harp mildew obelisk")).unwrap());
        let blank =
            |arena: &Arena| arena.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
        assert!(blank(&arena));
        arena.blocks[3].as_mut()[5] = 1;
        assert!(!blank(&arena));
        arena.wipe();
        assert!(blank(&arena));
    }

    #[test]
    fn more_memory_than_the_arena_has_is_refused() {
        assert!(Arena::allocate(7).unwrap().matches(&weak("a"), None, &prepared("a")).is_err());
    }

    #[test]
    fn one_byte_more_less_or_other_is_another_password() {
        for length in [71, 72, 73, 127, 128, 129, 255, 256, 4095, 4096] {
            let rest = "x".repeat(length - 1);
            let right = format!("{rest}z");
            let stored = weak(&right);
            let mut arena = Arena::allocate(8).unwrap();
            for wrong in [format!("{rest}y"), format!("{rest}\0"), format!("\0{rest}"), rest] {
                assert!(!arena.matches(&stored, None, &prepared(&wrong)).unwrap(), "{length}");
            }
            assert!(arena.matches(&stored, None, &prepared(&right)).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn different_passwords_never_verify(p in "[ab\0\u{e9}\u{301}e ]{0,6}|\\PC{0,80}", q in "[ab\0\u{e9}\u{301}e ]{0,6}") {
            // EXPOSE: the test compares two.
            let same = prepared(&p).prepared().expose() == prepared(&q).prepared().expose();
            let mut arena = Arena::allocate(8).unwrap();
            prop_assert_eq!(arena.matches(&weak(&p), None, &prepared(&q)).unwrap(), same);
            prop_assert!(arena.matches(&weak(&p), None, &prepared(&p)).unwrap());
        }

        #[test]
        fn a_change_at_any_place_is_another_password(text in "[a-z\0]{1,200}", place in any::<proptest::sample::Index>()) {
            let mut other: Vec<char> = text.chars().collect();
            let at = place.index(other.len());
            other[at] = if other[at] == '\0' { '0' } else { '\0' };
            let other: String = other.into_iter().collect();
            prop_assert!(!Arena::allocate(8).unwrap().matches(&weak(&text), None, &prepared(&other)).unwrap());
        }
    }
}
