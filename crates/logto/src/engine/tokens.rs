//! From a token answer to a session.

use super::Engine;
use crate::claims::{IdTokenClaims, UserInfo};
use crate::error::{Error, ErrorKind};
use crate::flow::{Protocol, Tokens, Transaction};
use crate::jwt::{Compact, Expected, Nonce, verify_id_token};
use crate::refresh::Refreshed;
use crate::session::{AccessToken, Session};

/// What an access token lives if the answer does not say; Logto always says.
const DEFAULT_LIFETIME: u64 = 3600;

impl Engine {
    /// Redeems a code and checks the ID token that comes for it.
    pub(crate) async fn redeem_code(
        &self,
        code: String,
        transaction: &Transaction,
        redirect_uri: &str,
    ) -> Result<Session, Error> {
        let metadata = self.provider.metadata().await?;
        // Before the code is spent: without keys nothing could be done with what comes for it.
        self.provider.fetch_keys().await?;
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let tokens = protocol
            .exchange_code(code, transaction, redirect_uri)
            .await?;
        let id_token = tokens.id_token.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                "the token endpoint sent no ID token",
            )
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
                let why = "the ID token could not be checked: Logto's key set cannot be had";
                Error::with_source(ErrorKind::InvalidResponse, why, error)
            })?;
        let now = self.settings.clock.now();
        Ok(Session {
            started_at: now,
            id_token: claims.payload().to_vec(),
            access_token: Some(access_token(&tokens, now)),
            refresh_token: tokens.refresh_token,
        })
    }

    /// Redeems a refresh token. The session's person and sign-in must stay the same (OpenID Connect
    /// Core, section 12.2).
    pub(crate) async fn redeem_refresh_token(&self, old: &Session) -> Result<Refreshed, Error> {
        let refresh_token = old.refresh_token.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::SignInRequired,
                "the session has no refresh token",
            )
        })?;
        let metadata = self.provider.metadata().await?;
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let tokens = protocol.refresh(refresh_token).await.map_err(|error| {
            let said = error.response().and_then(|response| response.error());
            // What an outage says about the session is not to be believed.
            if said == Some("invalid_grant") && !error.is_retryable() {
                let why = "Logto does not accept the session's refresh token any more";
                Error::with_source(ErrorKind::SignInRequired, why, error)
            } else {
                error
            }
        })?;

        let mut session = Session {
            refresh_token: tokens
                .refresh_token
                .clone()
                .or_else(|| old.refresh_token.clone()),
            ..old.clone()
        };
        let problem = match self.check_refreshed(old, &tokens).await {
            Ok(id_token) => {
                session.access_token = Some(access_token(&tokens, self.settings.clock.now()));
                session.id_token = id_token.unwrap_or(session.id_token);
                None
            }
            Err(error) => Some(error),
        };
        Ok(Refreshed { session, problem })
    }

    /// The payload of the refreshed ID token, if there is one and it may replace the old.
    async fn check_refreshed(
        &self,
        old: &Session,
        tokens: &Tokens,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(id_token) = &tokens.id_token else {
            return Ok(None);
        };
        let before = old.claims()?;
        let nonce = Nonce::Unchanged(before.nonce.as_deref());
        let after = self.verify(id_token, nonce, &tokens.access_token).await?;
        if after.sub != before.sub {
            let why = "the refreshed ID token is about somebody else";
            return Err(Error::new(ErrorKind::InvalidToken, why));
        }
        Ok(Some(after.payload().to_vec()))
    }

    async fn verify(
        &self,
        id_token: &str,
        nonce: Nonce<'_>,
        access_token: &str,
    ) -> Result<IdTokenClaims, Error> {
        let token = Compact::parse(id_token)?;
        self.provider.verify_signature(&token).await?;
        let expected = Expected {
            issuer: self.provider.issuer(),
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
        UserInfo::parse(&self.http.get(endpoint, Some(access_token)).await?, sub)
    }

    /// Ends the refresh token and all that was issued for it (RFC 7009). JSON is not expected:
    /// Logto answers with an empty body.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<(), Error> {
        let metadata = self.provider.metadata().await?;
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let form = [
            ("token", refresh_token),
            ("token_type_hint", "refresh_token"),
        ];
        self.http.post_form(endpoint, &form).await?;
        Ok(())
    }
}

fn access_token(tokens: &Tokens, now: u64) -> AccessToken {
    AccessToken {
        token: tokens.access_token.clone(),
        expires_at: now.saturating_add(tokens.expires_in.unwrap_or(DEFAULT_LIFETIME)),
    }
}
