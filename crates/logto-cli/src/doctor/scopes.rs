//! Whether Logto knows the scopes that the app asks for. Logto ignores unknown ones without
//! an error.

use logto_management::Management;

use super::finding::{Finding, Outcome};
use super::inside;
use super::provider::Provider;
use super::sign_in::Addresses;

pub(crate) async fn check(
    addresses: &Addresses,
    provider: &Provider,
    management: Option<&Management>,
) -> Outcome {
    let (_, others) = addresses.scopes(provider);
    let resources = addresses.resources();
    if others.is_empty() {
        return Outcome::Passed("all of them are Logto's own".to_owned());
    }
    let unknown = match management {
        _ if resources.is_empty() => others,
        Some(management) => match inside::unknown_scopes(management, others, &resources).await {
            Ok(unknown) => unknown,
            Err(error) => return Outcome::Skipped(error.to_string()),
        },
        None => {
            let others = others.join(", ");
            return Outcome::Skipped(format!(
                "only the Management API tells whether {others} exist"
            ));
        }
    };
    let known = provider.list("scopes_supported").join(", ");
    let finding = |scope: String| {
        Finding::problem(
            format!("{scope} is not a scope of Logto or of an API that the app requests"),
            "Logto ignores it without an error: the permission is not granted, or the claim is missing.",
            format!(
                "Correct LOGTO_SCOPES, or name the API that has it in LOGTO_RESOURCES. Logto's own: {known}."
            ),
        )
    };
    Outcome::from_findings(unknown.into_iter().map(finding).collect(), "all of them are known")
}
