//! Stops a browser that signs in again and again because its session is lost each time: a proxy
//! drops the cookie, or instances do not share their store.
//!
//! The page asks for a sign-in, Logto knows the user and asks nothing, and the callback leads back
//! to the page. A cookie counts such sign-ins. It is not sealed: to change it changes only when
//! this browser is stopped.

use crate::cookies::{self, Attributes};
use crate::crypto::encoding;

/// Seconds between two sign-ins that count as one after the other.
const INTERVAL: u64 = 60;
/// Sign-ins in a row before the browser is stopped.
const MAX_SIGN_INS: u8 = 3;

/// Counts the sign-ins of a browser.
#[derive(Debug)]
pub(crate) struct SignInLoop {
    name: String,
    attributes: Attributes,
}

impl SignInLoop {
    /// `context` is tenant and application: two apps on one host count for themselves.
    pub(crate) fn new(attributes: Attributes, context: &str) -> Self {
        let hash = encoding::encode(encoding::sha256(&[b"sign-ins", context.as_bytes()]));
        let app: String = hash.chars().take(4).collect();
        Self { name: attributes.name(&format!("logto_signed_in_{app}")), attributes }
    }

    /// The `Set-Cookie` line after a sign-in.
    pub(crate) fn count(&self, header: &str) -> String {
        let counted = self.counted(header).unwrap_or(0).saturating_add(1);
        self.attributes.set(&self.name, &counted.to_string(), INTERVAL)
    }

    /// Whether a browser without a session should not be sent to sign in once more.
    pub(crate) fn is_stopped(&self, header: &str) -> bool {
        self.counted(header).is_some_and(|counted| counted >= MAX_SIGN_INS)
    }

    /// The `Set-Cookie` line with which counting begins anew, if anything was counted.
    pub(crate) fn forget(&self, header: &str) -> Option<String> {
        self.counted(header).map(|_| self.attributes.remove(&self.name))
    }

    fn counted(&self, header: &str) -> Option<u8> {
        let value = cookies::values(header.as_bytes(), &self.name).next()?;
        str::from_utf8(value).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_in_a_row_is_stopped() {
        let signs_in = SignInLoop::new(Attributes::for_host(true), "issuer\napp");
        let mut header = "other=3; __Host-logto_signed_in_=3".to_owned();
        assert_eq!(signs_in.forget(&header), None);
        for _ in 0..MAX_SIGN_INS {
            assert!(!signs_in.is_stopped(&header));
            let line = signs_in.count(&header);
            assert!(line.contains("; Max-Age=60;"), "{line}");
            header = line.split(';').next().unwrap().to_owned();
        }
        assert!(signs_in.is_stopped(&header));
        assert!(signs_in.forget(&header).unwrap().contains("; Max-Age=0;"));
        let elsewhere = SignInLoop::new(Attributes::for_host(true), "issuer\nother");
        assert!(!elsewhere.is_stopped(&header), "another app");
        let many = format!("{}=255", signs_in.name);
        assert!(signs_in.is_stopped(&many) && signs_in.count(&many).contains("=255;"));
        for odd in ["", "-1", "256", "x"] {
            assert!(!signs_in.is_stopped(&format!("{}={odd}", signs_in.name)));
        }
    }
}
