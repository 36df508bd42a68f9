//! Streams end when the token does, or the server.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::json;
use tokio::time::{self, Instant};

use crate::ask::Ask;
use crate::fixture::Fixture;

#[tokio::test]
async fn a_subscription_ends_with_its_token_and_its_handler_is_told() {
    let fixture = Fixture::new().await;
    let token = fixture.token("alice", "read:notes").await;
    // The keys are known from now on, so nothing waits for a socket while the time stands still.
    assert_eq!(fixture.see(Ask::call("whoami").token(&token)).await.status, 200);
    time::pause();
    let began = Instant::now();
    let notifications = json!({ "toolsListChanged": true });
    let ask = Ask::modern("subscriptions/listen", json!({ "notifications": notifications }));
    let response = fixture.send(ask.token(&token)).await;
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("acknowledged"));
    // An hour, and the minute that clocks may differ by.
    let lasted = began.elapsed();
    let hour = Duration::from_secs(3660);
    assert!(lasted <= hour + Duration::from_secs(1), "{lasted:?}");
    assert!(lasted + Duration::from_secs(30) > hour, "{lasted:?}");
    fixture.notes.cancelled.notified().await;
}

#[tokio::test]
async fn the_stream_of_a_session_ends_with_its_token() {
    let fixture = Fixture::new().await;
    let token = fixture.token("alice", "read:notes").await;
    let session = fixture.session(&token).await;
    fixture.clock.advance(Duration::from_secs(3600));
    time::pause();
    let began = Instant::now();
    let response = fixture.send(stream(&session, &token)).await;
    assert_eq!(response.status(), 200);
    drop(response.into_body().collect().await.expect("a body"));
    // For as long as the clocks may differ.
    assert!((59..=61).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_stream_of_a_session_ends_when_the_server_stops() {
    let (fixture, stop) = Fixture::stoppable().await;
    let token = fixture.token("alice", "read:notes").await;
    let session = fixture.session(&token).await;
    time::pause();
    let began = Instant::now();
    let response = fixture.send(stream(&session, &token)).await;
    assert_eq!(response.status(), 200);
    stop();
    drop(response.into_body().collect().await.expect("a body"));
    assert_eq!(began.elapsed(), Duration::ZERO, "it ended with the token");
}

fn stream(session: &str, token: &str) -> Ask {
    Ask::get("/mcp")
        .with("accept", "text/event-stream")
        .with("mcp-protocol-version", "2025-06-18")
        .session(session)
        .token(token)
}
