//! The callback endpoint.

use super::errors::said_by_logto;
use super::page::{NextAction, Page};
use super::{Context, Reply};
use crate::error::{Error, ErrorKind, Wording};
use crate::flow::{Browser, CallbackFailure, CallbackRequest};

/// What the address and the other cookies of the response may take beside a session of the full
/// budget, in bytes: nginx takes 4 KiB of headers, unless it is told otherwise.
const ROOM: usize = 1152;
/// An address that is always taken.
const SHORT_RETURN_TO: usize = 256;

impl Context {
    /// Completes a sign-in: checks what the browser brought from Logto, redeems the code, keeps the
    /// session, and goes on to the page that the user wanted.
    ///
    /// It always has an answer. A callback that is stale, was used before, or was cancelled leads a
    /// user who is signed in to their page, and everyone else to a page that offers to try
    /// again. A session that is there stays until a new one replaces it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::SignInOptions;
    /// use logto::web::{Context, Reply};
    ///
    /// // GET /login
    /// async fn begin(context: &Context) -> Result<Reply, Reply> {
    ///     Ok(context.sign_in(SignInOptions::new().with_redirect_uri("/login/done")).await?)
    /// }
    ///
    /// // GET /login/done, which is registered in Logto as a redirect URI.
    /// async fn done(context: &Context) -> Reply {
    ///     context.handle_sign_in_callback().await
    /// }
    /// ```
    pub async fn handle_sign_in_callback(&self) -> Reply {
        let (engine, request) = (self.engine(), self.request());
        let cookies = request.cookies();
        let completed = engine.complete_sign_in(CallbackRequest {
            browser: Browser { origin: self.origin(), cookies: &cookies },
            path: request.path(),
            query: request.query(),
            user_agent: request.header("user-agent").unwrap_or_default(),
        });
        let (completed, transaction) = match completed.await {
            Ok(completed) => completed,
            Err(failure) => return self.after_failed_callback(&failure).await,
        };
        if let Err(error) = self.adopt(completed.session) {
            return self.after_failed_callback(&CallbackFailure::new(transaction, error)).await;
        }
        let counted = match completed.replaces {
            true => engine.sign_in_loop.forget(&cookies),
            false => Some(engine.sign_in_loop.count(&cookies)),
        };
        let mut set = self.take_cookies().await;
        set.push(engine.finish_sign_in(&transaction));
        set.extend(counted);
        let return_to = self.return_to_or_default(completed.return_to.as_ref());
        let bytes = return_to.len() + set.iter().map(String::len).sum::<usize>();
        let is_short =
            return_to.len() <= SHORT_RETURN_TO || bytes <= engine.settings.cookie_budget + ROOM;
        let return_to = match is_short || engine.settings.is_window(&return_to) {
            true => return_to,
            false => self.after_sign_in(),
        };
        Reply::see_other(return_to).with_pages_forgotten().with_cookies(set)
    }

    async fn after_failed_callback(&self, failure: &CallbackFailure) -> Reply {
        if failure.displaced.is_none()
            && let Some(reply) = self.sign_in_again(failure).await
        {
            return reply;
        }
        if let Some(silent) = &failure.silent {
            tracing::debug!(error = %failure.error, "a silent sign-in brought no session");
            let return_to = self.return_to_or_default(failure.return_to.as_ref());
            let finished = self.engine().finish_sign_in(silent);
            return Reply::see_other(return_to).with_cookies(vec![finished]);
        }
        self.fail_callback(failure).await
    }

    async fn sign_in_again(&self, failure: &CallbackFailure) -> Option<Reply> {
        let (options, previous) = self.engine().sign_in_again(failure, self.origin()).await?;
        self.begin_sign_in(&options, previous).await.ok()
    }

    async fn fail_callback(&self, failure: &CallbackFailure) -> Reply {
        let error = &failure.error;
        match error.kind() {
            // Anyone can send these, which must not hide the others.
            kind if matches!(kind, ErrorKind::InvalidCallback | ErrorKind::Cancelled)
                || error.asks_for_a_page() =>
            {
                if let Some(suppressed) = self.engine().stray_callbacks.admit() {
                    tracing::info!(%error, suppressed, "a sign-in was not completed");
                }
            }
            ErrorKind::SignInRefused | ErrorKind::WrongUser => {
                tracing::info!(%error, "a sign-in was not completed");
            }
            _ => self.engine().faults.report("callback", error),
        }
        let return_to = self.return_to_or_default(failure.return_to.as_ref());
        let harmless = matches!(error.kind(), ErrorKind::InvalidCallback | ErrorKind::Cancelled);
        let signed_in = self.loaded_session().await.is_ok_and(|loaded| loaded.is_some());
        let again = match &failure.displaced {
            Some(_) if !signed_in && self.request().is_navigation() => {
                self.sign_in_again(failure).await
            }
            _ => None,
        };
        let reply = match (again, failure.max_age) {
            (Some(again), _) => again,
            _ if error.reply().is_some() => Reply::from(error.clone()),
            // The page would send them to sign in again, and so on.
            (_, Some(max_age)) if harmless && signed_in => {
                self.page_still_signed_in(&return_to, max_age)
            }
            (_, None) if harmless && signed_in => Reply::see_other(return_to),
            (_, None) if signed_in && Wording::new(error).code == "logto_failed" => {
                self.page_signed_in_as_before(error, return_to)
            }
            // As if the user had asked for something impossible, not as if this server had
            // failed.
            (_, max_age) => self.error_page(error, &return_to, max_age).without_gateway_error(),
        };
        match &failure.ended {
            Some(ended) => reply.with_cookies(vec![self.engine().finish_sign_in(ended)]),
            None => reply,
        }
    }

    /// For a user who wanted to sign in once more, which did not work, and lost nothing.
    fn page_signed_in_as_before(&self, error: &Error, return_to: String) -> Reply {
        let detail = said_by_logto(error);
        let page = Page {
            title: "You are still signed in",
            text: Wording::new(error).text,
            detail: detail.as_deref(),
            next_action: NextAction::link(return_to, "Continue"),
        };
        self.page(400, &page)
    }

    pub(super) fn return_to_or_default(&self, wanted: Option<&String>) -> String {
        wanted.cloned().unwrap_or_else(|| self.after_sign_in())
    }
}
