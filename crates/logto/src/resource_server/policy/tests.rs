use super::super::claims::Payload;
use super::*;
use crate::oidc::jwt::KeySetVersion;

const API: &str = "https://api.example.test";

/// The claims of a token with a member more.
fn claims(member: &str) -> AccessTokenClaims {
    let json = format!(
        r#"{{"iss":"i","aud":"{API}","sub":"s","client_id":"c","exp":1000,"iat":1{member}}}"#
    );
    let payload = Payload::parse(json.as_bytes()).unwrap();
    AccessTokenClaims::new("a.b.c", &payload, API, 50, KeySetVersion::default()).unwrap()
}

#[test]
fn a_first_look_leaves_no_line() {
    assert!(Policy::new().logs());
    assert!(!Policy::new().without_log().logs());
}

#[test]
fn a_route_without_the_organization_that_its_policy_reads_is_told_apart() {
    let policy = Policy::new().with_organization_in_path("team");
    let error = policy.check(&claims(r#","organization_id":"o""#), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("not known which organization"), "{error}");
}

#[test]
fn a_policy_that_is_made_from_another_asks_for_no_less() {
    const READ: Policy = Policy::new().with_scopes(&["read"]).with_any_scope(&["a", "b"]);
    const WRITE: Policy = READ.with_scopes(&["write"]).with_any_scope(&["c", "d"]);
    assert_eq!(WRITE.scope(), "read write a c");
    for (scope, may_read, may_write) in [
        ("read write a c", true, true),
        ("read write b d", true, true),
        ("write a c", false, false),
        ("read a c", true, false),
        ("read write a b", true, false),
        ("read write c d", false, false),
    ] {
        let token = claims(&format!(r#","scope":"{scope}""#));
        assert_eq!(READ.permits(&token, None), may_read, "{scope}");
        assert_eq!(WRITE.permits(&token, None), may_write, "{scope}");
    }
}

#[test]
fn a_policy_that_cannot_hold_all_that_it_asks_for_permits_nothing() {
    let [mut all, mut any] = [Policy::new(); 2];
    let token = claims(r#","scope":"a""#);
    for times in 1..=5 {
        (all, any) = (all.with_scopes(&["a"]), any.with_any_scope(&["a"]));
        assert_eq!(all.permits(&token, None), times < 5, "{times}");
        assert_eq!(any.permits(&token, None), times < 5, "{times}");
    }
}
