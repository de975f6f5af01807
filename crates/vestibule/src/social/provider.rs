//! Which identity providers a deployment takes people from, and what it believes of them.

use vestibule_core::{LoginEmail, SocialSubject};

/// Why a provider cannot be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The issuer is not an exact `https` URL; see [`SocialSubject`].
    #[error("the issuer is not an exact https URL")]
    Issuer,
    /// The domain is none that an address can have.
    #[error("the domain is none that a mail address can have")]
    Domain,
}

/// An identity provider that a deployment takes people from.
///
/// # Example
///
/// ```
/// use vestibule::Provider;
///
/// let provider = Provider::new("https://accounts.example.com")?.authoritative_for("example.com")?;
/// assert!(provider.is_authoritative_for("example.com"));
/// assert!(!provider.is_authoritative_for("mail.example.com"), "a domain, not what lies below it");
/// # Ok::<(), vestibule::ProviderError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Provider {
    issuer: String,
    domains: Vec<String>,
    signs_up: bool,
}

impl Provider {
    /// A provider by its issuer, byte by byte as its answers name it. It is believed about who somebody is, and about no
    /// address; people may sign up by it.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Issuer`].
    pub fn new(issuer: &str) -> Result<Self, ProviderError> {
        SocialSubject::new(issuer, "anybody").map_err(|_| ProviderError::Issuer)?;
        Ok(Self { issuer: issuer.to_owned(), domains: Vec::new(), signs_up: true })
    }

    /// It runs the mailboxes of this domain (not of those below it): what it says of an address there counts as proof, when
    /// it says `email_verified: true`. Declare no domain that the provider does not run itself (ATK-F5, nOAuth).
    ///
    /// # Errors
    ///
    /// [`ProviderError::Domain`].
    pub fn authoritative_for(mut self, domain: &str) -> Result<Self, ProviderError> {
        let address = LoginEmail::parse(&format!("a@{domain}")).map_err(|_| ProviderError::Domain)?;
        self.domains.push(address.domain().to_owned());
        Ok(self)
    }

    /// Nobody signs up by it: it opens profiles that have linked it, and no others.
    pub const fn without_sign_up(mut self) -> Self {
        self.signs_up = false;
        self
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether it is believed about addresses of this domain.
    #[must_use]
    pub fn is_authoritative_for(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| own == domain)
    }

    /// Whether people may sign up by it.
    #[must_use]
    pub const fn signs_up(&self) -> bool {
        self.signs_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_answer_can_name_is_not_declared() {
        assert_eq!(Provider::new("http://accounts.example.com"), Err(ProviderError::Issuer));
        let provider = Provider::new("https://accounts.example.com").unwrap();
        for domain in ["", "example", "a@example.com", "*.example.com"] {
            assert_eq!(provider.clone().authoritative_for(domain), Err(ProviderError::Domain), "{domain}");
        }
        assert!(provider.authoritative_for("Example.COM").unwrap().is_authoritative_for("example.com"));
    }
}
