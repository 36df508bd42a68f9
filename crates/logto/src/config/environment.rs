//! Configuration from environment variables.

use std::env;

use super::{ConfigError, ConfigProblem, LogtoConfig, Settings};

impl LogtoConfig {
    /// Reads the configuration from the environment.
    ///
    /// | variable | what |
    /// |---|---|
    /// | `LOGTO_ENDPOINT` | the tenant, for example `https://my-tenant.logto.app` |
    /// | `LOGTO_APP_ID`, `LOGTO_APP_SECRET` | the application |
    /// | `LOGTO_COOKIE_SECRET` | at least 32 characters; several, separated by commas, newest first |
    /// | `BASE_URL` | where browsers reach the app; default `http://localhost:3000` |
    /// | `LOGTO_SCOPES` | optional: further scopes, separated by spaces |
    /// | `LOGTO_RESOURCES` | optional: API resources, separated by spaces |
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every variable that is missing, and with what is wrong about the others.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Reads the same variables as [`from_env`](Self::from_env) from wherever they are kept.
    ///
    /// # Example
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// let file = HashMap::from([
    ///     ("LOGTO_ENDPOINT", "https://my-tenant.logto.app"),
    ///     ("LOGTO_APP_ID", "my app id"),
    ///     ("LOGTO_APP_SECRET", "my app secret"),
    ///     ("LOGTO_COOKIE_SECRET", "thirty-two characters or more, please"),
    /// ]);
    /// let config = logto::LogtoConfig::from_variables(|name| file.get(name).map(ToString::to_string))?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name| variable(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let mut problems = Vec::new();
        let mut required = |name: &'static str| {
            variable(name).unwrap_or_else(|| {
                let hint = match name {
                    "LOGTO_ENDPOINT" => {
                        "is not set: the address of your tenant; `logto local -- cargo run` brings one along"
                    }
                    "LOGTO_COOKIE_SECRET" => "is not set: 32 random characters or more",
                    _ => "is not set",
                };
                problems.push(ConfigProblem::new(name, hint));
                String::new()
            })
        };
        let mut config = Self::new(
            required("LOGTO_ENDPOINT"),
            required("LOGTO_APP_ID"),
            required("LOGTO_APP_SECRET"),
        );
        let secrets = required("LOGTO_COOKIE_SECRET");
        for secret in secrets.split(',') {
            config = config.with_cookie_secret(secret.trim());
        }
        if let Some(base_url) = variable("BASE_URL") {
            config = config.with_base_url(base_url);
        }
        let list = |name| variable(name).unwrap_or_default();
        config = config
            .with_scopes(list("LOGTO_SCOPES").split_whitespace())
            .with_resources(list("LOGTO_RESOURCES").split_whitespace());
        if problems.is_empty() {
            return Ok(config);
        }
        // What is wrong with the rest is told in the same breath.
        let missing: Vec<_> = problems.iter().map(ConfigProblem::setting).collect();
        if let Err(wrong) = Settings::validate(config) {
            let others =
                wrong.problems().iter().filter(|other| !missing.contains(&other.setting()));
            problems.extend(others.cloned());
        }
        Err(ConfigError::new(problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_variable_is_named() {
        let error =
            LogtoConfig::from_variables(|name| (name == "LOGTO_APP_ID").then(|| "app".to_owned()))
                .unwrap_err();
        let missing: Vec<_> = error.problems().iter().map(ConfigProblem::setting).collect();
        assert_eq!(missing, ["LOGTO_ENDPOINT", "LOGTO_APP_SECRET", "LOGTO_COOKIE_SECRET"]);
    }

    #[test]
    fn what_is_wrong_is_named_beside_what_is_missing() {
        let error = LogtoConfig::from_variables(|name| match name {
            "LOGTO_ENDPOINT" => Some("http://tenant.example".to_owned()),
            "LOGTO_COOKIE_SECRET" => Some("short".to_owned()),
            "BASE_URL" => Some("http://app.example".to_owned()),
            _ => None,
        })
        .unwrap_err();
        let settings: Vec<_> = error.problems().iter().map(ConfigProblem::setting).collect();
        let expected = [
            "LOGTO_APP_ID",
            "LOGTO_APP_SECRET",
            "LOGTO_ENDPOINT",
            "BASE_URL",
            "LOGTO_COOKIE_SECRET",
        ];
        assert_eq!(settings, expected);
    }

    #[test]
    fn lists_and_defaults_are_read() {
        let config = LogtoConfig::from_variables(|name| match name {
            "LOGTO_COOKIE_SECRET" => Some("new, old".to_owned()),
            "LOGTO_SCOPES" => Some("email  identities".to_owned()),
            "LOGTO_RESOURCES" | "BASE_URL" => None,
            other => Some(other.to_owned()),
        })
        .unwrap();
        assert_eq!(config.cookie_secrets.len(), 2);
        assert_eq!(config.scopes, ["email", "identities"]);
        assert!(config.resources.is_empty());
        assert_eq!(config.base_url, "http://localhost:3000");
    }
}
