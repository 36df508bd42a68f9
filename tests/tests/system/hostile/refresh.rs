//! What a provider may answer to a refresh, and what must become of the session.

use std::time::Duration;

use logto::{ErrorKind, TokenRequest};
use logto_tests::hostile::Ends::{self, Outage, Refused, SignedOut, Token};
use logto_tests::hostile::{
    APP_ID, Answer, Backend, Call, Endpoint, Fixture, IdToken, Key, assert_ends, each,
};
use serde_json::{Value, json};

type Bend = fn(Answer, &Call) -> Answer;

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn answers_to_a_refresh() {
    let rows: &[(&str, Bend, Ends)] = &[
        ("honest", |a, _| a, Token),
        ("refresh_token missing", |a, _| a.without("refresh_token"), Token),
        ("refresh_token null", |a, _| a.set("refresh_token", Value::Null), Token),
        ("refresh_token empty", |a, _| a.set("refresh_token", ""), Token),
        ("id_token missing", |a, _| a.without("id_token"), Token),
        ("expires_in missing", |a, _| a.without("expires_in"), Token),
        ("invalid_grant", |_, _| Answer::error(400, "invalid_grant"), SignedOut),
        ("invalid_grant as 401", |_, _| Answer::error(401, "invalid_grant"), SignedOut),
        (
            "invalid_grant without a word",
            |_, _| Answer::text(400, r#"{"error":"invalid_grant"}"#),
            SignedOut,
        ),
        ("invalid_grant in an outage", |_, _| Answer::error(503, "invalid_grant"), Outage),
        ("invalid_client", |_, _| Answer::error(401, "invalid_client"), Refused),
        ("invalid_request", |_, _| Answer::error(400, "invalid_request"), Refused),
        ("access_denied", |_, _| Answer::error(400, "access_denied"), Refused),
        ("invalid_scope", |_, _| Answer::error(400, "invalid_scope"), Refused),
        ("404", |_, _| Answer::text(404, ""), Refused),
        ("204", |_, _| Answer::text(204, ""), Refused),
        ("302", |_, _| Answer::redirect(302, "/oidc/elsewhere"), Refused),
        ("408", |_, _| Answer::text(408, ""), Outage),
        ("429", |_, _| Answer::text(429, "slow down"), Outage),
        ("500", |_, _| Answer::text(500, ""), Outage),
        ("502", |_, _| Answer::text(502, "<html>"), Outage),
        ("503", |_, _| Answer::text(503, ""), Outage),
        ("never", |a, _| a.never(), Outage),
        ("stalled", |a, _| a.stalled(), Outage),
        ("cut", |a, _| a.cut(), Outage),
        ("HTML", |_, _| Answer::html(), Refused),
        ("huge", |_, _| Answer::huge(), Refused),
        ("an array", |_, _| Answer::json(&json!([])), Refused),
        ("access_token missing", |a, _| a.without("access_token"), Refused),
        ("access_token empty", |a, _| a.set("access_token", ""), Refused),
        ("token_type mac", |a, _| a.set("token_type", "mac"), Refused),
        ("expires_in negative", |a, _| a.set("expires_in", -1), Refused),
        ("id_token empty", |a, _| a.set("id_token", ""), Refused),
        ("id_token number", |a, _| a.set("id_token", 7), Refused),
        (
            "echo of the refresh token",
            |_, c| {
                Answer::text(
                    400,
                    &json!({
            "error": c.form["refresh_token"], "error_description": c.form["refresh_token"] })
                    .to_string(),
                )
            },
            Refused,
        ),
        (
            "echo in an outage",
            |_, c| {
                Answer::text(
                    500,
                    &json!({
            "error": "x", "error_description": c.authorization })
                    .to_string(),
                )
            },
            Outage,
        ),
    ];
    each(rows.iter().map(|(name, bend, ends)| (*name, (*bend, *ends))), async |(bend, ends)| {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.bend(Endpoint::Token, bend);
        fixture.clock.advance(LATER);
        let outcome = fixture.access_token().await;
        assert_ends(&fixture, outcome, ends).await;
        // What is honest again works again, unless the session has ended.
        fixture.provider.clear_faults();
        fixture.clock.advance(Duration::from_secs(31));
        let again = fixture.access_token().await;
        assert_ends(&fixture, again, if ends == SignedOut { SignedOut } else { Token }).await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn id_tokens_of_a_refresh() {
    let rows: &[(&str, fn(&mut IdToken), Ends)] = &[
        ("honest", |_| {}, Token),
        ("another name", |t| t.claim("name", "Alice B."), Token),
        ("no nonce", |t| t.remove("nonce"), Token),
        ("another nonce", |t| t.claim("nonce", "other"), Refused),
        ("another sub", |t| t.claim("sub", "mallory"), Refused),
        ("no sub", |t| t.remove("sub"), Refused),
        ("another issuer", |t| t.claim("iss", "https://evil.example/oidc"), Refused),
        ("another audience", |t| t.claim("aud", "another-app"), Refused),
        ("over", |t| t.shift("exp", -7200), Refused),
        ("issued long ago", |t| t.shift("iat", -3600), Refused),
        ("issued in the future", |t| t.shift("iat", 3600), Refused),
        ("another at_hash", |t| t.claim("at_hash", "AAAA"), Refused),
        ("unsigned", |t| t.key = Key::none(), Refused),
        ("signed by a stranger", |t| t.key = Key::es384("first"), Refused),
        (
            "two audiences, ours the party",
            |t| {
                t.claim("aud", json!([APP_ID, "b"]));
                t.claim("azp", APP_ID);
            },
            Refused,
        ),
    ];
    each(rows.iter().map(|(name, bend, ends)| (*name, (*bend, *ends))), async |(bend, ends)| {
        for rotates in [false, true] {
            let mut fixture = Fixture::signed_in().await;
            if rotates {
                fixture.provider.rotate_refresh_tokens();
            }
            fixture.provider.bend_token(bend);
            fixture.clock.advance(LATER);
            let outcome = fixture.access_token().await;
            assert_ends(&fixture, outcome, ends).await;
            // A rotated refresh token was kept, though the rest was not taken.
            fixture.provider.clear_faults();
            fixture.clock.advance(Duration::from_secs(31));
            let again = fixture.access_token().await;
            assert_ends(&fixture, again, Token).await;
            fixture.finish();
        }
    })
    .await;
}

/// Logto has replaced the refresh token by then, and takes the old one for three seconds more.
#[tokio::test]
async fn an_answer_that_is_lost_costs_no_session() {
    let lost: &[(&str, fn(Answer) -> Answer)] = &[
        ("cut", Answer::cut),
        ("500", |a| a.with_status(500)),
        ("a gateway's error", |_| Answer::html().with_status(502)),
        ("a gateway's page", |_| Answer::html()),
        ("nothing", |_| Answer::text(200, "")),
        ("too large", |_| Answer::huge()),
    ];
    each(lost.iter().copied(), async |lost| {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.rotate_refresh_tokens();
        fixture.provider.forgive_for(3);
        fixture.provider.bend_in_turn(Endpoint::Token, [lost, |honest| honest]);
        let before = fixture.provider.calls(Endpoint::Token).len();
        fixture.clock.advance(LATER);
        let outcome = fixture.access_token().await;
        assert_ends(&fixture, outcome, Token).await;
        assert_eq!(fixture.provider.calls(Endpoint::Token).len() - before, 2);
        fixture.clock.advance(LATER);
        let again = fixture.access_token().await;
        assert_ends(&fixture, again, Token).await;
        fixture.finish();
    })
    .await;
}

/// A caller that is told to wait has not been served: asking at once again would only add to the
/// load.
#[tokio::test]
async fn a_provider_that_asks_for_patience_is_not_asked_twice() {
    for status in [408, 429, 503] {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.bend(Endpoint::Token, move |_, _| Answer::text(status, ""));
        let before = fixture.provider.calls(Endpoint::Token).len();
        fixture.clock.advance(LATER);
        let outcome = fixture.access_token().await;
        assert_ends(&fixture, outcome, Outage).await;
        assert_eq!(fixture.provider.calls(Endpoint::Token).len() - before, 1);
        fixture.finish();
    }
}

/// An operator has to act. Logto did not look at the refresh token: none is lost, and no second
/// request can save anything.
#[tokio::test]
async fn a_refused_app_is_one_request_and_one_line_that_names_the_variable() {
    let rows: &[(&str, fn() -> Answer, &str)] = &[
        (
            "expired",
            || said(400, "invalid_request", "client secret has expired"),
            "LOGTO_APP_SECRET",
        ),
        ("wrong", || Answer::error(401, "invalid_client"), "LOGTO_APP_SECRET"),
        (
            "deleted",
            || said(400, "invalid_client", &format!("invalid client {APP_ID}")),
            "LOGTO_APP_ID",
        ),
    ];
    each(
        rows.iter().map(|(name, answer, names)| (*name, (*answer, *names))),
        async |(answer, names)| {
            let fixture = Fixture::lives(Backend::Cookies).await;
            fixture.provider.bend(Endpoint::Token, move |_, _| answer());
            let before = fixture.provider.calls(Endpoint::Token).len();
            fixture.clock.advance(LATER);
            let request = || TokenRequest::resource("https://a.example");
            let error = fixture.page().access_token(request()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidClient);
            assert!(error.to_string().contains(names), "{error}");
            assert_eq!(fixture.provider.calls(Endpoint::Token).len() - before, 1);
            assert!(fixture.page().access_token(request()).await.is_err());
            let log = fixture.log();
            let faults: Vec<_> =
                log.lines().filter(|line| line.contains("operation failed")).collect();
            assert_eq!(faults.len(), 1, "{log}");
            assert!(faults[0].contains("ERROR") && faults[0].contains(names), "{log}");
            assert!(!log.contains("failed to recover the rotated refresh token"), "{log}");
            fixture.finish();
        },
    )
    .await;
}

/// A handler that asks gets the error; the operator gets the line.
#[tokio::test]
async fn an_outage_in_a_handler_is_one_warning() {
    let fixture = Fixture::signed_in().await;
    fixture.provider.bend(Endpoint::Token, |_, _| {
        Answer::text(503, "").with_header("logto-core-request-id", "request-7")
    });
    fixture.clock.advance(LATER);
    for _ in 0..3 {
        assert!(fixture.page().access_token(TokenRequest::opaque()).await.is_err());
    }
    let log = fixture.log();
    let faults: Vec<_> = log.lines().filter(|line| line.contains("operation failed")).collect();
    assert_eq!(faults.len(), 1, "{log}");
    assert!(faults[0].contains("WARN"), "{log}");
    for field in ["operation=\"refresh\"", "kind=Unreachable", "request_id=\"request-7\""] {
        assert!(faults[0].contains(field), "{field}: {log}");
    }
    fixture.finish();
}

fn said(status: u16, error: &str, description: &str) -> Answer {
    Answer::error(status, error).set("error_description", description)
}

/// The old refresh token is spent, and this provider forgives nothing.
#[tokio::test]
async fn a_refresh_token_is_kept_that_comes_in_a_bad_answer() {
    let bad: &[(&str, fn(Answer) -> Answer)] = &[
        ("token_type missing", |a| a.without("token_type")),
        ("token_type mac", |a| a.set("token_type", "mac")),
        ("access_token missing", |a| a.without("access_token")),
        ("access_token empty", |a| a.set("access_token", "")),
        ("expires_in negative", |a| a.set("expires_in", -1)),
        ("id_token number", |a| a.set("id_token", 7)),
        ("scope a list", |a| a.set("scope", json!(["openid"]))),
    ];
    each(bad.iter().copied(), async |bad| {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.rotate_refresh_tokens();
        fixture.provider.bend_in_turn(Endpoint::Token, [bad, |honest| honest]);
        fixture.clock.advance(LATER);
        let outcome = fixture.access_token().await;
        assert_ends(&fixture, outcome, Refused).await;
        let again = fixture.access_token().await;
        assert_ends(&fixture, again, Token).await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn one_refresh_for_all_and_none_for_stragglers() {
    for rotates in [false, true] {
        let fixture = Fixture::signed_in().await;
        if rotates {
            fixture.provider.rotate_refresh_tokens();
        }
        fixture.clock.advance(LATER);
        let sent = || fixture.provider.calls(Endpoint::Token).len();
        let before = sent();
        let pages: Vec<_> = (0..8).map(|_| fixture.page()).collect();
        let tokens = futures::future::join_all(
            pages.iter().map(|page| page.access_token(TokenRequest::opaque())),
        )
        .await;
        let first = tokens[0].as_ref().unwrap();
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first));
        assert_eq!(sent() - before, 1);

        // Seconds later, a page that was on its way with the old cookie.
        fixture.clock.advance(Duration::from_secs(20));
        assert_eq!(&fixture.page().access_token(TokenRequest::opaque()).await.unwrap(), first);
        assert_eq!(sent() - before, 1);
        fixture.finish();
    }
}

#[tokio::test]
async fn no_refresh_before_it_is_time() {
    let mut fixture = Fixture::signed_in().await;
    let before = fixture.provider.calls(Endpoint::Token).len();
    let first = fixture.access_token().await.unwrap();
    fixture.clock.advance(Duration::from_secs(3500));
    assert_eq!(fixture.access_token().await.unwrap(), first);
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), before);
    fixture.finish();
}
