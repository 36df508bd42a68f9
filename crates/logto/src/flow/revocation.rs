//! Revocation of refresh tokens at Logto (RFC 7009).

use std::sync::Arc;

use super::engine::Engine;
use crate::error::Error;
use crate::http::Endpoint;
use crate::log_limit::limited;

impl Engine {
    /// Ends the refresh token and all that was issued for it (RFC 7009). JSON is not expected:
    /// Logto answers with an empty body.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<(), Error> {
        let metadata = self.provider.metadata().await?;
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let form = [("token", refresh_token), ("token_type_hint", "refresh_token")];
        self.http.post_form(Endpoint::Revocation, endpoint, &form).await?;
        Ok(())
    }

    /// Revokes refresh tokens of sessions that are over, one after the other, in a task of its
    /// own: no request waits for Logto.
    pub(crate) fn revoke_all(self: &Arc<Self>, tokens: Vec<String>) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            for token in tokens {
                if let Err(error) = engine.revoke(&token).await {
                    limited!(
                        warn,
                        %error,
                        "failed to revoke the refresh token of an ended session"
                    );
                }
            }
        });
    }
}
