//! Exchanges the code of a callback for a session, once; repeated callbacks get the same outcome.
//!
//! Users click twice, webviews repeat a request, and browsers go away while Logto answers. So the
//! exchange runs in a task of its own, and its outcome is kept for a while for requests that come
//! with the same `state` and the same secret of the browser. Where instances share a store, it is
//! kept there too.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::callback_failure::invalid_callback;
use super::engine::{Completed, Engine, Exchange, Outcome, Redeemed};
use super::sign_in_hook::SIGN_IN_HOOK_LIMIT;
use super::{CallbackFailure, CallbackParameters, Transaction};
use crate::error::{Error, ErrorKind};
use crate::session::manager::{LoadedSession, ReplayGuard, TakenUp};
use crate::session::{Device, Session};

/// What a repeated callback waits for the store, beside Logto and the app's hook.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

/// Who exchanges the code of a callback.
enum Exchanger {
    ThisInstance(ReplayGuard),
    /// What came of it.
    Another(Completed),
}

/// A callback whose `state` belongs to a sign-in of this browser.
pub(crate) struct Callback {
    pub(crate) transaction: Transaction,
    pub(crate) parameters: CallbackParameters,
    pub(crate) redirect_uri: String,
    /// The request's `Cookie` header: the session in it gives way to the new one.
    pub(crate) cookies: String,
    pub(crate) device: Device,
}

impl Engine {
    /// Makes the session of a callback, or says why there is none. It runs to its end even if the
    /// request is dropped.
    pub(crate) async fn complete_callback(self: &Arc<Self>, callback: Callback) -> Outcome {
        let transaction = callback.transaction.clone();
        let failed = |error| Arc::new(CallbackFailure::new(transaction.clone(), error));
        let exchange = self.exchanges.get(&transaction, self.settings.clock.now());
        let exchange = exchange.map_err(failed)?;
        let engine = Arc::clone(self);
        let task = self.tasks.spawn(async move {
            // Of several requests one works, and the others find what came of it.
            let mut exchange = exchange.lock().await;
            engine.complete_under_lock(&mut exchange, callback).await
        });
        task.await.unwrap_or_else(|error| {
            let why = "the sign-in task failed";
            Err(failed(Error::with_source(ErrorKind::Unreachable, why, error)))
        })
    }

    /// `exchange` is how far earlier requests with this callback came.
    async fn complete_under_lock(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        callback: Callback,
    ) -> Outcome {
        let transaction = callback.transaction.clone();
        if let Some(outcome) = exchange.outcome.clone() {
            return self.repeated(outcome, transaction).await;
        }
        if exchange.guard.is_none() {
            match self.take_up(&transaction, &exchange.owner).await {
                Ok(Exchanger::ThisInstance(guard)) => exchange.guard = Some(guard),
                Ok(Exchanger::Another(completed)) => {
                    return self.repeated(Ok(completed), transaction).await;
                }
                Err(error) => return Err(Arc::new(CallbackFailure::new(transaction, error))),
            }
        }
        let work = self.attempt(exchange, callback);
        let completed = self.sessions.replay_guards.working(&transaction.id(), work).await;
        // Loading the same callback again may work after an outage.
        let is_final = !completed.as_ref().is_err_and(Error::is_retryable);
        let outcome = completed.map_err(|error| Arc::new(CallbackFailure::new(transaction, error)));
        if is_final {
            self.tell_other_instances(exchange.guard.take(), &outcome);
            exchange.redeemed = None;
            exchange.outcome = Some(outcome.clone());
        }
        outcome
    }

    /// Redeems the code, unless an earlier attempt did, and begins the session.
    async fn attempt(
        self: &Arc<Self>,
        exchange: &mut Exchange,
        callback: Callback,
    ) -> Result<Completed, Error> {
        let Callback { transaction, parameters, redirect_uri, cookies, device } = callback;
        let Redeemed { session, return_to } = match exchange.redeemed.clone() {
            Some(redeemed) => redeemed,
            None => {
                let session = self.redeem(&transaction, parameters, &redirect_uri, &cookies).await;
                // After an outage the code may not have reached Logto, and if it did, what was
                // issued for it never arrived.
                if session.as_ref().is_err_and(Error::is_retryable)
                    && let Some(guard) = exchange.guard.take()
                {
                    self.sessions.replay_guards.release(guard).await;
                }
                let session = session?;
                let refresh_token = session.refresh_token().map(str::to_owned);
                let accepted = self.accept(session, &transaction).await;
                // Of a user that was refused it is revoked already.
                let kind = accepted.as_ref().err().map(Error::kind);
                if kind == Some(ErrorKind::SignInHookFailed) {
                    self.revoke_unused(refresh_token, &cookies).await;
                }
                exchange.redeemed.insert(accepted?).clone()
            }
        };
        let refresh_token = session.refresh_token().map(str::to_owned);
        let begun = self.begin_session(session, &cookies, device).await;
        // After an outage the tokens wait for the next attempt.
        if begun.as_ref().is_err_and(|error| !error.is_retryable()) {
            self.revoke_unused(refresh_token, &cookies).await;
        }
        let (session, replaces) = begun?;
        Ok(Completed { session, return_to, replaces })
    }

    /// Checks that the session is of the user that was asked for, or else revokes its tokens, and
    /// asks the app's hook.
    async fn accept(
        self: &Arc<Self>,
        session: Session,
        transaction: &Transaction,
    ) -> Result<Redeemed, Error> {
        let expected = transaction.intent.options().expected;
        if let Some(expected) = &expected
            && let Err(error) = expected.check(session.grant.claims())
        {
            let token = session.refresh_token().map(str::to_owned);
            self.revoke_all(token.into_iter().collect());
            return Err(error);
        }
        // What one user had begun is not for another to go on with.
        let goes_on = match &transaction.intent.freshness {
            Some(freshness) if expected.is_none() => freshness.is_for(session.grant.shown().sub()),
            _ => true,
        };
        let return_to = transaction.intent.return_to.clone().filter(|_| goes_on);
        let return_to = self.admit(&session, return_to).await?;
        Ok(Redeemed { session, return_to })
    }

