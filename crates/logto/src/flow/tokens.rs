//! Token requests, and what their responses mean for a session.

use std::sync::Arc;

use super::Transaction;
use super::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::http::{Dispatch, Endpoint};
use crate::oidc::Target;
use crate::oidc::claims::{IdTokenClaims, UserInfo};
use crate::oidc::jwt::{Compact, Expected, Nonce, verify_id_token};
use crate::oidc::provider::TokenOrigin;
use crate::oidc::{Protocol, Tokens};
use crate::session::manager::LoadedSession;
use crate::session::{Grant, Session, SessionId, StoredToken, StoredTokens};

/// What an access token lives if the answer does not say; Logto always says.
const DEFAULT_LIFETIME: u64 = 3600;

/// What came of redeeming a refresh token. The new refresh token is in it even if the rest of the
/// answer could not be accepted: the old one may be consumed.
pub(crate) struct RefreshedTokens {
    /// Only one that replaces the token that was sent. An answer that repeats the sent one may
    /// come late, when another instance has stored a newer one.
    pub(crate) refresh_token: Option<String>,
    pub(crate) accepted: Result<Accepted, Error>,
}

/// The part of a [`RefreshedTokens`] that had to be checked.
#[derive(Clone)]
pub(crate) struct Accepted {
    pub(crate) token: StoredToken,
    /// Of the refreshed ID token, if there is one.
    pub(crate) claims: Option<Arc<IdTokenClaims>>,
}

impl Engine {
    /// Redeems a code.
    pub(super) async fn redeem_code(
        &self,
        code: String,
        transaction: &Transaction,
        redirect_uri: &str,
    ) -> Result<Tokens, Error> {
        let metadata = self.provider.metadata().await?;
        // Before the code is spent: without keys nothing could be done with what comes for it.
        self.provider.fetch_keys().await?;
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let redeemed = protocol.exchange_code(code, transaction.verifier(), redirect_uri).await;
        redeemed.map_err(code_refused)
    }

