//! The checks of a callback that need no request to Logto: which sign-in of this browser `state`
//! names, then where the browser came back to. `iss`, `error` and `code` follow in
//! `callback_parameters`, the ID token in `tokens`.

use std::sync::Arc;

use super::callback_failure::{CONSENT_REQUIRED, invalid_callback};
use super::engine::{Completed, Engine};
use super::exchange::Callback;
use super::{Browser, CallbackFailure, CallbackParameters, Returning, Transaction};
use crate::config::scope;
use crate::error::{Error, ErrorKind, ErrorResponse};
use crate::metrics;
use crate::session::Device;

/// A request to the callback.
#[derive(Clone, Copy)]
pub(crate) struct CallbackRequest<'a> {
    pub(crate) browser: Browser<'a>,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) user_agent: &'a str,
}

impl Engine {
    /// Completes a sign-in: checks what the browser brings from Logto, and redeems the code.
    pub(crate) async fn complete_sign_in(
        self: &Arc<Self>,
        request: CallbackRequest<'_>,
    ) -> Result<(Completed, Transaction), Arc<CallbackFailure>> {
        let outcome = match self.check_callback(request) {
            Ok(callback) => {
                let transaction = callback.transaction.clone();
                self.complete_callback(callback).await.map(|completed| (completed, transaction))
            }
            Err(failure) => Err(failure),
        };
        let failed = outcome.as_ref().err().map(|failure| failure.error.kind().label());
        metrics::sign_in(failed.unwrap_or("signed_in"));
        outcome
    }

    fn check_callback(
        &self,
        request: CallbackRequest<'_>,
    ) -> Result<Callback, Arc<CallbackFailure>> {
        let CallbackRequest { browser: Browser { origin, cookies }, path, query, .. } = request;
        let now = self.settings.clock.now();
        let unknown =
            |error, return_to| Arc::new(CallbackFailure::without_transaction(error, return_to));

        let parameters = CallbackParameters::parse(query).map_err(|error| unknown(error, None))?;
        if parameters.is_bare() {
            // All that Logto sends when a user cancels on its consent page.
            let error = Error::new(ErrorKind::Cancelled, "the sign-in was cancelled");
            return Err(unknown(
                error,
                self.transactions.latest_return_to(&self.keys, cookies, now),
            ));
        }
        let state = parameters.state.as_deref().unwrap_or_default();
        let transaction = match self.transactions.find(&self.keys, cookies, state, now) {
            Returning::Found(transaction) => transaction,
            Returning::Displaced(intent) => {
                let error = invalid_callback("the sign-in was replaced by one in another tab");
                return Err(Arc::new(CallbackFailure::displaced(intent, error)));
            }
            Returning::Other(return_to) => {
                let error = invalid_callback("`state` does not match a sign-in of this browser");
                return Err(unknown(error, return_to));
            }
            Returning::WithoutCookie(return_to) => {
                let error = invalid_callback(
                    "the browser sent no cookie of this sign-in: it is over, it began in another browser or at \
                     another host name, or cookies are blocked, or changed by a proxy",
                );
                return Err(unknown(error, return_to));
            }
        };
        let redirect_uri = self.redirect_uri(origin, &transaction);
        if !self.is_at(path, origin, &redirect_uri) {
            let error = invalid_callback("the callback path does not match the redirect URI");
            return Err(Arc::new(CallbackFailure::new(transaction, error)));
        }
        if parameters.has_code() && self.needs_consent(&transaction) {
            return Err(Arc::new(CallbackFailure::new(transaction, consent_required())));
        }
        let device = Device::from_user_agent(request.user_agent);
        let cookies = cookies.to_owned();
        Ok(Callback { transaction, parameters, redirect_uri, cookies, device })
    }

    /// Whether a request to `path` was made to `redirect_uri`. Scheme and host are the base URL's:
    /// what a request says about them is not to be trusted. A proxy may have taken the base
    /// path away.
    fn is_at(&self, path: &str, origin: &str, redirect_uri: &str) -> bool {
        let settings = &self.settings;
        let expected = redirect_uri.strip_prefix(&settings.url(origin, "")).unwrap_or(redirect_uri);
        path == expected || path.strip_prefix(&settings.base_path) == Some(expected)
    }

    /// Whether a silent sign-in is not completed with its code: one without consent brings no
    /// refresh token.
    fn needs_consent(&self, transaction: &Transaction) -> bool {
        let options = transaction.intent.options();
        let wanted = self.settings.scopes.iter().any(|name| name == scope::OFFLINE_ACCESS);
        options.is_silent && wanted && !options.no_offline_access
    }
}

fn consent_required() -> Error {
    let response = ErrorResponse::in_callback(CONSENT_REQUIRED, None);
    Error::from_response(ErrorKind::Refused, response)
}
