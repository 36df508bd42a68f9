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
    pub(crate) logto_cookie: String,
    /// The device code, if a device asks.
    pub(crate) device: Option<String>,
}

impl AuthorizationRequest {
    /// The path at which the request goes on after a page.
    pub(crate) fn resume_path(&self, uid: &str) -> String {
        let flow = if self.device.is_some() { "device" } else { "auth" };
        format!("/oidc/{flow}/{uid}")
    }
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
