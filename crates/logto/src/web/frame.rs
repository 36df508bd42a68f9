//! Signing in where the app is shown in a frame of another site.
//!
//! 1. A page in the frame needs a user: the frame gets a key in a partitioned cookie, and a link
//!    that opens a window, with a frame request for that key.
//! 2. In the window, which is a page of this site like any other, the user signs in and confirms.
//! 3. The window sends a code to the page that opened it; browsers let no other page have it.
//! 4. The frame brings code and key, and gets the session in its own cookie.
//!
//! SECURITY.md says what each step is for.

use serde_json::json;
use url::form_urlencoded;

use super::page::{NextAction, Page};
use super::{Context, Reply, Route, User};
use crate::error::Error;
use crate::flow::{FrameRequest, Frames, SignInOptions, is_fresh};

impl Context {
    /// What a user sees in a frame who has to sign in, on the way to `page`. If no frame gets a
    /// session, the window goes to `address`.
    pub(super) fn page_in_frame(
        &self,
        status: u16,
        page: &str,
        address: String,
        options: &SignInOptions,
    ) -> Reply {
        let (next_action, cookies) = match self.begin_in_frame(page, options) {
            Ok(Some((next_action, cookie))) => (next_action, vec![cookie]),
            Ok(None) => (NextAction::new_window(address, LABEL), Vec::new()),
            Err(error) => return Reply::from(self.answered(error)),
        };
        let page = Page {
            title: "Please sign in",
            text: "Sign-in opens in a new window.",
            detail: None,
            next_action,
        };
        self.page(status, &page).with_cookies(cookies)
    }

    /// The link of a frame that gets a session, and its cookie; `None` if this app gives none.
    fn begin_in_frame(
        &self,
        page: &str,
        options: &SignInOptions,
    ) -> Result<Option<(NextAction, String)>, Error> {
        let engine = self.engine();
        let Some(frames) = &engine.frames else {
            return Ok(None);
        };
        let (key, cookie) = frames.keep_key(&engine.keys, &self.request().cookies(), self.now())?;
        let request = FrameRequest {
            challenge: key.challenge(),
            return_to: page.to_owned(),
            embedder: self.request().other_referrer(self.origin()),
            options: options.to_query(),
        };
        let request = Frames::seal_request(&engine.keys, &request, self.now())?;
        let route = self.frame_route();
        let next_action = NextAction::new_window(format!("{route}?request={request}"), LABEL)
            .with_script(format!("const route = {};\n{WAITING}", script_text(&route)));
        Ok(Some((next_action, cookie)))
    }

    /// The route of windows and frames.
    pub(super) async fn handle_frame(&self) -> Result<Reply, Error> {
        let Some(frames) = &self.engine().frames else {
            return Ok(Reply::json(
                404,
                "not_found",
                "This site does not support sign-in in frames.",
            ));
        };
        let route = FrameRoute { context: self, frames };
        let mut body = form_urlencoded::parse(self.request().body());
        let code = body.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        match (self.request().method(), code) {
            ("POST", Some(code)) => route.redeem_in_frame(&code).await,
            ("POST", None) => route.confirm_in_window().await,
            _ => route.open_window().await,
        }
    }

    fn frame_route(&self) -> String {
        self.engine().settings.path_of(Route::Frame)
    }
}

/// A request to the route of windows and frames.
struct FrameRoute<'a> {
    context: &'a Context,
    frames: &'a Frames,
}

