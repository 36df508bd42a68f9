//! The error of a plan that was applied in part.

use std::fmt;

use super::Change;
use crate::Error;

/// Where carrying a plan out ended. What was done stays done; a new plan goes on from there.
///
/// # Example
///
/// ```
/// use logto_management::provision::{ApplyError, advice};
///
/// fn report(error: &ApplyError) {
///     for change in error.done() {
///         println!("done: {}", change.title);
///     }
///     if let Some(change) = error.failed() {
///         println!("failed: {}", change.title);
///     }
///     let words = error.error().to_string();
///     println!("{}", advice(error.error()).unwrap_or(&words));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ApplyError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    done: Vec<Change>,
    failed: Option<Change>,
    error: Error,
}

impl ApplyError {
    pub(super) fn new(done: Vec<Change>, failed: Option<Change>, error: Error) -> Self {
        Self(Box::new(Inner { done, failed, error }))
    }

    /// The changes that were made before.
    #[must_use]
    pub fn done(&self) -> &[Change] {
        &self.0.done
    }

    /// The change that failed; `None` if it was not a change, but a look at the tenant before or
    /// after.
    #[must_use]
    pub fn failed(&self) -> Option<&Change> {
        self.0.failed.as_ref()
    }

    /// Why.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.failed {
            Some(change) => write!(f, "cannot {}: ", change.title)?,
            None => f.write_str("the setup is not complete: ")?,
        }
        match advice(&self.0.error) {
            Some(advice) => f.write_str(advice),
            None => self.0.error.fmt(f),
        }
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.error)
    }
}

/// What to do about an error that Logto answers while a tenant is set up, for the codes that have a
/// remedy.
///
/// # Example
///
/// ```
/// use logto_management::Error;
/// use logto_management::provision::advice;
///
/// fn explain(error: &Error) -> String {
///     advice(error).map_or_else(|| error.to_string(), str::to_owned)
/// }
/// ```
#[must_use]
pub fn advice(error: &Error) -> Option<&'static str> {
    Some(match error.code()? {
        "auth.forbidden" | "auth.unauthorized" => {
            "the machine-to-machine application may not do this: give it the role “Logto Management API access”"
        }
        "entity.not_exists_with_id" | "entity.not_found" => {
            "it was deleted in the meantime; run the setup again"
        }
        "connector.not_found_with_connector_id" => {
            "this Logto does not have the connector; a self-hosted one gets it by `npx @logto/cli connector add`"
        }
        "connector.multiple_instances_not_supported"
        | "connector.multiple_target_with_same_platform" => {
            "there is a connector for Hugging Face already; run the setup again and it is adopted"
        }
        "connector.invalid_config" => {
            "Logto does not accept the configuration of the connector; check id and secret of the OAuth app"
        }
        "request.feature_not_supported" => {
            "this Logto cannot keep tokens: set SECRET_VAULT_KEK (`openssl rand -base64 32`) and restart it"
        }
        "connector.token_storage_not_supported" => {
            "a connector of this kind cannot keep tokens; delete it, and the setup creates one that can"
        }
        "application.secret_name_exists" => {
            "the application got another secret in the meantime; run the setup again"
        }
        // Anything else that it may be about is better told in Logto's words.
        "guard.invalid_input" if error.details()?.contains("oidcClientMetadata") => {
            "Logto does not accept an address of the application; check the base URL"
        }
        _ => return None,
    })
}
