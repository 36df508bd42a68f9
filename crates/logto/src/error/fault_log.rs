//! One log line for each fault, however many requests meet it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use super::{Error, ErrorKind, ErrorResponse};
use crate::log_limit::LogLimit;

/// How many faults are told apart: what Logto calls them is not ours to bound.
const MAX_FAULTS: usize = 64;

/// The error codes that a callback may bring (RFC 6749, section 4.1.2.1; OpenID Connect Core,
/// section 3.1.2.6; RFC 8707). A visitor can write any other into the address of a callback.
const CALLBACK_CODES: [&str; 17] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// What was asked, how it failed, and Logto's error code.
type Fault = (&'static str, ErrorKind, Option<String>);

/// Logs errors where they become responses.
#[derive(Debug, Default)]
pub(crate) struct FaultLog(Mutex<HashMap<Fault, LogLimit>>);

impl FaultLog {
    /// Logs the error, unless it is a normal outcome or was logged already.
    pub(crate) fn report(&self, operation: &'static str, error: &Error) {
        let kind = error.kind();
        let must_act = match kind {
            ErrorKind::Unreachable => false,
            ErrorKind::Refused if error.is_outage_in_words() => false,
            ErrorKind::Refused
            | ErrorKind::InvalidClient
            | ErrorKind::InvalidResponse
            | ErrorKind::InvalidToken
            | ErrorKind::InvalidRequest
            | ErrorKind::SessionTooLarge
            | ErrorKind::SignInHookFailed
            | ErrorKind::NotConfigured
            | ErrorKind::Internal
            | ErrorKind::StoreUnavailable => true,
            ErrorKind::MissingToken
            | ErrorKind::Forbidden
            | ErrorKind::InvalidCallback
            | ErrorKind::Cancelled
            | ErrorKind::SignInRefused
            | ErrorKind::WrongUser
            | ErrorKind::SignInRequired
            | ErrorKind::AccessDenied => return,
        };
        if error.0.was_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let response = error.response();
        let code = response.and_then(ErrorResponse::error);
        let is_in_callback = response.is_some_and(|response| response.status().is_none());
        let code = code.filter(|code| !is_in_callback || CALLBACK_CODES.contains(code));
        let Some(suppressed) = self.admit((operation, kind, code.map(str::to_owned))) else {
            return;
        };
        let request_id = error.response().and_then(ErrorResponse::request_id);
        if must_act {
            tracing::error!(
                operation, ?kind, code, request_id, suppressed, %error, "operation failed"
            );
        } else {
            tracing::warn!(
                operation, ?kind, code, request_id, suppressed, %error, "operation failed"
            );
        }
    }

    fn admit(&self, mut fault: Fault) -> Option<u64> {
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.len() >= MAX_FAULTS && !limits.contains_key(&fault) {
            fault.2 = None;
        }
        limits.entry(fault).or_default().admit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_admitted_once_whatever_it_is_called() {
        let log = FaultLog::default();
        let fault = |code: usize| ("refresh", ErrorKind::Refused, Some(code.to_string()));
        assert_eq!(log.admit(fault(0)), Some(0));
        assert_eq!(log.admit(fault(0)), None);
        let admitted = (0..1000).filter_map(|code| log.admit(fault(code))).count();
        assert_eq!(admitted, MAX_FAULTS, "63 more by name, and one for all others");
    }

    #[test]
    fn what_anyone_can_write_into_an_address_is_one_fault() {
        let log = FaultLog::default();
        for code in ["server_error", "invalid_scope", "code_1", "code_2", "code_3"] {
            let response = ErrorResponse::in_callback(code, None);
            log.report("callback", &Error::from_response(ErrorKind::Refused, response));
        }
        assert_eq!(log.0.lock().unwrap().len(), 3);
    }

    #[test]
    fn those_who_share_an_error_share_its_line() {
        let log = FaultLog::default();
        let error = Error::new(ErrorKind::Unreachable, "down");
        log.report("refresh", &error);
        log.report("access_token", &error);
        assert_eq!(log.0.lock().unwrap().len(), 1);
        log.report("access_token", &Error::new(ErrorKind::SignInRequired, ""));
        assert_eq!(log.0.lock().unwrap().len(), 1, "a normal outcome is no fault");
    }
}