impl FrameRoute<'_> {
    /// In the window: signs the user in, and asks whether the frame may have the session.
    async fn open_window(&self) -> Result<Reply, Error> {
        let Self { context, frames } = self;
        let engine = context.engine();
        let Some(request) = self.frame_request() else {
            return Ok(self.page_out_of_date());
        };
        let is_noted = frames.has_window(
            &engine.keys,
            &request.challenge,
            &context.request().cookies(),
            context.now(),
        );
        let is_opened = context.request().is_provably_same_origin(context.origin());
        if !context.request().is_navigation() || !(is_opened || is_noted) {
            // Another site, or a message, leads here.
            return Ok(self.page_out_of_date());
        }
        let noted = frames.note_window(&engine.keys, &request.challenge, context.now())?;
        let options = SignInOptions::from_query(&request.options);
        let user = match context.maybe_user().await {
            Ok(user) => user,
            Err(reply) => return Ok(reply),
        };
        let is_recent = |max_age| {
            let tolerance = engine.settings.clock_tolerance;
            let at = user.as_ref().and_then(|user| user.authenticated_at());
            is_fresh(at, max_age, context.now(), tolerance)
        };
        let is_expected = |user: &User| {
            options.expected.as_ref().is_none_or(|expected| expected.is(user.claims()))
        };
        let reply = match &user {
            Some(user) if options.max_age.is_none_or(is_recent) && is_expected(user) => {
                self.page_to_confirm(&request)
            }
            _ => {
                let post_redirect_uri = Some(self.window_address());
                context.sign_in(SignInOptions { post_redirect_uri, ..options }).await?
            }
        };
        Ok(reply.with_cookies(vec![noted]))
    }

    fn page_to_confirm(&self, request: &FrameRequest) -> Reply {
        let settings = &self.context.engine().settings;
        let there = request.embedder.as_deref().unwrap_or(&settings.frame_ancestors);
        let text = self.context.language().translate(
            "{origin} shows this app inside its own page. Continue only if you just came from there.",
        );
        let text = text.replace("{origin}", there);
        let page = Page {
            title: "Use your account there?",
            text: &text,
            detail: None,
            next_action: NextAction::button(self.window_address(), "Continue").without_framing(),
        };
        self.context.page(200, &page)
    }

    /// In the window, after the click: gives the code to the page that opened the window.
    async fn confirm_in_window(&self) -> Result<Reply, Error> {
        let Self { context, frames } = self;
        let engine = context.engine();
        if !context.request().is_provably_same_origin(context.origin())
            || context.request().is_framed()
        {
            return Ok(self.page_out_of_date());
        }
        let (Some(request), Some(loaded)) = (self.frame_request(), context.loaded_session().await?)
        else {
            return Ok(self.page_out_of_date());
        };
        if !frames.has_window(
            &engine.keys,
            &request.challenge,
            &context.request().cookies(),
            context.now(),
        ) {
            return Ok(self.page_out_of_date());
        }
        let code = engine.frame_code(&request, &loaded)?;
        let page = Page {
            title: "You are signed in",
            text: "You can close this window. If the page that you came from does not continue by itself, \
                   choose “Open a window” there once more.",
            detail: None,
            next_action: NextAction::link(request.return_to, "Continue")
                .with_script(format!("const code = {};\n{HANDING_OVER}", script_text(&code)))
                .without_framing(),
        };
        Ok(context.page(200, &page).with_cookies(vec![frames.forget_window()]))
    }

    /// In the frame: takes the session over.
    async fn redeem_in_frame(&self, code: &str) -> Result<Reply, Error> {
        let Self { context, frames } = self;
        let engine = context.engine();
        let key = frames.key(&engine.keys, &context.request().cookies(), context.now());
        let is_from_here = context.request().is_provably_same_origin(context.origin());
        let Some(key) = key.filter(|_| is_from_here) else {
            return Ok(self.page_out_of_date());
        };
        let Some((page, loaded)) = engine.redeem_frame_code(&key, code).await? else {
            let page = context.after_sign_in();
            return Ok(context.page_in_frame(400, &page, page.clone(), &SignInOptions::new()));
        };
        context.adopt(loaded)?;
        Ok(Reply::see_other(page)
            .with_cookies(context.take_cookies().await)
            .with_cookies(vec![frames.forget_key()]))
    }

    fn frame_request(&self) -> Option<FrameRequest> {
        let mut query = form_urlencoded::parse(self.context.request().query().as_bytes());
        let (_, sealed) = query.find(|(name, _)| name == "request")?;
        Frames::open_request(&self.context.engine().keys, &sealed, self.context.now())
    }

    fn page_out_of_date(&self) -> Reply {
        let page = Page {
            title: "That did not work",
            text: "Go back to the page that shows this app, load it again, and choose “Open a window” \
                   there.",
            detail: None,
            next_action: NextAction::link(self.context.after_sign_in(), "Continue")
                .without_framing(),
        };
        self.context.page(400, &page)
    }

    /// This window's own address, as the browser knows it.
    fn window_address(&self) -> String {
        format!("{}?{}", self.context.frame_route(), self.context.request().query())
    }
}

const LABEL: &str = "Open a window";

/// Waits in the frame for the code. Only a page of this origin is listened to.
const WAITING: &str = "document.querySelector(\"a[target=_blank]\").rel = \"opener\";
addEventListener(\"message\", ({ origin, data }) => {
  if (origin !== location.origin || typeof data?.logtoCode !== \"string\") return;
  const form = document.createElement(\"form\");
  const code = document.createElement(\"input\");
  Object.assign(form, { method: \"post\", action: route, hidden: true });
  Object.assign(code, { name: \"code\", value: data.logtoCode });
  form.append(code);
  document.body.append(form);
  form.submit();
});
";

/// Sends the code from the window. Only a page of this origin receives it.
const HANDING_OVER: &str = "if (opener) {
  opener.postMessage({ logtoCode: code }, location.origin);
  close();
}
";

/// A string in a script that stands in a page.
fn script_text(text: &str) -> String {
    json!(text).to_string().replace('<', "\\u003c")
}
