//! Discovery documents and key sets that are wrong, odd, slow or gone.

use std::time::Duration;

use logto_tests::hostile::{APP_ID, Answer, Endpoint, Fixture, LATER, NO, YES, each_document};
use serde_json::{Value, json};

#[tokio::test]
async fn discovery_documents() {
    each_document(
        Endpoint::Discovery,
        &[
            ("honest", |a, _| a, YES),
            ("more members", |a, _| a.set("x", json!({ "y": [1] })), YES),
            ("issuer with a slash", |a, p| a.set("issuer", format!("{}/", p.issuer())), NO),
            ("issuer without path", |a, p| a.set("issuer", p.endpoint()), NO),
            ("issuer other", |a, _| a.set("issuer", "https://evil.example/oidc"), NO),
            (
                "issuer localhost",
                |a, p| a.set("issuer", p.issuer().replace("127.0.0.1", "localhost")),
                NO,
            ),
            ("issuer upper case", |a, p| a.set("issuer", p.issuer().to_uppercase()), NO),
            ("issuer missing", |a, _| a.without("issuer"), NO),
            ("issuer null", |a, _| a.set("issuer", Value::Null), NO),
            ("issuer array", |a, p| a.set("issuer", json!([p.issuer()])), NO),
            ("issuer twice", |a, _| a.with_raw_member(r#""issuer":"https://evil.example""#), NO),
            ("issuer with control characters", |a, _| a.set("issuer", "a\r\nb\u{0}"), NO),
            ("authorization_endpoint missing", |a, _| a.without("authorization_endpoint"), NO),
            (
                "authorization_endpoint null",
                |a, _| a.set("authorization_endpoint", Value::Null),
                NO,
            ),
            (
                "authorization_endpoint relative",
                |a, _| a.set("authorization_endpoint", "/oidc/auth"),
                NO,
            ),
            (
                "authorization_endpoint javascript",
                |a, _| a.set("authorization_endpoint", "javascript:alert(1)"),
                NO,
            ),
            (
                "authorization_endpoint data",
                |a, _| a.set("authorization_endpoint", "data:text/html,x"),
                NO,
            ),
            (
                "authorization_endpoint plain http",
                |a, _| a.set("authorization_endpoint", "http://logto.example/auth"),
                NO,
            ),
            ("token_endpoint missing", |a, _| a.without("token_endpoint"), NO),
            (
                "token_endpoint plain http",
                |a, _| a.set("token_endpoint", "http://logto.example/token"),
                NO,
            ),
            ("token_endpoint file", |a, _| a.set("token_endpoint", "file:///etc/passwd"), NO),
            (
                "token_endpoint like loopback",
                |a, _| a.set("token_endpoint", "http://127.0.0.1.example/token"),
                NO,
            ),
            (
                "token_endpoint in the local network",
                |a, _| a.set("token_endpoint", "http://192.168.0.1/token"),
                NO,
            ),
            ("token_endpoint number", |a, _| a.set("token_endpoint", 7), NO),
            ("jwks_uri missing", |a, _| a.without("jwks_uri"), NO),
            ("jwks_uri empty", |a, _| a.set("jwks_uri", ""), NO),
            ("jwks_uri plain http", |a, _| a.set("jwks_uri", "http://logto.example/jwks"), NO),
            ("userinfo_endpoint missing", |a, _| a.without("userinfo_endpoint"), YES),
            ("userinfo_endpoint null", |a, _| a.set("userinfo_endpoint", Value::Null), YES),
            (
                "userinfo_endpoint plain http",
                |a, _| a.set("userinfo_endpoint", "http://logto.example/me"),
                NO,
            ),
            ("revocation_endpoint missing", |a, _| a.without("revocation_endpoint"), YES),
            (
                "revocation_endpoint plain http",
                |a, _| a.set("revocation_endpoint", "http://logto.example/r"),
                NO,
            ),
            ("end_session_endpoint missing", |a, _| a.without("end_session_endpoint"), YES),
            (
                "end_session_endpoint plain http",
                |a, _| a.set("end_session_endpoint", "http://logto.example/"),
                NO,
            ),
            (
                "iss support missing",
                |a, _| a.without("authorization_response_iss_parameter_supported"),
                YES,
            ),
            (
                "iss support false",
                |a, _| a.set("authorization_response_iss_parameter_supported", false),
                YES,
            ),
            (
                "iss support text",
                |a, _| a.set("authorization_response_iss_parameter_supported", "true"),
                NO,
            ),
            (
                "algorithms that we do not know",
                |a, _| a.set("id_token_signing_alg_values_supported", json!(["none"])),
                YES,
            ),
            ("an array", |a, _| a.edit(|body| *body = json!([body.clone()])), NO),
            ("null", |_, _| Answer::json(&Value::Null), NO),
            ("empty", |_, _| Answer::text(200, ""), NO),
            ("HTML", |_, _| Answer::html(), NO),
            ("huge", |_, _| Answer::huge(), NO),
            ("deep", |_, _| Answer::text(200, &"[".repeat(100_000)), NO),
            ("not UTF-8", |a, _| a.followed_by(&[0xff]), NO),
            ("204", |_, _| Answer::text(204, ""), NO),
            ("304", |_, _| Answer::text(304, ""), NO),
            ("401", |_, _| Answer::text(401, ""), NO),
            ("404", |_, _| Answer::text(404, "Not Found"), NO),
            ("410", |_, _| Answer::text(410, ""), NO),
            ("429", |_, _| Answer::text(429, ""), LATER),
            ("500", |_, _| Answer::text(500, ""), LATER),
            ("503", |_, _| Answer::text(503, ""), LATER),
            ("cut", |a, _| a.cut(), LATER),
            ("stalled", |a, _| a.stalled(), LATER),
            ("never", |a, _| a.never(), LATER),
        ],
    )
    .await;
}

#[tokio::test]
async fn discovery_may_change_between_two_sign_ins() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("before").await;
    fixture.provider.bend(Endpoint::Discovery, |answer, _| {
        answer
            .set("issuer", "https://evil.example/oidc")
            .set("token_endpoint", "https://evil.example/token")
    });
    fixture.clock.advance(Duration::from_secs(3601));
    // What is known serves; what is new and wrong is not taken.
    fixture.sign_in_as("alice").await;
    fixture.sign_in_as("bob").await;
    fixture.provider.clear_faults();
    fixture.clock.advance(Duration::from_secs(3601));
    fixture.sign_in_as("carol").await;
    assert!(
        fixture.log().contains("another issuer") || fixture.log().contains("evil.example"),
        "said in the log"
    );
    fixture.finish();
}

#[tokio::test]
async fn what_is_asked_of_the_provider() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in").await;
    let pairs: Vec<_> = authorize.query_pairs().into_owned().collect();
    let value = |name: &str| {
        let mut values = pairs.iter().filter(|(held, _)| held == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert_eq!(values.next(), None, "{name} twice");
        value.unwrap_or_default()
    };
    assert_eq!(value("client_id"), APP_ID);
    assert_eq!(value("response_type"), "code");
    assert_eq!(value("redirect_uri"), "http://localhost:3000/callback");
    assert_eq!(value("code_challenge_method"), "S256");
    assert_eq!(value("prompt"), "consent");
    assert_eq!(value("scope"), "openid offline_access profile");
    assert_eq!(value("code_challenge").len(), 43);
    assert!(value("state").len() >= 22 && value("nonce").len() >= 22);
    assert!(value("client_secret").is_empty());
    fixture.finish();
}
