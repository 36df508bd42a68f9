//! The page where a user sees and ends their sessions.

use std::sync::Arc;

use super::{Context, Reply, User};
use crate::error::Error;
use crate::log_limit::limited;
use crate::session::{SessionId, SessionInfo};

impl Context {
    /// Refuses a request that does not come from a page of this app, for forms that change
    /// something: other sites can make a browser post too.
    ///
    /// # Errors
    ///
    /// The answer that says so, 403.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, Reply};
    ///
    /// async fn end_other_sessions(context: &Context) -> Result<(), Reply> {
    ///     context.require_own_page()?;
    ///     context.user().await?.end_other_sessions().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn require_own_page(&self) -> Result<(), Reply> {
        match self.is_from_own_page() {
            true => Ok(()),
            false => Err(self.wrong_origin("Requests with a session must come from {origin}.")),
        }
    }

    /// Whether the request may change something: its method is none of `GET`, `HEAD`, `OPTIONS`, and
    /// `TRACE`, or it opens a WebSocket, which a `GET` does. For middleware that
    /// [requires a page of this app](Self::require_own_page) for all such requests.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, Reply};
    ///
    /// fn check(context: &Context) -> Result<(), Reply> {
    ///     if context.may_change_something() { context.require_own_page() } else { Ok(()) }
    /// }
    /// ```
    #[must_use]
    pub fn may_change_something(&self) -> bool {
        !self.request().is_safe()
    }

    async fn current_session(&self) -> Result<Option<SessionId>, Error> {
        Ok(self.loaded_session().await?.map(|loaded| loaded.session.id))
    }
}

impl User {
    /// All sessions of this user, oldest first, with the one of this request
    /// [marked](SessionInfo::is_current); see [`Logto::sessions_of`](crate::Logto::sessions_of).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable).
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::web::User;
    /// async fn list(user: &User) -> Result<Vec<String>, logto::Error> {
    ///     let sessions = user.sessions().await?;
    ///     let name = |browser: Option<&'static str>| browser.unwrap_or("a browser");
    ///     let line = |is_current| if is_current { "this session" } else { "another session" };
    ///     Ok(sessions.iter().map(|it| format!("{}, {}", name(it.browser), line(it.is_current))).collect())
    /// }
    /// ```
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        let context = self.context();
        let current = context.current_session().await?;
        let sessions = context.engine().sessions.sessions_of(self.sub(), context.now()).await?;
        Ok(sessions.iter().map(|listed| listed.info(current)).collect())
    }

    /// Ends one session of this user; see [`Logto::end_session`](crate::Logto::end_session).
    ///
    /// # Errors
    ///
    /// Those of [`Logto::end_session`](crate::Logto::end_session).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Reply, User};
    ///
    /// // POST /sessions/{id}/end
    /// async fn end(user: User, id: &str) -> Result<&'static str, Reply> {
    ///     user.context().require_own_page()?;
    ///     Ok(match user.end_session(id).await? {
    ///         true => "The session has ended.",
    ///         false => "The session had ended before.",
    ///     })
    /// }
    /// ```
    pub async fn end_session(&self, id: &str) -> Result<bool, Error> {
        self.context().engine().end_by_id(self.sub(), id).await
    }

    /// Ends all other sessions of this user that the store lists, and revokes their refresh
    /// tokens: how many there were.
    ///
    /// Without a [store](crate::LogtoConfig::with_storage) no sessions are listed, so none end, and
    /// the log says so. [`Logto::sign_out_everywhere`](crate::Logto::sign_out_everywhere) ends
    /// sessions in cookies too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreUnavailable`](crate::ErrorKind::StoreUnavailable); some may have been
    /// ended.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Reply, User};
    ///
    /// // POST /sessions/end-others
    /// async fn end_others(user: User) -> Result<String, Reply> {
    ///     user.context().require_own_page()?;
    ///     Ok(format!("{} other sessions have ended.", user.end_other_sessions().await?))
    /// }
    /// ```
    pub async fn end_other_sessions(&self) -> Result<usize, Error> {
        let current = self.context().current_session().await?;
        let (engine, sub) = (Arc::clone(self.context().engine()), self.sub().to_owned());
        if engine.settings.storage.is_none() {
            limited!(
                warn,
                "no other sessions were ended: without a storage none are listed; use with_storage(…) \
                 or sign_out_everywhere"
            );
        }
        // What was begun is finished, even if no request waits for it.
        let ending = async move {
            engine.end_listed(&sub, |listed| Some(listed.ending.id) != current).await
        };
        self.context().engine().tasks.run(ending).await?
    }
}
