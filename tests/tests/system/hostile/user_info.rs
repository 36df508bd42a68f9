//! What a userinfo endpoint may answer, and what must become of the session.

use std::time::Duration;

use logto_tests::hostile::Ends::{self, Outage, Refused, SignedOut, Token};
use logto_tests::hostile::{Answer, Call, Endpoint, Fixture, assert_ends, each};
use serde_json::{Value, json};

type Bend = fn(Answer, &Call) -> Answer;

#[tokio::test]
async fn answers_of_userinfo() {
    let rows: &[(&str, Bend, Ends)] = &[
        ("honest", |a, _| a, Token),
        ("more members", |a, _| a.set("x", json!({ "y": 1 })), Token),
        (
            "nulls",
            |a, _| {
                a.set("name", Value::Null).set("roles", Value::Null).set("identities", Value::Null)
            },
            Token,
        ),
        (
            "other types",
            |a, _| a.set("name", 7).set("roles", "admin").set("identities", json!([1])),
            Token,
        ),
        ("sub missing", |a, _| a.without("sub"), Refused),
        ("sub other", |a, _| a.set("sub", "mallory"), Refused),
        ("sub null", |a, _| a.set("sub", Value::Null), Refused),
        ("sub empty", |a, _| a.set("sub", ""), Refused),
        ("sub array", |a, _| a.set("sub", json!(["alice"])), Refused),
        ("sub twice", |a, _| a.with_raw_member(r#""sub":"mallory""#), Refused),
        ("401 for ever", |_, _| Answer::error(401, "invalid_token"), Refused),
        ("403", |_, _| Answer::error(403, "insufficient_scope"), Refused),
        ("404", |_, _| Answer::text(404, ""), Refused),
        ("204", |_, _| Answer::text(204, ""), Refused),
        ("302", |_, _| Answer::redirect(302, "/oidc/elsewhere"), Refused),
        ("429", |_, _| Answer::text(429, ""), Outage),
        ("500", |_, _| Answer::text(500, ""), Outage),
        ("503", |_, _| Answer::text(503, ""), Outage),
        ("never", |a, _| a.never(), Outage),
        ("cut", |a, _| a.cut(), Outage),
        ("HTML", |_, _| Answer::html(), Refused),
        ("empty", |_, _| Answer::text(200, ""), Refused),
        ("huge", |_, _| Answer::huge(), Refused),
        (
            "a signed JWT",
            |_, _| {
                Answer::text(200, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.")
                    .with_header("content-type", "application/jwt")
            },
            Refused,
        ),
        ("deep", |_, _| Answer::text(200, &"[".repeat(100_000)), Refused),
        (
            "echo of the token",
            |_, c| {
                Answer::text(
                    403,
                    &json!({ "error": c.authorization,
            "error_description": c.authorization })
                    .to_string(),
                )
            },
            Refused,
        ),
    ];
    each(rows.iter().map(|(name, bend, ends)| (*name, (*bend, *ends))), async |(bend, ends)| {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.bend(Endpoint::UserInfo, bend);
        let outcome = fixture.user_info().await;
        assert_ends(&fixture, outcome, ends).await;
        assert!(fixture.provider.calls(Endpoint::Elsewhere).is_empty());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_token_that_ended_early_is_renewed_once() {
    let mut fixture = Fixture::signed_in().await;
    fixture
        .provider
        .bend_in_turn(Endpoint::UserInfo, [|_| Answer::error(401, "invalid_token"), |a| a]);
    assert_eq!(fixture.user_info().await.unwrap(), "alice");
    assert_eq!(fixture.provider.calls(Endpoint::UserInfo).len(), 2);
    assert_eq!(fixture.provider.calls(Endpoint::Token).len(), 2);
    fixture.finish();

    // A user who was suspended: 401, and the refresh token is not accepted either.
    let mut fixture = Fixture::signed_in().await;
    fixture.provider.revoke_everything();
    let outcome = fixture.user_info().await;
    assert_ends(&fixture, outcome, SignedOut).await;
    fixture.finish();
}

#[tokio::test]
async fn redirects_do_not_loop() {
    let refused = |_: Answer, _: &Call| Answer::error(401, "invalid_token");
    let bare = |a: Answer, _: &Call| a.without("refresh_token");
    let over = |a: Answer, _: &Call| a.without("refresh_token").set("expires_in", 0);
    let unbent = |a: Answer, _: &Call| a;
    for (token, user_info) in [(bare as fn(_, &_) -> _, refused as fn(_, &_) -> _), (over, unbent)]
    {
        let mut fixture = Fixture::impatient().await;
        fixture.provider.bend(Endpoint::Token, token);
        fixture.provider.bend(Endpoint::UserInfo, user_info);
        fixture.sign_in_as("alice").await;
        // The next sign-in would bring no better token than this one.
        let outcome = fixture.user_info().await;
        assert_ends(&fixture, outcome, Refused).await;

        fixture.clock.advance(Duration::from_secs(60));
        let seen = fixture.user_info().await.unwrap_err();
        assert_eq!(seen.status, 303, "{seen:?}");
        assert!(seen.location().starts_with("/sign-in?"), "{seen:?}");
        fixture.finish();
    }
}
