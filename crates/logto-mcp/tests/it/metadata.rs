//! Where clients sign in, and what browsers may do.

use crate::ask::Ask;
use crate::fixture::{ADDRESS, Fixture};
use serde_json::json;

const PATHS: [&str; 2] =
    ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

#[tokio::test]
async fn the_metadata_is_at_both_places_for_every_page() {
    let fixture = Fixture::new().await;
    for path in PATHS {
        let seen = fixture.see(Ask::get(path).with("origin", "https://anybody.example.test")).await;
        assert_eq!(seen.status, 200, "{path}");
        assert_eq!(seen.header("access-control-allow-origin"), "*");
        assert_eq!(seen.header("content-type"), "application/json");
        let expected = json!({
            "resource": ADDRESS,
            "authorization_servers": [fixture.tenant.issuer()],
            "scopes_supported": ["read:notes"],
            "bearer_methods_supported": ["header"],
        });
        assert_eq!(seen.message(), expected);

        let preflight =
            Ask::get(path).method("OPTIONS").with("origin", "https://anybody.example.test");
        let seen = fixture.see(preflight).await;
        assert_eq!((seen.status.as_u16(), seen.header("access-control-allow-origin")), (204, "*"));
        assert!(seen.header("access-control-allow-headers").contains("mcp-protocol-version"));
        assert_eq!(fixture.see(Ask::post("").path(path)).await.status, 405);
    }
}

#[tokio::test]
async fn pages_of_known_origins_call_the_server_and_read_refusals() {
    let fixture = Fixture::new().await;
    for origin in ["http://localhost:8000", "https://inspector.example.test"] {
        let preflight = Ask::get("/mcp")
            .method("OPTIONS")
            .with("origin", origin)
            .with("access-control-request-headers", "authorization, Mcp-Param-City, x-evil");
        let seen = fixture.see(preflight).await;
        assert_eq!(seen.status, 204);
        assert_eq!(seen.header("access-control-allow-origin"), origin);
        let allowed: Vec<_> = seen.header("access-control-allow-headers").split(", ").collect();
        assert!(
            ["authorization", "mcp-name", "mcp-param-city"]
                .iter()
                .all(|name| allowed.contains(name))
        );
        assert!(!allowed.contains(&"x-evil") && !allowed.contains(&"*"));

        let seen = fixture.see(Ask::call("whoami").with("origin", origin)).await;
        assert_eq!(
            (seen.status.as_u16(), seen.header("access-control-allow-origin")),
            (401, origin)
        );
        assert!(seen.header("access-control-expose-headers").contains("www-authenticate"));
        assert_eq!(seen.header("vary"), "origin");
    }
    let foreign = Ask::get("/mcp").method("OPTIONS").with("origin", "https://evil.example.test");
    let seen = fixture.see(foreign).await;
    assert_eq!((seen.status.as_u16(), seen.header("access-control-allow-origin")), (403, ""));
}
