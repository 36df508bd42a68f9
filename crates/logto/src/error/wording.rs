//! Status, code, and text of the response to each kind of error.

use super::{Error, ErrorKind};

/// How an error of a kind is told to the outside. Details are for the log.
pub(crate) struct Wording {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
}

impl Wording {
    pub(crate) fn new(error: &Error) -> Self {
        let wording = Self::for_kind(error.kind());
        if !error.is_outage_in_words() {
            return wording;
        }
        let Self { title, text, .. } = Self::for_kind(ErrorKind::Unreachable);
        Self { title, text, ..wording }
    }

    pub(crate) fn for_kind(kind: ErrorKind) -> Self {
        let (status, code, title, text) = match kind {
            ErrorKind::SignInRequired => {
                (401, "unauthenticated", "Please sign in", "This needs a signed-in user.")
            }
            ErrorKind::Unreachable => (
                503,
                "logto_unreachable",
                "Signing in is not possible right now",
                "The sign-in service does not answer. If you were signed in, you still are; please try \
                 again in a moment.",
            ),
            ErrorKind::StoreUnavailable => (
                503,
                "store_unavailable",
                "This does not work right now",
                "The session store is unavailable. If you were signed in, you still are; please \
                 try again in a moment.",
            ),
            ErrorKind::AccessDenied => {
                (403, "access_denied", "Access denied", "Your account has no access to this.")
            }
            ErrorKind::InvalidRequest => (
                400,
                "invalid_request",
                "That did not work",
                "This site sent a request to the sign-in service that it cannot accept.",
            ),
            ErrorKind::InvalidCallback => (
                400,
                "invalid_callback",
                "This sign-in can no longer be completed",
                "It was already used or has expired, it was started in another browser or at another \
                 address, or your browser blocks cookies.",
            ),
            ErrorKind::MissingToken => (
                401,
                "missing_token",
                "This needs an access token",
                "The request has no access token.",
            ),
            ErrorKind::Forbidden => (
                403,
                "insufficient_scope",
                "This is not permitted",
                "The access token does not permit this.",
            ),
            ErrorKind::Cancelled => (
                400,
                "cancelled",
                "You are not signed in",
                "The sign-in was cancelled, or access was denied.",
            ),
            ErrorKind::SessionTooLarge => (
                400,
                "session_too_large",
                "Your account is too large for this site",
                "Your account has more data than this site can keep: many organizations and roles, \
                 for example, or a large picture.",
            ),
            ErrorKind::SignInRefused => (
                403,
                "sign_in_refused",
                "You cannot sign in here",
                "Your account is not allowed to sign in to this site.",
            ),
            ErrorKind::WrongUser => (
                403,
                "wrong_user",
                "This is for another account",
                "You signed in with another account than this link is for. Use the right one, or ask for \
                 a new link if this one was used already.",
            ),
            ErrorKind::SignInHookFailed => (
                500,
                "sign_in_failed",
                "This site could not sign you in",
                "Something went wrong on this site. Please try again in a moment.",
            ),
            ErrorKind::NotConfigured => (
                500,
                "not_configured",
                "This does not work right now",
                "Something went wrong on this site. Please try again in a moment.",
            ),
            ErrorKind::Internal => (
                500,
                "internal_error",
                "This does not work right now",
                "Something went wrong on this site. Please try again in a moment.",
            ),
            ErrorKind::Refused
            | ErrorKind::InvalidClient
            | ErrorKind::InvalidResponse
            | ErrorKind::InvalidToken => (
                502,
                "logto_failed",
                "Signing in did not work",
                "The sign-in service gave an answer that cannot be used.",
            ),
        };
        Self { status, code, title, text }
    }
}
