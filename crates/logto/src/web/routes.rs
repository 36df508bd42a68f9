//! Answers requests to the SDK's own routes.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{Instrument, info_span};

use super::leave::CONTINUE;
use super::{Context, Reply};
use crate::error::Error;
use crate::flow::{FirstScreen, SignInOptions};
use crate::route::Route;

/// How long a request's body may take: Logto sends its logout tokens in one piece.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Users may fill their own `customData`. Logto takes 1 MB of it, which can be five times as
/// long when it is sent: `1e20` becomes twenty-one digits.
const WEBHOOK: usize = 6 * 1024 * 1024;

/// A code for a frame holds the cookies of a session and the address of a page.
const FRAME_CODE: usize = 64 * 1024;

impl Route {
    /// The body of a request to this route, for [`Request::with_body`](super::Request::with_body).
    ///
    /// `read` reads it with the framework's means, up to a number of bytes, and fails if it is
    /// longer. A body that is longer, broken, or not there after 5 seconds is left out, as if
    /// there were none; most routes read none and do not wait for one.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use logto::web::Route;
    /// # async fn to_bytes(_: (), limit: usize) -> Result<Vec<u8>, Infallible> { Ok(vec![0; limit]) }
    /// # async fn example(route: Route, body: ()) {
    /// let body = route.read_body(|limit| to_bytes(body, limit)).await;
    /// # }
    /// ```
    pub async fn read_body<B, E, F>(self, read: impl FnOnce(usize) -> F) -> B
    where
        B: Default,
        F: Future<Output = Result<B, E>>,
    {
        let limit = self.body_limit();
        if limit == 0 {
            return B::default();
        }
        let body = timeout(BODY_TIMEOUT, read(limit)).await;
        body.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// How many bytes of a request's body the route reads; see [`read_body`](Self::read_body).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Route;
    ///
    /// // A sign-in has no body worth reading.
    /// assert_eq!(Route::SignIn.body_limit(), 0);
    /// assert!(Route::Webhooks.body_limit() > 0);
    /// ```
    #[must_use]
    pub fn body_limit(self) -> usize {
        match self {
            Self::BackChannelLogout => 32 * 1024,
            Self::Webhooks => WEBHOOK,
            Self::Frame => FRAME_CODE,
            Self::SignIn | Self::SignUp | Self::Callback | Self::SignOut => 0,
        }
    }
}

impl Route {
    /// Answers a request to this route.
    pub(crate) async fn handle(self, context: &Context) -> Reply {
        let allowed: &[&str] = match self {
            Self::SignOut if context.logto().settings.sign_out_by_get => &["GET", "POST"],
            Self::SignOut | Self::BackChannelLogout | Self::Webhooks => &["POST"],
            Self::Frame => &["GET", "POST"],
            Self::SignIn | Self::SignUp | Self::Callback => &["GET"],
        };
        let by_get = allowed.contains(&"GET");
        if by_get && let Some(reply) = context.answer_ahead_of_time() {
            return reply;
        }
        match context.request().method() {
            "GET" if self == Self::SignOut && context.request().query() == CONTINUE => {
                context.handle_continued_sign_out().await
            }
            method if !allowed.contains(&method) => context.method_not_allowed(self, allowed),
            _ => answer(self, context)
                .instrument(info_span!("logto", route = self.path()))
                .await
                .unwrap_or_else(|error| Reply::from(error).without_gateway_error()),
        }
    }
}

/// What a request to the sign-in routes asks for.
fn options(context: &Context) -> Result<SignInOptions, Error> {
    let max_age = context.wanted_max_age().map_err(|error| context.answered(error))?;
    let post_redirect_uri = context.wanted_page();
    Ok(SignInOptions { post_redirect_uri, max_age, ..SignInOptions::new() })
}

async fn answer(route: Route, context: &Context) -> Result<Reply, Error> {
    match route {
        Route::SignIn => context.sign_in(options(context)?).await,
        Route::SignUp => {
            context.sign_in(options(context)?.with_first_screen(FirstScreen::Register)).await
        }
        Route::Frame => context.handle_frame().await,
        Route::Callback => Ok(context.handle_sign_in_callback().await),
        Route::Webhooks => Ok(context.handle_webhook().await),
        Route::BackChannelLogout => Ok(context.handle_back_channel_logout().await),
        Route::SignOut
            if context.sender().is_from_here()
                || context.sender().is_vouched_for_by_cookie(context.now()) =>
        {
            Ok(context.sign_out().await)
        }
        Route::SignOut => Ok(context.wrong_origin("Signing out works from {origin} only.")),
    }
}
