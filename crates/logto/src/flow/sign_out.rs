//! The part of a sign-out that concerns Logto (OpenID Connect RP-Initiated Logout 1.0; RFC 7009).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::engine::Engine;
use crate::log_limit::limited;
use crate::oidc::provider::{Metadata, is_answer};

/// How long a user waits for Logto to revoke the refresh token. It goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the question may take whether Logto is there at all, if it did not answer that.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

/// What is left to do at Logto.
pub(crate) enum AtLogto {
    /// Its own session ends there.
    EndSession(String),
    /// It does not answer: a redirect would leave the user at a dead page.
    IsAway,
    /// It has no such page.
    Nothing,
}

impl Engine {
    /// Revokes the refresh token of a session that has ended, and finds out where the user goes on
    /// to end the session at Logto.
    pub(crate) async fn sign_out_at_logto(
        self: &Arc<Self>,
        refresh_token: Option<String>,
        origin: &str,
    ) -> AtLogto {
        let provider = &self.provider;
        let is_there = match refresh_token {
            Some(token) => {
                self.revoke_patiently(token).await
                    // That only the revocation fails does not mean that Logto is away.
                    || matches!(timeout(PROBE_PATIENCE, provider.answers()).await, Ok(true))
            }
            // A tab that is older than the sign-out, or someone who was never signed in.
            None => provider.answers_lately(PROBE_PATIENCE).await,
        };
        if !is_there {
            return AtLogto::IsAway;
        }
        match timeout(PATIENCE, provider.metadata()).await {
            Ok(Ok(metadata)) => match self.end_session_url(&metadata, origin) {
                Some(url) => AtLogto::EndSession(url),
                None => AtLogto::Nothing,
            },
            _ => AtLogto::IsAway,
        }
    }

    /// Whether Logto answered. Ending Logto's own session does not end a refresh token, so this is
    /// not left out.
    async fn revoke_patiently(self: &Arc<Self>, refresh_token: String) -> bool {
        let engine = Arc::clone(self);
        // A task of its own: it ends even if the user does not wait.
        let revocation = self.tasks.spawn(async move {
            let revoked = engine.revoke(&refresh_token).await;
            if let Err(error) = &revoked {
                limited!(warn, %error, "failed to revoke the refresh token at sign-out");
            }
            revoked.map_or_else(|error| is_answer(&error), |()| true)
        });
        matches!(timeout(PATIENCE, revocation).await, Ok(Ok(true)))
    }

    fn end_session_url(&self, metadata: &Metadata, origin: &str) -> Option<String> {
        let settings = &self.settings;
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut().append_pair("client_id", &settings.app_id).append_pair(
            "post_logout_redirect_uri",
            &settings.url(origin, &settings.after_sign_out),
        );
        Some(url.into())
    }
}
