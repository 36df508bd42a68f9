//! Accounts, sessions, interactions, grants, codes, and tokens.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::authorization_request::AuthorizationRequest;
use crate::directory::Row;

/// A user is a user since they first signed in, or since an administrator created them.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
    pub(crate) signed_in_ms: Option<u64>,
    pub(crate) user_name: Option<String>,
    pub(crate) has_password: bool,
    pub(crate) password: Option<String>,
    /// What the user chose in place of their first picture, which may be none.
    pub(crate) avatar: Option<Option<String>>,
    pub(crate) custom_data: Row,
    /// Standard claims.
    pub(crate) profile: Row,
    /// The app that they first came from.
    pub(crate) app_id: Option<String>,
}

/// One browser that is signed in to the tenant, or is about to sign out.
#[derive(Clone, Default)]
pub(crate) struct Session {
    pub(crate) uid: String,
    pub(crate) user: Option<String>,
    pub(crate) signed_in_at: u64,
    pub(crate) expires: u64,
    /// By app id.
    pub(crate) authorizations: HashMap<String, Authorization>,
    pub(crate) logout: Option<Logout>,
    /// The app and the browser of the last sign-in.
    pub(crate) app_id: String,
    pub(crate) user_agent: String,
}

/// An app that was authorized within a session.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) sid: String,
    pub(crate) grant_id: String,
    /// Set by `offline_access`: tokens survive the end of the session.
    pub(crate) persists_logout: bool,
}

/// A sign-out that waits for its form to be submitted.
#[derive(Clone)]
pub(crate) struct Logout {
    pub(crate) xsrf: String,
    pub(crate) then: Option<Url>,
}

/// A sign-in in progress: what was asked and how far the user has come.
#[derive(Clone)]
pub(crate) struct Interaction {
    pub(crate) request: AuthorizationRequest,
    pub(crate) progress: Progress,
    pub(crate) signed_in_as: Option<String>,
    /// A new user, who has to choose a user name first.
    pub(crate) newcomer: Option<String>,
    /// Shown once on the sign-in page.
    pub(crate) notice: Option<&'static str>,
    pub(crate) expires: u64,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) signed_in: bool,
    pub(crate) consented: bool,
}

/// One trip to Hugging Face, by its `state`.
pub(crate) struct SocialLeg {
    pub(crate) connector: String,
    /// Where the browser comes back to.
    pub(crate) callback: String,
    pub(crate) code: String,
    /// What Hugging Face gives for the code.
    pub(crate) token: String,
    pub(crate) user: Option<String>,
    pub(crate) expires: u64,
}

/// What a user allowed an app; revoking it kills every token issued from it.
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) app_id: String,
    pub(crate) scopes: HashSet<String>,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
}

/// What codes and tokens of one authorization have in common.
#[derive(Clone)]
pub(crate) struct Authorized {
    pub(crate) app_id: String,
    pub(crate) user: String,
    pub(crate) grant_id: String,
    /// There is none of an exchanged token.
    pub(crate) session_uid: Option<String>,
    /// Present if the app asked for it with its back-channel logout URI.
    pub(crate) sid: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: Option<u64>,
    /// The id of a user who acts for the user (RFC 8693, section 4.1).
    pub(crate) actor: Option<String>,
}

impl Authorized {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

pub(crate) struct Code {
    pub(crate) authorized: Authorized,
    pub(crate) challenge: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) expires: u64,
    pub(crate) used: bool,
}

/// A device that waits for its user (RFC 8628).
pub(crate) struct DeviceCode {
    pub(crate) user_code: String,
    pub(crate) request: AuthorizationRequest,
    pub(crate) expires: u64,
    pub(crate) state: DeviceState,
}

/// How far a device came.
pub(crate) enum DeviceState {
    Waiting,
    /// The user said no, and the device does not know it yet.
    Denied,
    Granted(Box<Authorized>),
    /// It has its tokens, of this grant.
    Consumed(String),
    Ended,
}

pub(crate) struct AccessToken {
    pub(crate) authorized: Authorized,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
}

#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) authorized: Authorized,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
    pub(crate) consumed_ms: Option<u64>,
}
