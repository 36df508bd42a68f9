//! Access tokens that are not used any more, because what they permit has changed.
//!
//! Both times are Logto's: when a token was issued, and when the webhook was made. So the clocks of
//! instances do not matter.

use super::markers::Markers;
use super::store_keys::Affected;
use crate::error::Error;

impl Markers {
    /// Access tokens that Logto issued by `until` are not used any more.
    pub(crate) async fn make_tokens_stale(
        &self,
        affected: Affected<'_>,
        until: u64,
    ) -> Result<(), Error> {
        self.mark(&self.store.entry_keys.stale_tokens(affected), until).await
    }

    /// Until when the access tokens of a user, for an organization if one is named, are stale.
    pub(crate) async fn tokens_stale_until(
        &self,
        sub: &str,
        organization: Option<&str>,
    ) -> Result<Option<u64>, Error> {
        let affected = [Some(Affected::All), Some(Affected::User(sub))].into_iter();
        let affected = affected.chain([organization.map(Affected::Organization)]).flatten();
        let keys: Vec<String> =
            affected.map(|one| self.store.entry_keys.stale_tokens(one)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let markers = self.store.get_all(&keys).await?;
        let until = keys.iter().zip(&markers).filter_map(|(key, marker)| {
            // One that cannot be read, because its secret is gone, is older than what it would
            // concern.
            Some(self.ends(key, marker.as_ref()?)?.latest())
        });
        Ok(until.max())
    }
}
