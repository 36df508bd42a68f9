//! Three instances of the example app with one store: what users do there, and what goes wrong.

mod connections;
mod lost_webhook;
mod round_trips;
mod shutdown;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use logto_local::{Endpoint, Fault, SeenRequest};
use logto_management::Management;
use logto_tests::instances::{Cluster, with_each_database};
use logto_tests::{Visitor, eventually, soon};

/// Requests at the same time.
/// Three unoptimized instances on a busy core get through so many before the first one's store
/// times out.
const BURST: usize = 60;

/// The statuses of many requests at the same time, to all instances in turn, and how many had each.
/// One half needs a token for userinfo, the other a token for an API.
async fn burst(cluster: &Cluster, visitor: &Visitor) -> BTreeMap<u16, usize> {
    let pages = ["/profile", "/things"].map(|path| cluster.url(path));
    let requests = pages.iter().cycle().take(BURST);
    let mut counts = BTreeMap::new();
    for status in join_all(requests.map(|page| visitor.status(page))).await {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// What the refreshes were for: nothing, or an API.
fn targets(cluster: &Cluster) -> Vec<Option<String>> {
    let refreshes = cluster.refreshes();
    let resource = |refresh: &SeenRequest| refresh.param("resource").map(str::to_owned);
    let mut targets: Vec<_> = refreshes.iter().map(resource).collect();
    targets.sort();
    targets
}

/// What a burst asks for, each once.
fn each_once() -> Vec<Option<String>> {
    vec![None, Some("https://api.example.test".to_owned())]
}

/// All of a burst had this status.
fn all(status: u16) -> BTreeMap<u16, usize> {
    BTreeMap::from([(status, BURST)])
}

/// The status of a page at each instance.
async fn statuses(cluster: &Cluster, visitor: &Visitor, path: &str) -> Vec<u16> {
    let urls = cluster.urls(path);
    join_all(urls.iter().map(|url| visitor.status(url))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_comes_twice_signs_in_at_whichever_instance() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let first = Visitor::new();
        let address = first.sent_to(&cluster.url_of(0, "/sign-in")).await;
        let callback = cluster.tenant.browser().sign_in(&address, "alice").await;
        let callback = callback.expect("a callback")[cluster.base_url().len()..].to_owned();
        // Of the same browser, which does not see the answer to the first one.
        let second = first.copy(cluster.base_url());
        let third = first.copy(cluster.base_url());
        cluster.tenant.faults().set_times(Endpoint::Token, Fault::HoldAnswer, 1);
        let codes = || cluster.tenant.requests().iter().filter(|sent| is_code(sent)).count();
        let held = {
            let (first, url) = (first.clone(), cluster.url_of(1, &callback));
            tokio::spawn(async move { first.status(&url).await })
        };
        eventually("the code to be sent", async || (codes() == 1).then_some(())).await;
        let waiting = {
            let (second, url) = (second.clone(), cluster.url_of(2, &callback));
            tokio::spawn(async move { second.status(&url).await })
        };
        cluster.tenant.faults().clear();
        assert_eq!(soon("the first answer", held).await.expect("an answer"), 303);
        assert_eq!(soon("the second answer", waiting).await.expect("an answer"), 303);
        assert_eq!(third.status(&cluster.url_of(0, &callback)).await, 303, "when it has ended");
        for visitor in [&first, &second, &third] {
            assert_eq!(statuses(&cluster, visitor, "/api/me").await, [200; 3]);
        }
        assert_eq!(codes(), 1);
        // It leads into no session that has ended.
        cluster.sign_out(&first, 0).await;
        assert_eq!(statuses(&cluster, &second, "/api/me").await, [401; 3]);
        let late = third.copy(cluster.base_url());
        assert_eq!(late.status(&cluster.url_of(2, &callback)).await, 400);
    })
    .await;
}

fn is_code(sent: &SeenRequest) -> bool {
    sent.param("grant_type").is_some_and(|grant| grant == "authorization_code")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_at_the_end_of_a_token_renews_it_once() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        assert_eq!(burst(&cluster, &alice).await, all(200));
        assert_eq!(targets(&cluster), each_once());
        for url in cluster.urls("/things") {
            let page = alice.get(&url).await.text().await.unwrap();
            assert!(page.contains("a lamp"), "{page}");
        }
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_rotates_under_load_loses_no_session() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.replaces_refresh_tokens();
        assert_eq!(burst(&cluster, &alice).await, all(200));
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_that_rotate_again_and_again_under_load_lose_no_session() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.tenant.set_access_token_life(Duration::from_secs(5));
        let mut replaced = BTreeSet::new();
        while replaced.len() < 4 {
            cluster.replaces_refresh_tokens();
            cluster.tenant.clear_requests();
            while cluster.refreshes().is_empty() {
                assert_eq!(burst(&cluster, &alice).await, all(200));
            }
            let refreshes = cluster.refreshes();
            let token = |refresh: &SeenRequest| refresh.param("refresh_token").map(str::to_owned);
            replaced.extend(refreshes.iter().map(token));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_dies_while_it_refreshes_takes_no_session_with_it() {
    with_each_database(async |database| {
        let mut cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.replaces_refresh_tokens();
        // Logto replaces the refresh token, and the first instance never hears of it.
        let dying = cluster.refresh_without_answer(&alice).await;
        cluster.kill(0);
        assert_eq!(dying.await.unwrap(), None, "the first instance answered");

        assert_eq!(burst(&cluster, &alice).await, all(200));
        // The one that came to nothing, too.
        assert_eq!(cluster.refreshes().len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_logto_answers_is_stored_before_it_is_returned() {
    with_each_database(async |database| {
        let mut cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.replaces_refresh_tokens();
        let request = cluster.refresh_without_answer(&alice).await;
        cluster.database.kill();
        cluster.tenant.faults().clear();
        eventually("the first instance to try in vain", async || {
            cluster.log(0).contains("failed to store refreshed tokens").then_some(())
        })
        .await;
        assert!(!request.is_finished(), "tokens are out that no store has");

        cluster.database.start_again().await;
        assert_eq!(request.await.unwrap(), Some(200));
        cluster.kill(0);
        assert_eq!(burst(&cluster, &alice).await, all(200));
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_wins_over_a_refresh_under_way_elsewhere() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        let copy = alice.copy(cluster.base_url());
        let request = cluster.refresh_without_answer(&copy).await;
        // Logto does not hear of it: the store alone knows that the session has ended.
        let faults = cluster.tenant.faults();
        faults.set(Endpoint::Revocation, Fault::Status(503));
        assert_eq!(cluster.sign_out(&alice, 1).await.status(), 303);
        faults.clear();
        assert_eq!(request.await.unwrap(), Some(401));
        assert_eq!(statuses(&cluster, &copy, "/api/me").await, [401; 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_store_is_no_sign_out() {
    with_each_database(async |database| {
        let mut cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        cluster.database.kill();
        for url in cluster.urls("/api/me") {
            let answer = alice.get(&url).await;
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            assert!(!answer.headers().contains_key("set-cookie"));
        }
        cluster.database.start_again().await;
        assert_eq!(statuses(&cluster, &alice, "/api/me").await, [200; 3]);
        // Connections come back one by one: until then a request may still be asked to come again.
        eventually("the whole burst to be served", async || {
            let answers = burst(&cluster, &alice).await;
            let is_kept = |status| [200, 503].contains(status);
            assert!(answers.keys().all(is_kept), "{answers:?}");
            (answers == all(200)).then_some(())
        })
        .await;
        assert_eq!(targets(&cluster), each_once());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_at_one_instance_ends_the_session_at_all() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let alice = cluster.with_an_ended_token().await;
        let copy = alice.copy(cluster.base_url());
        assert_eq!(statuses(&cluster, &copy, "/api/me").await, [200; 3]);
        assert_eq!(cluster.sign_out(&alice, 0).await.status(), 303);
        assert_eq!(statuses(&cluster, &copy, "/api/me").await, [401; 3]);
        assert_eq!(burst(&cluster, &copy).await, all(401));
        assert_eq!(cluster.refreshes().len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logto_may_tell_any_instance_of_a_sign_out() {
    with_each_database(async |database| {
        let cluster = Cluster::start(database).await;
        let tenant = &cluster.tenant;
        for instance in 0..3 {
            let (alice, mut at_logto) = (Visitor::new(), tenant.browser());
            cluster.sign_in(&alice, &mut at_logto).await;
            let (other, mut elsewhere) = (Visitor::new(), tenant.browser());
            cluster.sign_in(&other, &mut elsewhere).await;

            cluster.next_is(instance);
            let end =
                format!("{}/oidc/session/end?client_id={}", tenant.endpoint(), tenant.app_id());
            at_logto.sign_out(&end).await.unwrap();
            assert_eq!(statuses(&cluster, &alice, "/api/me").await, [401; 3]);
            assert_eq!(statuses(&cluster, &other, "/api/me").await, [200; 3]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_user_is_signed_out_on_every_page_stream_and_instance() {
    with_each_database(async |database| {
        let cluster = Cluster::start_with_webhooks(database).await;
        let tenant = &cluster.tenant;
        let devices = [Visitor::new(), Visitor::new()];
        let mut streams = Vec::new();
        for device in &devices {
            cluster.sign_in(device, &mut tenant.browser()).await;
            for url in cluster.urls("/events") {
                let stream = device.get(&url).await;
                assert_eq!(stream.status(), 200);
                streams.push(stream);
            }
        }
        let logs = || (0..3).map(|instance| cluster.log(instance));
        eventually("all instances to hear each other", async || {
            logs().all(|log| log.contains("the store announces ends of sessions")).then_some(())
        })
        .await;

        let machine = tenant.machine_app();
        let management =
            Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap();
        let users = tenant.users();
        let alice = users.iter().find(|user| user.handle() == "alice").unwrap();
        management.users().set_suspended(alice.id(), true).await.unwrap();

        for stream in streams {
            let events = soon("a stream to end", stream.text()).await.unwrap();
            assert!(events.contains("event: signed-out"), "{events}");
        }
        for device in &devices {
            assert_eq!(statuses(&cluster, device, "/api/me").await, [401; 3]);
            assert_eq!(statuses(&cluster, device, "/events").await, [401; 3]);
        }
        // They were told, and did not have to ask.
        let found = |log: &str, how: &str| {
            log.lines().any(|line| line.contains(how) && !line.contains("ended=0"))
        };
        for log in logs() {
            assert!(!log.contains("polling it every second"), "{log}");
            assert!(!found(&log, "all=true ended="), "{log}");
        }
        let told = logs().filter(|log| found(log, "all=false ended="));
        assert!(told.count() >= 2, "the instances that Logto did not call were not told");
    })
    .await;
}
