//! Many requests, several instances, one refresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use logto::web::Route;
use logto::{Logto, LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Answer, Backend, Endpoint, Fixture, Gate, NAVIGATION, Trouble, each};
use tokio::time::Instant;

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);
/// When an access token is due but can still be used.
const DUE: Duration = Duration::from_secs(3600 - 30);

fn targets() -> [TokenRequest; 5] {
    [
        TokenRequest::opaque(),
        TokenRequest::resource("https://a.example"),
        TokenRequest::resource("https://b.example"),
        TokenRequest::resource("https://a.example").in_organization("an-organization"),
        TokenRequest::organization("an-organization"),
    ]
}

/// Instances without a common store are one.
fn instances(fixture: &Fixture, backend: Backend) -> Vec<Logto> {
    let others = if backend == Backend::Cookies { 0 } else { 2 };
    let others = (0..others).map(|_| fixture.instance());
    others.chain([fixture.logto.clone()]).collect()
}

fn sent(fixture: &Fixture) -> usize {
    fixture.provider.calls(Endpoint::Token).len()
}

#[tokio::test]
async fn a_burst_makes_one_call_for_each_token() {
    each(Backend::ALL, async |backend| {
        for rotates in [false, true] {
            let fixture = Fixture::lives(backend).await;
            if rotates {
                fixture.provider.rotate_refresh_tokens();
            }
            fixture.clock.advance(LATER);
            let instances = instances(&fixture, backend);
            let before = sent(&fixture);
            let burst = async || {
                let pages: Vec<_> =
                    (0..60).map(|n| fixture.page_of(&instances[n % instances.len()])).collect();
                let tokens = pages.iter().enumerate().map(|(n, page)| async move {
                    let token = page.access_token(targets()[n % 5].clone()).await;
                    token.unwrap().into_string()
                });
                join_all(tokens).await
            };
            let tokens = burst().await;
            assert_eq!(sent(&fixture) - before, 5, "rotates: {rotates}");
            for (n, token) in tokens.iter().enumerate() {
                assert_eq!(token, &tokens[n % 5], "of one target");
            }

            // Seconds later, pages that were on their way with the old cookie.
            fixture.clock.advance(Duration::from_secs(20));
            assert_eq!(burst().await, tokens);
            assert_eq!(sent(&fixture) - before, 5, "for stragglers");
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_outlives_its_browser() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gate = fixture.provider.hold(Endpoint::Token);
        let page = fixture.page();
        tokio::select! {
            _ = page.access_token(TokenRequest::opaque()) => panic!("the answer is held back"),
            () = fixture.provider.has_been_called(Endpoint::Token, before + 1) => {}
        }
        drop(page);
        gate.open();
        assert!(fixture.access_token().await.is_ok());
        assert_eq!(sent(&fixture) - before, 1);
        assert_eq!(fixture.provider.refresh_tokens(), 1);
        fixture.clock.advance(LATER);
        fixture.provider.clear_faults();
        assert!(fixture.access_token().await.is_ok(), "the new refresh token was kept");
        fixture.finish();
    })
    .await;
}

/// An instance that lost its lease may get an answer that repeats the token it sent, long after
/// another instance has stored the token that replaced it.
#[tokio::test]
async fn a_late_answer_that_did_not_rotate_keeps_the_newer_token() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.clock.advance(LATER);
        let other = fixture.instance();
        // It knows what Logto offers: between the end of the lease and its own there is no pause,
        // in which the first instance would take its lease back.
        let request = fixture.browser.request("GET", "/sign-in", &NAVIGATION);
        assert_eq!(other.handle(Route::SignIn, request).await.status(), 303);
        let before = sent(&fixture);
        let gate = begin_refresh(&fixture).await;
        fixture.provider.clear_faults();
        fixture.provider.rotate_refresh_tokens();
        // The lease of the first instance ends in the store.
        fixture.clock.advance(Duration::from_secs(2));
        let token = fixture.page_of(&other).access_token(TokenRequest::opaque()).await;
        assert!(token.is_ok(), "{token:?}");
        assert_eq!(sent(&fixture) - before, 2);
        gate.open();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        fixture.clock.advance(LATER);
        let again = fixture.access_token().await;
        assert!(again.is_ok(), "the newer refresh token was kept: {again:?}");
        fixture.finish();
    })
    .await;
}

