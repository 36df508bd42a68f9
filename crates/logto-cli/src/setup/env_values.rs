//! The values that setup writes into `.env`.

use std::path::Path;

use aws_lc_rs::rand;
use logto_management::provision::{Plan, Provisioned};
use secrecy::ExposeSecret;

use super::wanted::Wanted;
use crate::env_file::{EnvFile, Written, quoted};
use crate::failure::Failure;

const COOKIE_SECRET: &str = "LOGTO_COOKIE_SECRET";
const WEBHOOK_KEY: &str = "LOGTO_WEBHOOK_SIGNING_KEY";

/// The names of the variables, and what becomes of each. No values: some are secret.
#[derive(Debug)]
pub(crate) struct EnvValues(pub(crate) Vec<(&'static str, Written)>);

impl EnvValues {
    pub(crate) fn write(
        wanted: &Wanted,
        ready: &Provisioned,
        file: &mut EnvFile,
    ) -> Result<Self, Failure> {
        let mut values = Vec::new();
        let mut set = |name, value: &str| values.push((name, file.set(name, value)));
        set("LOGTO_ENDPOINT", &wanted.endpoint);
        set("LOGTO_APP_ID", &ready.app_id);
        set("LOGTO_APP_SECRET", ready.app_secret.expose_secret());
        set("BASE_URL", &wanted.base_url);
        if let Some(key) = &ready.webhook_signing_key {
            set(WEBHOOK_KEY, key.expose_secret());
        }
        values.push(match file.get(COOKIE_SECRET) {
            Some(_) => (COOKIE_SECRET, Written::Before),
            None => (COOKIE_SECRET, file.set(COOKIE_SECRET, &random_secret()?)),
        });
        file.save()?;
        Ok(Self(values))
    }

    /// What [`write`](Self::write) would do, as far as that is known before.
    pub(crate) fn planned(wanted: &Wanted, plan: &Plan, file: &EnvFile) -> Self {
        let known = |name, value: Option<&str>| match (value, file.get(name)) {
            (Some(value), _) => file.would_set(name, value),
            (None, Some(_)) if !file.is_written_by_us(name) => Written::Never,
            (None, _) => Written::Now,
        };
        let cookie_secret = match file.get(COOKIE_SECRET) {
            Some(_) => Written::Before,
            None => Written::Now,
        };
        let mut planned = vec![
            ("LOGTO_ENDPOINT", file.would_set("LOGTO_ENDPOINT", &wanted.endpoint)),
            ("LOGTO_APP_ID", known("LOGTO_APP_ID", plan.app_id())),
            (
                "LOGTO_APP_SECRET",
                known("LOGTO_APP_SECRET", plan.app_secret().map(ExposeSecret::expose_secret)),
            ),
            ("BASE_URL", file.would_set("BASE_URL", &wanted.base_url)),
            (COOKIE_SECRET, cookie_secret),
        ];
        if wanted.webhooks {
            let key = plan.webhook_signing_key().map(ExposeSecret::expose_secret);
            planned.push((WEBHOOK_KEY, known(WEBHOOK_KEY, key)));
        }
        Self(planned)
    }

    pub(crate) fn names(&self, wanted: Written) -> Vec<&'static str> {
        let some = self.0.iter().filter(|(_, written)| *written == wanted);
        some.map(|(name, _)| *name).collect()
    }
}

/// 32 random bytes in hexadecimal.
fn random_secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Failure::new("the system gives no random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How to get the values of a file into the environment of a shell.
pub(crate) fn how_to_load(file: &Path) -> String {
    // Without a slash a shell would look for the file in its search path.
    let here = if file.is_absolute() { "" } else { "./" };
    let path = quoted(&format!("{here}{}", file.display()));
    format!("set -a; . {path}; set +a")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        for (file, path) in [
            (".env", "./.env"),
            ("/home/app/.env", "/home/app/.env"),
            ("/srv/my app/$env", "\"/srv/my app/\\$env\""),
        ] {
            assert_eq!(how_to_load(Path::new(file)), format!("set -a; . {path}; set +a"));
        }
    }
}
