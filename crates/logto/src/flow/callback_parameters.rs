//! The parameters of a callback (RFC 6749, section 4.1.2; RFC 9207).

use url::form_urlencoded;

use super::callback_failure::invalid_callback;
use crate::error::{Error, ErrorKind, ErrorResponse, printable};
use crate::log_limit::limited;
use crate::oidc::provider::Metadata;

/// Longer parameters than Logto ever sends are refused unread. The longest is `state`, which is
/// ours.
pub(super) const MAX_PARAMETER: usize = 4096;

/// The parameters of a callback (RFC 6749, section 4.1.2; RFC 9207), each at most once.
#[derive(Default)]
pub(crate) struct CallbackParameters {
    pub(crate) state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    code: Option<String>,
}

impl CallbackParameters {
    /// Reads a query; a parameter given twice is refused, because it is not clear which one Logto
    /// meant.
    pub(crate) fn parse(query: &str) -> Result<Self, Error> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut parameters.state,
                "iss" => &mut parameters.iss,
                "error" => &mut parameters.error,
                "error_description" => &mut parameters.error_description,
                "code" => &mut parameters.code,
                _ => continue,
            };
            if slot.is_some() {
                return Err(invalid_callback("the callback repeats a parameter"));
            }
            if value.len() > MAX_PARAMETER {
                return Err(invalid_callback("the callback has an overlong parameter"));
            }
            *slot = Some(value.into_owned());
        }
        Ok(parameters)
    }

    /// Whether this is the callback without anything: a user cancelled on Logto's consent page.
    pub(crate) fn is_bare(&self) -> bool {
        let Self { state, iss, error, error_description, code } = self;
        [state, iss, error, error_description, code].into_iter().all(Option::is_none)
    }

    pub(crate) fn has_code(&self) -> bool {
        self.error.is_none() && self.code.is_some()
    }

    /// The checks that come after `state`: `iss`, then `error`, then `code`.
    pub(crate) fn code(self, metadata: &Metadata) -> Result<String, Error> {
        match &self.iss {
            Some(iss) if *iss != metadata.issuer => {
                // Where it is every callback, no one can sign in. A visitor can write it, too.
                limited!(
                    warn,
                    expected = metadata.issuer,
                    received = printable(iss),
                    "a callback names another issuer (`iss`) than the discovery document: compare \
                     LOGTO_ENDPOINT with the domain that Logto signs users in at"
                );
                return Err(invalid_callback("the callback comes from another issuer"));
            }
            None if metadata.authorization_response_iss_parameter_supported => {
                limited!(
                    warn,
                    expected = metadata.issuer,
                    "a callback has no issuer (`iss`), which Logto always sends: check whether a proxy \
                     drops parameters of the callback"
                );
                return Err(invalid_callback(
                    "the callback has no `iss`, which this issuer always sends",
                ));
            }
            _ => {}
        }
        if let Some(error) = self.error {
            let kind =
                if error == "access_denied" { ErrorKind::Cancelled } else { ErrorKind::Refused };
            let description = self.error_description.as_deref().map(printable);
            let response = ErrorResponse::in_callback(printable(&error), description);
            return Err(Error::from_response(kind, response));
        }
        match self.code {
            Some(code) if !code.is_empty() => Ok(code),
            _ => Err(invalid_callback("the callback brings neither a code nor an error")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Subscriber};

    use super::*;

    /// Counts log lines.
    #[derive(Default)]
    struct Lines(AtomicUsize);

    impl Subscriber for Lines {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Where a proxy drops it from every callback, no one can sign in, and the page does not say
    /// why.
    #[test]
    fn an_issuer_that_is_left_out_is_told_in_the_log() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"issuer":"https://t.example/oidc","authorization_endpoint":"https://t.example/auth",
                "token_endpoint":"https://t.example/token","jwks_uri":"https://t.example/jwks",
                "authorization_response_iss_parameter_supported":true}"#,
        )
        .unwrap();
        let lines = Arc::new(Lines::default());
        tracing::subscriber::with_default(Arc::clone(&lines), || {
            assert!(CallbackParameters::parse("code=a").unwrap().code(&metadata).is_err());
        });
        assert_eq!(lines.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        for name in ["state", "iss", "error", "error_description", "code"] {
            assert!(CallbackParameters::parse(&format!("{name}=a&{name}=b")).is_err(), "{name}");
            assert!(CallbackParameters::parse(&format!("{name}=a&x=1&x=2")).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_bare_callback_is_known() {
        assert!(CallbackParameters::parse("").unwrap().is_bare());
        assert!(CallbackParameters::parse("utm=1").unwrap().is_bare());
        assert!(!CallbackParameters::parse("state=").unwrap().is_bare());
    }

    #[test]
    fn an_overlong_parameter_is_refused() {
        let parse = |length| CallbackParameters::parse(&format!("code={}", "a".repeat(length)));
        assert!(parse(MAX_PARAMETER).is_ok());
        assert!(parse(MAX_PARAMETER + 1).is_err());
    }

    #[test]
    fn a_code_beside_an_error_does_not_count() {
        let has_code = |query| CallbackParameters::parse(query).unwrap().has_code();
        assert!(has_code("code=a"));
        assert!(!["code=a&error=b", "error=b", "state=c"].into_iter().any(has_code));
    }
}
