//! Asks the Hub for the user's name, with the user's own Hugging Face token, if Logto stores it.
//! The same in all four examples.

use std::env;
use std::sync::Once;
use std::time::Duration;

use crate::logto::web::{ConnectorAccess, User};
use serde_json::Value;

/// What one line in the log says for all pages.
static TELL: Once = Once::new();

/// The user's name at the Hub, or a sentence for the page that says why it is not known.
pub(crate) async fn who_am_i(user: &User) -> Result<String, &'static str> {
    // The SDK logs why.
    let access = user.hugging_face_token().await;
    let access = access.map_err(|_| "Logto is not available right now. Try again in a moment.")?;
    Err(match access {
        ConnectorAccess::Token(token) => {
            return ask_hub(token.as_str()).await.map_err(|error| {
                tracing::warn!(error = %error.without_url(), "request to the Hub failed");
                "Hugging Face is not available right now. Try again in a moment."
            });
        }
        ConnectorAccess::NotEnabled => {
            TELL.call_once(|| {
                tracing::warn!(
                    "the tenant provides no Hugging Face tokens: run `logto setup hugging-face --with-token-storage`"
                );
            });
            "This site does not ask Hugging Face for more."
        }
        ConnectorAccess::NotStored => {
            "Logto keeps no Hugging Face token of yours. Signing in with Hugging Face brings one, if this site keeps them."
        }
        ConnectorAccess::Expired => {
            "Your Hugging Face access has expired. Sign out and sign in with Hugging Face again."
        }
        _ => "Sign out and sign in again to let this site ask Hugging Face.",
    })
}

/// `HF_ENDPOINT` is the Hub's address, as in Hugging Face's own tools.
async fn ask_hub(token: &str) -> Result<String, reqwest::Error> {
    let hub = env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".to_owned());
    let request = reqwest::Client::new()
        .get(format!("{hub}/api/whoami-v2"))
        .timeout(Duration::from_secs(3))
        .bearer_auth(token);
    let answer: Value = request.send().await?.error_for_status()?.json().await?;
    let name = answer.get("name").and_then(Value::as_str);
    Ok(name.unwrap_or("unknown").to_owned())
}
