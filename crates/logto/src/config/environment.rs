//! Configuration from environment variables.

use std::cell::RefCell;
use std::env::{self, VarError};

use super::{ConfigError, ConfigProblem, LogtoConfig, Settings};

/// Names that are set by mistake, and what is meant.
const MISSPELT: [(&str, &str); 6] = [
    ("LOGTO_WEBHOOK_KEY", "LOGTO_WEBHOOK_SIGNING_KEY"),
    ("LOGTO_SCOPE", "LOGTO_SCOPES"),
    ("LOGTO_RESOURCE", "LOGTO_RESOURCES"),
    ("LOGTO_COOKIE_SECRETS", "LOGTO_COOKIE_SECRET"),
    ("LOGTO_BASE_URL", "BASE_URL"),
    ("LOGTO_CLIENT_SECRET", "LOGTO_APP_SECRET"),
];

impl LogtoConfig {
    /// Reads the configuration from the environment.
    ///
    /// | variable | what |
    /// |---|---|
    /// | `LOGTO_ENDPOINT` | the tenant, for example `https://my-tenant.logto.app` |
    /// | `LOGTO_APP_ID`, `LOGTO_APP_SECRET` | the application |
    /// | `LOGTO_COOKIE_SECRET` | at least 32 bytes; with several, separated by commas, the first encrypts and all decrypt |
    /// | `BASE_URL` | where browsers reach the app; default: the first host of `SPACE_HOST`, which Hugging Face sets in a Space, or else `http://localhost:3000` |
    /// | `LOGTO_INTERNAL_ENDPOINT` | optional: the tenant as this server reaches it, if that is not `LOGTO_ENDPOINT` |
    /// | `LOGTO_WEBHOOK_SIGNING_KEY` | optional: takes [webhooks](crate::webhooks); two keys, separated by a comma, while one replaces the other |
    /// | `LOGTO_SCOPES` | optional: further scopes, separated by spaces |
    /// | `LOGTO_RESOURCES` | optional: API resources, separated by spaces |
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every variable that is missing, and with what is wrong about the
    /// others.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use logto::{Logto, LogtoConfig};
    ///
    /// // Secrets from the environment, the rest from code.
    /// let config = LogtoConfig::from_env()?.with_idle_lifetime(Duration::from_secs(3600));
    /// let logto = Logto::new(config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err("is not UTF-8: a file of variables may be UTF-16"),
        })
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
        Self::read(|name| Ok(variable(name)))
    }

    fn read(
        variable: impl Fn(&str) -> Result<Option<String>, &'static str>,
    ) -> Result<Self, ConfigError> {
        let variables = Variables { variable, problems: RefCell::default() };
        let mut config = Self::new(
            variables.required("LOGTO_ENDPOINT"),
            variables.required("LOGTO_APP_ID"),
            variables.required("LOGTO_APP_SECRET"),
        );
        for secret in variables.required("LOGTO_COOKIE_SECRET").split(',') {
            config = config.with_cookie_secret(secret);
        }
        let space = || {
            let hosts = variables.optional("SPACE_HOST")?;
            Some(format!("https://{}", hosts.split(',').next()?.trim()))
        };
        if let Some(base_url) = variables.optional("BASE_URL").or_else(space) {
            config = config.with_base_url(base_url);
        }
        if let Some(endpoint) = variables.optional("LOGTO_INTERNAL_ENDPOINT") {
            config = config.with_internal_endpoint(endpoint);
        }
        if let Some(keys) = variables.optional("LOGTO_WEBHOOK_SIGNING_KEY") {
            for key in keys.split(',') {
                config = config.with_webhook_signing_key(key);
            }
        }
        let list = |name| variables.optional(name).unwrap_or_default();
        config = config
            .with_scopes(list("LOGTO_SCOPES").split_whitespace())
            .with_resources(list("LOGTO_RESOURCES").split_whitespace());
        variables.look_for_typos();
        variables.check(config)
    }
}

/// Variables, and what is wrong with those that were read.
struct Variables<F> {
    variable: F,
    problems: RefCell<Vec<ConfigProblem>>,
}

impl<F: Fn(&str) -> Result<Option<String>, &'static str>> Variables<F> {
    /// The value of a variable that is set, and not to nothing.
    fn optional(&self, name: &'static str) -> Option<String> {
        let value = (self.variable)(name).unwrap_or_else(|problem| {
            self.add(name, problem.to_owned());
            None
        })?;
        let value = value.trim();
        if let Some(mark) = surrounding(value) {
            let problem =
                format!("begins with {mark}: leave that out; `docker --env-file` keeps it");
            self.add(name, problem);
        }
        Some(value.to_owned()).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            let hint = match name {
                "LOGTO_ENDPOINT" => {
                    "is not set: the URL of your Logto tenant; for development, run `logto local -- cargo run`"
                }
                "LOGTO_COOKIE_SECRET" => "is not set: 32 random bytes or more",
                _ => "is not set",
            };
            self.add(name, hint.to_owned());
            String::new()
        })
    }

    fn look_for_typos(&self) {
        for (typo, meant) in MISSPELT {
            if self.optional(typo).is_some() && self.optional(meant).is_none() {
                self.add(typo, format!("is not read: use {meant}"));
            }
        }
    }

    /// Of several problems of a variable the first counts.
    fn add(&self, name: &'static str, problem: String) {
        let mut problems = self.problems.borrow_mut();
        if problems.iter().all(|known| known.setting() != name) {
            problems.push(ConfigProblem::new(name, problem));
        }
    }

    /// The configuration, or one error that names these problems and what is wrong with the other
    /// settings.
    fn check(self, config: LogtoConfig) -> Result<LogtoConfig, ConfigError> {
        let mut problems = self.problems.into_inner();
        if problems.is_empty() {
            return Ok(config);
        }
        let named: Vec<_> = problems.iter().map(ConfigProblem::setting).collect();
        if let Err(wrong) = Settings::validate(config) {
            let others = wrong.problems().iter().filter(|other| !named.contains(&other.setting()));
            problems.extend(others.cloned());
        }
        Err(ConfigError::new(problems))
    }
}

