//! The access token of the machine-to-machine application: fetched once at a time, kept until it ends.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use crate::error::{Error, ErrorKind};
use crate::http::Http;

/// An access token is not used any more this long before its end.
const MARGIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) app_id: String,
    pub(crate) app_secret: SecretString,
    /// The API that the token is for.
    pub(crate) resource: String,
    pub(crate) token_endpoint: Url,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: SecretString,
    ends: Instant,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    credentials: Credentials,
    /// Whoever comes while a token is being fetched waits for that one.
    current: Mutex<Option<Token>>,
}

impl Tokens {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            current: Mutex::new(None),
        }
    }

    pub(crate) async fn get(&self, http: &Http) -> Result<Token, Error> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| token.ends > Instant::now()) {
            return Ok(token.clone());
        }
        let token = self.credentials.fetch(http).await?;
        *current = Some(token.clone());
        Ok(token)
    }

    /// Logto did not accept this token: the next request fetches another.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut current = self.current.lock().await;
        let same = |token: &Token| token.value.expose_secret() == refused.value.expose_secret();
        if current.as_ref().is_some_and(same) {
            *current = None;
        }
    }
}

impl Credentials {
    async fn fetch(&self, http: &Http) -> Result<Token, Error> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: SecretString,
            expires_in: u64,
            #[serde(default)]
            scope: String,
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", self.resource.as_str()),
            ("scope", "all"),
        ];
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = encode(self.app_secret.expose_secret());
        let request = http
            .0
            .request(Method::POST, self.token_endpoint.clone())
            .basic_auth(encode(&self.app_id), Some(secret))
            .form(&form);
        let what = "a token for the Management API";
        let asked = Instant::now();
        let success = http
            .send(request, what, &[self.app_secret.expose_secret()])
            .await
            .map_err(|error| self.no_access(error))?;
        let Ok(answer) = serde_json::from_slice::<Answer>(&success.body) else {
            let why = "the answer of Logto's token endpoint cannot be read";
            return Err(Error::new(ErrorKind::InvalidResponse, why));
        };
        // Logto grants a token without the scope, and every request would then be refused.
        if !answer.scope.split(' ').any(|scope| scope == "all") {
            let why = "the machine-to-machine application may not use the Management API: \
                       give it the role \u{201c}Logto Management API access\u{201d}";
            return Err(Error::new(ErrorKind::NoAccess, why));
        }
        let life = Duration::from_secs(answer.expires_in).saturating_sub(MARGIN);
        Ok(Token {
            value: answer.access_token,
            ends: asked + life,
        })
    }

    /// Whatever the token endpoint refuses, it is the credentials that are wrong.
    fn no_access(&self, error: Error) -> Error {
        match error.code() {
            Some("oidc.invalid_target") => Error::with_source(
                ErrorKind::NoAccess,
                format!(
                    "this Logto has no Management API by the name of {}: behind a custom domain of Logto \
                     Cloud it is https://<tenant id>.logto.app/api",
                    self.resource
                ),
                error,
            ),
            Some(_) if !error.is_retryable() => {
                let why =
                    "Logto does not accept id and secret of the machine-to-machine application";
                Error::with_source(ErrorKind::NoAccess, why, error)
            }
            _ => error,
        }
    }
}
