//! Checks whether sessions have a store where they need one.

use logto_http::is_loopback;
use url::Url;

use super::finding::{Finding, Outcome};
use crate::variables::Variables;

/// Variables that usually name a session store, those of the examples among them.
const NAMES: [&str; 3] = ["STORAGE", "REDIS_URL", "DATABASE_URL"];

pub(crate) fn named_by(variables: &Variables) -> Option<&'static str> {
    let is_store = |name: &&str| variables.get(name).is_some_and(|value| value != "cookie");
    NAMES.into_iter().find(is_store)
}

/// The store is set up in the app's code, so a variable is the only trace of it.
pub(crate) fn check(base_url: &Url, store: &Option<&str>) -> Outcome {
    if let Some(name) = store {
        return Outcome::Passed(format!("{name} is set"));
    }
    if is_loopback(base_url) {
        return Outcome::Passed("not needed on this machine".to_owned());
    }
    Finding::advice(
        format!("{base_url} is public, and no variable names a session store"),
        "With sessions in cookies only, a user can be signed out when the app restarts while a response with a \
         renewed session is lost, and an ended session ends in one process only.",
        "Give the app a store (with_storage: Redis, PostgreSQL or SQLite; docs/sessions.md). If it has one \
         already, this is fine.",
    )
    .into()
}
