//! A provider that is slow, gone, or elsewhere.

use std::time::Duration;

use logto::TokenRequest;
use logto_tests::hostile::{
    Answer, Endpoint, Fixture, LATER, NO, Provider, YES, check, each, sign_in_twice,
};

#[tokio::test]
async fn the_wait_that_the_provider_asks_for_is_passed_on() {
    for (said, told) in [("17", "17"), ("0", "0"), ("soon", "5"), ("-1", "5")] {
        let mut fixture = Fixture::new().await;
        fixture.provider.bend(Endpoint::Token, move |_, _| {
            Answer::text(503, "").with_header("retry-after", said)
        });
        let seen = fixture.sign_in().await;
        assert_eq!(seen.header("retry-after"), Some(told), "{said}");
        fixture.finish();
    }
}

#[tokio::test]
async fn a_callback_that_met_an_outage_works_when_it_is_over() {
    // Whether the provider has seen the code, which is good once.
    let rows: [(&str, bool, fn(&Provider)); 4] = [
        ("the token endpoint answers 503", true, |p| {
            p.bend(Endpoint::Token, |_, _| Answer::text(503, ""))
        }),
        ("the key set cannot be had", false, |p| {
            p.bend(Endpoint::Jwks, |_, _| Answer::text(503, ""))
        }),
        ("the key set comes too late", false, |p| p.bend(Endpoint::Jwks, |a, _| a.never())),
        ("the key set is unusable", false, |p| {
            p.bend(Endpoint::Jwks, |_, _| Answer::text(500, "oops"))
        }),
    ];
    each(rows.map(|(name, is_spent, bend)| (name, (is_spent, bend))), async |(is_spent, bend)| {
        let mut fixture = Fixture::impatient().await;
        let authorize = fixture.begin("/sign-in?return_to=/home").await;
        let callback = fixture.callback(&authorize);
        bend(&fixture.provider);
        let honest = fixture.provider.clone();
        let seen = fixture.open(&callback).await;
        check(&fixture, &seen, LATER, None).await;
        honest.clear_faults();
        let seen = fixture.open(&callback).await;
        if is_spent {
            assert_eq!(seen.status, 400, "{seen:?}");
        } else {
            check(&fixture, &seen, YES, None).await;
        }
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for endpoint in [Endpoint::Token, Endpoint::Jwks, Endpoint::Discovery] {
        for status in [301, 302, 303, 307, 308] {
            let mut fixture = Fixture::new().await;
            fixture
                .provider
                .bend(endpoint, move |_, _| Answer::redirect(status, "/oidc/elsewhere"));
            let seen = fixture.sign_in().await;
            check(&fixture, &seen, NO, None).await;
            assert!(
                fixture.provider.calls(Endpoint::Elsewhere).is_empty(),
                "{endpoint:?} {status}"
            );
            fixture.finish();
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_gone_is_an_outage() {
    async fn gone() -> Fixture {
        Fixture::with(|config| config.with_connect_timeout(Duration::from_millis(300))).await
    }
    let rows: [(&str, fn(&Provider)); 2] = [
        ("the token endpoint is nowhere", |p| nowhere(p, "token_endpoint")),
        ("the key set is nowhere", |p| nowhere(p, "jwks_uri")),
    ];
    each(rows, async |bend| {
        let mut fixture = gone().await;
        bend(&fixture.provider);
        let seen = fixture.sign_in().await;
        check(&fixture, &seen, LATER, None).await;
        fixture.finish();
    })
    .await;
    sign_in_twice(gone, |_| {}, YES).await;
}

#[tokio::test]
async fn sign_ins_that_cannot_begin_are_one_line_that_names_the_address() {
    for (status, told) in [(404, "Logto refused the request"), (503, "cannot serve the request")] {
        let mut fixture = Fixture::impatient().await;
        fixture.provider.bend(Endpoint::Discovery, move |_, _| Answer::text(status, ""));
        for _ in 0..3 {
            let seen = fixture.open("/sign-in").await;
            assert!([400, 503].contains(&seen.status), "{seen:?}");
        }
        let logs = fixture.log();
        let lines: Vec<_> = logs.lines().filter(|line| line.contains("operation failed")).collect();
        let [line] = lines[..] else { panic!("{logs}") };
        for part in ["sign_in", "LOGTO_ENDPOINT", "/.well-known/openid-configuration", told] {
            assert!(line.contains(part), "{part}: {line}");
        }
        fixture.finish();
    }
}

#[tokio::test]
async fn lost_answers_to_refreshes_are_counted_and_not_listed() {
    let mut fixture = Fixture::new().await;
    fixture.sign_in().await;
    fixture.provider.bend(Endpoint::Token, |answer, _| answer.cut());
    fixture.clock.advance(HOUR);
    for _ in 0..5 {
        let error = fixture.page().access_token(TokenRequest::opaque()).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
    assert!(fixture.provider.calls(Endpoint::Token).len() > 5, "each was tried again");
    let log = fixture.log();
    assert_eq!(log.matches("lost the response to a token refresh").count(), 1, "{log}");
    fixture.finish();
}

/// As long as an access token lives.
const HOUR: Duration = Duration::from_secs(3600);

/// Port 1 of loopback refuses connections.
fn nowhere(provider: &Provider, member: &'static str) {
    provider.bend(Endpoint::Discovery, move |a, _| a.set(member, "http://127.0.0.1:1/"));
}
