//! The user's token at Hugging Face and other services: what Logto may answer, by the errors that
//! were recorded from it.

use std::time::Duration;

use logto::web::Connector;
use logto::web::ConnectorAccess::{self, Expired, NotEnabled, NotGranted, NotStored};
use logto::{DirectSignIn, Error, ErrorKind, Prompt, SignInOptions};
use logto_local::{Endpoint as LocalEndpoint, Fault, LocalTenant};
use logto_tests::hostile::{Answer, Backend, Endpoint, Fixture, LocalFixture, each};
use serde_json::{Value, json};

const EIGHT_HOURS: Duration = Duration::from_secs(8 * 3600);

fn says(status: u16, code: &str) -> Answer {
    let body = json!({ "code": code, "message": "Said by Logto." });
    Answer::text(status, &body.to_string())
}

fn token(_: Answer) -> Answer {
    Answer::json(&json!({
        "access_token": "hf_oauth_0cadfde85437fb551450ce78a9e4f066", "token_type": "bearer",
        "scope": "openid profile email inference-api", "expires_in": 28798,
    }))
}

fn in_a_word(outcome: &Result<ConnectorAccess, Error>) -> String {
    match outcome {
        Ok(ConnectorAccess::Token(token)) => {
            assert!(token.as_str().starts_with("hf_oauth_"));
            "Token".to_owned()
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[tokio::test]
async fn every_recorded_answer_has_a_name() {
    type Bend = fn(Answer) -> Answer;
    let endless: Bend = |_| {
        let body = json!({ "access_token": "hf_oauth_0cadfde85437fb551450ce78a9e4f066" });
        Answer::json(&body)
    };
    let not_found: Bend = |_| says(404, "secrets.third_party_token_set.token_not_found");
    let expired: Bend = |_| says(401, "secrets.third_party_token_set.access_token_expired");
    let off: Bend = |_| says(400, "account_center.not_enabled");
    let forbidden: Bend = |_| says(403, "auth.forbidden");
    let unauthorized: Bend = |_| says(401, "auth.unauthorized");
    let general: Bend = |_| says(400, "connector.general");
    let no_id_token: Bend = |_| says(400, "connector.invalid_response");
    let no_key: Bend = |_| Answer::text(500, r#"{"message":"Internal server error."}"#);
    let no_route: Bend = |_| Answer::text(404, "Not Found");
    // The answers in turn, the outcome, the requests for it and those for another access token.
    let rows: [(&str, (&[Bend], &str, usize, usize)); 13] = [
        ("a token", (&[token], "Token", 1, 0)),
        ("without an end", (&[endless], "Token", 1, 0)),
        ("none kept", (&[not_found], "NotStored", 1, 0)),
        ("ended, with 401", (&[expired], "Expired", 1, 0)),
        ("account center off", (&[off], "NotEnabled", 1, 0)),
        ("no scope", (&[forbidden], "NotGranted", 1, 0)),
        ("not renewed", (&[general], "Expired", 2, 0)),
        ("renewed badly", (&[no_id_token], "Expired", 2, 0)),
        ("renewed by another", (&[general, token], "Token", 2, 0)),
        ("access token ended", (&[unauthorized, token], "Token", 2, 1)),
        ("access token refused", (&[unauthorized], "Refused", 2, 1)),
        ("vault without its key", (&[no_key], "Unreachable", 1, 0)),
        ("an old Logto", (&[no_route], "Refused", 1, 0)),
    ];
    each(rows, async |(answers, outcome, asked, renewed)| {
        let mut fixture = Fixture::with(|config| config.with_scopes(["identities"])).await;
        fixture.sign_in_as("alice").await;
        let before = fixture.provider.calls(Endpoint::Token).len();
        let answers = answers.iter().copied();
        fixture.provider.bend_in_turn(Endpoint::Elsewhere, answers);
        let access = fixture.page().hugging_face_token().await;
        assert_eq!(in_a_word(&access), outcome);
        assert!(!format!("{access:?}").contains("hf_oauth_"), "{access:?}");
        let calls = |endpoint| fixture.provider.calls(endpoint).len();
        assert_eq!(calls(Endpoint::Elsewhere), asked);
        assert_eq!(calls(Endpoint::Token) - before, renewed);
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn pages_that_ask_at_the_same_time_share_one_answer_and_a_later_one_asks_again() {
    let mut fixture = Fixture::with(|config| config.with_scopes(["identities"])).await;
    fixture.sign_in_as("alice").await;
    let gone: fn(Answer) -> Answer = |_| says(404, "secrets.third_party_token_set.token_not_found");
    let answers = [token, gone];
    fixture.provider.bend_in_turn(Endpoint::Elsewhere, answers);
    let (one, other) = (fixture.page(), fixture.page());
    let (one, other) = tokio::join!(one.hugging_face_token(), other.hugging_face_token());
    let one = one.unwrap();
    assert!(one.token().is_some(), "{one:?}");
    assert_eq!(other.unwrap(), one);
    assert_eq!(fixture.provider.calls(Endpoint::Elsewhere).len(), 1);
    // It was deleted since.
    assert_eq!(fixture.page().hugging_face_token().await.unwrap(), NotStored);
    assert_eq!(fixture.provider.calls(Endpoint::Elsewhere).len(), 2);
    fixture.finish();
}

async fn fixture(token_storage: bool, scopes: &'static [&'static str]) -> LocalFixture {
    let tenant = LocalTenant::builder().token_storage(token_storage);
    let configure = |config: logto::LogtoConfig| config.with_scopes(scopes.iter().copied());
    let mut fixture = LocalFixture::of(tenant, Backend::Cookies, configure).await;
    fixture.sign_in("alice").await;
    fixture
}

#[tokio::test]
async fn a_kept_token_opens_the_hub_until_it_ends() {
    let mut fixture = fixture(true, &["identities"]).await;
    let access = fixture.page().hugging_face_token().await.unwrap();
    let token = access.token().unwrap();
    assert!(token.scopes().any(|scope| scope == "inference-api"));
    assert!(token.expires_at().is_some());
    let hub = format!("{}/hugging-face/api/whoami-v2", fixture.tenant.endpoint());
    let ask = async || {
        let request = reqwest::Client::new().get(&hub);
        let answer = request.bearer_auth(token.as_str()).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    assert_eq!(ask().await.get("name"), Some(&json!("alice-hf")));

    fixture.advance(EIGHT_HOURS);
    assert!(ask().await.get("error").is_some());
    for then in [Expired, NotStored] {
        let page = fixture.page();
        assert_eq!(page.hugging_face_token().await.unwrap(), then);
        fixture.respond(&page).await;
    }
    fixture.sign_in("alice").await;
    let access = fixture.page().hugging_face_token().await.unwrap();
    assert!(access.token().is_some(), "{access:?}");
}

#[tokio::test]
async fn any_connector_can_be_asked_for() {
    let fixture = fixture(true, &["identities"]).await;
    let rows = [
        (Connector::from("huggingface"), "identities/huggingface", true),
        (Connector::from("github"), "identities/github", false),
        (Connector::Sso("acme00000000".to_owned()), "sso-identities/acme00000000", false),
    ];
    for (connector, path, is_kept) in rows {
        fixture.tenant.clear_requests();
        let access = fixture.page().connector_token(connector).await.unwrap();
        assert_eq!(access.token().is_some(), is_kept, "{path}: {access:?}");
        assert!(is_kept || access == NotStored, "{path}: {access:?}");
        let asked = fixture.tenant.requests();
        let path = format!("/api/my-account/{path}/access-token");
        assert!(asked.iter().any(|request| request.path == path), "{path}: {asked:?}");
    }
}

/// Whose token has to come anew signs in with this prompt: Logto answers another from its own
/// session.
#[tokio::test]
async fn only_a_sign_in_that_asks_for_login_comes_through_hugging_face() {
    let fixture = fixture(true, &["identities"]).await;
    let mut browser = fixture.tenant.browser();
    let asked = [(Prompt::Consent, 1), (Prompt::Consent, 0), (Prompt::LoginConsent, 1)];
    for (prompt, through) in asked {
        let options = SignInOptions::new()
            .with_direct_sign_in(DirectSignIn::hugging_face())
            .with_prompt(prompt);
        let there = fixture.page().sign_in(options).await.unwrap();
        let location = there.headers().find(|(name, _)| *name == "location");
        fixture.tenant.clear_requests();
        browser.sign_in(location.unwrap().1, "alice").await.unwrap();
        let mut seen = fixture.tenant.requests();
        seen.retain(|one| one.method == "POST" && one.path == "/hugging-face/oauth/authorize");
        assert_eq!(seen.len(), through, "{prompt:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let plain = fixture(false, &["identities"]).await;
    let access = plain.page().hugging_face_token().await;
    assert_eq!(access.unwrap(), NotEnabled);

    let unasked = fixture(true, &[]).await;
    let error = unasked.page().hugging_face_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    // The app was configured anew, and the session is older.
    let asked = unasked.changed(|config| config.with_scopes(["identities"]));
    let access = unasked.page_of(&asked).hugging_face_token().await;
    assert_eq!(access.unwrap(), NotGranted);
}

#[tokio::test]
async fn an_outage_of_the_account_api_may_pass() {
    let fixture = fixture(true, &["identities"]).await;
    let faults = fixture.tenant.faults();
    faults.set(LocalEndpoint::ManagementApi, Fault::Status(503));
    let error = fixture.page().hugging_face_token().await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    faults.clear();
    assert!(fixture.page().hugging_face_token().await.is_ok());
}
