//! Personal access tokens at the adapter of an API, and exchanges on a user's behalf.

use std::time::Duration;

use logto::m2m::{MachineApp, MachineConfig, SubjectToken};
use logto::{ErrorKind, TokenRequest};
use logto_local::SeenRequest;
use logto_tests::bearer::{Fixture, RESOURCE, RunningApp, Token};
use logto_tests::hostile::{APP_ID, APP_SECRET, Answer, Call, Endpoint, Provider};
use serde_json::json;

const GOOD: &str = "pat_0123456789abcdefGOOD";
const BAD: &str = "pat_0123456789abcdefBAD";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A provider that knows one personal access token, and the APIs that accept it.
async fn fixture() -> Fixture {
    let clock = logto::Clock::system();
    let provider = Provider::start(clock.clone()).await;
    let app = app(&provider);
    let fixture = Fixture::at(provider, clock, |config| {
        config.with_personal_access_tokens(app.clone(), "read:things")
    })
    .await;
    exchange_tokens(&fixture.provider);
    fixture
}

fn app(provider: &Provider) -> MachineApp {
    let config = MachineConfig::new(provider.endpoint(), APP_ID, APP_SECRET);
    MachineApp::new(config.with_clock(provider.clock().clone())).unwrap()
}

fn exchange_tokens(provider: &Provider) {
    let inner = provider.clone();
    provider.bend(Endpoint::Token, move |honest, call| {
        match call.form.get("subject_token").map(String::as_str) {
            Some(GOOD) => {
                let now = inner.clock().now();
                let token = Token::new(&inner.key(), &inner.issuer(), now).sign();
                Answer::json(&json!({
                    "access_token": token, "expires_in": 3600, "scope": "read:things",
                    "token_type": "Bearer",
                    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                }))
            }
            Some(_) => Answer::error(400, "invalid_grant"),
            None => honest,
        }
    });
}

fn exchanges(fixture: &Fixture) -> Vec<Call> {
    fixture.provider.calls(Endpoint::Token)
}

#[tokio::test]
async fn a_personal_access_token_is_exchanged_once_and_judged_like_any_token() {
    let fixture = fixture().await;
    let apis = fixture.addresses().len();
    // All of the APIs share one app, and with it the tokens.
    for _ in 0..3 {
        let seen = fixture.ask_with("/read", GOOD).await;
        assert_eq!((seen.status, seen.body.as_str()), (200, "alice in none"), "{seen:?}");
        assert_eq!(fixture.ask_with("/read-and-write", GOOD).await.status, 403);
    }
    let calls = exchanges(&fixture);
    assert_eq!(calls.len(), 1, "by {apis} APIs");
    for (field, value) in [
        ("grant_type", EXCHANGE),
        ("subject_token", GOOD),
        ("subject_token_type", "urn:logto:token-type:personal_access_token"),
        ("resource", RESOURCE),
        ("scope", "read:things"),
    ] {
        assert_eq!(calls[0].form.get(field).map(String::as_str), Some(value), "{field}");
    }
    fixture.clock.advance(Duration::from_secs(3600));
    assert_eq!(fixture.ask_with("/read", GOOD).await.status, 200);
    assert_eq!(exchanges(&fixture).len(), 2);
}

#[tokio::test]
async fn it_lets_its_user_in_by_the_exchange_of_a_tenant() {
    let app = RunningApp::of("alice").await;
    let mut users = app.tenant.users().into_iter();
    let frank = users.find(|user| user.handle() == "frank");
    let hello = format!("{} in none", frank.unwrap().id());
    let ask = async |path: &str, token: &str| {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        app.ask("GET", path, &headers).await
    };
    let token = app.tenant.create_personal_access_token("frank").unwrap();
    for _ in 0..2 {
        let (status, challenge, body) = ask("/read", &token).await;
        assert_eq!((status, body), (200, hello.clone()), "{challenge}");
        // He may not write, whatever the token is exchanged with.
        let (status, challenge, _) = ask("/read-and-write", &token).await;
        assert_eq!(status, 403);
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
    }
    let requests = app.tenant.requests();
    let is_exchange = |call: &&SeenRequest| call.param("subject_token") == Some(&token);
    assert_eq!(requests.iter().filter(is_exchange).count(), 1);

    let deleted = app.tenant.create_personal_access_token("frank").unwrap();
    app.tenant.delete_personal_access_token(&deleted);
    for wrong in [deleted.as_str(), "pat_unknown"] {
        let (status, challenge, _) = ask("/read", wrong).await;
        assert_eq!(status, 401);
        assert!(challenge.contains("invalid_token"), "{challenge}");
    }
}

#[tokio::test]
async fn a_refused_one_is_refused_without_asking_again() {
    let fixture = fixture().await;
    for _ in 0..3 {
        let seen = fixture.ask_with("/any", BAD).await;
        assert_eq!(seen.status, 401, "{seen:?}");
        assert!(seen.challenge.contains("error=\"invalid_token\""), "{seen:?}");
        assert!(!format!("{seen:?}").contains(BAD));
    }
    let apis = fixture.addresses().len();
    assert_eq!(exchanges(&fixture).len(), apis);
    fixture.clock.advance(Duration::from_secs(61));
    assert_eq!(fixture.ask_with("/any", BAD).await.status, 401);
    assert_eq!(exchanges(&fixture).len(), 2 * apis);
}

#[tokio::test]
async fn an_outage_or_a_wrong_secret_says_nothing_about_the_token() {
    let fixture = fixture().await;
    let bends: [fn() -> Answer; 3] = [
        || Answer::text(503, ""),
        || Answer::error(401, "invalid_client"),
        || Answer::error(400, "invalid_request"),
    ];
    for bend in bends {
        fixture.provider.bend(Endpoint::Token, move |_, _| bend());
        let seen = fixture.ask_with("/any", GOOD).await;
        assert_eq!((seen.status, seen.challenge.as_str()), (503, ""), "{seen:?}");
    }
    exchange_tokens(&fixture.provider);
    assert_eq!(fixture.ask_with("/any", GOOD).await.status, 200);
}

#[tokio::test]
async fn a_request_is_passed_on_on_the_users_behalf() {
    let fixture = fixture().await;
    let app = app(&fixture.provider);
    let downstream = TokenRequest::resource("https://other.example.test").with_scopes(["a", "b"]);
    let issued = app.exchange(SubjectToken::AccessToken(GOOD), &downstream).await;
    assert!(!issued.unwrap().as_str().is_empty());
    let call = exchanges(&fixture).swap_remove(0);
    let sent = |field: &str| call.form.get(field).map(String::as_str);
    assert_eq!(sent("subject_token_type"), Some("urn:ietf:params:oauth:token-type:access_token"));
    assert_eq!(
        (sent("resource"), sent("scope")),
        (Some("https://other.example.test"), Some("a b"))
    );

    // Not even an answer that repeats the token puts it into the error.
    fixture
        .provider
        .bend(Endpoint::Token, |_, call| Answer::error(400, &call.form["subject_token"]));
    let error = app.exchange(SubjectToken::AccessToken(BAD), &downstream).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!format!("{error} {error:?}").contains(BAD), "{error:?}");
}
