//! Requests, as an adapter passes them: method, target, headers and body.

use logto::TokenRequest;
use logto::storage::MemoryStorage;
use logto::web::{Reply, Request, SessionState};
use logto::{Logto, LogtoConfig};

use crate::app::{API, App, BASE_URL, Loop};
use crate::checks::{check, check_page};
use crate::provider::{CODE, ENDPOINT, Provider};
use crate::text::{fill, lossy};
use crate::{Outcome, Target};

/// A request line, lines of headers, an empty line, and a body. What begins with `+` is for an app
/// with much switched on, all else for one with little.
#[derive(Debug)]
pub struct Seam {
    runtime: Loop,
    usual: App,
    full: App,
}

const SIGNING_KEY: &str = "tDxH2xGdr7rzqvR5SqMMChaOmi7p58ey";

fn configure(config: LogtoConfig) -> LogtoConfig {
    // Little, so that an input costs the same however many came before.
    let storage = MemoryStorage::new().with_capacity(2000).with_max_bytes(16 << 20);
    config
        .with_base_url("https://app.example/shop")
        .with_allowed_base_urls(["https://*.preview.example/shop"])
        .with_route_prefix("/auth")
        .with_frame_ancestors(["https://huggingface.co"])
        .with_partitioned_cookies()
        .with_sign_out_by_get()
        .with_webhook_signing_key(SIGNING_KEY)
        .with_storage(storage)
}

impl Target for Seam {
    const NAME: &str = "seam";

    fn start() -> Self {
        let runtime = Loop::new();
        let (usual, full) = runtime.run(async {
            let provider = Provider::start().await;
            let usual = App::new(&provider, |config| {
                config
                    .with_storage(MemoryStorage::new().with_capacity(2000))
                    .with_sessions_in_cookies()
            });
            (usual, App::new(&provider, configure))
        });
        Self { runtime, usual, full }
    }

    fn run(&mut self, input: &[u8]) -> Outcome {
        let text = lossy(input);
        let (app, text) = match text.strip_prefix('+') {
            Some(rest) => (&self.full, rest),
            None => (&self.usual, &*text),
        };
        self.runtime.run(async {
            let text = filled(app, text).await;
            let outcome = send(app, &text).await;
            // What a webhook or a sign-out leaves to do.
            app.logto.drain(std::time::Duration::from_secs(5)).await;
            outcome
        })
    }
}

/// What only this process can know, made when it is asked for.
async fn filled(app: &App, text: &str) -> String {
    let begun = match text.contains("{state}") || text.contains("{browser}") {
        true => Some(app.begin().await),
        false => None,
    };
    let session = match text.contains("{session}") {
        true => app.sign_in().await,
        false => String::new(),
    };
    fill(text, |word| {
        Some(match word {
            "state" => begun.as_ref()?.state.clone(),
            "browser" => begun.as_ref()?.browser.clone(),
            "session" => session.clone(),
            "code" => CODE.to_owned(),
            "iss" => app.provider.issuer(),
            "base" => BASE_URL.to_owned(),
            _ => return None,
        })
    })
}

fn request(text: &str) -> (String, Request) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap_or_default().split_once(' ').unwrap_or(("GET", "/"));
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.trim(), value.trim()));
    let path = target.split('?').next().unwrap_or_default().to_owned();
    (path, Request::new(method, target, headers).with_body(body))
}

async fn send(app: &App, text: &str) -> Outcome {
    let (path, request) = request(text);
    if let Some(route) = app.logto.route_at(&path) {
        let seen = app.handle(route, request).await;
        return Outcome::of(matches!(seen.status, 200 | 303) && !seen.cookies.is_empty());
    }
    let is_signed_in = page(&app.logto, request).await;
    Outcome::of(is_signed_in)
}

/// What the handlers of an app ask for.
async fn page(logto: &Logto, request: Request) -> bool {
    let addresses = [ENDPOINT, logto.base_url().as_str().trim_end_matches('/')];
    let context = logto.context(request);
    let state = context.session_state().await;
    if let Err(reply) = context.user().await {
        check(reply, &addresses);
    }
    for request in [TokenRequest::opaque(), TokenRequest::resource(API)] {
        if let Err(error) = context.access_token(request).await {
            check_page(Reply::from(error), &addresses);
        }
    }
    if let Err(reply) = context.require_own_page() {
        check(reply, &addresses);
    }
    for line in context.take_cookies().await {
        assert!(!line.bytes().any(|byte| byte.is_ascii_control()), "{line:?}");
    }
    state.is_ok_and(|state| state == SessionState::SignedIn)
}
