//! The endpoints of Logto, by name.

/// What is asked of Logto.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Endpoint {
    Account,
    Authorization,
    Discovery,
    Introspection,
    Keys,
    Revocation,
    Token,
    UserInfo,
}

impl Endpoint {
    /// As spans and metrics call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Authorization => "authorization",
            Self::Discovery => "discovery",
            Self::Introspection => "introspection",
            Self::Keys => "jwks",
            Self::Revocation => "revocation",
            Self::Token => "token",
            Self::UserInfo => "userinfo",
        }
    }
}
