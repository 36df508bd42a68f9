//! Calls Hugging Face's Hub with the caller's own token, which Logto keeps.
//!
//! The access token that the client sent is for this server only. It is exchanged at Logto for one
//! that opens the user's account there, and the account has the Hugging Face token.

use std::env;
use std::time::Duration;

use logto_mcp::logto::m2m::{MachineApp, SubjectToken};
use logto_mcp::logto::{ErrorKind, TokenRequest};
use reqwest::{Client, StatusCode};
use serde_json::Value;

/// How many models are listed.
const LIMIT: &str = "20";

/// The Hub, and Logto on the way to it.
#[derive(Clone)]
pub(crate) struct Hub {
    app: MachineApp,
    client: Client,
    /// Where Logto gives the token out.
    vault: String,
    hub: String,
}

impl Hub {
    pub(crate) fn new(endpoint: &str, app: MachineApp) -> Self {
        let endpoint = endpoint.trim_end_matches('/');
        Self {
            app,
            client: Client::new(),
            vault: format!("{endpoint}/api/my-account/identities/huggingface/access-token"),
            // As in Hugging Face's own tools.
            hub: env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".to_owned()),
        }
    }

    /// The names of the caller's models; an error is a sentence for the user.
    pub(crate) async fn models(&self, caller: &str) -> Result<Vec<String>, String> {
        let account = TokenRequest::opaque().with_scopes(["openid", "identities"]);
        let account = self.app.exchange(SubjectToken::AccessToken(caller), &account).await;
        let account = account.map_err(|error| {
            tracing::warn!(%error, "token exchange failed");
            match error.kind() {
                ErrorKind::Unreachable => "Logto is not available right now.",
                ErrorKind::InvalidClient => {
                    "This server cannot ask Logto for your Hugging Face token. Its log says why."
                }
                // Since 1.43 for clients that are not the tenant's own.
                _ => {
                    "Logto does not exchange the tokens of this client. It has to be a first-party \
                     application of the tenant."
                }
            }
        })?;
        let token = self.vault_token(account.as_str()).await?;
        let me = self.ask("whoami-v2", &[], &token).await?;
        let name = me.get("name").and_then(Value::as_str).unwrap_or_default();
        let models = self.ask("models", &[("author", name), ("limit", LIMIT)], &token).await?;
        let models = models.as_array().into_iter().flatten();
        Ok(models.filter_map(|model| model.get("id")?.as_str().map(str::to_owned)).collect())
    }

    async fn vault_token(&self, account: &str) -> Result<String, String> {
        let request = self.client.get(&self.vault).timeout(Duration::from_secs(3));
        let response = request.bearer_auth(account).send().await.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "request to Logto failed");
            "Logto is not available right now."
        })?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if status == StatusCode::OK
            && let Some(token) = body.get("access_token").and_then(Value::as_str)
        {
            return Ok(token.to_owned());
        }
        let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
        tracing::warn!(%status, code, "Logto gave no Hugging Face token");
        Err("Logto has no Hugging Face token for you. Sign in with Hugging Face again.".to_owned())
    }

    async fn ask(
        &self,
        path: &str,
        query: &[(&str, &str)],
        token: &str,
    ) -> Result<Value, &'static str> {
        let failed = |error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), "request to the Hub failed");
            "Hugging Face is not available right now."
        };
        let url = url::Url::parse_with_params(&format!("{}/api/{path}", self.hub), query);
        let url = url.map_err(|_| "HF_ENDPOINT is not a URL.")?;
        let request = self.client.get(url).timeout(Duration::from_secs(3)).bearer_auth(token);
        let response = request.send().await.and_then(reqwest::Response::error_for_status);
        response.map_err(failed)?.json().await.map_err(failed)
    }
}
