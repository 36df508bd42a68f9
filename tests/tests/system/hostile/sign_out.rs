//! Signing out, whatever the provider does, and from wherever it is asked for.

use logto::web::Route;
use logto_tests::hostile::{APP_ID, Answer, Endpoint, Fixture, NAVIGATION, Provider, each};
use serde_json::json;

const FORM: [(&str, &str); 2] =
    [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")];

#[tokio::test]
async fn signing_out_always_signs_out_here() {
    let rows: [(&str, fn(&Provider), bool); 16] = [
        ("honest", |_| {}, true),
        (
            "revocation 400",
            |p| p.bend(Endpoint::Revocation, |_, _| Answer::error(400, "invalid_request")),
            true,
        ),
        (
            "revocation 401",
            |p| p.bend(Endpoint::Revocation, |_, _| Answer::error(401, "invalid_client")),
            true,
        ),
        ("revocation 404", |p| p.bend(Endpoint::Revocation, |_, _| Answer::text(404, "")), true),
        ("revocation 204", |p| p.bend(Endpoint::Revocation, |_, _| Answer::text(204, "")), true),
        ("revocation HTML", |p| p.bend(Endpoint::Revocation, |_, _| Answer::html()), true),
        ("revocation huge", |p| p.bend(Endpoint::Revocation, |_, _| Answer::huge()), true),
        (
            "revocation redirect",
            |p| p.bend(Endpoint::Revocation, |_, _| Answer::redirect(302, "/oidc/elsewhere")),
            true,
        ),
        (
            "revocation echoes the token",
            |p| {
                p.bend(Endpoint::Revocation, |_, c| {
                    Answer::text(
                        400,
                        &json!({ "error": c.form["token"], "error_description": c.authorization })
                            .to_string(),
                    )
                })
            },
            true,
        ),
        ("revocation 429", |p| p.bend(Endpoint::Revocation, |_, _| Answer::text(429, "")), true),
        ("revocation 500", |p| p.bend(Endpoint::Revocation, |_, _| Answer::text(500, "")), true),
        ("revocation 503", |p| p.bend(Endpoint::Revocation, |_, _| Answer::text(503, "")), true),
        ("revocation never", |p| p.bend(Endpoint::Revocation, |a, _| a.never()), true),
        ("revocation cut", |p| p.bend(Endpoint::Revocation, |_, _| Answer::html().cut()), true),
        (
            "nothing answers",
            |p| {
                p.bend(Endpoint::Revocation, |a, _| a.never());
                p.bend(Endpoint::Discovery, |a, _| a.never());
            },
            false,
        ),
        (
            "everything is cut",
            |p| {
                p.bend(Endpoint::Revocation, |a, _| a.cut());
                p.bend(Endpoint::Discovery, |a, _| a.cut());
            },
            false,
        ),
    ];
    let rows = rows.map(|(name, bend, reachable)| (name, (bend, reachable)));
    each(rows, async |(bend, reachable)| {
        let mut fixture = Fixture::signed_in().await;
        bend(&fixture.provider);
        let seen = fixture.send("POST", "/sign-out", &FORM).await;
        let there = format!(
            "{}/session/end?client_id={APP_ID}&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2F",
            fixture.provider.issuer()
        );
        if reachable {
            assert_eq!((seen.status, seen.location()), (303, there.as_str()));
        } else {
            assert_eq!(seen.status, 200, "{seen:?}");
            assert!(seen.body.contains("you may still be signed in there"), "{seen:?}");
            // A tab that is older than the sign-out is not sent to a dead page either.
            let again = fixture.send("POST", "/sign-out", &FORM).await;
            assert_eq!(again.status, 200, "{again:?}");
            let on = fixture.open("/sign-out?continue").await;
            assert!(on.body.contains("you may still be signed in there"), "{on:?}");
        }
        assert_eq!(fixture.user().await, None);
        let revoked = fixture.provider.calls(Endpoint::Revocation);
        assert_eq!(revoked.len(), 1);
        assert!(revoked[0].form["token"].contains("refresh-token"), "{revoked:?}");
        assert!(fixture.provider.calls(Endpoint::Elsewhere).is_empty());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn signing_out_with_what_discovery_leaves_out() {
    let rows: [(&str, fn(Answer) -> Answer, usize, bool); 3] = [
        ("no end_session_endpoint", |a| a.without("end_session_endpoint"), 1, false),
        ("no revocation_endpoint", |a| a.without("revocation_endpoint"), 0, true),
        ("neither", |a| a.without("end_session_endpoint").without("revocation_endpoint"), 0, false),
    ];
    for (name, bend, revocations, goes_there) in rows {
        let mut fixture = Fixture::new().await;
        fixture.provider.bend(Endpoint::Discovery, move |answer, _| bend(answer));
        fixture.sign_in_as("alice").await;
        let seen = fixture.send("POST", "/sign-out", &FORM).await;
        assert_eq!((seen.status, seen.location() != "/"), (303, goes_there), "{name}");
        assert_eq!(fixture.user().await, None, "{name}");
        assert_eq!(fixture.provider.calls(Endpoint::Revocation).len(), revocations, "{name}");
        fixture.finish();
    }
}

#[tokio::test]
async fn who_may_sign_out() {
    let foreign: &[(&str, &[(&str, &str)])] = &[
        ("another origin", &[("origin", "https://evil.example")]),
        ("another port", &[("origin", "http://localhost:3001")]),
        ("another scheme", &[("origin", "https://localhost:3000")]),
        ("a longer host", &[("origin", "http://localhost:3000.evil.example")]),
        ("null, from another page", &[("origin", "null"), ("referer", "https://evil.example/")]),
        ("null, same-site", &[("origin", "null"), ("sec-fetch-site", "same-site")]),
        ("null, cross-site", &[("origin", "null"), ("sec-fetch-site", "cross-site")]),
        ("empty", &[("origin", "")]),
        ("ours among others", &[("origin", "http://localhost:3000, https://evil.example")]),
        (
            "ours and then another",
            &[("origin", "https://evil.example"), ("origin", "http://localhost:3000")],
        ),
        ("cross-site without origin", &[("sec-fetch-site", "cross-site")]),
        ("same-site without origin", &[("sec-fetch-site", "same-site")]),
        ("another referer", &[("referer", "https://evil.example/http://localhost:3000/")]),
        ("a broken referer", &[("referer", "localhost:3000")]),
    ];
    for (name, headers) in foreign {
        let mut fixture = Fixture::signed_in().await;
        let seen = fixture.send("POST", "/sign-out", headers).await;
        assert_eq!(seen.status, 403, "{name}");
        assert!(seen.cookies.is_empty(), "{name}");
        assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{name}");
        assert!(fixture.provider.calls(Endpoint::Revocation).is_empty(), "{name}");
        fixture.finish();
    }
    // Safari before 16.4 says no more than that; the session's cookie speaks for it.
    let older_safari = [("origin", "null")];
    let mut fixture = Fixture::signed_in().await;
    let seen = fixture.send("POST", "/sign-out", &older_safari).await;
    assert_eq!((seen.status, fixture.user().await), (303, None));
    fixture.finish();
    let mut fixture = Fixture::new().await;
    fixture.browser.plant(&format!("logto_{APP_ID}"), "1AAAA");
    let seen = fixture.send("POST", "/sign-out", &older_safari).await;
    assert_eq!(seen.status, 403, "a cookie that does not open speaks for nothing");
    fixture.finish();
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let mut fixture = Fixture::signed_in().await;
        let seen = fixture.send(method, "/sign-out", &NAVIGATION).await;
        assert_eq!((seen.status, seen.header("allow")), (405, Some("POST")), "{method}");
        assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{method}");
        fixture.finish();
    }
    let mut fixture = Fixture::with(logto::LogtoConfig::with_sign_out_by_get).await;
    fixture.sign_in_as("alice").await;
    let seen = fixture.send("GET", "/sign-out", &[("sec-purpose", "prefetch")]).await;
    assert_eq!((seen.status, fixture.user().await.is_some()), (403, true));
    let seen = fixture.open("/sign-out").await;
    assert_eq!((seen.status, fixture.user().await), (303, None));
    fixture.finish();
}

#[tokio::test]
async fn an_app_that_starts_while_the_provider_is_down() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in_as("alice").await;
    let browser = fixture.browser.clone();
    // The same app after a restart: it knows nothing yet.
    let mut restarted = Fixture::new().await;
    restarted.provider.bend(Endpoint::Discovery, |_, _| Answer::text(503, ""));
    restarted.browser = browser;
    let seen = restarted.send("POST", "/sign-out", &FORM).await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("you may still be signed in there"), "{}", seen.body);
    let request = restarted.browser.request("GET", "/sign-in", &NAVIGATION);
    let reply = restarted.logto.handle(Route::SignIn, request).await;
    assert_eq!(restarted.receive(reply).status, 503);
    fixture.finish();
    restarted.finish();
}
