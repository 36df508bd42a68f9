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
