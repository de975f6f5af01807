//! The text that leaves in a message: made, read, and opened where it rests.

use vestibule_core::{
    BatchId, Entropy, Error, KeyPurpose, KeyRing, Purpose, Sealed, Secret, SecretDigest, SecretText,
    SecretTextError,
};
use zeroize::Zeroize;

use crate::checkword::{Checkword, with_identity};
use crate::decide::{CheckwordRequest, Made};
use crate::problem::Problem;

/// Makes a link for the generation after the one that was read. It is made for every request, whatever becomes of it
/// (PR-6).
///
/// # Errors
///
/// Randomness or a key is missing.
pub fn make_link(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    request: &CheckwordRequest,
    generation: u64,
    batch: BatchId,
) -> Result<(Secret<String>, Made), Error> {
    let text = SecretText::make(entropy, request.purpose, ring.current(KeyPurpose::Digest))?;
    let link = text.render();
    // EXPOSE: the input of the seal.
    let plain = Secret::new(link.expose().as_bytes().to_vec());
    let sealed = with_identity(request.holder, request.purpose, generation, |row| {
        Sealed::seal(ring, entropy, row, &plain)
    })?;
    Ok((link, Made { digest: text.digest(ring)?, sealed, batch }))
}

/// The digest of a text that came from outside; no store is asked (ATK-C8).
///
/// # Errors
///
/// [`Problem::WrongPurpose`], [`Problem::Malformed`], and [`Problem::Unknown`] for a key that is not in the ring: anybody can
/// write one, so that is no fault of ours.
pub fn read_link(ring: &KeyRing, link: &str, purpose: Purpose) -> Result<SecretDigest, Problem> {
    let text = SecretText::parse(link, purpose).map_err(|error| match error {
        SecretTextError::WrongPurpose => Problem::WrongPurpose,
        _ => Problem::Malformed,
    })?;
    text.digest(ring).map_err(|_| Problem::Unknown)
}

/// The text that rests in the row, to be sent again. One that can not be opened, because its key is gone (FLT-X40) say, is
/// taken out of the row as it was read, so that the decision makes a new one.
#[must_use]
pub fn open_link(ring: &KeyRing, row: Option<&mut Checkword>, purpose: Purpose) -> Option<Secret<String>> {
    let row = row?;
    let opened = row.sealed.as_deref().and_then(|bytes| {
        let sealed = Sealed::from_bytes(bytes).ok()?;
        let plain =
            with_identity(row.holder, purpose, row.generation, |identity| sealed.open(ring, identity));
        // EXPOSE: copied into the text that leaves, and nowhere else.
        let copy = plain.ok()?.expose().clone();
        String::from_utf8(copy).map_err(|error| error.into_bytes().zeroize()).ok().map(Secret::new)
    });
    if opened.is_none() {
        row.sealed = None;
    }
    opened
}
