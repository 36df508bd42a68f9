//! Many requests to the provider at once, and many while it is gone.

use std::time::Duration;

use futures::future::{join, join_all};
use logto_tests::hostile::{Answer, Endpoint, Fixture};

#[tokio::test]
async fn requests_beyond_the_limit_wait_for_their_turn() {
    let mut fixture = Fixture::with(|config| config.with_max_concurrent_requests(2)).await;
    fixture.sign_in_as("alice").await;
    let gate = fixture.provider.hold(Endpoint::UserInfo);
    let pages: Vec<_> = (0..20).map(|_| fixture.page()).collect();
    let everybody = join_all(pages.iter().map(|page| page.fetch_user_info()));
    let (answers, ()) = join(everybody, async {
        fixture.provider.has_been_called(Endpoint::UserInfo, 2).await;
        gate.open();
    })
    .await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(fixture.provider.most_under_way(), 2);
    fixture.finish();
}

#[tokio::test]
async fn users_who_come_while_it_is_gone_make_few_requests() {
    let mut fixture = Fixture::new().await;
    fixture.provider.bend(Endpoint::Discovery, |_, _| Answer::text(503, ""));
    for _ in 0..60 {
        assert_eq!(fixture.open("/sign-in").await.status, 503);
    }
    // More than two only as far as this machine took its time: after 250 ms, 500 ms, and so on.
    let fetches = fixture.provider.calls(Endpoint::Discovery).len();
    assert!((2..=8).contains(&fetches), "{fetches}");
    fixture.provider.clear_faults();
    fixture.clock.advance(Duration::from_secs(5));
    fixture.sign_in_as("alice").await;
    fixture.finish();
}
