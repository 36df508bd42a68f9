//! Hostile requests, one a row: what is sent, and the status and challenge that come back.

use std::time::Duration;

use logto_local::LocalTenant;
use logto_mcp::logto::TokenRequest;
use logto_mcp::logto::m2m::{MachineApp, MachineConfig};
use serde_json::json;

use crate::ask::{Ask, message};
use crate::fixture::{ADDRESS, Fixture, Seen, sign_in, tenant, text};
use Then::{Answer, Invalid, Malformed, Missing, Needs, Same, Status};

/// What comes back.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// 200, and this in the result.
    Answer(&'static str),
    /// 401 without an error code, naming these scopes.
    Missing(&'static str),
    /// 401 `invalid_token`.
    Invalid,
    /// 400 `invalid_request`.
    Malformed,
    /// 403 `insufficient_scope`, naming these scopes.
    Needs(&'static str),
    /// Another status without a challenge, and this in the body.
    Status(u16, &'static str),
    /// As rmcp's server.
    Same,
}

struct Tokens {
    none: String,
    reads: String,
    writes: String,
    carol: String,
    expired: String,
    other_api: String,
    other_issuer: String,
    id_token: String,
    opaque: String,
    organization: String,
    personal: String,
    more_scope: String,
    unsigned: String,
    /// frank acts for alice.
    delegated: String,
    /// carol acts for alice.
    other_actor: String,
    /// carol acts for frank, who acts for alice.
    deep: String,
    session: String,
    session_of_actor: String,
}

/// What it is, what rmcp's server answers, what poem-mcpserver's does, and the request.
type Row = (&'static str, Then, Then, fn(&Tokens) -> Ask);

const WRITES: &str = "read:notes write:notes";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Good, so that the refusals below mean something.
    ("a call", Answer("the notes of"), Status(400, ""), |t| Ask::call("read_notes").token(&t.reads)),
    ("a call without scopes", Answer(" with "), Status(400, ""), |t| Ask::call("whoami").token(&t.none)),
    ("a call in a session", Answer("the notes of"), Same, |t| legacy_call("read_notes").session(&t.session).token(&t.reads)),
    ("the name in base64", Answer("the notes of"), Status(400, ""), |t| Ask::call("read_notes").replace("mcp-name", "=?base64?cmVhZF9ub3Rlcw==?=").token(&t.reads)),
    ("a slash at the end", Answer("the notes of"), Same, |t| legacy_call("read_notes").session(&t.session).path("/mcp/").token(&t.reads)),
    ("its own origin", Answer("the notes of"), Same, |t| legacy_call("read_notes").session(&t.session).with("origin", "http://localhost:8000").token(&t.reads)),
    ("a known host", Answer("the notes of"), Same, |t| legacy_call("read_notes").session(&t.session).replace("host", "Proxy.example.test:80").token(&t.reads)),
    ("a prompt", Answer("messages"), Status(404, "-32601"), |t| Ask::modern("prompts/get", json!({ "name": "summary" })).token(&t.reads)),
    ("a resource", Answer("a note"), Status(404, "-32601"), |t| Ask::modern("resources/read", json!({ "uri": "note://1" })).token(&t.reads)),
    // What it is about cannot be read.
    ("a call without a name", Status(400, "-32602"), Same, |t| Ask::legacy("tools/call", json!({})).token(&t.reads)),
    ("a resource without an address", Status(400, "-32602"), Same, |t| Ask::legacy("resources/read", json!({ "uri": 1 })).token(&t.reads)),
    // No token.
    ("no token", Missing(""), Same, |_| Ask::initialize()),
    ("no token, list", Missing(""), Same, |_| Ask::modern("tools/list", json!({}))),
    ("no token, call", Missing("read:notes"), Same, |_| Ask::call("read_notes")),
    ("no token, call with two scopes", Missing(WRITES), Same, |_| Ask::call("write_note")),
    ("no token, unknown tool", Missing(""), Same, |_| Ask::call("no_such_tool")),
    ("no token, not even a message", Missing(""), Same, |_| Ask::post("[")),
    ("no token, GET", Missing(""), Same, |_| stream()),
    ("no token, DELETE", Missing(""), Same, |t| stream().method("DELETE").session(&t.session)),
    ("no token, but a session", Missing(""), Same, |t| legacy_call("read_notes").session(&t.session)),
    ("token in the query", Missing("read:notes"), Same, |t| Ask::call("read_notes").path(&format!("/mcp?access_token={}", t.reads))),
    ("token in a cookie", Missing("read:notes"), Same, |t| Ask::call("read_notes").with("cookie", format!("access_token={}", t.reads))),
    ("another scheme", Missing("read:notes"), Same, |_| Ask::call("read_notes").with("authorization", "Basic YWxpY2U6")),
    // Malformed.
    ("an empty token", Malformed, Same, |_| Ask::call("read_notes").with("authorization", "Bearer ")),
    ("two tokens", Malformed, Same, |t| Ask::call("read_notes").token(&t.reads).token(&t.writes)),
    ("a token with a comma", Malformed, Same, |t| Ask::call("read_notes").token(&format!("{},x", t.reads))),
    // Not for this server, not genuine, over.
    ("garbage", Invalid, Same, |_| Ask::call("read_notes").token("garbage")),
    ("another audience", Invalid, Same, |t| Ask::call("read_notes").token(&t.other_api)),
    ("another issuer", Invalid, Same, |t| Ask::call("read_notes").token(&t.other_issuer)),
    ("an ID token", Invalid, Same, |t| Ask::call("read_notes").token(&t.id_token)),
    ("an opaque token", Invalid, Same, |t| Ask::call("read_notes").token(&t.opaque)),
    ("an organization token", Invalid, Same, |t| Ask::call("read_notes").token(&t.organization)),
    ("a personal access token", Invalid, Same, |t| Ask::call("read_notes").token(&t.personal)),
    ("expired", Invalid, Same, |t| Ask::call("read_notes").token(&t.expired)),
    ("expired, in its session", Invalid, Same, |t| legacy_call("read_notes").session(&t.session).token(&t.expired)),
    ("scopes written into it", Invalid, Same, |t| Ask::call("write_note").token(&t.more_scope)),
    ("without signature", Invalid, Same, |t| Ask::call("write_note").token(&t.unsigned)),
    // A scope is missing.
    ("scope missing", Needs("read:notes"), Same, |t| Ask::call("read_notes").token(&t.none)),
    ("one of two scopes missing", Needs(WRITES), Same, |t| Ask::call("write_note").token(&t.reads)),
    ("scope missing, offered", Needs(WRITES), Same, |t| Ask::call("offered").token(&t.reads)),
    ("a role is missing", Needs(WRITES), Same, |t| Ask::call("write_note").token(&t.carol)),
    ("scope missing, prompt", Needs("read:notes"), Same, |t| Ask::modern("prompts/get", json!({ "name": "summary" })).token(&t.none)),
    ("scope missing, resource", Needs("read:notes"), Same, |t| Ask::modern("resources/read", json!({ "uri": "note://1" })).token(&t.none)),
    ("scope missing, completion", Needs("read:notes"), Same, |t| Ask::modern("completion/complete", json!({ "ref": { "type": "ref/prompt", "name": "summary" }, "argument": { "name": "a", "value": "b" } })).token(&t.none)),
    ("scope missing, subscription", Needs("read:notes"), Same, |t| Ask::modern("subscriptions/listen", json!({ "notifications": {} })).token(&t.none)),
    ("another organization", Needs(""), Same, |t| Ask::call("organization_notes").with("x-organization", "another").token(&t.reads)),
    ("no organization", Malformed, Same, |t| Ask::call("organization_notes").token(&t.reads)),
    // Someone acts for the user: where the policy allows it, by whom, and how deep.
    ("an actor", Answer("acts"), Same, |t| legacy_call("for_others").session(&t.session_of_actor).token(&t.delegated)),
    ("an actor where none may act", Needs("read:notes"), Same, |t| Ask::call("read_notes").token(&t.delegated)),
    ("an actor where none may act, legacy", Needs("read:notes"), Same, |t| legacy_call("read_notes").session(&t.session_of_actor).token(&t.delegated)),
    ("an actor where another one may act", Needs("read:notes"), Same, |t| Ask::call("for_support").token(&t.delegated)),
    ("an actor without scope", Needs(WRITES), Same, |t| Ask::call("write_note").token(&t.delegated)),
    ("an actor, prompt", Needs("read:notes"), Same, |t| Ask::modern("prompts/get", json!({ "name": "summary" })).token(&t.delegated)),
    ("deep delegation", Needs("read:notes"), Same, |t| Ask::call("for_others").token(&t.deep)),
    ("deep delegation, legacy", Needs("read:notes"), Same, |t| legacy_call("for_others").token(&t.deep)),
    ("an actor in the session of the user", Status(404, "not known"), Same, |t| legacy_call("for_others").session(&t.session).token(&t.delegated)),
    ("an actor in the session of another actor", Status(404, "not known"), Same, |t| legacy_call("for_others").session(&t.session_of_actor).token(&t.other_actor)),
    // Older versions do not send the name in a header: the body decides.
    ("legacy, scope missing", Needs(WRITES), Same, |t| legacy_call("write_note").session(&t.session).token(&t.reads)),
    ("legacy, no session, scope missing", Needs(WRITES), Same, |t| legacy_call("write_note").token(&t.reads)),
    ("no version, scope missing", Needs(WRITES), Same, |t| legacy_call("write_note").without("mcp-protocol-version").token(&t.reads)),
    ("legacy, a harmless header", Status(400, "-32020"), Same, |t| legacy_call("write_note").with("mcp-name", "whoami").session(&t.session).token(&t.reads)),
    ("legacy, resources/subscribe", Needs("read:notes"), Same, |t| Ask::legacy("resources/subscribe", json!({ "uri": "note://1" })).token(&t.none)),
    // Headers that say something else than the body.
    ("forged Mcp-Name", Status(400, "-32020"), Same, |t| Ask::call("write_note").replace("mcp-name", "whoami").token(&t.reads)),
    ("forged Mcp-Name in base64", Status(400, "-32020"), Same, |t| Ask::call("write_note").replace("mcp-name", "=?base64?d2hvYW1p?=").token(&t.reads)),
    ("two Mcp-Name", Status(400, "-32020"), Same, |t| Ask::call("write_note").with("mcp-name", "whoami").token(&t.writes)),
    ("forged Mcp-Method", Status(400, "-32020"), Same, |t| Ask::call("write_note").replace("mcp-method", "tools/list").token(&t.reads)),
    ("Mcp-Name without permission", Status(400, "-32020"), Same, |t| Ask::call("whoami").replace("mcp-name", "write_note").token(&t.reads)),
    ("Mcp-Name without permission for an actor", Status(400, "-32020"), Same, |t| Ask::call("whoami").replace("mcp-name", "read_notes").token(&t.delegated)),
    ("Mcp-Name of an organization", Status(400, "-32020"), Same, |t| Ask::call("whoami").replace("mcp-name", "organization_notes").token(&t.reads)),
    ("Mcp-Method without permission", Status(400, "-32020"), Same, |t| Ask::modern("tools/list", json!({})).replace("mcp-method", "subscriptions/listen").token(&t.none)),
    ("forged headers without a message", Status(400, "-32700"), Same, |t| Ask::call("write_note").body("{}").token(&t.reads)),
    ("forged headers without a token", Missing(WRITES), Same, |_| Ask::call("whoami").replace("mcp-name", "write_note")),
    ("no Mcp-Name", Status(400, "-32020"), Status(400, ""), |t| Ask::call("whoami").without("mcp-name").token(&t.reads)),
    ("another version in the body", Status(400, "-32020"), Status(400, ""), |t| Ask::call("whoami").replace("mcp-protocol-version", "2025-11-25").token(&t.reads)),
    // Bodies that could mean two things.
    ("a batch", Status(400, "-32700"), Same, |t| Ask::post(format!("[{}]", message("tools/call", &json!({ "name": "write_note" })))).token(&t.reads)),
    ("two methods", Status(400, "-32700"), Same, |t| Ask::post(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"write_note"}}"#).token(&t.reads)),
    ("two names", Status(400, "-32602"), Same, |t| Ask::post(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"write_note"}}"#).token(&t.reads)),
    ("a call that waits for no answer", Status(404, "-32601"), Same, |t| Ask::post(r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"write_note"}}"#).token(&t.reads)),
    ("an escaped name", Needs(WRITES), Same, |t| Ask::post(r#"{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"name":"write\u005fnote"}}"#).token(&t.reads)),
    ("no JSON", Status(400, "-32700"), Same, |t| Ask::post("tools/call").token(&t.reads)),
    ("nothing", Status(400, "-32700"), Same, |t| Ask::post("").token(&t.reads)),
    ("deep", Status(400, "-32700"), Same, |t| Ask::post("[".repeat(100_000)).token(&t.reads)),
    ("too large", Status(413, "-32600"), Same, |t| Ask::post(" ".repeat(5 << 20)).token(&t.reads)),
    ("another type", Status(415, ""), Same, |t| Ask::call("whoami").replace("content-type", "text/plain").token(&t.reads)),
    // What is not declared.
    ("a tool without policy", Status(403, "-32602"), Same, |t| Ask::call("forgotten").token(&t.writes)),
    ("a tool that does not exist", Status(403, "-32602"), Same, |t| Ask::call("no_such_tool").token(&t.writes)),
    ("a name in capitals", Status(403, "-32602"), Same, |t| Ask::call("READ_NOTES").token(&t.writes)),
    ("a prompt without policy", Status(403, "-32602"), Same, |t| Ask::modern("prompts/get", json!({ "name": "forgotten" })).token(&t.writes)),
    ("a task of another caller", Status(404, "-32601"), Same, |t| Ask::legacy("tasks/get", json!({ "taskId": "1" })).token(&t.writes)),
    ("an unknown method", Status(404, "-32601"), Same, |t| Ask::legacy("notes/deleteAll", json!({})).token(&t.writes)),
    ("an unknown notification", Status(404, "-32601"), Same, |t| Ask::legacy("notifications/delete", json!({})).token(&t.writes)),
    // Sessions.
    ("a stolen session", Status(404, "not known"), Same, |t| legacy_call("whoami").session(&t.session).token(&t.carol)),
    ("a stolen session, GET", Status(404, "not known"), Same, |t| stream().session(&t.session).token(&t.carol)),
    ("a stolen session, DELETE", Status(404, "not known"), Same, |t| stream().method("DELETE").session(&t.session).token(&t.carol)),
    ("an answer in a stolen session", Status(404, "not known"), Same, |t| Ask::post(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).session(&t.session).token(&t.carol)),
    ("an invented session", Status(404, "not known"), Same, |t| legacy_call("whoami").session("6f0d0e4b-7d8e-4c0c-a1c6-000000000000").token(&t.reads)),
    ("a session without its code", Status(404, "not known"), Same, |t| legacy_call("whoami").session(t.session.split('.').next().unwrap()).token(&t.reads)),
    ("two sessions", Status(404, "not known"), Same, |t| legacy_call("whoami").session(&t.session).session(&t.session).token(&t.reads)),
    ("what a stream said before", Status(405, ""), Same, |t| stream().with("last-event-id", "1").token(&t.reads)),
    // Where it comes from and goes to.
    ("a foreign origin", Status(403, "origin"), Same, |t| Ask::call("whoami").with("origin", "https://evil.example.test").token(&t.reads)),
    ("a foreign origin without token", Status(403, "origin"), Same, |_| Ask::call("whoami").with("origin", "https://evil.example.test")),
    ("origin null", Status(403, "origin"), Same, |t| Ask::call("whoami").with("origin", "null").token(&t.reads)),
    ("two origins", Status(403, "origin"), Same, |t| Ask::call("whoami").with("origin", "http://localhost:8000").with("origin", "null").token(&t.reads)),
    ("its origin on another port", Status(403, "origin"), Same, |t| Ask::call("whoami").with("origin", "http://localhost:8001").token(&t.reads)),
    ("another host", Status(403, "host"), Same, |t| Ask::call("whoami").replace("host", "evil.example.test:8000").token(&t.reads)),
    ("another port", Status(403, "host"), Same, |t| Ask::call("whoami").replace("host", "localhost:8001").token(&t.reads)),
    ("no host", Status(403, "host"), Same, |t| Ask::call("whoami").without("host").token(&t.reads)),
    ("two hosts", Status(403, "host"), Same, |t| Ask::call("whoami").with("host", "localhost:8000").token(&t.reads)),
    ("another path", Status(404, ""), Same, |t| Ask::call("whoami").path("/mcp/admin").token(&t.reads)),
    ("a path in disguise", Status(404, ""), Same, |t| Ask::call("whoami").path("//mcp").token(&t.reads)),
    ("another method", Status(405, ""), Same, |t| Ask::call("whoami").method("PUT").token(&t.reads)),
];

fn legacy_call(tool: &str) -> Ask {
    Ask::legacy("tools/call", json!({ "name": tool, "arguments": {} }))
}

fn stream() -> Ask {
    Ask::get("/mcp").with("accept", "text/event-stream").with("mcp-protocol-version", "2025-06-18")
}

#[tokio::test]
async fn hostile_requests_get_what_the_specification_says() {
    hold(&Fixture::new().await, |on_rmcp, _| on_rmcp).await;
}

#[tokio::test]
async fn hostile_requests_get_the_same_from_poem_mcpserver() {
    let on_poem = |on_rmcp, on_poem| if matches!(on_poem, Same) { on_rmcp } else { on_poem };
    hold(&Fixture::of_poem().await, on_poem).await;
}

async fn hold(fixture: &Fixture, then: fn(Then, Then) -> Then) {
    let tokens = Tokens::of(fixture).await;
    for (name, on_rmcp, on_poem, ask) in TABLE {
        let seen = fixture.see(ask(&tokens)).await;
        then(*on_rmcp, *on_poem).assert(name, &seen);
        let secrets = [&tokens.reads, &tokens.writes, &tokens.expired, &tokens.id_token];
        assert!(secrets.iter().all(|token| !seen.body.contains(*token)), "{name}: {seen:?}");
    }
    assert!(TABLE.len() > 90);
}

impl Tokens {
    async fn of(fixture: &Fixture) -> Self {
        let here = &fixture.tenant;
        let expired = fixture.token("alice", WRITES).await;
        let later = Duration::from_secs(2 * 3600);
        here.clock().advance(later);
        fixture.clock.advance(later);
        let elsewhere = tenant(ADDRESS).await;
        elsewhere.clock().advance(later);
        let other_issuer = sign_in(&elsewhere, "alice", Some(ADDRESS), WRITES).await;
        let things = sign_in(here, "alice", Some("https://api.example.test"), "read:things").await;
        let opaque = sign_in(here, "alice", None, "profile").await;
        let reads = fixture.token("alice", "read:notes").await;
        let writes = fixture.token("alice", WRITES).await;
        let [_, payload, _] = parts(&writes);
        let [header, _, signature] = parts(&reads);
        let none = encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        let delegated = fixture.delegated(json!({ "sub": "frank" })).await;
        let session_of_actor = fixture.session(&delegated).await;
        Self {
            deep: fixture.delegated(json!({ "sub": "carol", "act": { "sub": "frank" } })).await,
            other_actor: fixture.delegated(json!({ "sub": "carol" })).await,
            delegated,
            session_of_actor,
            none: fixture.token("alice", "profile").await,
            carol: fixture.token("carol", WRITES).await,
            other_api: text(&things, "access_token"),
            id_token: text(&things, "id_token"),
            opaque: text(&opaque, "access_token"),
            other_issuer: text(&other_issuer, "access_token"),
            organization: organization_token(here).await,
            personal: here.create_personal_access_token("alice").expect("a token"),
            more_scope: format!("{header}.{payload}.{signature}"),
            unsigned: format!("{none}.{payload}."),
            session: fixture.session(&reads).await,
            expired,
            reads,
            writes,
        }
    }
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().expect("a JWT")
}

fn encode(text: &str) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(text)
}

async fn organization_token(tenant: &LocalTenant) -> String {
    let app = tenant.machine_app();
    let config = MachineConfig::new(tenant.endpoint(), &app.app_id, &app.app_secret);
    let app = MachineApp::new(config).expect("a configuration");
    let token = app.token_for(&TokenRequest::organization("wpmklpcc20gc")).await;
    token.expect("an organization token").as_str().to_owned()
}

impl Then {
    fn assert(self, name: &str, seen: &Seen) {
        let challenge = seen.header("www-authenticate");
        let (status, error, scope) = match self {
            Answer(_) => (200, None, ""),
            Missing(scope) => (401, None, scope),
            Invalid => (401, Some("invalid_token"), "any"),
            Malformed => (400, Some("invalid_request"), "any"),
            Needs(scope) => (403, Some("insufficient_scope"), scope),
            Status(status, _) => (status, None, ""),
            Same => panic!("{name} has no expectation"),
        };
        assert_eq!(seen.status, status, "{name}: {seen:?}");
        if let Answer(part) | Status(_, part) = self {
            assert_eq!(challenge, "", "{name}");
            assert!(seen.body.contains(part), "{name}: {seen:?}");
            return;
        }
        assert!(challenge.starts_with(&format!("Bearer realm=\"{ADDRESS}\"")), "{name}: {seen:?}");
        let metadata = "http://localhost:8000/.well-known/oauth-protected-resource/mcp";
        assert_eq!(said(challenge, "resource_metadata").as_deref(), Some(metadata), "{name}");
        assert_eq!(said(challenge, "error").as_deref(), error, "{name}: {seen:?}");
        if scope != "any" {
            let wanted = Some(scope).filter(|scope| !scope.is_empty());
            assert_eq!(said(challenge, "scope").as_deref(), wanted, "{name}: {seen:?}");
        }
    }
}

fn said(challenge: &str, parameter: &str) -> Option<String> {
    let from = challenge.split_once(&format!(" {parameter}=\""))?.1;
    from.split_once('"').map(|(value, _)| value.to_owned())
}