/// Both instances sent the same refresh token, and both answers have another one in its place.
#[tokio::test]
async fn a_late_answer_does_not_replace_a_newer_refresh_token() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.provider.forgive_for(3);
        fixture.clock.advance(LATER);
        let other = fixture.instance();
        let request = fixture.browser.request("GET", "/sign-in", &NAVIGATION);
        assert_eq!(other.handle(Route::SignIn, request).await.status(), 303);
        let gate = begin_refresh(&fixture).await;
        fixture.provider.clear_faults();
        // The lease of the first instance ends in the store.
        fixture.clock.advance(Duration::from_secs(2));
        let older = fixture.provider.issued().len();
        let token = fixture.page_of(&other).access_token(TokenRequest::opaque()).await;
        assert!(token.is_ok(), "{token:?}");
        let newer = fixture.provider.issued().split_off(older);
        gate.open();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        let calls = fixture.provider.calls(Endpoint::Token);
        assert!(newer.contains(&calls.last().unwrap().form["refresh_token"]));
        fixture.finish();
    })
    .await;
}

/// The session is used while Logto answers, which changes it too.
#[tokio::test]
async fn a_session_that_changed_meanwhile_has_the_new_refresh_token() {
    let second = Duration::from_secs(1);
    let configure =
        |config: LogtoConfig| config.with_idle_lifetime(24 * LATER).with_renewal_interval(second);
    let mut fixture = Fixture::at(Backend::Store, configure).await;
    fixture.sign_in_as("alice").await;
    fixture.provider.rotate_refresh_tokens();
    fixture.clock.advance(LATER);
    let gate = begin_refresh(&fixture).await;
    fixture.clock.advance(second);
    let writes = fixture.store.writes();
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    assert_eq!(fixture.store.writes(), writes + 1);
    gate.open();
    assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
    fixture.clock.advance(LATER);
    assert!(fixture.access_token().await.is_ok());
    fixture.finish();
}

/// For the session of the request, and for the session as it is under the lease.
#[tokio::test]
async fn a_refresh_reads_the_store_twice() {
    let mut fixture = Fixture::lives(Backend::Store).await;
    fixture.clock.advance(LATER);
    let before = fixture.store.reads();
    fixture.access_token().await.unwrap();
    assert_eq!(fixture.store.reads() - before, 2);
    fixture.finish();
}

/// Begins a refresh whose answer Logto keeps back, and whose browser goes away.
async fn begin_refresh(fixture: &Fixture) -> Gate {
    let before = sent(fixture);
    let gate = fixture.provider.hold(Endpoint::Token);
    let page = fixture.page();
    tokio::select! {
        _ = page.access_token(TokenRequest::opaque()) => panic!("the answer is held back"),
        () = fixture.provider.has_been_called(Endpoint::Token, before + 1) => {}
    }
    gate
}

/// The store has the sign of life, and the instance does not know. Another one would send the same
/// refresh token.
#[tokio::test]
async fn a_lease_is_kept_when_the_answer_to_a_sign_of_life_is_lost() {
    each(Backend::SHARED, async |backend| {
        let fixture = Fixture::lives(backend).await;
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gate = begin_refresh(&fixture).await;
        let signs_of_life = || {
            let written = fixture.store.dump();
            written.iter().filter(|(key, _)| key.starts_with("lease")).count()
        };
        fixture.store.fail_for(Trouble::LosesAnswers, 1);
        eventually("a sign of life", async || (fixture.store.hits() == 1).then_some(())).await;
        let lost = signs_of_life();
        eventually("more of them", async || (signs_of_life() >= lost + 2).then_some(())).await;
        gate.open();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        assert_eq!(sent(&fixture) - before, 1);
        fixture.finish();
    })
    .await;
}

