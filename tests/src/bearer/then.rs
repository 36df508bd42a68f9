//! What a request to the protected API has to come to.

use serde_json::json;

use super::{RESOURCE, Seen};

/// What comes back, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// 200, with who asks in which organization.
    In(&'static str),
    /// 401 without an error: there was no token.
    Missing,
    /// 400 `invalid_request`.
    Malformed,
    /// 401 `invalid_token`.
    Invalid,
    /// 403 `insufficient_scope`.
    Forbidden,
}

use Then::{Forbidden, In, Invalid, Malformed, Missing};

impl Then {
    /// Checks status and `WWW-Authenticate`, which names `scope` if it is not empty.
    ///
    /// # Panics
    ///
    /// With `name`, if they are not as they must be.
    pub fn assert(self, name: &str, seen: &Seen, scope: &str) {
        let (status, error) = match self {
            In(_) => (200, None),
            Missing => (401, None),
            Malformed => (400, Some("invalid_request")),
            Invalid => (401, Some("invalid_token")),
            Forbidden => (403, Some("insufficient_scope")),
        };
        assert_eq!(seen.status, status, "{name}: {seen:?}");
        if let In(body) = self {
            assert_eq!((seen.body.as_str(), seen.challenge.as_str()), (body, ""), "{name}");
            return;
        }
        let challenge = seen.challenge.as_str();
        let begin = format!("Bearer realm=\"{RESOURCE}\"");
        assert!(challenge.starts_with(&begin), "{name}: {seen:?}");
        let metadata =
            format!("resource_metadata=\"{RESOURCE}/.well-known/oauth-protected-resource\"");
        assert!(challenge.ends_with(&metadata), "{name}: {seen:?}");
        let said = |parameter: &str| {
            let from = challenge.split_once(&format!(" {parameter}=\""))?.1;
            from.split_once('"').map(|(value, _)| value.to_owned())
        };
        assert_eq!(said("error").as_deref(), error, "{name}: {seen:?}");
        let wanted = Some(scope).filter(|scope| !scope.is_empty());
        assert_eq!(said("scope").as_deref(), wanted, "{name}: {seen:?}");
        let description = said("error_description");
        assert_eq!(description.is_some(), error.is_some(), "{name}: {seen:?}");
        if let Some(text) = description {
            // As much in the body, and nothing of what a parser said.
            let body = json!({ "error": error, "message": text }).to_string();
            assert_eq!(seen.body, body, "{name}");
            assert!(text.len() < 80, "{name}: {text}");
        }
        assert!(seen.headers.contains(&("cache-control", "no-store".to_owned())));
    }
}

/// 200 for the token that tests begin with.
pub const ALICE: Then = In("alice in none");
