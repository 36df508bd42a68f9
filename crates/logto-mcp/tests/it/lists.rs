//! Callers see what they may use, and tools see who calls.

use serde_json::{Value, json};

use crate::ask::Ask;
use crate::fixture::Fixture;

const READER: &[&str] =
    &["for_others", "for_support", "headers", "offered", "read_notes", "whoami"];
const WRITER: &[&str] =
    &["for_others", "for_support", "headers", "offered", "read_notes", "whoami", "write_note"];

async fn listed(fixture: &Fixture, ask: Ask, member: &str) -> Vec<String> {
    let message = fixture.see(ask).await.message();
    let result = &message["result"];
    let items = result[member].as_array().unwrap_or_else(|| panic!("{message}"));
    let mut names: Vec<_> =
        items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn lists_hold_what_the_caller_may_use() {
    let fixture = Fixture::new().await;
    let none = fixture.token("alice", "profile").await;
    let reads = fixture.token("alice", "read:notes").await;
    let writes = fixture.token("alice", "read:notes write:notes").await;
    for (token, tools, prompts, resources, templates) in [
        (&none, &["headers", "offered", "whoami"][..], &[][..], &[][..], &[][..]),
        (&reads, READER, &["summary"], &["one"], &["any"]),
        (&writes, WRITER, &["summary"], &["one"], &["any"]),
    ] {
        let session = fixture.session(token).await;
        for (method, member, expected) in [
            ("tools/list", "tools", tools),
            ("prompts/list", "prompts", prompts),
            ("resources/list", "resources", resources),
            ("resources/templates/list", "resourceTemplates", templates),
        ] {
            let modern = Ask::modern(method, json!({})).token(token);
            let legacy = Ask::legacy(method, Value::Null).session(&session).token(token);
            for ask in [modern, legacy] {
                assert_eq!(listed(&fixture, ask, member).await, expected, "{method}");
            }
        }
    }
    let seen = fixture.see(Ask::modern("tools/list", json!({})).token(&reads)).await;
    assert_eq!(seen.message()["result"]["cacheScope"], "private");
}

#[tokio::test]
async fn lists_of_poem_mcpserver_do_too() {
    let fixture = Fixture::of_poem().await;
    let reads = fixture.token("alice", "read:notes").await;
    let writes = fixture.token("alice", "read:notes write:notes").await;
    let session = fixture.session(&reads).await;
    for (token, tools) in [(&reads, READER), (&writes, WRITER)] {
        let list = Ask::legacy("tools/list", Value::Null).session(&session).token(token);
        let tools: Vec<_> = tools.iter().filter(|name| **name != "headers").collect();
        assert_eq!(listed(&fixture, list, "tools").await.iter().collect::<Vec<_>>(), tools);
        for (method, member) in [("prompts/list", "prompts"), ("resources/list", "resources")] {
            let list = Ask::legacy(method, Value::Null).session(&session).token(token);
            assert!(listed(&fixture, list, member).await.is_empty());
        }
    }
}

#[tokio::test]
async fn tools_see_the_claims_and_never_the_token() {
    let fixture = Fixture::new().await;
    let token = fixture.token("alice", "read:notes").await;
    let session = fixture.session(&token).await;
    let legacy = |tool| {
        Ask::legacy("tools/call", json!({ "name": tool, "arguments": {} })).session(&session)
    };
    for (whoami, headers) in
        [(Ask::call("whoami"), Ask::call("headers")), (legacy("whoami"), legacy("headers"))]
    {
        let seen = fixture.see(whoami.token(&token)).await;
        let said = &seen.message()["result"]["content"][0]["text"];
        assert_eq!(*said, format!("{} with read:notes", fixture.id("alice")));
        let seen = fixture.see(headers.token(&token)).await;
        assert!(seen.body.contains("content-type"), "{seen:?}");
        assert!(!seen.body.contains("authorization"), "{seen:?}");
    }
}