/// What a shell or a parser of `.env` files would have taken away.
fn surrounding(value: &str) -> Option<&'static str> {
    let is_in = |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    match value {
        _ if is_in('"') || is_in('\'') => Some("a quotation mark"),
        _ if value.starts_with('\u{feff}') => Some("a byte order mark"),
        _ => None,
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

    /// The settings that are wrong if the usual environment has these variables too.
    fn problems(more: &[(&str, &str)]) -> Vec<String> {
        let usual = [
            ("LOGTO_ENDPOINT", "https://tenant.example"),
            ("LOGTO_APP_ID", "app"),
            ("LOGTO_APP_SECRET", "secret"),
            ("LOGTO_COOKIE_SECRET", "a secret of thirty-two characters"),
        ];
        let find = |name: &str| {
            let mut all = more.iter().chain(&usual);
            all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let checked = LogtoConfig::from_variables(find).and_then(Settings::validate);
        let problems = checked.err().map(|error| error.problems().to_vec()).unwrap_or_default();
        problems.iter().map(|problem| problem.setting().to_owned()).collect()
    }

    #[test]
    fn likely_mistakes_are_named() {
        assert!(problems(&[]).is_empty());
        for (setting, value) in [
            ("LOGTO_SCOPE", "email"),
            ("LOGTO_SCOPES", "email,roles"),
            ("LOGTO_SCOPES", "\"email roles\""),
            ("LOGTO_SCOPES", "caf\u{e9}"),
            ("LOGTO_APP_ID", "'app'"),
            ("LOGTO_APP_SECRET", "\"secret\""),
            ("LOGTO_ENDPOINT", "\"https://tenant.example\""),
            ("LOGTO_ENDPOINT", "\u{feff}https://tenant.example"),
            ("LOGTO_ENDPOINT", "https://tenant.example/oidc"),
            ("LOGTO_ENDPOINT", "https://tenant.example/oidc/.well-known/openid-configuration"),
            ("LOGTO_ENDPOINT", "https://tenant.example/api/"),
            ("BASE_URL", "'https://app.example'"),
            ("BASE_URL", "https://app.example/callback"),
            ("BASE_URL", "https://app.example/sign-in/"),
            ("LOGTO_COOKIE_SECRET", "00000000000000000000000000000000"),
            ("LOGTO_INTERNAL_ENDPOINT", "not a URL"),
            ("LOGTO_WEBHOOK_SIGNING_KEY", "short"),
            ("LOGTO_WEBHOOK_KEY", "tDxH2xGdr7rzqvR5SqMMChaOmi7p58ey"),
        ] {
            assert_eq!(problems(&[(setting, value)]), [setting], "{value}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_not_taken_for_a_variable_that_is_not_set() {
        let error = LogtoConfig::read(|name| match name {
            "LOGTO_APP_SECRET" | "BASE_URL" => Err("is not UTF-8"),
            "LOGTO_ENDPOINT" | "LOGTO_APP_ID" | "LOGTO_COOKIE_SECRET" => {
                Ok(Some("https://tenant.example/thirty-two-characters".to_owned()))
            }
            _ => Ok(None),
        });
        let told: Vec<_> = error.unwrap_err().problems().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["LOGTO_APP_SECRET is not UTF-8", "BASE_URL is not UTF-8"]);
    }

    #[test]
    fn a_space_of_hugging_face_names_its_own_address() {
        let space = ("SPACE_HOST", "me-app.hf.space,app.example.com");
        let base_url = |more: &[(&str, &str)]| {
            let find = |name: &str| {
                let known = more.iter().find(|(known, _)| *known == name);
                known.map(|(_, value)| (*value).to_owned()).or_else(|| {
                    let required = ["ENDPOINT", "APP_ID", "APP_SECRET", "COOKIE_SECRET"];
                    let suffix = name.strip_prefix("LOGTO_")?;
                    required.contains(&suffix).then(|| name.to_owned())
                })
            };
            LogtoConfig::from_variables(find).unwrap().base_url
        };
        assert_eq!(base_url(&[space]), "https://me-app.hf.space");
        assert_eq!(base_url(&[space, ("BASE_URL", "https://a.example")]), "https://a.example");
    }

    #[test]
    fn lists_and_defaults_are_read() {
        let config = LogtoConfig::from_variables(|name| match name {
            "LOGTO_COOKIE_SECRET" => Some("new, old".to_owned()),
            "LOGTO_SCOPES" => Some("email  identities".to_owned()),
            "LOGTO_WEBHOOK_SIGNING_KEY" => Some("one, two".to_owned()),
            "LOGTO_ENDPOINT" | "LOGTO_APP_ID" | "LOGTO_APP_SECRET" => Some(name.to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(config.cookie_secrets.len(), 2);
        assert_eq!(config.webhook_keys.len(), 2);
        assert_eq!(config.scopes, ["email", "identities"]);
        assert!(config.resources.is_empty());
        assert_eq!(config.base_url, "http://localhost:3000");
    }
}
