//! The discovery document and the key set.

use aws_lc_rs::digest;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::call::Call;
use crate::reply;
use crate::scopes::OIDC_SCOPES;
use crate::state::{Shared, Tenant};

pub(crate) async fn document(State(tenant): State<Shared>, call: Call) -> Response {
    let document = describe(&tenant, call.header("host"));
    cached(&call, "application/json; charset=utf-8", &document)
}

pub(crate) async fn jwks(State(tenant): State<Shared>, call: Call) -> Response {
    let jwks = tenant.store().keys.jwks();
    let response = cached(&call, "application/jwk-set+json; charset=utf-8", &jwks);
    reply::with(response, header::CACHE_CONTROL, "no-cache, max-age=0, must-revalidate")
}

/// The issuer is fixed; every endpoint follows the `Host` header.
fn describe(tenant: &Tenant, host: Option<&str>) -> Value {
    let base = host.map_or_else(|| tenant.issuer.clone(), |host| format!("http://{host}/oidc"));
    let mut document = json!({
        "authorization_endpoint": format!("{base}/auth"),
        "device_authorization_endpoint": format!("{base}/device/auth"),
        "claims_parameter_supported": false,
        "claims_supported": [
            "sub", "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username",
            "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
            "username", "created_at", "email", "email_verified", "phone_number", "phone_number_verified",
            "address", "custom_data", "identities", "sso_identities", "roles", "organizations",
            "organization_data", "organization_roles", "sid", "auth_time", "iss",
        ],
        "code_challenge_methods_supported": ["S256"],
        "end_session_endpoint": format!("{base}/session/end"),
        "grant_types_supported": [
            "implicit", "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "issuer": tenant.issuer,
        "jwks_uri": format!("{base}/jwks"),
        "authorization_response_iss_parameter_supported": true,
        "response_modes_supported": ["form_post", "fragment", "query"],
        "response_types_supported": ["code id_token", "code", "id_token", "none"],
        "scopes_supported": OIDC_SCOPES,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt", "none",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["HS256", "RS256", "PS256", "ES256", "Ed25519", "EdDSA"],
        "token_endpoint": format!("{base}/token"),
        "id_token_signing_alg_values_supported": tenant.store().keys.algorithms(),
        "pushed_authorization_request_endpoint": format!("{base}/request"),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{base}/me"),
        "introspection_endpoint": format!("{base}/token/introspection"),
        "revocation_endpoint": format!("{base}/token/revocation"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claim_types_supported": ["normal"],
    });
    if let Some(document) = document.as_object_mut().filter(|_| tenant.store().documents.enabled) {
        document.insert("client_id_metadata_document_supported".to_owned(), true.into());
    }
    document
}

/// With a strong `ETag` in the form that Logto has, which is a SHA-1, and 304 for a client that has
/// the document already.
fn cached(call: &Call, content_type: &'static str, document: &Value) -> Response {
    let body = document.to_string();
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, body.as_bytes());
    let tag =
        format!(r#""{:x}-{}""#, body.len(), base64_simd::STANDARD_NO_PAD.encode_to_string(hash));
    let mut response = if call.header("if-none-match") == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        reply::typed(StatusCode::OK, content_type, body)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
