//! Signing out here and at Logto.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Context, Reply, SessionState};
use crate::oidc::provider::Metadata;
use crate::session::manager::LoadedSession;

/// How long a person waits for Logto to revoke the refresh token. It goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(3);

impl Context {
    /// Signs the person out: ends the session in this browser, revokes its refresh token, and goes
    /// to Logto to end the session there (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// If Logto does not answer, the person is signed out here all the same and stays in this app.
    pub async fn sign_out(&self) -> Reply {
        let refresh_token = match self.held().await {
            Ok(Some(held)) => self.end(&held).await,
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "somebody signs out of a session that cannot be ended now");
                let cookies = self.request().cookies();
                let held = self.logto().sessions.in_cookies(cookies, self.now());
                held.and_then(|held| held.session.refresh_token().map(str::to_owned))
            }
        };
        self.forget(SessionState::SignedOut);
        let reachable = match refresh_token {
            Some(token) => self.revoke(token).await,
            None => true,
        };
        let settings = &self.logto().settings;
        let logto = match tokio::time::timeout(PATIENCE, self.logto().provider.metadata()).await {
            Ok(Ok(metadata)) if reachable => self.end_session_url(&metadata),
            // Not there now: a redirect would leave the person at a dead page.
            _ => None,
        };
        let location = match logto {
            Some(url) => url.into(),
            None => format!("{}{}", settings.base_path, settings.after_sign_out),
        };
        self.leave_after_sign_out(location).with_cookies(self.take_cookies().await)
    }

    /// Ends the session wherever it is known; the refresh token that is left of it.
    async fn end(&self, held: &LoadedSession) -> Option<String> {
        let ended = self.logto().sessions.end(held, self.now()).await;
        ended.unwrap_or_else(|error| {
            tracing::warn!(%error, "a session could not be ended in the store");
            held.session.refresh_token().map(str::to_owned)
        })
    }

    /// Whether Logto could be reached. Ending Logto's own session does not end a refresh token, so
    /// this is not left out.
    async fn revoke(&self, refresh_token: String) -> bool {
        let logto = Arc::clone(self.logto());
        // A task of its own: it ends even if the person does not wait.
        let revocation = self.logto().tasks.spawn(async move {
            let revoked = logto.revoke(&refresh_token).await;
            if let Err(error) = &revoked {
                tracing::warn!(%error, "a refresh token could not be revoked at sign-out");
            }
            !revoked.is_err_and(|error| error.is_retryable())
        });
        matches!(tokio::time::timeout(PATIENCE, revocation).await, Ok(Ok(true)))
    }

    /// Goes on to Logto after a sign-out whose request could not.
    pub(super) async fn handle_continued_sign_out(&self) -> Reply {
        let settings = &self.logto().settings;
        let metadata = tokio::time::timeout(PATIENCE, self.logto().provider.metadata()).await;
        let url = match metadata {
            Ok(Ok(metadata)) => self.end_session_url(&metadata),
            _ => None,
        };
        let here = || format!("{}{}", settings.base_path, settings.after_sign_out);
        self.continue_sign_out(url.map_or_else(here, Into::into))
    }

    fn end_session_url(&self, metadata: &Metadata) -> Option<Url> {
        let settings = &self.logto().settings;
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &settings.app_id)
            .append_pair("post_logout_redirect_uri", &settings.url(&settings.after_sign_out));
        Some(url)
    }
}
