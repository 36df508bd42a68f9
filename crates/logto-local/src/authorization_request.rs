//! A validated authorization request, and where its response goes.

/// A request that passed every check.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) app_id: String,
    pub(crate) back: ReturnPath,
    /// Unknown scopes, and API scopes without their resource, are dropped.
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) prompt: Prompt,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) max_age: Option<u64>,
    /// The first page, with its query.
    pub(crate) page: String,
    /// The value of the `_logto` cookie.
    pub(crate) context: String,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}

/// Where the answer of an authorization request goes, and how.
#[derive(Clone, Debug)]
pub(crate) struct ReturnPath {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}
