//! The sign-out endpoint, and sign-out from a handler.

use super::page::Page;
use super::{Context, Reply, SessionState};
use crate::error::Error;
use crate::flow::{AtLogto, Ended};

impl Context {
    /// Signs the user out: ends the session in this browser, revokes its refresh token, and goes
    /// to Logto to end the session there (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// If Logto cannot be reached, the user is signed out here all the same and stays in this
    /// app, with a page that says so. If the store of sessions cannot, a page says that too;
    /// the end is kept in this process and stored as soon as that is possible.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, Reply};
    ///
    /// // POST /leave: for a button of your own in place of the SDK's route.
    /// async fn leave(context: &Context) -> Result<Reply, Reply> {
    ///     context.require_own_page()?;
    ///     Ok(context.sign_out().await)
    /// }
    /// ```
    pub async fn sign_out(&self) -> Reply {
        let context = self.clone();
        // A browser that goes away does not stop what was begun.
        let reply = self.logto().tasks.run(async move { context.end_everywhere().await }).await;
        reply.unwrap_or_else(|stopped| Error::from(stopped).into())
    }

    async fn end_everywhere(&self) -> Reply {
        let Ended { refresh_token, is_stored } = self.end_here().await;
        self.forget(SessionState::SignedOut);
        let at_logto = self.logto().sign_out_at_logto(refresh_token, self.origin()).await;
        let reply = self.signed_out(at_logto, is_stored).with_pages_forgotten();
        let counted = self.logto().sign_in_loop.forget(&self.request().cookies());
        reply.with_cookies(self.take_cookies().await).with_cookies(counted.into_iter().collect())
    }

    /// Ends the session wherever it is known.
    async fn end_here(&self) -> Ended {
        let logto = self.logto();
        let session = match self.loaded_session().await {
            Ok(loaded) => loaded.as_ref().map(Into::into),
            Err(error) => {
                logto.faults.report("sign_out", &error);
                logto.sessions.in_cookies(self.request().raw_cookies(), self.now())
            }
        };
        match session {
            Some(session) => logto.end(session).await,
            None => Ended { refresh_token: None, is_stored: true },
        }
    }

    /// Goes on to Logto after a sign-out whose request could not.
    pub(super) async fn handle_continued_sign_out(&self) -> Reply {
        match self.logto().sign_out_at_logto(None, self.origin()).await {
            AtLogto::EndSession(url) => self.continue_sign_out(url),
            AtLogto::Nothing => self.continue_sign_out(self.after_sign_out()),
            AtLogto::IsAway => self.signed_out(AtLogto::IsAway, true),
        }
    }

    fn after_sign_out(&self) -> String {
        let settings = &self.logto().settings;
        format!("{}{}", settings.base_path, settings.after_sign_out)
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
                 your browser if other users use this computer.",
                after,
            ),
            (AtLogto::IsAway, false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. The \
                 sign-in service does not answer either: close your browser if other users use \
                 this computer.",
                after,
            ),
            (AtLogto::EndSession(next), false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. \
                 Please continue to sign out of the sign-in service too.",
                next,
            ),
            (AtLogto::Nothing, false) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible.",
                after,
            ),
        };
        let title = "You are signed out in this browser";
        let next_action = self.link_or_window(next, "Continue");
        self.page(status, &Page { title, text, detail: None, next_action })
    }
}
