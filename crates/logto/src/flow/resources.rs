//! API resources that Logto does not know.
//!
//! Logto refuses a whole sign-in for one of them (`invalid_target`) and does not say for which. So
//! each is asked for alone, without a browser: an authorization request with `prompt=none` changes
//! nothing at Logto and is refused in any case, but for an unknown resource with another error.

use super::engine::Engine;
use crate::config::{Prompt, scope};
use crate::crypto::encoding;
use crate::error::Error;
use crate::oidc::{AuthorizationRequest, Protocol};

/// Seconds between two trials.
const PAUSE: u64 = 5;
/// How many resources are asked for one by one.
const MAX_TRIED: usize = 20;

impl Engine {
    /// Finds the configured resources that Logto does not know, so that sign-ins leave them out for
    /// a while. Whether there are any. `redirect_uri` is one that Logto has accepted.
    pub(crate) async fn find_unknown_resources(&self, redirect_uri: &str) -> bool {
        let (now, unknown) = (self.settings.clock.now(), &self.unknown_resources);
        let mut tried_at = unknown.tried_at.lock().await;
        let names = unknown.names(now);
        let since = tried_at.and_then(|tried_at| now.checked_sub(tried_at));
        if since.is_some_and(|since| since < PAUSE) {
            return !names.is_empty();
        }
        *tried_at = Some(now);
        let is_open =
            |name: &&String| *name != scope::ORGANIZATIONS_RESOURCE && !names.contains(name);
        for resource in self.settings.resources.iter().filter(is_open).take(MAX_TRIED) {
            match self.is_unknown(resource, redirect_uri).await {
                Ok(true) => {
                    tracing::error!(
                        resource,
                        "Logto does not know this API resource; users sign in without it"
                    );
                    unknown.insert(resource, now);
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, resource, "failed to ask Logto for an API resource");
                }
            }
        }
        !unknown.names(now).is_empty()
    }

    async fn is_unknown(&self, resource: &str, redirect_uri: &str) -> Result<bool, Error> {
        let metadata = self.provider.metadata().await?;
        let random = || encoding::random::<32>().map(encoding::encode);
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let url = protocol.authorization_url(AuthorizationRequest {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            redirect_uri,
            scopes: vec!["openid"],
            resources: vec![resource],
            prompt: Prompt::None,
            parameters: &[],
        })?;
        let answer = self.http.redirect(&url).await?;
        Ok(answer.is_some_and(|url| {
            url.query_pairs().any(|pair| pair == ("error".into(), "invalid_target".into()))
        }))
    }
}
