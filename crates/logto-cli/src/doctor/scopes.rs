//! Whether Logto knows the scopes that the app asks for. Unknown ones it drops without a word.

use super::finding::{Finding, Outcome};
use super::provider::Provider;
use super::sign_in::Addresses;

pub(crate) fn examine(addresses: &Addresses, provider: &Provider) -> Outcome {
    let others = addresses.api_scopes(provider);
    if others.is_empty() {
        return Outcome::Passed("all of them are Logto's own".to_owned());
    }
    if addresses.api_resources().is_empty() {
        let known = provider.list("scopes_supported").join(", ");
        let unknown = |scope: String| {
            Finding::problem(
                format!(
                    "{scope} is no scope of Logto, and the app asks for no API that could have it"
                ),
                "Logto drops it without a word: what it should permit stays forbidden, or its claim away.",
                format!(
                    "Correct LOGTO_SCOPES, or name the API that has it in LOGTO_RESOURCES. Logto's own: {known}."
                ),
            )
        };
        return Outcome::Findings(others.into_iter().map(unknown).collect());
    }
    Outcome::Skipped(format!(
        "only the Management API tells whether {} exist",
        others.join(", ")
    ))
}
