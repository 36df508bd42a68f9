//! The callback endpoint.

use std::sync::Arc;

use super::errors::said_by_logto;
use super::page::{Page, WayOn};
use super::{Context, Reply};
use crate::error::{Error, ErrorKind, Wording};
use crate::flow::{
    Callback, CallbackFailure, CallbackParameters, Completed, Returning, Transaction,
};
use crate::metrics;
use crate::session::Device;

/// Whether Logto refused only because it would have to show a page (OpenID Connect Core, section 3.1.2.6).
fn asks_for_the_user(error: &Error) -> bool {
    let code = error.response().and_then(|response| response.error()).unwrap_or_default();
    matches!(
        code,
        "account_selection_required"
            | "consent_required"
            | "interaction_required"
            | "login_required"
    )
}

impl Context {
    /// Completes a sign-in: checks what the browser brought from Logto, redeems the code, keeps the
    /// session, and goes on to the page that the person wanted.
    ///
    /// It always has an answer. A callback that is stale, was used before, or was cancelled leads a
    /// person who is signed in to their page, and everyone else to a page that offers to try
    /// again. A session that is there stays until a new one replaces it.
    pub async fn handle_sign_in_callback(&self) -> Reply {
        let outcome = self.complete_sign_in().await;
        let failed = outcome.as_ref().err().map(|failure| failure.error.kind().label());
        metrics::sign_in(failed.unwrap_or("signed_in"));
        match outcome {
            Ok((completed, transaction)) => match self.adopt(completed.session) {
                Ok(()) => {
                    let page = self.page_of(completed.page.as_ref());
                    let finished = vec![self.finished(&transaction)];
                    Reply::see_other(page)
                        .with_pages_forgotten()
                        .with_cookies(self.take_cookies().await)
                        .with_cookies(finished)
                }
                Err(error) => self.fail_callback(&CallbackFailure::new(transaction, error)).await,
            },
            Err(failure) => {
                if let Some(refused) = failure.for_a_resource()
                    && let Some(reply) = self.sign_in_without_unknown(refused).await
                {
                    return reply;
                }
                if let Some(reply) = self.after_silent_sign_in(&failure).await {
                    return reply;
                }
                self.fail_callback(&failure).await
            }
        }
    }

    /// `state` first, then where the browser came back to, then the other parameters, then the
    /// code.
    async fn complete_sign_in(&self) -> Result<(Completed, Transaction), Arc<CallbackFailure>> {
        let logto = self.logto();
        let invalid = |why: &'static str| Error::new(ErrorKind::InvalidCallback, why);

        let unknown = |error, page| Arc::new(CallbackFailure::without_transaction(error, page));

        let parameters = CallbackParameters::parse(self.request().query())
            .map_err(|error| unknown(error, None))?;
        let header = &*self.request().cookies();
        if parameters.is_bare() {
            // All that Logto sends when a person cancels on its consent page.
            let error = Error::new(ErrorKind::Cancelled, "the sign-in was cancelled");
            let page = logto.transactions.latest_page(&logto.keys, header, self.now());
            return Err(unknown(error, page));
        }
        let state = parameters.state.as_deref().unwrap_or_default();
        let transaction = match logto.transactions.find(&logto.keys, header, state, self.now()) {
            Returning::Found(transaction) => transaction,
            Returning::Displaced(intent) => {
                let error = invalid("the sign-in was replaced by one in another tab");
                return Err(Arc::new(CallbackFailure::displaced(intent, error)));
            }
            Returning::Other(page) => {
                return Err(unknown(
                    invalid("`state` does not match a sign-in of this browser"),
                    page,
                ));
            }
        };
        let redirect_uri = self.redirect_uri(&transaction);
        if !self.is_at(&redirect_uri) {
            let error = invalid("the callback path does not match the redirect URI");
            return Err(Arc::new(CallbackFailure::new(transaction, error)));
        }
        if parameters.has_code()
            && let Some(error) = self.needs_consent(&transaction)
        {
            return Err(Arc::new(CallbackFailure::new(transaction, error)));
        }
        let callback = Callback {
            transaction: transaction.clone(),
            parameters,
            redirect_uri,
            cookies: header.to_owned(),
            device: Device::from_user_agent(
                self.request().header("user-agent").unwrap_or_default(),
            ),
        };
        let completed = logto.complete_callback(callback).await?;
        Ok((completed, transaction))
    }

    /// Whether the request was made to `redirect_uri`. Scheme and host are the base URL's: what a
    /// request says about them is not to be trusted. A proxy may have taken the base path away.
    fn is_at(&self, redirect_uri: &str) -> bool {
        let settings = &self.logto().settings;
        let path = redirect_uri.strip_prefix(&self.url("")).unwrap_or(redirect_uri);
        let requested = self.request().path();
        requested == path || requested.strip_prefix(&settings.base_path) == Some(path)
    }

    async fn fail_callback(&self, failure: &CallbackFailure) -> Reply {
        let error = &failure.error;
        match error.kind() {
            ErrorKind::InvalidCallback
            | ErrorKind::Cancelled
            | ErrorKind::SignInRefused
            | ErrorKind::WrongUser => {
                tracing::info!(%error, "a sign-in was not completed");
            }
            ErrorKind::Refused if asks_for_the_user(error) => {
                tracing::info!(%error, "a sign-in was not completed");
            }
            _ => self.logto().faults.report("callback", error),
        }
        let page = self.page_of(failure.page.as_ref());
        let harmless = matches!(error.kind(), ErrorKind::InvalidCallback | ErrorKind::Cancelled);
        let signed_in = self.held().await.is_ok_and(|held| held.is_some());
        let again = match &failure.displaced {
            Some(displaced) if !signed_in => self.sign_in_again(displaced).await,
            _ => None,
        };
        let reply = match (again, failure.max_age) {
            (Some(again), _) => again,
            _ if error.reply().is_some() => Reply::from(error.clone()),
            // The page would send them to sign in again, and so on.
            (_, Some(max_age)) if harmless && signed_in => {
                self.page_still_signed_in(&page, max_age)
            }
            (_, None) if harmless && signed_in => Reply::see_other(page),
            (_, None) if signed_in && Wording::new(error).code == "logto_failed" => {
                self.page_signed_in_as_before(error, page)
            }
            // As if the person had asked for something impossible, not as if this server had failed.
            (_, max_age) => self.error_page(error, &page, max_age).without_gateway_error(),
        };
        match &failure.ended {
            Some(ended) => reply.with_cookies(vec![self.finished(ended)]),
            None => reply,
        }
    }

    /// For a person who wanted to sign in once more, which did not work, and lost nothing.
    fn page_signed_in_as_before(&self, error: &Error, page: String) -> Reply {
        let detail = said_by_logto(error);
        let page = Page {
            title: "You are still signed in",
            text: Wording::new(error).text,
            detail: detail.as_deref(),
            way_on: WayOn::link(page, "Go on"),
        };
        self.page(400, &page)
    }

    pub(super) fn page_of(&self, wanted: Option<&String>) -> String {
        wanted.cloned().unwrap_or_else(|| self.after_sign_in())
    }
}
