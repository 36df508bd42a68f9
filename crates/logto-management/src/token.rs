//! The access token of the machine-to-machine application.

use std::time::Duration;

use logto::AccessToken;
use logto::m2m::{MachineApp, MachineConfig};

use crate::error::{Error, ErrorKind};

#[derive(Debug)]
pub(crate) struct Tokens {
    app: MachineApp,
    /// The API that the token is for.
    resource: String,
}

impl Tokens {
    pub(crate) fn new(
        config: MachineConfig,
        timeout: Duration,
        resource: String,
    ) -> Result<Self, Error> {
        let app = MachineApp::new(config.with_request_timeout(timeout)).map_err(|problems| {
            let why = problems.to_string();
            Error::with_source(ErrorKind::InvalidRequest, why, problems)
        })?;
        Ok(Self { app, resource })
    }

    pub(crate) async fn get(&self) -> Result<AccessToken, Error> {
        let token = self.app.token(&self.resource, "all").await;
        let token = token.map_err(|error| self.refused(&error))?;
        if token.scopes().any(|scope| scope == "all") {
            return Ok(token);
        }
        // Logto gives a token without the permission, and every request would then be refused.
        self.forget(&token);
        let why = "the machine-to-machine application may not use the Management API: give it the role \
                   \u{201c}Logto Management API access\u{201d}";
        Err(Error::new(ErrorKind::NoAccess, why))
    }

    /// The API did not accept this token: the next request gets another.
    pub(crate) fn forget(&self, token: &AccessToken) {
        self.app.forget(token);
    }

    fn refused(&self, error: &logto::Error) -> Error {
        let (kind, why) = match (error.kind(), error.response().and_then(|it| it.error())) {
            (logto::ErrorKind::Refused, Some("invalid_target")) => (
                ErrorKind::NoAccess,
                format!(
                    "this tenant has no API {}; behind a custom domain of Logto Cloud the Management API is \
                     https://<tenant id>.logto.app/api",
                    self.resource
                ),
            ),
            (logto::ErrorKind::Refused, None) => {
                (ErrorKind::InvalidResponse, format!("the endpoint is not a Logto tenant: {error}"))
            }
            (logto::ErrorKind::Refused | logto::ErrorKind::InvalidClient, Some(_)) => (
                ErrorKind::NoAccess,
                format!("Logto gives the machine-to-machine application no token: {error}"),
            ),
            (logto::ErrorKind::Unreachable, _) => (ErrorKind::Unreachable, error.to_string()),
            _ => (ErrorKind::InvalidResponse, error.to_string()),
        };
        Error::new(kind, why)
    }
}
