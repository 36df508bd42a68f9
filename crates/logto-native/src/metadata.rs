//! The discovery document (OpenID Connect Discovery 1.0, section 4).

use oauth2::{AuthUrl, DeviceAuthorizationUrl, TokenUrl};
use serde::Deserialize;
use url::Url;

use crate::error::{Error, ErrorKind};

/// The endpoints that a native app uses.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(crate) authorization_endpoint: AuthUrl,
    pub(crate) token_endpoint: TokenUrl,
    pub(crate) revocation_endpoint: Url,
    pub(crate) device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The document has to be about the issuer that was asked (section 4.3).
    pub(crate) fn parse(body: &[u8], issuer: &str) -> Result<Self, Error> {
        let metadata: Self = serde_json::from_slice(body).map_err(invalid)?;
        if metadata.issuer != issuer {
            return Err(invalid("the document is about another issuer"));
        }
        let issuer = Url::parse(issuer).map_err(invalid)?;
        let device = metadata.device_authorization_endpoint.as_ref().map(|endpoint| endpoint.url());
        let endpoints = [
            metadata.authorization_endpoint.url(),
            metadata.token_endpoint.url(),
            &metadata.revocation_endpoint,
        ];
        if endpoints.into_iter().chain(device).any(|url| !logto_http::may_lead_to(&issuer, url)) {
            return Err(invalid("the document names an endpoint that is not https"));
        }
        Ok(metadata)
    }
}

/// The document cannot be used.
pub(crate) fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidResponse, format!("discovery: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HTTPS: &str = "https://t.example/oidc";

    #[test]
    fn an_https_issuer_never_leads_to_plain_http() {
        let good = json!({
            "issuer": HTTPS, "authorization_endpoint": "https://t.example/auth",
            "token_endpoint": "https://t.example/token",
            "revocation_endpoint": "https://t.example/revocation",
            "device_authorization_endpoint": "https://t.example/device",
        });
        let parse = |document: &serde_json::Value| {
            Metadata::parse(document.to_string().as_bytes(), HTTPS).map(|_| ())
        };
        parse(&good).unwrap();
        for endpoint in ["authorization", "token", "revocation", "device_authorization"] {
            for address in ["http://t.example/x", "http://127.0.0.1/x"] {
                let mut document = good.clone();
                document[format!("{endpoint}_endpoint")] = json!(address);
                let error = parse(&document).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{endpoint} {address}");
            }
        }
        let mut document = good;
        document["issuer"] = json!("https://other.example/oidc");
        assert!(parse(&document).unwrap_err().to_string().contains("another issuer"));
    }
}
