//! Where sessions live.

use std::sync::Arc;

use logto::LogtoConfig;

use super::storage::TroubledStorage;

/// Where sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// In cookies; instances know nothing of each other.
    Cookies,
    /// In cookies, beside a store that all instances share.
    CookiesBesideStore,
    /// In a store that all instances share.
    Store,
}

impl Backend {
    /// Every backend, for a table.
    pub const ALL: [(&'static str, Self); 3] = [
        ("in cookies", Self::Cookies),
        ("in cookies beside a store", Self::CookiesBesideStore),
        ("in a store", Self::Store),
    ];

    /// Those where several instances have something in common.
    pub const SHARED: [(&'static str, Self); 2] = [Self::ALL[1], Self::ALL[2]];

    /// A configuration that keeps sessions there.
    #[must_use]
    pub fn configure(self, config: LogtoConfig, store: &Arc<TroubledStorage>) -> LogtoConfig {
        match self {
            Self::Cookies => config,
            Self::CookiesBesideStore => {
                config.with_storage(Arc::clone(store)).with_sessions_in_cookies()
            }
            Self::Store => config.with_storage(Arc::clone(store)),
        }
    }
}
