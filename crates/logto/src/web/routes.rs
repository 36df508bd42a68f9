//! Answers requests to the SDK's own routes.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{Instrument, info_span};

use super::leave::CONTINUE;
use super::webhooks::SIGNATURE;
use super::{Context, Reply, Request};
use crate::error::Error;
use crate::flow::{Engine, FirstScreen, SignInOptions};
use crate::route::Route;

/// How long a request's body may take: Logto sends its logout tokens in one piece.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Users may fill their own `customData`. Logto takes 1 MB of it, which can be five times as
/// long when it is sent: `1e20` becomes twenty-one digits.
const WEBHOOK: usize = 6 * 1024 * 1024;

/// A code for a frame holds the cookies of a session and the address of a page.
const FRAME_CODE: usize = 64 * 1024;

impl Route {
    /// The body of a request to this route, as [`Logto::read_body`](crate::Logto::read_body) does.
    pub(crate) async fn read_body<B, E, F>(
        self,
        engine: &Engine,
        request: &Request,
        read: impl FnOnce(usize) -> F,
    ) -> B
    where
        B: Default,
        F: Future<Output = Result<B, E>>,
    {
        if !self.has_use_for_body(engine, request) {
            return B::default();
        }
        let body = timeout(BODY_TIMEOUT, read(self.body_limit())).await;
        body.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Whether the answer can depend on the body. Anyone may send one, and an app that takes no
    /// webhooks must not hold 6 MiB for each of them.
    fn has_use_for_body(self, engine: &Engine, request: &Request) -> bool {
        let is_read = match self {
            Self::BackChannelLogout => true,
            Self::Webhooks => {
                !engine.settings.webhook_keys.is_empty() && request.header(SIGNATURE).is_some()
            }
            Self::Frame => engine.frames.is_some(),
            Self::SignIn | Self::SignUp | Self::Callback | Self::SignOut => false,
        };
        is_read && request.method() == "POST"
    }

    /// How many bytes of a request's body the route reads at most;
    /// see [`Logto::read_body`](crate::Logto::read_body).
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
            Self::SignOut if context.engine().settings.sign_out_by_get => &["GET", "POST"],
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
        Route::SignOut if context.is_from_own_page() => Ok(context.sign_out().await),
        Route::SignOut => Ok(context.wrong_origin("Signing out works from {origin} only.")),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{Logto, LogtoConfig};

    #[tokio::test]
    async fn a_body_is_read_only_where_the_answer_depends_on_it() {
        let config = || {
            LogtoConfig::new("https://t.logto.app", "app", "secret")
                .with_cookie_secret("0123456789abcdef0123456789abcdef")
        };
        let plain = Logto::new(config()).unwrap();
        let full = config().with_base_url("https://app.example.com").with_partitioned_cookies();
        let full = full
            .with_frame_ancestors(["https://huggingface.co"])
            .with_webhook_signing_key("a key of thirty-two characters..");
        let full = Logto::new(full).unwrap();
        let signature = [(SIGNATURE, "x")];
        for (logto, method, route, headers, most) in [
            (&plain, "POST", Route::BackChannelLogout, &[][..], 32 * 1024),
            (&plain, "POST", Route::Webhooks, &signature, 0),
            (&plain, "POST", Route::Frame, &[], 0),
            (&plain, "POST", Route::SignOut, &[], 0),
            (&full, "POST", Route::Webhooks, &signature, WEBHOOK),
            (&full, "POST", Route::Webhooks, &[], 0),
            (&full, "POST", Route::Frame, &[], FRAME_CODE),
            (&full, "GET", Route::BackChannelLogout, &[], 0),
            (&full, "GET", Route::Webhooks, &signature, 0),
            (&full, "GET", Route::Frame, &[], 0),
        ] {
            let request = Request::new(method, route.path(), headers.iter().copied());
            let read = async |limit| Ok::<_, Infallible>(vec![0; limit]);
            let body: Vec<u8> = logto.read_body(route, &request, read).await;
            assert_eq!(body.len(), most, "{method} {route:?} {headers:?}");
        }
    }
}
