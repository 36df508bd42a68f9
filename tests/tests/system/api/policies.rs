//! What routes of an API ask for: scopes, organizations, machines or users.

use logto::resource_server::{Api, ApiConfig, Policy};
use logto_tests::bearer::Then::{Forbidden, In, Invalid, Malformed};
use logto_tests::bearer::{ALICE, CLIENT, Fixture, ORGANIZATION, RESOURCE, Then, Token};
use logto_tests::hostile::Logs;
use serde_json::json;

#[tokio::test]
async fn a_route_asks_for_permissions_and_organizations() {
    const READ: &str = "read:things";
    const BOTH: &str = "read:things write:things";
    let things = format!("/organizations/{ORGANIZATION}/things");
    let members = format!("/organizations/{ORGANIZATION}/members");
    let here = In("alice in wpmklpcc20gc");
    let machine = In("8s6wye3gb7dq9a4n54lsn in none");
    let plain = |token: Token| token;
    let without = |token: Token| token.without("scope");
    let both = |token: Token| token.with("scope", BOTH);
    let write = |token: Token| token.with("scope", "write:things");
    let longer = |token: Token| token.with("scope", "read:things:all xread:things");
    // Only spaces separate scopes (RFC 6749, section 3.3).
    let glued = |token: Token| token.with("scope", "all\tread:things\nwrite:things");
    let ours = |token: Token| token.with("organization_id", ORGANIZATION);
    let other = |token: Token| token.with("organization_id", "elsewhere");
    let empty = |token: Token| token.with("organization_id", "");
    let of_organization = |token: Token| {
        let aud = format!("urn:logto:organization:{ORGANIZATION}");
        token.with("aud", aud).with("scope", "read:members")
    };
    let of_other = |token: Token| {
        let aud = "urn:logto:organization:elsewhere";
        token.with("aud", aud).with("scope", "read:members")
    };
    let as_machine = |token: Token| token.with("sub", CLIENT);
    let rows: [(&str, &str, fn(Token) -> Token, Then); 34] = [
        ("/read", READ, plain, ALICE),
        ("/read", READ, both, ALICE),
        ("/read", READ, without, Forbidden),
        ("/read", READ, write, Forbidden),
        ("/read", READ, longer, Forbidden),
        ("/read", READ, glued, Forbidden),
        ("/read", READ, as_machine, machine),
        ("/read-and-write", BOTH, plain, Forbidden),
        ("/read-and-write", BOTH, both, ALICE),
        ("/read-or-write", READ, plain, ALICE),
        ("/read-or-write", READ, write, ALICE),
        ("/read-or-write", READ, without, Forbidden),
        (&things, READ, ours, here),
        (&things, READ, plain, Forbidden),
        (&things, READ, other, Forbidden),
        (&things, READ, empty, Forbidden),
        (&things, READ, of_organization, Invalid),
        ("/of-header", "", ours, Malformed),
        ("/of-some", "", ours, here),
        ("/of-some", "", other, In("alice in elsewhere")),
        ("/of-some", "", plain, Forbidden),
        ("/of-none", "", plain, ALICE),
        ("/of-none", "", ours, Forbidden),
        (&members, "read:members", of_organization, here),
        (&members, "read:members", of_other, Forbidden),
        (&members, "read:members", ours, Forbidden),
        (&members, "read:members", plain, Forbidden),
        ("/any", "", of_organization, Invalid),
        ("/machines", "", as_machine, machine),
        ("/machines", "", plain, Forbidden),
        ("/users", "", plain, ALICE),
        ("/users", "", as_machine, Forbidden),
        ("/misplaced/wpmklpcc20gc", "", ours, Forbidden),
        ("/misplaced/wpmklpcc20gc", "", plain, Forbidden),
    ];
    let fixture = Fixture::new().await;
    for (path, scope, change, then) in rows {
        let token = change(fixture.token());
        for time in ["once", "again"] {
            let seen = fixture.ask_with(path, &token.sign()).await;
            let name = format!("{path}, {time}: {}", token.claims);
            then.assert(&name, &seen, scope);
        }
    }
    let authorization = format!("Bearer {}", ours(fixture.token()).sign());
    for (organizations, then) in [
        (&[ORGANIZATION][..], here),
        (&["elsewhere"], Forbidden),
        (&[""], Forbidden),
        (&[], Malformed),
        // A proxy may read the other one.
        (&[ORGANIZATION, "elsewhere"], Malformed),
        (&[ORGANIZATION, ORGANIZATION], Malformed),
    ] {
        let named = organizations.iter().map(|organization| ("x-organization", *organization));
        let headers: Vec<_> = named.chain([("authorization", authorization.as_str())]).collect();
        let seen = fixture.ask("/of-header", &headers).await;
        then.assert(&organizations.join(", "), &seen, "");
    }
    // A path parameter is compared as the route sees it.
    let odd = ours(fixture.token()).with("organization_id", "a b").sign();
    let seen = fixture.ask_with("/organizations/a%20b/things", &odd).await;
    In("alice in a b").assert("an id that is encoded", &seen, READ);
}

#[tokio::test]
async fn each_delegated_call_has_a_line_with_actor_and_subject() {
    const DELEGATED: Policy = Policy::new().with_delegation(1);
    let fixture = Fixture::new().await;
    let api = Api::new(fixture.provider.endpoint(), ApiConfig::new(RESOURCE)).unwrap();
    let logs = Logs::capture();
    let token = fixture.token().with("act", json!({ "sub": "bob" })).sign();
    let lines = || logs.text().matches("delegated access token accepted").count();
    api.verify(&token).await.unwrap_err();
    assert_eq!(lines(), 0, "{}", logs.text());
    // Also when the token was seen before.
    for calls in 1..=2 {
        let claims = api.verify_for(&DELEGATED, &token, None).await.unwrap();
        assert_eq!(claims.actor(), Some("bob"));
        assert_eq!(lines(), calls, "{}", logs.text());
    }
    assert!(logs.text().contains(r#"actor="bob" subject="alice" depth=1"#), "{}", logs.text());
    api.verify_for(&DELEGATED, &fixture.token().sign(), None).await.unwrap();
    assert_eq!(lines(), 2, "{}", logs.text());
}
