//! The connections to a store that is well: they are cut, or there are no more of them.

use std::time::{Duration, Instant};

use logto_tests::eventually;
use logto_tests::instances::{Cluster, with_each_database};

use super::{all, burst, each_once, targets};

/// While one instance waits for Logto: longer than a lease without signs of life, and not so long
/// that Logto would refuse the refresh token which it replaced.
const CUTTING: Duration = Duration::from_secs(2);
const BETWEEN_CUTS: Duration = Duration::from_millis(25);

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_in_a_row_do_not_redeem_a_token_twice() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.replaces_refresh_tokens();
        let request = cluster.refresh_without_answer(&alice).await;
        let follow = || {
            let (alice, url) = (alice.clone(), cluster.url_of(1, "/profile"));
            tokio::spawn(async move { alice.status(&url).await })
        };
        let mut follower = follow();
        let mut pace = tokio::time::interval(BETWEEN_CUTS);
        let end = Instant::now() + CUTTING;
        while Instant::now() < end {
            cluster.database.drop_connections();
            if follower.is_finished() {
                assert_eq!(follower.await.unwrap(), 503);
                follower = follow();
            }
            pace.tick().await;
        }
        cluster.tenant.faults().clear();
        assert!([Some(200), Some(503)].contains(&request.await.unwrap()));
        assert!([200, 503].contains(&follower.await.unwrap()));
        eventually("the whole burst to be served", async || {
            (burst(&cluster, &alice).await == all(200)).then_some(())
        })
        .await;
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_room_for_connections_gets_what_logto_answered_later() {
    with_each_database(async |database| {
        let mut cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.replaces_refresh_tokens();
        let request = cluster.refresh_without_answer(&alice).await;
        cluster.database.refuse();
        cluster.tenant.faults().clear();
        eventually("the first instance to try in vain", async || {
            cluster.log(0).contains("failed to store refreshed tokens").then_some(())
        })
        .await;
        cluster.terminate(0);
        cluster.database.welcome();
        drop(request.await);
        cluster.wait_for_end(0).await;
        assert_eq!(burst(&cluster, &alice).await, all(200));
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}
