//! Whether the tenant lets the app use the Account API as far as it asks for that.

use logto_management::{Error, Management};

use super::finding::{Finding, Outcome};
use super::sign_in::Addresses;

/// Scopes of the Account API, and the field of the account center that each one needs.
const SCOPES: [(&str, &str); 3] = [
    ("identities", "social"),
    ("urn:logto:scope:sessions", "session"),
    ("custom_data", "customData"),
];
const FIX: &str =
    "Console → Sign-in & account → Account center. Or: logto setup hugging-face --with-account-api";

/// The scopes of the Account API that the app asks for.
pub(crate) fn asked(addresses: &Addresses) -> Vec<(&'static str, &'static str)> {
    SCOPES.into_iter().filter(|(scope, _)| addresses.asks("scope", scope)).collect()
}

pub(crate) async fn check(
    management: &Management,
    asked: &[(&str, &str)],
) -> Result<Outcome, Error> {
    let now = management.account_center().get().await?;
    let scopes = asked.iter().map(|(scope, _)| *scope).collect::<Vec<_>>().join(", ");
    if !now.enabled {
        return Ok(Finding::advice(
            format!("the account center is off, and the app asks for {scopes}"),
            "Logto refuses every call of user.account() and every request for a connector's token.",
            FIX,
        )
        .into());
    }
    let is_off = |field: &str| {
        let level = now.fields.get(field).and_then(|level| level.as_str());
        level.is_none_or(|level| level == "Off")
    };
    let off = asked.iter().filter(|(_, field)| is_off(field)).map(|(scope, field)| {
        Finding::advice(
            format!(
                "the account center does not show the field {field}, and the app asks for {scope}"
            ),
            "What belongs to it is missing in user.account(), or refused.",
            FIX,
        )
    });
    Ok(Outcome::from_findings(off.collect(), format!("on, with what belongs to {scopes}")))
}
