//! One-time tokens (magic links) and subject tokens (impersonation).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, Management};

/// A token with which an application gets tokens of a person by exchange (RFC 8693).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubjectToken {
    /// The token, `sub_…`.
    pub subject_token: SecretString,
    /// How long it is good, in seconds; Logto gives 600.
    pub expires_in: u64,
}

/// A token that signs in the owner of an e-mail address.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OneTimeToken {
    /// The id within the Management API.
    pub id: String,
    /// The address.
    pub email: String,
    /// The token, for the link.
    pub token: SecretString,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewSubjectToken<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: &'a Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewOneTimeToken<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
}

impl Management {
    /// Makes a token with which an application gets tokens of a person. `context` is for Logto's log and
    /// for your custom claims.
    ///
    /// # Errors
    ///
    /// If no user has that id.
    pub async fn create_subject_token(
        &self,
        user_id: &str,
        context: &Map<String, Value>,
    ) -> Result<SubjectToken, Error> {
        let body = NewSubjectToken { user_id, context };
        self.post(&["subject-tokens"]).json(&body).send().await
    }

    /// Makes a token that signs in the owner of an e-mail address, who becomes a user if they are none; it
    /// is good for `expires_in` seconds, ten minutes if that is not given.
    ///
    /// # Errors
    ///
    /// `guard.invalid_input` for something that is no e-mail address.
    pub async fn create_one_time_token(
        &self,
        email: &str,
        expires_in: Option<u64>,
    ) -> Result<OneTimeToken, Error> {
        let body = NewOneTimeToken { email, expires_in };
        self.post(&["one-time-tokens"]).json(&body).send().await
    }
}
