//! What was refreshed is stored, whatever happens between Logto's answer and the store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use logto::{LogtoConfig, TokenRequest};
use logto_tests::eventually;
use logto_tests::hostile::{Backend, Endpoint, Gate, Trouble, World, each};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_secs(3600);

fn sent(world: &World) -> usize {
    world.provider.calls(Endpoint::Token).len()
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
            let mut world = World::lives(backend).await;
            world.provider.rotate_refresh_tokens();
            world.clock.advance(LATER);
            let before = sent(&world);
            let gate = world.provider.hold(Endpoint::Token);
            let page = world.page();
            let asking = tokio::spawn(async move {
                drop(page.access_token(TokenRequest::opaque()).await);
            });
            world.provider.has_been_called(Endpoint::Token, before + 1).await;
            world.store.fail_with(trouble);
            gate.open();
            // A store that only reads wrongly takes it at once.
            eventually("attempts to store", async || {
                (world.store.hits() >= 4 || asking.is_finished()).then_some(())
            })
            .await;
            world.store.recover();
            asking.await.unwrap();

            world.provider.clear_faults();
            let other = world.instance();
            let page = world.page_of(&other);
            let token = page.access_token(TokenRequest::opaque()).await;
            assert!(token.is_ok(), "{trouble:?}: {token:?}");
            assert_eq!(sent(&world) - before, 1, "{trouble:?}");
            world.clock.advance(LATER);
            let token = world.access_token().await;
            assert!(token.is_ok(), "{trouble:?}: {token:?}");
            world.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_stored_before_it_is_returned() {
    each(Backend::SHARED, async |backend| {
        let world = World::lives(backend).await;
        world.provider.rotate_refresh_tokens();
        world.clock.advance(LATER);
        let before = sent(&world);
        let gate = world.provider.hold(Endpoint::Token);
        let page = world.page();
        let asking = tokio::spawn({
            let page = page.clone();
            async move { page.access_token(TokenRequest::opaque()).await }
        });
        world.provider.has_been_called(Endpoint::Token, before + 1).await;
        world.store.fail_with(Trouble::ReadOnly);
        gate.open();
        let error = asking.await.unwrap().unwrap_err();
        assert!(error.is_retryable(), "{error}");
        world.store.recover();
        world.finish();
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
        let mut world = World::at(backend, slow).await;
        world.sign_in_as("alice").await;
        world.provider.rotate_refresh_tokens();
        world.clock.advance(LATER);
        let before = sent(&world);
        let gate = world.provider.hold(Endpoint::Token);
        let page = world.page();
        let asking = tokio::spawn(async move { page.access_token(TokenRequest::opaque()).await });
        world.provider.has_been_called(Endpoint::Token, before + 1).await;
        world.store.fail_with(Trouble::Hangs);
        eventually("a sign of life", async || (world.store.hits() > 0).then_some(())).await;
        gate.open();
        world.store.recover();
        let token = asking.await.unwrap();
        assert!(token.is_ok(), "{token:?}");
        assert_eq!(sent(&world) - before, 1);
        world.finish();
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
            let mut world = World::lives(backend).await;
            world.provider.rotate_refresh_tokens();
            world.provider.forgive_for(3);
            world.clock.advance(LATER);
            let before = sent(&world);
            let (gate, count) = (Gate::default(), AtomicUsize::new(0));
            world.provider.bend(Endpoint::Token, move |answer, _| {
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
            let instance = if same { world.logto.clone() } else { world.instance() };
            let page = world.page_of(&instance);
            doomed.spawn(async move { drop(page.access_token(TokenRequest::opaque()).await) });
            world.provider.has_been_called(Endpoint::Token, before + 1).await;
            let end = move || doomed.shutdown_timeout(Duration::from_secs(10));
            tokio::task::spawn_blocking(end).await.unwrap();
            // No sign of life for as long as a lease lasts.
            world.clock.advance(Duration::from_secs(2));

            let token = world.access_token().await;
            assert!(token.is_ok(), "{name}: {token:?}");
            assert_eq!(sent(&world) - before, 2, "{name}");
            world.clock.advance(LATER);
            let token = world.access_token().await;
            assert!(token.is_ok(), "{name}: {token:?}");
            world.finish();
        }
    })
    .await;
}
