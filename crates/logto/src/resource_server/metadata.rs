//! Protected resource metadata (RFC 9728).

use logto_http::is_private;
use serde_json::json;
use url::Url;

use crate::reply::Reply;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// What clients send along: MCP has a header of its own.
const REQUEST_HEADERS: &str = "mcp-protocol-version, accept, content-type";

/// The address of the metadata: the well-known path between host and path of the resource
/// (section 3.1).
pub(super) fn metadata_url(resource: &str) -> Option<Url> {
    let mut url = Url::parse(resource).ok()?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_private(&url));
    if !secure || url.host().is_none() || url.query().is_some() {
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{WELL_KNOWN}{path}"));
    Some(url)
}

/// The document (section 2). It is public, and pages of other origins read it.
pub(super) fn document(resource: &str, issuer: &str, scopes: &[String]) -> Reply {
    let document = json!({
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
    });
    Reply::json_document(200, &document).with_header("access-control-allow-origin", "*")
}

/// The answer to a browser that asks whether a page of another origin may read the document.
pub(super) fn preflight() -> Reply {
    Reply::new(204)
        .with_header("access-control-allow-origin", "*")
        .with_header("access-control-allow-methods", "GET, HEAD")
        .with_header("access-control-allow-headers", REQUEST_HEADERS)
        .with_header("access-control-max-age", "600")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_goes_between_host_and_path() {
        for (resource, expected) in [
            (
                "https://api.example.test",
                Some("https://api.example.test/.well-known/oauth-protected-resource"),
            ),
            (
                "https://api.example.test/",
                Some("https://api.example.test/.well-known/oauth-protected-resource"),
            ),
            (
                "https://example.test:8443/mcp/v1",
                Some("https://example.test:8443/.well-known/oauth-protected-resource/mcp/v1"),
            ),
            (
                "http://localhost:3000/mcp",
                Some("http://localhost:3000/.well-known/oauth-protected-resource/mcp"),
            ),
            ("http://api.example.test", None),
            ("https://api.example.test/?a=b", None),
            ("urn:things", None),
        ] {
            let url = metadata_url(resource);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{resource}");
        }
    }
}
