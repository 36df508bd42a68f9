//! How many round trips to the store a request takes, counted in front of it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use logto_local::LocalTenant;
use logto_tests::instances::{DUE_FOR_ROTATION, HOUR, with_each_database};
use logto_tests::{Example, ExampleApp, Visitor, free_base_url, signs_in_at};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The first times scripts are loaded, connections made, and statements prepared on each of them.
const ATTEMPTS: usize = 40;

/// By this sqlx asks whether a connection is alive when it goes back into the pool. No request
/// waits for it.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// Where the store is, and how often something was sent there after an answer, or first of all.
async fn counted(store: &str) -> (String, Arc<AtomicUsize>) {
    let mut url = Url::parse(store).unwrap();
    let server = (Ipv4Addr::LOCALHOST, url.port().unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let trips = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&trips);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let is_asked = Arc::new(AtomicBool::new(false));
            let (asked, counter) = (Arc::clone(&is_asked), Arc::clone(&counter));
            tokio::spawn(passed_on(from_client, to_server, move |sent| {
                if sent != SYNC && !asked.swap(true, Ordering::SeqCst) {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            }));
            tokio::spawn(passed_on(from_server, to_client, move |_| {
                is_asked.store(false, Ordering::SeqCst);
            }));
        }
    });
    (url.into(), trips)
}

async fn passed_on(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    note: impl Fn(&[u8]),
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        note(&buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_takes_one_round_trip_and_a_refresh_four() {
    with_each_database(async |database| {
        let (store, trips) = counted(&database.url()).await;
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let mut environment = signs_in_at(&tenant).to_vec();
        environment.push(("STORAGE", &store));
        let app = ExampleApp::start(Example::Axum, &base_url, &environment).await;
        let taken = async |alice: &Visitor, path: &str| {
            let before = trips.load(Ordering::SeqCst);
            assert_eq!(alice.status(&format!("{base_url}{path}")).await, 200, "{}", app.log());
            trips.load(Ordering::SeqCst) - before
        };
        let mut seen = Vec::new();
        for _ in 0..ATTEMPTS {
            let alice = Visitor::new();
            tenant.set_access_token_life(Duration::ZERO);
            let address = alice.sent_to(&format!("{base_url}/sign-in")).await;
            let callback = tenant.sign_in(&address, "alice").await.unwrap();
            assert_eq!(alice.open(&callback).await.status(), 303);
            tenant.set_access_token_life(HOUR);
            tenant.age_refresh_tokens(DUE_FOR_ROTATION);
            let first_page = taken(&alice, "/api/me").await;
            let refresh = taken(&alice, "/profile").await;
            let next_page = taken(&alice, "/profile").await;
            // A command that goes out while another one is under way shares its round trip.
            if [first_page, next_page].contains(&1) && refresh == 4 {
                return;
            }
            seen.push([first_page, refresh, next_page]);
        }
        panic!("round trips for a page, a refresh, and a page: {seen:?}");
    })
    .await;
}
