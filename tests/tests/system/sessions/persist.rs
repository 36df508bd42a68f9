//! What was refreshed is stored, whatever happens between Logto's answer and the store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use logto::{LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Backend, Endpoint, Fixture, Gate, Trouble, each};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);

fn sent(fixture: &Fixture) -> usize {
    fixture.provider.calls(Endpoint::Token).len()
}

#[tokio::test]
async fn a_store_that_fails_before_the_new_token_is_written() {
    let troubles = [
        Trouble::Down,
        Trouble::Hangs,
        Trouble::ReadOnly,
        Trouble::LosesAnswers,
        Trouble::Miscounts,
    ];
    each(Backend::SHARED, async |backend| {
        for trouble in troubles {
            let mut fixture = Fixture::lives(backend).await;
            fixture.provider.rotate_refresh_tokens();
            fixture.clock.advance(LATER);
            let before = sent(&fixture);
            let gate = fixture.provider.hold(Endpoint::Token);
            let page = fixture.page();
            let asking = tokio::spawn(async move {
                drop(page.access_token(TokenRequest::opaque()).await);
            });
            fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
            fixture.store.fail_with(trouble);
            gate.open();
            // A store that only reads wrongly takes it at once.
            eventually("attempts to store", async || {
                (fixture.store.hits() >= 4 || asking.is_finished()).then_some(())
            })
            .await;
            fixture.store.recover();
            asking.await.unwrap();

            fixture.provider.clear_faults();
            let other = fixture.instance();
            let page = fixture.page_of(&other);
            let token = page.access_token(TokenRequest::opaque()).await;
            assert!(token.is_ok(), "{trouble:?}: {token:?}");
            assert_eq!(sent(&fixture) - before, 1, "{trouble:?}");
            fixture.clock.advance(LATER);
            let token = fixture.access_token().await;
            assert!(token.is_ok(), "{trouble:?}: {token:?}");
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_stored_before_it_is_returned() {
    each(Backend::SHARED, async |backend| {
        let fixture = Fixture::lives(backend).await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gate = fixture.provider.hold(Endpoint::Token);
        let page = fixture.page();
        let asking = tokio::spawn({
            let page = page.clone();
            async move { page.access_token(TokenRequest::opaque()).await }
        });
        fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
        fixture.store.fail_with(Trouble::ReadOnly);
        gate.open();
        let error = asking.await.unwrap().unwrap_err();
        assert!(error.is_retryable(), "{error}");
        fixture.store.recover();
        fixture.finish();
    })
    .await;
}

/// The store may take longer than Logto: a sign of life that hangs must not keep the answer from
/// being read.
#[tokio::test]
async fn a_store_that_hangs_while_logto_answers() {
    each(Backend::SHARED, async |backend| {
        let slow = |config: LogtoConfig| {
            config
                .with_request_timeout(Duration::from_secs(1))
                .with_storage_timeout(Duration::from_secs(2))
        };
        let mut fixture = Fixture::at(backend, slow).await;
        fixture.sign_in_as("alice").await;
        fixture.provider.rotate_refresh_tokens();
        fixture.clock.advance(LATER);
        let before = sent(&fixture);
        let gate = fixture.provider.hold(Endpoint::Token);
        let page = fixture.page();
        let asking = tokio::spawn(async move { page.access_token(TokenRequest::opaque()).await });
        fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
        fixture.store.fail_with(Trouble::Hangs);
        eventually("a sign of life", async || (fixture.store.hits() > 0).then_some(())).await;
        gate.open();
        fixture.store.recover();
        let token = asking.await.unwrap();
        assert!(token.is_ok(), "{token:?}");
        assert_eq!(sent(&fixture) - before, 1);
        fixture.finish();
    })
    .await;
}

/// Of the instance that refreshes nothing is left between its request and Logto's answer.
#[tokio::test]
async fn another_takes_over_from_one_that_died() {
    let survivors = [("another instance", false), ("the same", true)];
    each(Backend::ALL, async |backend| {
        for (name, same) in survivors {
            if backend == Backend::Cookies && !same {
                continue;
            }
            let mut fixture = Fixture::lives(backend).await;
            fixture.provider.rotate_refresh_tokens();
            fixture.provider.forgive_for(3);
            fixture.clock.advance(LATER);
            let before = sent(&fixture);
            let (gate, count) = (Gate::default(), AtomicUsize::new(0));
            fixture.provider.bend(Endpoint::Token, move |answer, _| {
                match count.fetch_add(1, Ordering::SeqCst) {
                    0 => answer.held(&gate),
                    _ => answer,
                }
            });
            let doomed = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            let instance = if same { fixture.logto.clone() } else { fixture.instance() };
            let page = fixture.page_of(&instance);
            doomed.spawn(async move { drop(page.access_token(TokenRequest::opaque()).await) });
            fixture.provider.has_been_called(Endpoint::Token, before + 1).await;
            let end = move || doomed.shutdown_timeout(Duration::from_secs(10));
            tokio::task::spawn_blocking(end).await.unwrap();
            // No sign of life for as long as a lease lasts.
            fixture.clock.advance(Duration::from_secs(2));

            let token = fixture.access_token().await;
            assert!(token.is_ok(), "{name}: {token:?}");
            assert_eq!(sent(&fixture) - before, 2, "{name}");
            fixture.clock.advance(LATER);
            let token = fixture.access_token().await;
            assert!(token.is_ok(), "{name}: {token:?}");
            fixture.finish();
        }
    })
    .await;
}
