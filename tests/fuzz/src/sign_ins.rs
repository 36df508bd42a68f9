//! Sign-ins and sign-outs one after the other, for a look at what they leave behind.

use std::time::Duration;

use logto::LogtoConfig;
use logto::web::{Request, Route};

use crate::app::{App, BASE_URL, Loop};
use crate::provider::Provider;

/// Users who come, look at a page, and leave. Three hours go by from one to the next.
#[derive(Debug)]
pub struct SignIns {
    runtime: Loop,
    app: App,
}

const PAUSE: Duration = Duration::from_secs(3 * 3600);

impl SignIns {
    /// An app with this configuration.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    pub fn start(configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Self {
        let runtime = Loop::new();
        let app = runtime.run(async { App::new(&Provider::start().await, configure) });
        Self { runtime, app }
    }

    /// One after the other.
    ///
    /// # Panics
    ///
    /// If one of them is not signed in, or not signed out.
    pub fn come_and_go(&self, users: usize) {
        for _ in 0..users {
            self.runtime.run(self.come_and_go_once());
            self.app.clock.advance(PAUSE);
        }
    }

    async fn come_and_go_once(&self) {
        let logto = &self.app.logto;
        let cookies = self.app.sign_in().await;
        let headers = [("cookie", cookies.as_str()), ("origin", BASE_URL)];
        let is_signed_in = async || {
            let page = logto.context(Request::new("GET", "/page", headers));
            page.is_authenticated().await.expect("a session or none")
        };
        assert!(is_signed_in().await);
        let request = Request::new("POST", "/sign-out", headers);
        assert_eq!(self.app.handle(Route::SignOut, request).await.status, 303);
        assert!(!is_signed_in().await);
        assert_eq!(logto.drain(Duration::from_secs(10)).await, 0);
    }
}
