//! Delegation: the `act` claim (RFC 8693, section 4.1).

use serde::Deserialize;

/// Who acts, and for whom they do.
#[derive(Deserialize)]
pub(super) struct Actor {
    pub(super) sub: String,
    act: Option<Box<Actor>>,
}

impl Actor {
    /// How many act, one for the other.
    pub(super) fn depth(&self) -> u8 {
        let earlier = self.act.as_ref().map_or(0, |act| act.depth());
        earlier.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use crate::oidc::jwt::KeySetVersion;
    use crate::resource_server::claims::Payload;
    use crate::resource_server::{AccessTokenClaims, Policy};

    fn token(act: &str) -> AccessTokenClaims {
        let payload = format!(
            r#"{{"iss":"i","aud":"a","sub":"s","client_id":"c","exp":1000,"iat":1,"act":{act}}}"#
        );
        let payload = Payload::parse(payload.as_bytes()).unwrap();
        AccessTokenClaims::new("t", &payload, "a", 50, KeySetVersion(1)).unwrap()
    }

    #[test]
    fn a_delegated_call_has_to_be_allowed() {
        let direct = r#"{"sub":"bob"}"#;
        let deep = r#"{"sub":"bob","act":{"sub":"agent","act":{"sub":"agent of the agent"}}}"#;
        let once = Policy::new().with_delegation(1);
        for (act, policy, permitted) in [
            ("null", Policy::new(), true),
            ("null", once.with_actors(&["bob"]), true),
            (direct, Policy::new(), false),
            (direct, Policy::new().with_actors(&["bob"]), false),
            (direct, once, true),
            (direct, once.with_actors(&["bob"]), true),
            (direct, once.with_actors(&["agent"]), false),
            (deep, once, false),
            (deep, Policy::new().with_delegation(2), false),
            (deep, Policy::new().with_delegation(3), true),
            // Who acted earlier is of no matter (RFC 8693, section 4.1).
            (deep, Policy::new().with_delegation(3).with_actors(&["agent"]), false),
        ] {
            assert_eq!(policy.permits(&token(act), None), permitted, "{act} {policy:?}");
        }
        assert_eq!(token(deep).actor(), Some("bob"));
        assert_eq!((token(deep).delegation_depth(), token("null").delegation_depth()), (3, 0));
    }
}
