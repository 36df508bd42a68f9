//! The sign-out endpoint, and sign-out from a handler.

use super::page::Page;
use super::{Context, Reply, SessionState};
use crate::error::Error;
use crate::flow::{AtLogto, EndRecord, Ended};

const AWAY: &str = "The sign-in service does not answer, so you may still be signed in there. Close your \
                    browser if other users use this computer.";
const CONTINUE: &str = "Continue to sign out of the sign-in service too.";
const LOST: &str = "Your sign-out could not be stored on the servers of this site. A copy of your session may \
                    still work until it expires.";

impl Context {
    /// Signs the user out: ends the session in this browser, revokes its refresh token, and goes
    /// to Logto to end the session there (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// If Logto cannot be reached, the user is signed out here all the same and stays in this
    /// app, with a page that says so. If the store of sessions cannot, a page says that too;
    /// the end is kept in this process and stored as soon as that is possible. When too many wait
    /// already, the end is lost: the page says so, with status 503.
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
        let reply = self.engine().tasks.run(async move { context.end_everywhere().await }).await;
        reply.unwrap_or_else(|stopped| Error::from(stopped).into())
    }

    async fn end_everywhere(&self) -> Reply {
        let (Ended { refresh_token, record }, former) = self.end_here().await;
        self.forget(SessionState::SignedOut);
        let at_logto = self.engine().sign_out_at_logto(refresh_token, self.origin()).await;
        let reply = self.signed_out(at_logto, record).with_pages_forgotten();
        let counted = self.engine().sign_in_loop.forget(&self.request().cookies());
        let reply = reply.with_cookies(self.take_cookies().await).with_cookies(former);
        reply.with_cookies(counted.into_iter().collect())
    }

    /// Ends the session wherever it is known, and gives the lines that remove cookies which the app
    /// does not use any more.
    async fn end_here(&self) -> (Ended, Vec<String>) {
        let engine = self.engine();
        let (cookies, now) = (self.sender().trusted_cookies(), self.now());
        let session = match self.loaded_session().await {
            Ok(loaded) => loaded.as_ref().map(Into::into),
            Err(error) => {
                engine.faults.report("sign_out", &error);
                engine.sessions.in_cookies(cookies, now)
            }
        };
        // What has expired by the clock of this instance, and cookies of the same name for a domain or
        // a path that the app had before.
        let id = session.as_ref().map(|session| session.id);
        let mut others = engine.sessions.others_in_cookies(cookies, id, now);
        let (former, removals) =
            engine.sessions.former_in_cookies(&String::from_utf8_lossy(cookies));
        others.extend(former);
        let mut ended = match session {
            Some(session) => engine.end(session).await,
            None => Ended { refresh_token: None, record: EndRecord::Stored },
        };
        for other in engine.end_each(others).await {
            engine.revoke_all(other.refresh_token.into_iter().collect());
            ended.record = ended.record.max(other.record);
        }
        (ended, removals)
    }

    /// Goes on to Logto after a sign-out whose request could not.
    pub(super) async fn handle_continued_sign_out(&self) -> Reply {
        match self.engine().sign_out_at_logto(None, self.origin()).await {
            AtLogto::EndSession(url) => self.continue_sign_out(url),
            AtLogto::Nothing => self.continue_sign_out(self.after_sign_out()),
            AtLogto::IsAway => self.signed_out(AtLogto::IsAway, EndRecord::Stored),
        }
    }

    fn after_sign_out(&self) -> String {
        let settings = &self.engine().settings;
        format!("{}{}", settings.base_path, settings.after_sign_out)
    }

    /// Goes on, or first tells what does not hold yet.
    fn signed_out(&self, at_logto: AtLogto, record: EndRecord) -> Reply {
        let after = self.after_sign_out();
        let (status, text, next) = match (at_logto, record) {
            (AtLogto::EndSession(next), EndRecord::Stored) => {
                return self.leave_after_sign_out(next);
            }
            (AtLogto::Nothing, EndRecord::Stored) => return self.leave_after_sign_out(after),
            (AtLogto::IsAway, EndRecord::Stored) => (200, AWAY, after),
            (AtLogto::IsAway, EndRecord::Pending) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. The \
                 sign-in service does not answer either: close your browser if other users use \
                 this computer.",
                after,
            ),
            (AtLogto::EndSession(next), EndRecord::Pending) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible. \
                 Please continue to sign out of the sign-in service too.",
                next,
            ),
            (AtLogto::Nothing, EndRecord::Pending) => (
                202,
                "Your sign-out has not reached all servers yet. It will be stored as soon as possible.",
                after,
            ),
            (at_logto, EndRecord::Lost) => return self.sign_out_lost(at_logto, after),
        };
        self.signed_out_page(status, text, next)
    }

    /// Nothing is left to be tried again: the browser does not have the session any more.
    fn sign_out_lost(&self, at_logto: AtLogto, after: String) -> Reply {
        let (at_logto, next) = match at_logto {
            AtLogto::EndSession(next) => (CONTINUE, next),
            AtLogto::IsAway => (AWAY, after),
            AtLogto::Nothing => ("", after),
        };
        let text = [LOST, at_logto].map(|text| self.language().translate(text)).join(" ");
        self.signed_out_page(503, text.trim_end(), next)
    }

    fn signed_out_page(&self, status: u16, text: &str, next: String) -> Reply {
        let title = "You are signed out in this browser";
        let next_action = self.link_or_window(next, "Continue");
        self.page(status, &Page { title, text, detail: None, next_action })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::session::Device;
    use crate::session::manager::fixture::{PausedStorage, loaded};
    use crate::session::manager::{Added, MAX_PENDING};
    use crate::web::{Context, Request};
    use crate::{Clock, Logto, LogtoConfig};

    /// The context of a sign-out by a browser that has a session, while the store is down and
    /// `waiting` ends wait for it.
    async fn context(waiting: usize) -> Context {
        let storage = Arc::new(PausedStorage::default());
        // Nothing listens there.
        let config = LogtoConfig::new("http://127.0.0.1:9", "app", "secret")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_base_url("http://localhost:3000")
            .with_storage(Arc::clone(&storage))
            .with_clock(Clock::system());
        let logto = Logto::new(config).unwrap();
        let probe = logto.context(Request::new("GET", "/", [("accept", "*/*")]));
        let (sessions, now) = (&probe.engine().sessions, probe.now());
        let device = Device::from_user_agent("");
        let session = sessions.begin(loaded(now).session, device, now).await.unwrap();
        let cookies = sessions.cookies(&session, "", now).unwrap();
        let cookies: Vec<_> = cookies.iter().filter_map(|line| line.split(';').next()).collect();
        storage.is_down.store(true, std::sync::atomic::Ordering::Relaxed);
        for _ in 0..waiting {
            assert_ne!(sessions.pending.add((&loaded(now)).into()), Added::Full);
        }
        let headers = [("cookie", &*cookies.join("; ")), ("accept-language", "de")];
        logto.context(Request::new("POST", "/sign-out", headers))
    }

    /// A handler that does not ask where the request comes from. The browser sends the cookies of a
    /// frame along with every request.
    #[tokio::test]
    async fn another_site_ends_no_session_of_a_frame() {
        let config = LogtoConfig::new("http://127.0.0.1:9", "app", "secret")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_base_url("https://me-app.hf.space")
            .with_frame_ancestors(["https://huggingface.co"])
            .with_partitioned_cookies();
        let logto = Logto::new(config).unwrap();
        let probe = logto.context(Request::new("GET", "/", [("accept", "*/*")]));
        let (sessions, now) = (&probe.engine().sessions, probe.now());
        let mut cookies = Vec::new();
        for _ in 0..2 {
            let device = Device::from_user_agent("");
            let session = sessions.begin(loaded(now).session, device, now).await.unwrap();
            let lines = sessions.cookies(&session, "__Host-logto_app_frame_key=x", now).unwrap();
            cookies.extend(lines[0].split(';').next().map(str::to_owned));
        }
        for (origin, is_signed_in) in
            [("https://evil.example", true), ("https://me-app.hf.space", false)]
        {
            let headers = [("cookie", &*cookies.join("; ")), ("origin", origin)];
            let leaving = logto.context(Request::new("POST", "/leave", headers));
            let _ = leaving.sign_out().await;
            for cookie in &cookies {
                let page = logto.context(Request::new("GET", "/", [("cookie", &**cookie)]));
                assert_eq!(page.is_authenticated().await.unwrap(), is_signed_in, "{origin}");
            }
        }
    }

    /// The clock of the instance that is asked may be ahead, and other instances still accept the
    /// session.
    #[tokio::test]
    async fn a_session_that_has_expired_here_ends_for_others_too() {
        type Configure = fn(LogtoConfig) -> LogtoConfig;
        let configs: [Configure; 3] = [
            |config| config,
            LogtoConfig::with_sessions_in_cookies,
            |config| config.with_idle_lifetime(Duration::from_secs(60)),
        ];
        for (number, configure) in configs.into_iter().enumerate() {
            let storage = Arc::new(PausedStorage::default());
            let [right, ahead] = [(); 2].map(|()| {
                let clock = Clock::system();
                clock.stop();
                let config = LogtoConfig::new("http://127.0.0.1:9", "app", "secret")
                    .with_cookie_secret("0123456789abcdef0123456789abcdef")
                    .with_base_url("http://localhost:3000")
                    .with_session_lifetime(Duration::from_secs(600))
                    .with_storage(Arc::clone(&storage))
                    .with_clock(clock.clone());
                (Logto::new(configure(config)).unwrap(), clock)
            });
            ahead.1.advance(Duration::from_secs(if number == 2 { 90 } else { 3600 }));
            let context = |logto: &Logto, method, cookie: &str| {
                logto.context(Request::new(method, "/", [("cookie", cookie)]))
            };
            let probe = context(&right.0, "GET", "");
            let (sessions, now) = (&probe.engine().sessions, probe.now());
            let mut cookies = Vec::new();
            // Of two cookies, one is for a domain or a path that the app had before.
            for started_at in [now - 1, now] {
                let device = Device::from_user_agent("");
                let session =
                    sessions.begin(loaded(started_at).session, device, now).await.unwrap();
                let lines = sessions.cookies(&session, "", now).unwrap();
                cookies.extend(lines[0].split(';').next().map(str::to_owned));
            }
            let is_signed_in = async |logto: &Logto, cookie: &str| {
                context(logto, "GET", cookie).loaded_session().await.unwrap().is_some()
            };
            for cookie in &cookies {
                assert!(is_signed_in(&right.0, cookie).await, "{number}");
                assert!(!is_signed_in(&ahead.0, cookie).await, "{number}");
            }
            let reply = context(&ahead.0, "POST", &cookies.join("; ")).sign_out().await;
            assert_eq!(reply.status(), 200, "{number}");
            for cookie in &cookies {
                assert!(!is_signed_in(&right.0, cookie).await, "{number}");
            }
        }
    }

    #[tokio::test]
    async fn a_sign_out_that_is_recorded_nowhere_is_not_said_to_be_stored_later() {
        for (waiting, status, text) in [
            (MAX_PENDING - 1, 202, "das geschieht so bald wie möglich"),
            (MAX_PENDING, 503, "konnte auf den Servern dieser Website nicht gespeichert werden"),
        ] {
            let context = context(waiting).await;
            let reply = context.sign_out().await;
            assert_eq!(reply.status(), status);
            let is_removal =
                |(name, line): (&str, &str)| name == "set-cookie" && line.contains("Max-Age=0");
            assert!(reply.headers().any(is_removal));
            let body = reply.into_body();
            assert!(body.contains(text), "{body}");
            assert!(body.contains("Anmeldedienst antwortet nicht"), "{body}");
            // A session that waits already needs no room.
            let sessions = &context.engine().sessions;
            let waits = sessions.pending.next().unwrap();
            assert_eq!(sessions.pending.count(), MAX_PENDING);
            assert_ne!(sessions.pending.add(waits), Added::Full);
        }
    }
}
