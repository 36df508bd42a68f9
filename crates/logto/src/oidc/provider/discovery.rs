//! The discovery document (OpenID Connect Discovery 1.0, section 4).

use serde::Deserialize;
use url::Url;

use crate::error::{Error, ErrorKind, printable};
use crate::http::{Endpoint, Http};

/// The endpoints that we use.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// As it names itself in everything that it issues.
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    pub(crate) userinfo_endpoint: Option<Url>,
    pub(crate) revocation_endpoint: Option<Url>,
    pub(crate) introspection_endpoint: Option<Url>,
    pub(crate) end_session_endpoint: Option<Url>,
    /// RFC 9207: whether every callback carries `iss`.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// Where the document is (section 4).
pub(crate) fn discovery_url(issuer: &str) -> String {
    format!("{issuer}/.well-known/openid-configuration")
}

/// Whether a name is the issuer's. An endpoint does not tell whether its issuer ends in a slash,
/// and both have the same document (section 4.1); what they issue is then held to the name in it.
pub(super) fn is_about(name: &str, issuer: &str) -> bool {
    name.strip_suffix('/').unwrap_or(name) == issuer
}

impl Metadata {
    pub(crate) async fn fetch(http: &Http, issuer: &str) -> Result<Self, Error> {
        let url = Url::parse(&discovery_url(issuer))
            .map_err(|e| Error::with_source(ErrorKind::Internal, "the endpoint is not a URL", e))?;
        let document = http.get(Endpoint::Discovery, &url, None).await;
        let document = document.map_err(|error| {
            error.in_context(format_args!("{url}, which LOGTO_ENDPOINT leads to"))
        })?;
        Self::parse(&document, issuer, |url| http.published(url))
    }

    /// Section 4.3: the document must be about the issuer that was asked. `published` gives the
    /// address for browsers of an endpoint.
    fn parse(body: &[u8], issuer: &str, published: impl Fn(Url) -> Url) -> Result<Self, Error> {
        let mut metadata: Self = serde_json::from_slice(body).map_err(|e| {
            Error::malformed(ErrorKind::InvalidResponse, "the discovery document", &e)
        })?;
        if !is_about(&metadata.issuer, issuer) {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "the discovery document is about the issuer {:?}, expected was {issuer:?}; set \
                     the endpoint to the address that Logto itself uses",
                    printable(&metadata.issuer),
                ),
            ));
        }
        for url in metadata.endpoints_mut() {
            *url = published(url.clone());
        }
        let issuer = Url::parse(issuer).ok();
        let secure =
            |url: &Url| issuer.as_ref().is_some_and(|issuer| logto_http::may_lead_to(issuer, url));
        if let Some(url) = metadata.endpoints_mut().find(|url| !secure(url)) {
            let origin = match url.origin() {
                origin if origin.is_tuple() => origin.ascii_serialization(),
                _ => format!("{}:", url.scheme()),
            };
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "the discovery document names an endpoint that is not https: {}",
                    printable(&origin)
                ),
            ));
        }
        Ok(metadata)
    }

    fn endpoints_mut(&mut self) -> impl Iterator<Item = &mut Url> {
        let optional = [
            &mut self.userinfo_endpoint,
            &mut self.revocation_endpoint,
            &mut self.introspection_endpoint,
            &mut self.end_session_endpoint,
        ];
        [&mut self.authorization_endpoint, &mut self.token_endpoint, &mut self.jwks_uri]
            .into_iter()
            .chain(optional.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(issuer: &str, base: &str) -> Vec<u8> {
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{base}/auth",
                "token_endpoint":"{base}/token","jwks_uri":"{base}/jwks","unknown":[1]}}"#
        )
        .into_bytes()
    }

    #[test]
    fn the_issuer_must_be_the_one_that_was_asked() {
        let issuer = "https://t.example/oidc";
        for same in [issuer, "https://t.example/oidc/"] {
            assert!(
                Metadata::parse(&document(same, "https://t.example"), issuer, |url| url).is_ok()
            );
        }
        for other in ["https://t.example/oidc//", "https://evil.example/oidc", ""] {
            assert!(
                Metadata::parse(&document(other, "https://t.example"), issuer, |url| url).is_err()
            );
        }
    }

    #[test]
    fn an_endpoint_without_a_host_is_named_by_its_scheme() {
        let issuer = "https://t.example/oidc";
        let document = String::from_utf8(document(issuer, "https://t.example")).unwrap();
        let document = document.replace("https://t.example/token", "javascript:alert(1)");
        let error = Metadata::parse(document.as_bytes(), issuer, |url| url).unwrap_err();
        assert!(error.to_string().ends_with("not https: javascript:"), "{error}");
    }

    #[test]
    fn an_https_issuer_never_leads_to_plain_http() {
        let https = "https://t.example/oidc";
        let http = "http://localhost:3001/oidc";
        for (issuer, base, accepted) in [
            (https, "https://elsewhere.example", true),
            (https, "http://t.example", false),
            (http, "http://127.0.0.1:3001", true),
            (http, "http://t.example", false),
        ] {
            let parsed = Metadata::parse(&document(issuer, base), issuer, |url| url);
            assert_eq!(parsed.is_ok(), accepted, "{issuer} {base}");
        }
    }
}