    /// The outcome once more, if the session did not end since: "back" after a sign-out must not
    /// lead into it again.
    async fn repeated(&self, outcome: Outcome, transaction: Transaction) -> Outcome {
        let completed = outcome?;
        let now = self.settings.clock.now();
        let error = match self.sessions.load_again(&completed.session, now).await {
            Ok(lookup) if lookup.loaded.is_some() => return Ok(completed),
            Ok(_) => invalid_callback("the callback was used before, and its session has ended"),
            Err(error) => error,
        };
        Err(Arc::new(CallbackFailure::new(transaction, error)))
    }

    /// Takes the callback up, or waits for what comes of it on the instance that did.
    async fn take_up(&self, transaction: &Transaction, owner: &[u8]) -> Result<Exchanger, Error> {
        let (id, seconds) = (transaction.id(), self.settings.sign_in_lifetime);
        let guards = &self.sessions.replay_guards;
        let deadline = Instant::now() + self.patience();
        loop {
            if let Some(guard) = guards.claim_callback(&id, owner, seconds).await? {
                return Ok(Exchanger::ThisInstance(guard));
            }
            if !guards.is_shared() || Instant::now() >= deadline {
                return Err(invalid_callback("the callback was used before"));
            }
            match guards.taken_up(&id, deadline).await? {
                Some(TakenUp::Done(session, return_to)) => {
                    let session = *session;
                    return Ok(Exchanger::Another(Completed {
                        session,
                        return_to,
                        replaces: false,
                    }));
                }
                Some(TakenUp::Refused) => {
                    return Err(invalid_callback("the callback was used before"));
                }
                // Given back after an outage: then this one tries.
                None => {}
            }
        }
    }

    /// How long a repeated callback waits for the instance that took the first one up.
    fn patience(&self) -> Duration {
        let settings = &self.settings;
        let hook = settings.sign_in_hook.as_ref().map_or(Duration::ZERO, |_| SIGN_IN_HOOK_LIMIT);
        settings.limits.request_timeout.saturating_add(hook + STORE_PATIENCE)
    }

    async fn redeem(
        self: &Arc<Self>,
        transaction: &Transaction,
        parameters: CallbackParameters,
        redirect_uri: &str,
        cookies: &str,
    ) -> Result<Session, Error> {
        let metadata = self.provider.metadata().await?;
        let code = parameters.code(&metadata)?;
        let tokens = self.redeem_code(code, transaction, redirect_uri).await?;
        let refresh_token = tokens.refresh_token.clone();
        let session = self.check_tokens(tokens, transaction).await;
        if session.is_err() {
            self.revoke_unused(refresh_token, cookies).await;
        }
        session
    }

    /// Revokes the refresh token of a sign-in that failed: otherwise it would stay valid, and be
    /// known to no one. Not if this browser has a session: Logto may have given both to the same
    /// grant, and would end it.
    async fn revoke_unused(self: &Arc<Self>, refresh_token: Option<String>, cookies: &str) {
        let Some(refresh_token) = refresh_token else { return };
        let before = self.sessions.load(cookies.as_bytes(), self.settings.clock.now()).await;
        if before.is_ok_and(|lookup| lookup.loaded.is_none()) {
            self.revoke_all(vec![refresh_token]);
        }
    }

    /// Stores the outcome for callbacks that come to another instance. The user does not wait for
    /// that.
    fn tell_other_instances(self: &Arc<Self>, guard: Option<ReplayGuard>, outcome: &Outcome) {
        let Some(guard) = guard.filter(|_| self.sessions.replay_guards.is_shared()) else {
            return;
        };
        let (engine, outcome) = (Arc::clone(self), outcome.clone());
        self.tasks.spawn(async move {
            let seconds = engine.settings.sign_in_lifetime;
            let completed = outcome.as_ref().ok();
            let brought = completed.map(|done| (&done.session, done.return_to.as_deref()));
            engine.sessions.replay_guards.note_outcome(guard, brought, seconds).await;
        });
    }

    /// Keeps the new session in place of the one that this browser had, and says whether there was
    /// one.
    async fn begin_session(
        self: &Arc<Self>,
        mut session: Session,
        cookies: &str,
        device: Device,
    ) -> Result<(LoadedSession, bool), Error> {
        let now = self.settings.clock.now();
        let before = self.sessions.load(cookies.as_bytes(), now).await;
        let before = before.ok().and_then(|lookup| lookup.loaded);
        if let Some(before) =
            before.as_ref().filter(|before| before.sub() == session.grant.shown().sub())
        {
            // The same user goes on where they were.
            session.set_organization(before.session.grant.tokens().organization.clone());
        }
        let loaded = self.sessions.begin(session, device, now).await?;
        if let Some(before) = &before {
            // The old session ends only for one that the browser can keep. Its refresh token is not
            // revoked: Logto may have given both to the same grant, and would end it.
            self.sessions.cookies(&loaded, cookies, now)?;
            let others =
                self.sessions.others_in_cookies(cookies.as_bytes(), Some(loaded.session.id), now);
            let others = others.into_iter().filter(|other| other.id != before.session.id);
            self.end_each(others.chain([before.into()]).collect()).await;
        }
        Ok((loaded, before.is_some()))
    }
}
