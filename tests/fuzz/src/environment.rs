//! Variables of an environment.

use std::collections::HashMap;

use logto::resource_server::Api;
use logto::web::Route;
use logto::{Logto, LogtoConfig};

use crate::text::lossy;
use crate::{Outcome, Target};

/// Lines `NAME=value`. Names that the SDK does not read are read by no one.
#[derive(Debug)]
pub struct Environment(());

impl Target for Environment {
    const NAME: &str = "environment";

    fn start() -> Self {
        Self(())
    }

    fn run(&mut self, input: &[u8]) -> Outcome {
        let text = lossy(input);
        let variables: HashMap<&str, &str> =
            text.lines().filter_map(|line| line.split_once('=')).collect();
        let variable = |name: &str| variables.get(name).map(ToString::to_string);
        let config = LogtoConfig::from_variables(variable);
        let (endpoint, resource) = (variable("LOGTO_ENDPOINT"), variable("LOGTO_API_RESOURCE"));
        if let (Some(endpoint), Some(resource)) = (endpoint, resource)
            && let Ok(api) = Api::new(&endpoint, resource)
        {
            assert!(!api.discovery_url().is_empty());
        }
        let logto = match config.and_then(Logto::new) {
            Ok(logto) => logto,
            Err(error) => {
                tell_no_secret(&format!("{error} {error:?}"), &variables);
                assert!(!error.problems().is_empty());
                return Outcome::Refused;
            }
        };
        tell_no_secret(&format!("{logto:?}"), &variables);
        for route in Route::ALL.iter().copied() {
            assert_eq!(logto.route_at(&logto.route_path(route)), Some(route));
        }
        assert!(
            logto.base_url().has_host() && logto.port() != 0 || logto.base_url().port() == Some(0)
        );
        Outcome::Accepted
    }
}

/// A secret that is too short, or part of something that is no secret, cannot be told from it.
fn tell_no_secret(said: &str, variables: &HashMap<&str, &str>) {
    for name in ["LOGTO_APP_SECRET", "LOGTO_COOKIE_SECRET", "LOGTO_WEBHOOK_SIGNING_KEY"] {
        let Some(secret) = variables.get(name).map(|secret| secret.trim()) else {
            continue;
        };
        let is_public = |(other, value): (&&str, &&str)| *other != name && value.contains(secret);
        let is_secret = secret.len() >= 20 && !variables.iter().any(is_public);
        assert!(!is_secret || !said.contains(secret), "{name}: {said}");
    }
}
