//! Somebody comes back from Logto.

use super::{Context, Reply};
use crate::error::{Error, ErrorKind};
use crate::flow::{CallbackFailure, CallbackParameters, Transaction};
use crate::session::Session;

impl Context {
    /// Completes a sign-in: checks what the browser brought from Logto, redeems the code, keeps the
    /// session, and goes on to the page that the person wanted.
    ///
    /// It always has an answer. A callback that is stale, was used before, or was cancelled leads a
    /// person who is signed in to their page, and everybody else to a page that offers to try
    /// again. A session that is there stays until a new one replaces it.
    pub async fn handle_sign_in_callback(&self) -> Reply {
        match self.complete_sign_in().await {
            Ok((session, transaction)) => match self.begin(session).await {
                Ok(()) => {
                    let page = self.page_of(transaction.return_to.as_ref());
                    let forget = vec![self.logto().transactions.remove(&transaction.state)];
                    Reply::see_other(page)
                        .with_cookies(self.take_cookies().await)
                        .with_cookies(forget)
                }
                Err(error) => self.fail_callback(&CallbackFailure::new(transaction, error)).await,
            },
            Err(failure) => {
                if let Some(refused) = failure.for_a_resource()
                    && let Some(reply) = self.sign_in_without_resources(refused).await
                {
                    return reply;
                }
                self.fail_callback(&failure).await
            }
        }
    }

    /// Keeps the new session, in place of the one that this browser had.
    async fn begin(&self, session: Session) -> Result<(), Error> {
        let sessions = &self.logto().sessions;
        let before = self.held().await.ok().flatten();
        let held = sessions.begin(session, self.now()).await?;
        self.adopt(held)?;
        if let Some(before) = before
            && let Err(error) = sessions.end(&(&before).into(), self.now()).await
        {
            tracing::warn!(%error, "the session before the new one could not be ended");
        }
        Ok(())
    }

    /// `state` first, then where the browser came back to, then the other parameters, then the
    /// code.
    async fn complete_sign_in(&self) -> Result<(Session, Transaction), CallbackFailure> {
        let logto = self.logto();
        let invalid = |why: &'static str| Error::new(ErrorKind::InvalidCallback, why);

        let parameters = CallbackParameters::parse(self.request().query())
            .map_err(CallbackFailure::without_transaction)?;
        if parameters.is_bare() {
            // All that Logto sends when a person cancels on its consent page.
            let error = Error::new(ErrorKind::Cancelled, "the sign-in was cancelled");
            let header = self.request().cookies();
            let latest = logto.transactions.latest(&logto.keys, header, self.now());
            return Err(CallbackFailure {
                page: latest.and_then(|transaction| transaction.return_to),
                ..CallbackFailure::without_transaction(error)
            });
        }
        let transaction = parameters
            .state
            .as_deref()
            .and_then(|state| {
                logto.transactions.find(&logto.keys, self.request().cookies(), state, self.now())
            })
            .ok_or_else(|| {
                CallbackFailure::without_transaction(invalid(
                    "no sign-in of this browser has that state",
                ))
            })?;
        let failed = |error| CallbackFailure::new(transaction.clone(), error);

        let redirect_uri = self.redirect_uri(&transaction);
        if !self.is_at(&redirect_uri) {
            return Err(failed(invalid("the browser came back to another address")));
        }
        let seconds = logto.settings.sign_in_lifetime;
        let claim = logto.sessions.claim_callback(&transaction.state, seconds);
        let Some(claim) = claim.await.map_err(failed)? else {
            return Err(failed(invalid("the callback was used before")));
        };
        let redeemed = async {
            let metadata = logto.provider.metadata().await?;
            let code = parameters.code(&metadata)?;
            logto.redeem_code(code, &transaction, &redirect_uri).await
        };
        match redeemed.await {
            Ok(session) => Ok((session, transaction)),
            Err(error) => {
                // After an outage the code may not have reached Logto, and if it did, nobody has what
                // was issued for it.
                if error.is_retryable() {
                    logto.sessions.release(claim).await;
                }
                Err(failed(error))
            }
        }
    }

    /// Whether the request was made to `redirect_uri`. Scheme and host are the base URL's: what a
    /// request says about them is not to be trusted. A proxy may have taken the base path away.
    fn is_at(&self, redirect_uri: &str) -> bool {
        let settings = &self.logto().settings;
        let path = redirect_uri.strip_prefix(&settings.base_url).unwrap_or(redirect_uri);
        let requested = self.request().path();
        requested == path || requested.strip_prefix(&settings.base_path) == Some(path)
    }

    async fn fail_callback(&self, failure: &CallbackFailure) -> Reply {
        let error = &failure.error;
        match error.kind() {
            ErrorKind::InvalidCallback | ErrorKind::Cancelled | ErrorKind::Refused => {
                tracing::info!(%error, "a sign-in was not completed");
            }
            _ => tracing::error!(%error, "a sign-in failed"),
        }
        let page = self.page_of(failure.page.as_ref());
        let harmless = matches!(error.kind(), ErrorKind::InvalidCallback | ErrorKind::Cancelled);
        let signed_in = self.held().await.is_ok_and(|held| held.is_some());
        let reply = if harmless && signed_in {
            Reply::see_other(page)
        } else {
            // As if the person had asked for something impossible, not as if this server had failed.
            self.error_page(error, &page).without_gateway_error()
        };
        match &failure.ended {
            Some(ended) => {
                let forget = self.logto().transactions.remove(&ended.state);
                reply.with_cookies(vec![forget])
            }
            None => reply,
        }
    }

    fn page_of(&self, wanted: Option<&String>) -> String {
        wanted.cloned().unwrap_or_else(|| self.after_sign_in())
    }
}
