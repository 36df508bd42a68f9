//! Somebody comes back from Logto.

use super::page::Page;
use super::reply::Answer;
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
            Ok((session, transaction)) => match self.keep(session) {
                Ok(()) => {
                    let page = self.page_of(Some(&transaction));
                    let forget = vec![self.logto().transactions.remove(&transaction.state)];
                    Reply::see_other(page)
                        .with_cookies(self.take_cookies())
                        .with_cookies(forget)
                }
                Err(error) => self.fail_callback(&CallbackFailure::new(error, Some(transaction))),
            },
            Err(failure) => self.fail_callback(&failure),
        }
    }

    /// `state` first, then where the browser came back to, then the other parameters, then the
    /// code.
    async fn complete_sign_in(&self) -> Result<(Session, Transaction), CallbackFailure> {
        let logto = self.logto();
        let unknown = |error| CallbackFailure::new(error, None);
        let invalid = |why: &'static str| Error::new(ErrorKind::InvalidCallback, why);

        let parameters = CallbackParameters::parse(self.request().query()).map_err(unknown)?;
        if parameters.is_bare() {
            return Err(unknown(invalid("the sign-in was cancelled")));
        }
        let transaction = parameters
            .state
            .as_deref()
            .and_then(|state| {
                logto
                    .transactions
                    .find(&logto.keys, self.request().cookies(), state, self.now())
            })
            .ok_or_else(|| unknown(invalid("no sign-in of this browser has that state")))?;
        let failed = |error| CallbackFailure::new(error, Some(transaction.clone()));

        let redirect_uri = self.redirect_uri(&transaction);
        if !self.is_at(&redirect_uri) {
            return Err(failed(invalid("the browser came back to another address")));
        }
        if !logto.spent.claim(&transaction.state) {
            return Err(failed(invalid("the callback was used before")));
        }
        let redeemed = async {
            let metadata = logto.provider.metadata().await?;
            let code = parameters.code(&metadata, logto.provider.issuer())?;
            logto.redeem_code(code, &transaction, &redirect_uri).await
        };
        match redeemed.await {
            Ok(session) => Ok((session, transaction)),
            Err(error) => {
                if error.is_retryable() {
                    logto.spent.release(&transaction.state);
                }
                Err(failed(error))
            }
        }
    }

    /// Whether the request was made to `redirect_uri`. Scheme and host are the base URL's: what a
    /// request says about them is not to be trusted. A proxy may have taken the base path away.
    fn is_at(&self, redirect_uri: &str) -> bool {
        let settings = &self.logto().settings;
        let path = redirect_uri
            .strip_prefix(&settings.base_url)
            .unwrap_or(redirect_uri);
        let requested = self.request().path();
        requested == path || requested.strip_prefix(&settings.base_path) == Some(path)
    }

    fn fail_callback(&self, failure: &CallbackFailure) -> Reply {
        let error = &failure.error;
        match error.kind() {
            ErrorKind::InvalidCallback | ErrorKind::Refused => {
                tracing::info!(%error, "a sign-in was not completed");
            }
            _ => tracing::error!(%error, "a sign-in failed"),
        }
        let transaction = failure.transaction.as_ref();
        let page = self.page_of(transaction);
        let harmless = matches!(
            error.kind(),
            ErrorKind::InvalidCallback | ErrorKind::Refused
        );
        let reply = if harmless && self.current().session().is_some() {
            Reply::see_other(page)
        } else {
            self.error_page(error, &page)
        };
        match transaction {
            Some(transaction) if !failure.is_repeatable() => {
                let forget = self.logto().transactions.remove(&transaction.state);
                reply.with_cookies(vec![forget])
            }
            _ => reply,
        }
    }

    fn page_of(&self, transaction: Option<&Transaction>) -> String {
        transaction
            .and_then(|transaction| transaction.return_to.clone())
            .unwrap_or_else(|| self.after_sign_in())
    }

    /// A page that says what happened and offers to sign in (again), on the way to `page`.
    pub(super) fn error_page(&self, error: &Error, page: &str) -> Reply {
        let Answer {
            status,
            title,
            text,
            ..
        } = Answer::to(error);
        let said_by_logto = error.response().filter(|response| response.status() == 0);
        let denied = said_by_logto.and_then(|response| response.error()) == Some("access_denied");
        let (title, text) = if denied {
            (
                "You are not signed in",
                "Access was denied, or you cancelled.",
            )
        } else {
            (title, text)
        };
        let detail = said_by_logto.map(ToString::to_string);
        // A callback is never answered as if this server had failed, short of an outage.
        let status = if status == 502 { 400 } else { status };
        let link = (self.sign_in_path(page), "Sign in");
        Reply::html(
            status,
            &Page {
                title,
                text,
                detail: detail.as_deref(),
                link: (&link.0, link.1),
            },
        )
        .with_retry_after(error)
    }
}