/// What Logto answered exists nowhere else: it is tried for as long as the process lives.
#[tokio::test]
async fn a_store_that_is_away_for_minutes_costs_no_session() {
    each(Backend::SHARED, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gate = begin_refresh(&fixture).await;
        fixture.store.fail_with(Trouble::Down);
        gate.open();
        let in_vain =
            async || fixture.log().contains("failed to store refreshed tokens").then_some(());
        eventually("an attempt to store in vain", in_vain).await;
        // Nothing but the store is waited for any more.
        tokio::time::pause();
        let waiting = Instant::now();
        assert_eq!(fixture.logto.drain(Duration::from_secs(300)).await, 1);
        assert!(waiting.elapsed() >= Duration::from_secs(300));
        tokio::time::resume();
        for line in ["waiting for background tasks", "drain timed out", "unstored_refreshes=1"] {
            assert!(fixture.log().contains(line), "{line}: {}", fixture.log());
        }
        fixture.store.recover();
        assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
        assert!(fixture.access_token().await.is_ok());
        assert_eq!(sent(&fixture) - before, 1, "it was stored, and the old one was not sent again");
        fixture.finish();
    })
    .await;
}

/// What was issued for a refresh whose browser never heard of it has to last longer than the hour
/// of an access token.
#[tokio::test]
async fn a_rotated_token_waits_for_a_browser_that_comes_back_much_later() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        // The cookies of this answer are lost.
        let page = fixture.page();
        page.access_token(TokenRequest::opaque()).await.unwrap();
        fixture.clock.advance(Duration::from_secs(30 * 3600));
        assert!(fixture.access_token().await.is_ok());
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_early_renewal_delays_no_request() {
    each(Backend::ALL, async |backend| {
        // Lasts longer than the request: an answer that is late is not an answer that is lost.
        let mut fixture = Fixture::at(backend, |config| config).await;
        fixture.sign_in_as("alice").await;
        let old = fixture.access_token().await.unwrap();
        fixture.clock.advance(DUE);
        let before = sent(&fixture);
        let gate = Gate::default();
        let held = gate.clone();
        fixture.provider.bend(Endpoint::Token, move |answer, _| answer.held(&held));
        let pages: Vec<_> = (0..8).map(|_| fixture.page()).collect();
        let tokens = pages.iter().map(|page| page.access_token(TokenRequest::opaque()));
        for token in join_all(tokens).await {
            assert_eq!(token.unwrap().as_str(), old);
        }
        fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
        gate.open();
        fixture.provider.clear_faults();
        eventually("the renewed token", async || {
            // The pause after an outage ends, if there was one.
            fixture.clock.advance(Duration::from_secs(1));
            fixture.access_token().await.is_ok_and(|token| token != old).then_some(())
        })
        .await;
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_early_renewal_is_waited_for_where_the_browser_has_to_keep_it() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let old = fixture.access_token().await.unwrap();
        fixture.clock.advance(DUE);
        let is_renewed = fixture.access_token().await.unwrap() != old;
        assert_eq!(is_renewed, backend != Backend::Store);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_end_at_logto_is_noticed_at_an_early_renewal() {
    for backend in [Backend::Cookies, Backend::CookiesBesideStore] {
        let fixture = Fixture::lives(backend).await;
        fixture.clock.advance(DUE);
        fixture.provider.revoke_everything();
        let token = fixture.page().access_token(TokenRequest::opaque()).await;
        assert!(token.unwrap_err().needs_sign_in());
        fixture.finish();
    }
}

#[tokio::test]
async fn an_outage_at_an_early_renewal_is_not_noticed() {
    let rows = Backend::ALL;
    each(rows, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        let old = fixture.access_token().await.unwrap();
        fixture.clock.advance(DUE);
        fixture.provider.bend(Endpoint::Token, |_, _| Answer::text(503, ""));
        let before = sent(&fixture);
        for pause in 0..2 {
            for _ in 0..5 {
                assert_eq!(fixture.access_token().await.unwrap(), old);
                assert_eq!(fixture.logto.drain(Duration::from_secs(60)).await, 0);
            }
            assert_eq!(sent(&fixture) - before, pause + 1, "one attempt, and then a pause");
            fixture.clock.advance(Duration::from_secs(5));
        }
        // Once it has ended, it is noticed.
        fixture.clock.advance(Duration::from_secs(30));
        assert_eq!(fixture.access_token().await.unwrap_err().status, 503);
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.provider.clear_faults();
        assert!(fixture.access_token().await.is_ok());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn the_cookie_is_renewed_with_the_token_and_then_left_alone() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::lives(backend).await;
        fixture.clock.advance(LATER);
        fixture.access_token().await.unwrap();
        let page = fixture.page();
        assert!(page.is_authenticated().await.unwrap());
        assert!(page.take_cookies().await.is_empty());
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_lost() {
    each(Backend::ALL, async |backend| {
        for (window, survives) in [(3, true), (0, false)] {
            let mut fixture = Fixture::lives(backend).await;
            fixture.provider.rotate_refresh_tokens();
            fixture.provider.forgive_for(window);
            fixture.clock.advance(LATER);
            let before = sent(&fixture);
            fixture.provider.bend(Endpoint::Token, |a, _| a.cut());
            assert_eq!(fixture.access_token().await.unwrap_err().status, 503);
            assert_eq!(sent(&fixture) - before, 2, "one second attempt, no third");
            fixture.provider.clear_faults();
            let again = fixture.access_token().await;
            assert_eq!(again.is_ok(), survives, "{again:?}");
            assert_eq!(fixture.user().await.is_some(), survives);
            fixture.finish();
        }
    })
    .await;
}

/// Instance A loses its lease while Logto's answer is on the way, B sends the same refresh token
/// and is refused, and A's answer was good.
#[tokio::test]
async fn a_refusal_because_another_instance_was_faster() {
    each(Backend::SHARED, async |backend| {
        let fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.provider.forgive_for(3);
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gates = [Gate::default(), Gate::default()];
        let (held, count) = (gates.clone(), Arc::new(AtomicUsize::new(0)));
        fixture.provider.bend(Endpoint::Token, move |answer, _| {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => answer.held(&held[0]),
                _ => Answer::error(400, "invalid_grant").held(&held[1]),
            }
        });
        let (a, b) = (fixture.instance(), fixture.instance());
        let (a, b) = (fixture.page_of(&a), fixture.page_of(&b));
        let ask = |page: &logto::web::Context| {
            let page = page.clone();
            tokio::spawn(async move { page.access_token(TokenRequest::opaque()).await })
        };
        let first = ask(&a);
        fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
        fixture.clock.advance(Duration::from_secs(2));
        let second = ask(&b);
        fixture.provider.has_been_called(Endpoint::Token, before + 2).await;
        gates[0].open();
        let first = first.await.unwrap().unwrap();
        gates[1].open();
        assert_eq!(second.await.unwrap().unwrap(), first);
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_dead_refresh_token_is_sent_once() {
    each(Backend::ALL, async |backend| {
        let fixture = Fixture::lives(backend).await;
        fixture.provider.revoke_everything();
        fixture.clock.advance(LATER);
        let instances = instances(&fixture, backend);
        let before = sent(&fixture);
        let pages: Vec<_> =
            (0..30).map(|n| fixture.page_of(&instances[n % instances.len()])).collect();
        let tokens =
            pages.iter().enumerate().map(|(n, page)| page.access_token(targets()[n % 5].clone()));
        for token in join_all(tokens).await {
            assert!(token.unwrap_err().needs_sign_in());
        }
        assert_eq!(sent(&fixture) - before, 1);
        assert_eq!(fixture.user().await, None);
        fixture.finish();
    })
    .await;
}
