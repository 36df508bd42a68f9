//! One request: who asks, and which cookies are owed to the answer.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Reply, Request, User};
use crate::claims::IdTokenClaims;
use crate::engine::Engine;
use crate::error::Error;
use crate::session::{Found, Session};

/// One request, shared by the adapter's middleware, its extractors and the app's handlers.
///
/// It has the operations of Logto's SDK convention. What they change about the session is owed to
/// the browser as cookies, which the adapter's middleware sends with whatever answer goes out.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    logto: Arc<Engine>,
    request: Request,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` until somebody asks.
    current: Option<Current>,
    /// What the last change of the session owes to the browser.
    owed: Vec<String>,
    /// The refresh token that this request redeemed.
    renewed_from: Option<String>,
}

/// The session of this request, as far as it is known now.
#[derive(Clone)]
pub(crate) struct Current {
    state: SessionState,
    session: Option<(Arc<Session>, Arc<IdTokenClaims>)>,
}

/// Whether somebody is signed in, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionState {
    /// Somebody is signed in.
    SignedIn,
    /// Nobody is signed in.
    SignedOut,
    /// The session reached the end of its configured life.
    Expired,
    /// There is a session cookie that cannot be read: its secret is gone or it was damaged.
    Unreadable,
    /// Logto ended the session: its refresh token is not accepted any more.
    Revoked,
}

impl Context {
    pub(crate) fn new(logto: Arc<Engine>, request: Request) -> Self {
        Self(Arc::new(Shared {
            logto,
            request,
            state: Mutex::default(),
        }))
    }

    pub(crate) fn logto(&self) -> &Arc<Engine> {
        &self.0.logto
    }

    pub(crate) fn request(&self) -> &Request {
        &self.0.request
    }

    pub(crate) fn origin(&self) -> &str {
        &self.logto().settings.origin
    }

    pub(crate) fn now(&self) -> u64 {
        self.logto().settings.clock.now()
    }

    /// Whether somebody is signed in. As in every Logto SDK this looks at the session alone; the
    /// session does not end with the ID token's hour.
    pub async fn is_authenticated(&self) -> bool {
        self.session_state().await == SessionState::SignedIn
    }

    /// Whether somebody is signed in, and if not, why.
    pub async fn session_state(&self) -> SessionState {
        self.current().state
    }

    /// The claims of the session's ID token, if somebody is signed in.
    pub async fn id_token_claims(&self) -> Option<Arc<IdTokenClaims>> {
        self.current().session.map(|(_, claims)| claims)
    }

    /// The signed-in person.
    ///
    /// # Errors
    ///
    /// The answer that this request gets instead: a redirect to sign-in and back for a person who
    /// opens a page, 401 for anything else.
    pub async fn user(&self) -> Result<User, Reply> {
        self.maybe_user().await?.ok_or_else(|| self.refuse())
    }

    /// The signed-in person, or `None` if nobody is signed in.
    ///
    /// # Errors
    ///
    /// The answer for a request of which nobody can know who makes it, because the session's store
    /// does not answer. The cookie session has no store and never fails here.
    pub async fn maybe_user(&self) -> Result<Option<User>, Reply> {
        let claims = self.id_token_claims().await;
        Ok(claims.map(|claims| User::new(claims, self.clone())))
    }

    /// The `Set-Cookie` lines that are owed to the browser, taken out. The adapter appends them to
    /// the response, after the handler, whatever the response is.
    #[must_use]
    pub fn take_cookies(&self) -> Vec<String> {
        if self.was_signed_out_meanwhile() {
            self.end(SessionState::SignedOut);
        }
        mem::take(&mut self.state().owed)
    }

    /// Whether the person signed out by another request while this one renewed the session: its
    /// cookie must not bring the session back.
    fn was_signed_out_meanwhile(&self) -> bool {
        let state = self.state();
        let refreshes = &self.logto().refreshes;
        let current = state.current.as_ref().and_then(Current::session);
        let renewed = current.and_then(|session| session.refresh_token.as_deref());
        let mut tokens = renewed.into_iter().chain(state.renewed_from.as_deref());
        !state.owed.is_empty() && tokens.any(|token| refreshes.has_ended(token))
    }

    pub(crate) fn current(&self) -> Current {
        self.state()
            .current
            .get_or_insert_with(|| self.load())
            .clone()
    }

    fn load(&self) -> Current {
        let logto = self.logto();
        let found = logto
            .session_cookie
            .read(&logto.keys, self.request().cookies(), self.now());
        match found {
            Found::Session(session) => Current::signed_in(session),
            Found::Nothing => Current::without(SessionState::SignedOut),
            Found::Expired => Current::without(SessionState::Expired),
            Found::Unreadable => {
                // Anybody can send one, so this is not for the log of every day.
                tracing::debug!(
                    "a session cookie could not be read: was the cookie secret changed?"
                );
                Current::without(SessionState::Unreadable)
            }
        }
    }

    /// Remembers that `refresh_token` was redeemed.
    pub(crate) fn renewed_from(&self, refresh_token: &str) {
        self.state().renewed_from = Some(refresh_token.to_owned());
    }

    /// Takes over a changed session and owes it to the browser.
    pub(crate) fn keep(&self, session: Session) -> Result<(), Error> {
        let logto = self.logto();
        let header = self.request().cookies();
        let lines = logto
            .session_cookie
            .write(&logto.keys, &session, header, self.now())?;
        let mut state = self.state();
        state.current = Some(Current::signed_in(session));
        state.owed = lines;
        Ok(())
    }

    /// Ends the session and owes that to the browser.
    pub(crate) fn end(&self, why: SessionState) {
        let lines = self.logto().session_cookie.remove(self.request().cookies());
        let mut state = self.state();
        state.current = Some(Current::without(why));
        state.owed = lines;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn signed_in(session: Session) -> Self {
        match session.claims() {
            Ok(claims) => Self {
                state: SessionState::SignedIn,
                session: Some((Arc::new(session), Arc::new(claims))),
            },
            // Claims are read before a session is kept, so this is another version's cookie.
            Err(error) => {
                tracing::warn!(%error, "a session's claims could not be read");
                Self::without(SessionState::Unreadable)
            }
        }
    }

    fn without(state: SessionState) -> Self {
        Self {
            state,
            session: None,
        }
    }

    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        self.session.as_ref().map(|(session, _)| session)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request", &self.0.request)
            .finish_non_exhaustive()
    }
}
