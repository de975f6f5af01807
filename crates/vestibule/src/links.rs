//! Where the pages are that links lead to.

use core::fmt;

/// Why a text is no base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It does not begin with `https://`: a link that carries a secret would cross the network in clear (ASVS 12.2.1).
    #[error("a base URL begins with https://")]
    NotHttps,
    /// There is no host name, or one with characters that no host name has.
    #[error("a base URL has a host name of letters, digits, dots and hyphens, and a port at most")]
    Host,
    /// It has a query, a fragment, or characters that must be encoded.
    #[error("a base URL ends with its path: no query, no fragment, nothing that must be encoded")]
    Path,
}

/// The base of every link that a message carries: `https://id.example.com/door`.
///
/// # Example
///
/// ```
/// use vestibule::{BaseUrlError, BaseUrls};
///
/// let links = BaseUrls::parse("https://id.example.com/door/")?;
/// assert_eq!(links.as_str(), "https://id.example.com/door");
/// assert_eq!(BaseUrls::parse("http://id.example.com"), Err(BaseUrlError::NotHttps));
/// # Ok::<(), BaseUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrls(String);

impl BaseUrls {
    /// Reads a base URL. Slashes at its end are dropped; nothing else is changed.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`].
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let rest = text.strip_prefix("https://").ok_or(BaseUrlError::NotHttps)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let good_port = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !is_host(host) || !good_port {
            return Err(BaseUrlError::Host);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if !path.bytes().all(plain) || path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(BaseUrlError::Path);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The base, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_the_plain_base_of_a_link_is_refused() {
        for (text, error) in [
            ("http://id.example.com", BaseUrlError::NotHttps),
            ("HTTPS://id.example.com", BaseUrlError::NotHttps),
            ("id.example.com", BaseUrlError::NotHttps),
            ("https://", BaseUrlError::Host),
            ("https:///door", BaseUrlError::Host),
            ("https://me@id.example.com", BaseUrlError::Host),
            ("https://me:secret@id.example.com", BaseUrlError::Host),
            ("https://id.example.com:0", BaseUrlError::Host),
            ("https://id.example.com:+80", BaseUrlError::Host),
            ("https://id.example.com:70000", BaseUrlError::Host),
            ("https://id..example", BaseUrlError::Host),
            ("https://-id.example", BaseUrlError::Host),
            ("https://id.example\\door", BaseUrlError::Host),
            ("https://id.example?to=x", BaseUrlError::Host),
            ("https://id.example/door?to=x", BaseUrlError::Path),
            ("https://id.example/door#x", BaseUrlError::Path),
            ("https://id.example/a b", BaseUrlError::Path),
            ("https://id.example/../x", BaseUrlError::Path),
            ("https://id.example/%0d", BaseUrlError::Path),
        ] {
            assert_eq!(BaseUrls::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_port_and_a_path_are_kept() {
        let links = BaseUrls::parse("https://id.example.com:8443/door//").unwrap();
        assert_eq!(links.to_string(), "https://id.example.com:8443/door");
        assert_eq!(BaseUrls::parse("https://localhost").unwrap().as_str(), "https://localhost");
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_the_text_without_the_slashes_at_its_end_and_safe_in_a_line(
            text in "https://[a-zA-Z0-9.-]{1,12}(:[0-9+]{0,5})?(/[a-zA-Z0-9._~-]{0,4}){0,4}/{0,2}|https://\\PC{0,30}|\\PC{0,30}",
        ) {
            if let Ok(links) = BaseUrls::parse(&text) {
                prop_assert_eq!(links.as_str(), text.trim_end_matches('/'));
                prop_assert_eq!(links.to_string(), links.as_str());
                prop_assert!(links.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!links.as_str().contains(['?', '#', '@', '%', '\\', '<', '>', '"', '\'']));
                prop_assert_eq!(BaseUrls::parse(links.as_str()), Ok(links.clone()));
            }
        }

        #[test]
        fn a_plain_base_is_accepted(
            host in "[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z0-9]{1,8}){0,3}", port in proptest::option::of(1..=u16::MAX),
            path in "(/[a-z0-9_~-]{1,6}){0,3}",
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let text = format!("https://{host}{port}{path}");
            let links = BaseUrls::parse(&text).map(|links| links.to_string());
            prop_assert_eq!(links, Ok(text));
        }
    }
}
