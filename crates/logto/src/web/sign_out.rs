//! The sign-out endpoint, and sign-out from a handler.

use std::sync::Arc;
use std::time::Duration;

use super::page::Page;
use super::{Context, Reply, SessionState};
use crate::flow::Ended;
use crate::oidc::provider::{Metadata, is_answer};

/// How long a person waits for Logto to revoke the refresh token. It goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the question may take whether Logto is there at all, if it did not answer that.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

/// What is left to do at Logto.
enum AtLogto {
    /// Its own session ends there.
    EndSession(String),
    /// It does not answer: a redirect would leave the person at a dead page.
    IsAway,
    /// It has no such page.
    Nothing,
}

impl Context {
    /// Signs the person out: ends the session in this browser, revokes its refresh token, and goes
    /// to Logto to end the session there (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// If Logto cannot be reached, the person is signed out here all the same and stays in this app,
    /// with a page that says so. If the store of sessions cannot, a page says that too; the end is
    /// kept in this process and stored as soon as that is possible.
    pub async fn sign_out(&self) -> Reply {
        let context = self.clone();
        // A browser that goes away does not stop what was begun.
        self.logto().tasks.run(async move { context.end_everywhere().await }).await
    }

    async fn end_everywhere(&self) -> Reply {
        let Ended { refresh_token, is_stored } = self.end_here().await;
        self.forget(SessionState::SignedOut);
        let at_logto = self.at_logto(refresh_token).await;
        let reply = self.signed_out(at_logto, is_stored).with_pages_forgotten();
        reply.with_cookies(self.take_cookies().await)
    }

    /// Whether the session's own cookie speaks for a request that hides where it comes from:
    /// `SameSite=Lax` keeps that cookie from posts across sites. A page of a sibling host could do the
    /// same, which SECURITY.md says.
    pub(super) fn is_vouched_for_by_cookie(&self) -> bool {
        let request = self.request();
        request.hides_its_origin(self.origin())
            && !self.is_in_frame()
            && self.logto().sessions.in_cookies(request.raw_cookies(), self.now()).is_some()
    }

    /// Ends the session wherever it is known.
    async fn end_here(&self) -> Ended {
        let logto = self.logto();
        let session = match self.held().await {
            Ok(held) => held.as_ref().map(Into::into),
            Err(error) => {
                tracing::warn!(%error, "session store unavailable during sign-out");
                logto.sessions.in_cookies(self.request().raw_cookies(), self.now())
            }
        };
        match session {
            Some(session) => logto.end(session).await,
            None => Ended { refresh_token: None, is_stored: true },
        }
    }

    async fn at_logto(&self, refresh_token: Option<String>) -> AtLogto {
        let provider = &self.logto().provider;
        let is_there = match refresh_token {
            Some(token) => {
                self.revoke(token).await
                    // That only the revocation fails does not mean that Logto is away.
                    || matches!(tokio::time::timeout(PROBE_PATIENCE, provider.answers()).await, Ok(true))
            }
            // A tab that is older than the sign-out, or someone who was never signed in.
            None => provider.answers_lately(PROBE_PATIENCE).await,
        };
        if !is_there {
            return AtLogto::IsAway;
        }
        match tokio::time::timeout(PATIENCE, provider.metadata()).await {
            Ok(Ok(metadata)) => match self.end_session_url(&metadata) {
                Some(url) => AtLogto::EndSession(url),
                None => AtLogto::Nothing,
            },
            _ => AtLogto::IsAway,
        }
    }

    /// Whether Logto answered. Ending Logto's own session does not end a refresh token, so this is
    /// not left out.
    async fn revoke(&self, refresh_token: String) -> bool {
        let logto = Arc::clone(self.logto());
        // A task of its own: it ends even if the person does not wait.
        let revocation = self.logto().tasks.spawn(async move {
            let revoked = logto.revoke(&refresh_token).await;
            if let Err(error) = &revoked {
                tracing::warn!(%error, "a refresh token could not be revoked at sign-out");
            }
            revoked.map_or_else(|error| is_answer(&error), |()| true)
        });
        matches!(tokio::time::timeout(PATIENCE, revocation).await, Ok(Ok(true)))
    }

    /// Goes on to Logto after a sign-out whose request could not.
    pub(super) async fn handle_continued_sign_out(&self) -> Reply {
        match self.at_logto(None).await {
            AtLogto::EndSession(url) => self.continue_sign_out(url),
            AtLogto::Nothing => self.continue_sign_out(self.after_sign_out()),
            AtLogto::IsAway => self.signed_out(AtLogto::IsAway, true),
        }
    }

    fn after_sign_out(&self) -> String {
        let settings = &self.logto().settings;
        format!("{}{}", settings.base_path, settings.after_sign_out)
    }

    fn end_session_url(&self, metadata: &Metadata) -> Option<String> {
        let settings = &self.logto().settings;
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &settings.app_id)
            .append_pair("post_logout_redirect_uri", &self.url(&settings.after_sign_out));
        Some(url.into())
    }

    /// Goes on, or first tells what does not hold yet.
    fn signed_out(&self, at_logto: AtLogto, is_stored: bool) -> Reply {
        let after = self.after_sign_out();
        let (status, text, next) = match (at_logto, is_stored) {
            (AtLogto::EndSession(next), true) => return self.leave_after_sign_out(next),
            (AtLogto::Nothing, true) => return self.leave_after_sign_out(after),
            (AtLogto::IsAway, true) => (
                200,
                "The sign-in service does not answer, so you may still be signed in there. Close \
                 your browser if other people use this computer.",
                after,
            ),
            (AtLogto::IsAway, false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. The \
                 sign-in service does not answer either: close your browser if other people use \
                 this computer.",
                after,
            ),
            (AtLogto::EndSession(next), false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. \
                 Please go on to sign out of the sign-in service too.",
                next,
            ),
            (AtLogto::Nothing, false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible.",
                after,
            ),
        };
        let title = "You are signed out in this browser";
        let way_on = self.way_to(next, "Go on");
        self.page(status, &Page { title, text, detail: None, way_on })
    }
}
