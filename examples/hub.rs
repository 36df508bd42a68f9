//! Who the Hub says that the person is, the same in all four examples. It asks with the person's own
//! Hugging Face token, if Logto keeps it.

use std::env;
use std::time::Duration;

use crate::logto::web::{HuggingFaceAccess, User};
use serde_json::Value;

/// Why the name is not known, and the command that mends it if there is one.
pub(crate) struct NotKnown {
    pub(crate) why: &'static str,
    pub(crate) command: Option<&'static str>,
}

impl From<&'static str> for NotKnown {
    fn from(why: &'static str) -> Self {
        Self { why, command: None }
    }
}

/// The person's name at the Hub. No outage is an error here: the page is shown without it.
pub(crate) async fn who_am_i(user: &User) -> Result<String, NotKnown> {
    let access = user.hugging_face_token().await.map_err(|error| {
        tracing::warn!(%error, "Logto does not say whether it keeps the Hugging Face token");
        "Logto does not say now. Try again in a moment."
    })?;
    let command = Some("logto setup hugging-face --with-token-storage");
    Err(match access {
        HuggingFaceAccess::Token(token) => {
            return Ok(ask_hub(token.as_str()).await.map_err(|error| {
                tracing::warn!(error = %error.without_url(), "the Hub does not say who this is");
                "Hugging Face does not say now. Try again in a moment."
            })?);
        }
        HuggingFaceAccess::NotEnabled => NotKnown {
            why: "This tenant gives no Hugging Face tokens to apps. Run this, then sign out and in again:",
            command,
        },
        HuggingFaceAccess::NotStored => NotKnown {
            why: "Logto has no Hugging Face token of yours: sign out and in again. If that does not help, run this \
                  first:",
            command,
        },
        HuggingFaceAccess::Expired => {
            "Your Hugging Face token has ended: sign out and in again.".into()
        }
        _ => "This session may not ask for your Hugging Face token: sign out and in again.".into(),
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
    Ok(name.unwrap_or("somebody").to_owned())
}
