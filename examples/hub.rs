//! Who the Hub says that the person is, the same in all four examples. It asks with the person's own
//! Hugging Face token, if Logto keeps it.

use std::env;
use std::time::Duration;

use crate::logto::web::{HuggingFaceAccess, User};
use serde_json::Value;

/// The person's name at the Hub, or a sentence that says why it is not known. No outage is an error here:
/// the page is shown without it.
pub(crate) async fn who_am_i(user: &User) -> Result<String, &'static str> {
    let access = user.hugging_face_token().await.map_err(|error| {
        tracing::warn!(%error, "Logto does not say whether it keeps the Hugging Face token");
        "Logto does not say now. Try again in a moment."
    })?;
    match access {
        HuggingFaceAccess::Token(token) => ask_hub(token.as_str()).await.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "the Hub does not say who this is");
            "Hugging Face does not say now. Try again in a moment."
        }),
        HuggingFaceAccess::NotStored | HuggingFaceAccess::NotEnabled => Err(
            "To let this app ask Hugging Face, run logto setup hugging-face --with-token-storage and sign in \
             again.",
        ),
        _ => Err("Sign in with Hugging Face again to let this app ask there."),
    }
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
