//! The sessions of older clients belong to the caller that began them.

use serde_json::json;

use crate::ask::Ask;
use crate::fixture::Fixture;

#[tokio::test]
async fn a_session_goes_on_with_a_newer_token_and_ends_for_its_owner() {
    let fixture = Fixture::new().await;
    let first = fixture.token("alice", "read:notes").await;
    let session = fixture.session(&first).await;
    let call = |tool| {
        let params = json!({ "name": tool, "arguments": { "text": "hello" } });
        Ask::legacy("tools/call", params).session(&session)
    };
    let stepped_up = fixture.token("alice", "read:notes write:notes").await;
    assert_eq!(fixture.see(call("write_note").token(&first)).await.status, 403);
    let seen = fixture.see(call("write_note").token(&stepped_up)).await;
    assert!(seen.body.contains("wrote hello"), "{seen:?}");

    let end = || Ask::get("/mcp").method("DELETE").with("mcp-protocol-version", "2025-06-18");
    let thief = fixture.token("frank", "read:notes").await;
    assert_eq!(fixture.see(end().session(&session).token(&thief)).await.status, 404);
    assert_eq!(fixture.see(call("whoami").token(&first)).await.status, 200);
    assert_eq!(fixture.see(end().session(&session).token(&stepped_up)).await.status, 202);
    assert_eq!(fixture.see(call("whoami").token(&first)).await.status, 404);
}

#[tokio::test]
async fn two_users_with_one_server_do_not_share_a_session() {
    let fixture = Fixture::new().await;
    let (alice, frank) =
        (fixture.token("alice", "read:notes").await, fixture.token("frank", "read:notes").await);
    let (hers, his) = (fixture.session(&alice).await, fixture.session(&frank).await);
    // The code of one session does not fit another one of the same user either.
    let (id, _) = hers.rsplit_once('.').expect("a bound id");
    let other = fixture.session(&alice).await;
    let (_, code) = other.rsplit_once('.').expect("a bound id");
    let mixed = format!("{id}.{code}");
    for (session, token, status) in [
        (&hers, &alice, 200),
        (&his, &frank, 200),
        (&hers, &frank, 404),
        (&his, &alice, 404),
        (&mixed, &alice, 404),
    ] {
        let call = Ask::legacy("tools/call", json!({ "name": "whoami" })).session(session);
        assert_eq!(fixture.see(call.token(token)).await.status, status);
    }
}
