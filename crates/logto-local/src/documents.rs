//! Clients that are known by the address of a document about them (OAuth client ID metadata
//! documents, draft 02).

use axum::http::StatusCode;
use serde_json::Value;
use url::Url;

use crate::apps::{App, AppCredentials, AppKind, loopback};
use crate::directory::{text, texts};
use crate::problem::Problem;
use crate::scopes;
use crate::store::Store;

const LONGEST_ADDRESS: usize = 2048;

/// Reads the document at a client id that is an address, and knows the client from then on.
pub(crate) fn read(store: &mut Store, client_id: &str, now_ms: u64) -> Result<(), Problem> {
    if !store.documents.enabled || !client_id.starts_with("https://") {
        return Ok(());
    }
    check_address(client_id)?;
    let document = store.documents.published.get(client_id).and_then(Value::as_object);
    let document = document
        .filter(|_| loopback(client_id).is_err())
        .ok_or_else(|| invalid_client("client_id metadata document fetch failed"))?;
    let invalid = |what: &str| {
        let status = StatusCode::BAD_REQUEST;
        Err(Problem::new(status, "invalid_client_metadata", what.to_owned()))
    };
    if text(document, "client_id") != client_id {
        return invalid("client_id metadata document client_id does not match the expected value");
    }
    if ["client_secret", "client_secret_expires_at"].iter().any(|name| document.contains_key(*name))
    {
        return invalid(
            "client_id metadata document must not contain client_secret or client_secret_expires_at",
        );
    }
    if text(document, "token_endpoint_auth_method").starts_with("client_secret_") {
        return invalid(
            "client_id metadata document must not use shared-secret token endpoint authentication methods",
        );
    }
    if document.contains_key("client_uri") && !text(document, "client_uri").starts_with("https://")
    {
        return invalid("client_id metadata document client_uri must be an https: URL");
    }
    if !matches!(text(document, "id_token_signed_response_alg"), "" | "ES384") {
        return invalid("id_token_signed_response_alg must be 'ES384'");
    }
    let redirect_uris: Vec<_> = texts(document, "redirect_uris").map(str::to_owned).collect();
    if redirect_uris.is_empty() {
        let what = "redirect_uris is mandatory property";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_redirect_uri", what));
    }
    let name = text(document, "client_name").to_owned();
    let credentials = AppCredentials { app_id: client_id.to_owned(), app_secret: String::new() };
    let mut app = App::new(credentials, AppKind::Document, now_ms);
    app.secrets.clear();
    app.third_party = true;
    app.redirect_uris = redirect_uris;
    app.about.insert("name".to_owned(), name.into());
    store.apps.retain(|known| known.id != client_id);
    store.apps.push(app);
    Ok(())
}

fn check_address(client_id: &str) -> Result<(), Problem> {
    let url = Url::parse(client_id).ok();
    let is_plain = url.is_some_and(|url| {
        url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
    });
    let has_dots = client_id.split(['/', '?']).any(|segment| matches!(segment, "." | ".."));
    match is_plain && !has_dots && client_id.len() <= LONGEST_ADDRESS {
        true => Ok(()),
        false => Err(invalid_client("client is invalid")),
    }
}

fn invalid_client(description: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_client", description.to_owned())
}

/// The scopes that are left of what a client asks for, or the first one that it may not ask for.
pub(crate) fn within_ceiling(
    store: &Store,
    app: &App,
    resources: &[String],
    mut asked: Vec<String>,
) -> Result<Vec<String>, Problem> {
    if app.kind != AppKind::Document {
        return Ok(asked);
    }
    let documents = &store.documents;
    let refused = asked.iter().find(|scope| scopes::is_oidc(scope) && !documents.allows(scope));
    if let Some(scope) = refused {
        let description = "requested scope is not allowed";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
            .with_scope(scope.as_str()));
    }
    asked.retain(|scope| {
        scopes::is_oidc(scope) || documents.allows_for(&store.directory, resources, scope)
    });
    Ok(asked)
}
