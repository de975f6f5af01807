//! The `otpauth` URI as a picture.

use core::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};
use vestibule_core::Secret;

use crate::enrolment::PendingEnrolment;

/// How many modules are left white around the code (ISO/IEC 18004).
const QUIET: i32 = 4;

/// The text does not fit a QR code: issuer and account are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the issuer and the account are too long for a QR code")]
#[non_exhaustive]
pub struct QrError;

impl PendingEnrolment {
    /// What [`uri`](Self::uri) says, as a QR code in SVG, black on white, scaled by the page. It is the secret itself: serve it
    /// to nobody but the person, from no cache, and not as a link of its own.
    ///
    /// # Errors
    ///
    /// [`QrError`].
    pub fn qr_svg(&self, issuer: &str, account: &str) -> Result<Secret<String>, QrError> {
        let uri = self.uri(issuer, account);
        // EXPOSE: drawn for the person whose secret it is.
        let code = QrCode::encode_text(uri.expose(), QrCodeEcc::Medium).map_err(|_| QrError)?;
        let size = code.size() + 2 * QUIET;
        // Long enough from the start: a growing text would leave copies of the secret behind.
        let area = usize::try_from(code.size() * code.size()).unwrap_or(0);
        let mut svg = String::with_capacity(256 + 16 * area);
        let begins = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path fill=\"#000\" d=\""
        );
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let drawn = dark
            .filter(|(x, y)| code.get_module(*x, *y))
            .try_for_each(|(x, y)| write!(svg, "M{},{}h1v1h-1z", x + QUIET, y + QUIET));
        // Writing to a text does not fail.
        let ends = svg.write_str("\"/></svg>");
        begins.and(drawn).and(ends).map_err(|_| QrError)?;
        Ok(Secret::new(svg))
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::Secret;

    use crate::authenticator::AuthenticatorId;
    use crate::enrolment::PendingEnrolment;
    use crate::totp::Parameters;

    fn pending() -> PendingEnrolment {
        PendingEnrolment {
            id: AuthenticatorId::from_bytes([1; 16]),
            parameters: Parameters::default(),
            secret: Secret::new(b"12345678901234567890".to_vec()),
        }
    }

    #[test]
    fn the_picture_is_the_uri_module_for_module() {
        let svg = pending().qr_svg("Example", "ada@b.example").unwrap();
        let uri = pending().uri("Example", "ada@b.example");
        // EXPOSE: a published secret.
        let code = qrcodegen::QrCode::encode_text(uri.expose(), qrcodegen::QrCodeEcc::Medium).unwrap();
        let drawn: std::collections::BTreeSet<(i32, i32)> = svg
            // EXPOSE: a published secret.
            .expose()
            .split('M')
            .skip(1)
            .map(|step| {
                let (x, y) = step.split_once('h').unwrap().0.split_once(',').unwrap();
                (x.parse::<i32>().unwrap() - 4, y.parse::<i32>().unwrap() - 4)
            })
            .collect();
        for y in 0..code.size() {
            for x in 0..code.size() {
                assert_eq!(drawn.contains(&(x, y)), code.get_module(x, y), "{x} {y}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(pending().qr_svg(&"x".repeat(3000), "ada").is_err());
    }
}
