//! The session that the peers keep: what ours holds, as the texts that Logto sent.

use logto::{Logto, TokenRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fixture::{API, Cookies, ORGANIZATION, request};

/// Under which name the peers keep it.
pub const NAME: &str = "logto";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub id_token: String,
    pub refresh_token: String,
    pub tokens: Vec<KeptToken>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptToken {
    pub resource: Option<String>,
    pub organization: Option<String>,
    pub token: String,
    pub scope: String,
    pub expires_at: u64,
}

impl Kept {
    /// What a session of ours holds.
    pub async fn of(logto: &Logto, cookies: &Cookies) -> Self {
        let context = logto.context(request("/", &cookies.header()));
        let claims = context.id_token_claims().await.expect("an answer");
        let claims: Value = claims.expect("claims").custom().expect("JSON");
        let mut tokens = Vec::new();
        for (wanted, resource, organization) in [
            (TokenRequest::opaque(), None, None),
            (TokenRequest::resource(API), Some(API), None),
            (
                TokenRequest::resource(API).in_organization(ORGANIZATION),
                Some(API),
                Some(ORGANIZATION),
            ),
        ] {
            let token = context.access_token(wanted).await.expect("a token");
            tokens.push(KeptToken {
                resource: resource.map(str::to_owned),
                organization: organization.map(str::to_owned),
                token: token.as_str().to_owned(),
                scope: token.scopes().collect::<Vec<_>>().join(" "),
                expires_at: token.expires_at(),
            });
        }
        Self {
            id_token: signed(&claims),
            // As long as Logto's.
            refresh_token: "r".repeat(43),
            tokens,
        }
    }
}

/// An ID token as Logto sends it, but for the signature, which no one here looks at.
fn signed(claims: &Value) -> String {
    let header = json!({ "alg": "ES384", "typ": "JWT", "kid": "k".repeat(43) });
    let parts = [header.to_string(), claims.to_string(), "s".repeat(96)];
    let encode = |part: String| base64_simd::URL_SAFE_NO_PAD.encode_to_string(part);
    parts.map(encode).join(".")
}