    /// Checks the ID token that came for a code.
    pub(super) async fn check_tokens(
        &self,
        tokens: Tokens,
        transaction: &Transaction,
    ) -> Result<Session, Error> {
        let id_token = tokens.id_token.clone().ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, "the token endpoint sent no ID token")
        })?;
        let nonce = transaction.nonce();
        let claims = self
            .verify(&id_token, Nonce::Required(&nonce), &tokens.access_token)
            .await
            .map_err(|error| {
                if !error.is_retryable() {
                    return error;
                }
                // The code is spent: loading the callback again would send it twice.
                let why = "could not verify the ID token: Logto's key set is unavailable";
                Error::with_source(ErrorKind::InvalidResponse, why, error)
            })?;
        let now = self.settings.clock.now();
        if let Some(freshness) = &transaction.intent.freshness {
            freshness.check(&claims, now, self.settings.clock_tolerance)?;
        }
        Ok(Session {
            id: SessionId::random()?,
            revision: 0,
            // By Logto's clock, like the ends that it announces: those of instances differ.
            started_at: claims.iat,
            last_used_at: now,
            known_marker: None,
            grant: Grant::new(
                Arc::new(claims),
                StoredTokens {
                    access: vec![stored_token(&tokens, &Target::default(), now)],
                    refresh: tokens.refresh_token,
                    organization: None,
                },
            ),
        })
    }

    /// Redeems a refresh token. The session's user and sign-in must stay the same (OpenID Connect
    /// Core, section 12.2).
    pub(crate) async fn redeem_refresh_token(
        &self,
        loaded: &LoadedSession,
        target: &Target,
        dispatch: &Dispatch,
    ) -> Result<RefreshedTokens, Error> {
        let refresh_token = loaded.session.refresh_token().ok_or_else(|| {
            Error::new(ErrorKind::SignInRequired, "the session has no refresh token")
        })?;
        let is_new = |received: &String| received != refresh_token;
        let metadata = self.provider.metadata().await?;
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let tokens = match protocol.refresh(refresh_token, target, dispatch).await {
            Ok(tokens) => tokens,
            Err(failure) if failure.refresh_token.is_none() => return Err(refusal(failure.error)),
            Err(failure) => {
                return Ok(RefreshedTokens {
                    refresh_token: failure.refresh_token.filter(is_new),
                    accepted: Err(failure.error),
                });
            }
        };
        let checked = self.check_refreshed(loaded.claims(), &tokens).await;
        let now = self.settings.clock.now();
        Ok(RefreshedTokens {
            accepted: checked
                .map(|claims| Accepted { token: stored_token(&tokens, target, now), claims }),
            refresh_token: tokens.refresh_token.filter(is_new),
        })
    }

    /// The claims of the refreshed ID token, if there is one and it may replace the old.
    async fn check_refreshed(
        &self,
        before: &IdTokenClaims,
        tokens: &Tokens,
    ) -> Result<Option<Arc<IdTokenClaims>>, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Ok(None);
        };
        let nonce = Nonce::Unchanged(before.nonce.as_deref());
        let after = self.verify(id_token, nonce, &tokens.access_token).await?;
        if after.shown.sub() != before.shown.sub() {
            let why = "the refreshed ID token is about another user";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        // A refresh is no authentication (section 12.2).
        Ok(Some(Arc::new(after.with_auth_time(before.auth_time)?)))
    }

    async fn verify(
        &self,
        id_token: &str,
        nonce: Nonce<'_>,
        access_token: &str,
    ) -> Result<IdTokenClaims, Error> {
        let token = Compact::parse(id_token)?;
        let signature = self.provider.verify_signature(&token, TokenOrigin::Logto);
        signature.await?;
        let metadata = self.provider.metadata().await?;
        let expected = Expected {
            issuer: &metadata.issuer,
            client_id: &self.settings.app_id,
            nonce,
            access_token,
            now: self.settings.clock.now(),
            tolerance: self.settings.clock_tolerance,
        };
        verify_id_token(&token, &expected)
    }

    /// Asks userinfo with the opaque access token.
    pub(crate) async fn user_info(&self, access_token: &str, sub: &str) -> Result<UserInfo, Error> {
        let metadata = self.provider.metadata().await?;
        let endpoint = metadata.userinfo_endpoint.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                "the discovery document names no userinfo endpoint",
            )
        })?;
        let answer = self.http.get(Endpoint::UserInfo, endpoint, Some(access_token)).await?;
        UserInfo::parse(&answer, sub)
    }
}

/// A code that Logto does not take any more is a sign-in that has ended: the user signed out
/// elsewhere, or came back after a minute.
fn code_refused(error: Error) -> Error {
    match error.response() {
        Some(response) if response.error() == Some("invalid_grant") => {
            Error::from_response(ErrorKind::InvalidCallback, response.clone())
        }
        _ => error,
    }
}

/// What an error answer to a refresh says about the session.
fn refusal(error: Error) -> Error {
    // What an outage says about the session is not to be believed.
    if error.is_retryable() {
        return error;
    }
    let Some(response) = error.response() else {
        return error;
    };
    let kind = match response.error() {
        // The refresh token is not accepted any more; why is never said.
        Some("invalid_grant") => ErrorKind::SignInRequired,
        Some("access_denied" | "insufficient_scope") => ErrorKind::AccessDenied,
        _ => return error,
    };
    Error::from_response(kind, response.clone())
}

fn stored_token(tokens: &Tokens, target: &Target, now: u64) -> StoredToken {
    let lifetime = tokens.expires_in.unwrap_or(DEFAULT_LIFETIME);
    StoredToken {
        target: target.clone(),
        token: tokens.access_token.clone(),
        scope: tokens.scope.clone(),
        expires_at: now.saturating_add(lifetime),
        lifetime,
    }
}
