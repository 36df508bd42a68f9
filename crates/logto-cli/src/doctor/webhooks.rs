//! Checks the webhook that leads to the app, and what became of its deliveries.

use logto_management::{Error, Hook, HookDelivery, Management};
use secrecy::ExposeSecret;

use super::finding::{Finding, Outcome};

/// What ends sessions.
const NEEDED: [&str; 2] = ["User.Deleted", "User.SuspensionStatus.Updated"];

/// What the SDK itself acts on: it ends sessions (a new password, if the app wants that), or renews
/// access tokens that may permit something else. The rest is for the app's own handler.
const ACTED_ON: [&str; 13] = [
    "User.Deleted",
    "User.SuspensionStatus.Updated",
    "PostResetPassword",
    "Organization.Membership.Updated",
    "Organization.Deleted",
    "OrganizationRole.Deleted",
    "OrganizationRole.Scopes.Updated",
    "OrganizationScope.Deleted",
    "OrganizationScope.Data.Updated",
    "Role.Deleted",
    "Role.Scopes.Updated",
    "Scope.Deleted",
    "Scope.Data.Updated",
];

/// `expected` is where the SDK listens, `keys` the signing keys of the app, separated by commas.
pub(crate) async fn check(
    management: &Management,
    expected: &str,
    keys: &str,
) -> Result<Outcome, Error> {
    let hooks = management.hooks().list().all().await?;
    let Some(hook) = hooks.iter().find(|hook| hook.config.url == expected) else {
        let seen = format!("no webhook of the tenant leads to {expected}");
        return Ok(if keys.is_empty() {
            Outcome::Passed(format!("{seen}, and the app takes none"))
        } else {
            Finding::advice(
                seen,
                "The app has a signing key for webhooks and gets none: users who are deleted or suspended stay \
                 signed in until their session has to be renewed.",
                "logto setup hugging-face --with-webhooks creates it.",
            )
            .into()
        });
    };
    let mut findings = wrong_settings(hook, keys);
    let deliveries = management.hooks().deliveries(&hook.id).all().await?;
    let lost: Vec<_> = deliveries.iter().filter(|delivery| !delivery.is_success()).collect();
    findings.extend(not_taken(&lost, deliveries.len()));
    let taken = deliveries.len();
    Ok(Outcome::from_findings(
        findings,
        format!("{expected} took all {taken} webhooks of the last 24 hours"),
    ))
}

fn wrong_settings(hook: &Hook, keys: &str) -> Vec<Finding> {
    let name = &hook.name;
    let mut findings = Vec::new();
    if !hook.enabled {
        findings.push(Finding::problem(
            format!("the webhook “{name}” is off"),
            "Users who are deleted or suspended stay signed in until their session has to be renewed.",
            "Turn it on: Console → Webhooks → the webhook.",
        ));
    }
    if !keys.split(',').any(|key| key.trim() == hook.signing_key.expose_secret()) {
        findings.push(Finding::problem(
            format!("LOGTO_WEBHOOK_SIGNING_KEY does not have the signing key of the webhook “{name}”"),
            "The app refuses each webhook, and Logto never sends it again.",
            "Copy the key: Console → Webhooks → the webhook. logto setup hugging-face --with-webhooks does it too.",
        ));
    }
    let missing = NEEDED.iter().filter(|event| !hook.events.iter().any(|one| one == *event));
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() {
        findings.push(Finding::advice(
            format!("the webhook “{name}” is not told of {}", missing.join(" and ")),
            "Those users stay signed in until their session has to be renewed.",
            "Add the events: Console → Webhooks → the webhook.",
        ));
    }
    findings
}

/// Deliveries that the app did not take, the latest first.
fn not_taken(lost: &[&HookDelivery], all: usize) -> Option<Finding> {
    let matters = lost.iter().find(|delivery| delivery.event().is_none_or(is_acted_on));
    let last = matters.or(lost.first())?;
    let event = last.event().unwrap_or("an unknown event");
    let answer = match &last.payload.response {
        Some(response) => format!("was answered {}", response.status_code),
        None => "was not answered".to_owned(),
    };
    let lost = lost.len();
    let told = format!("{lost} of {all} webhooks of the last 24 hours were not taken");
    Some(if matters.is_some() {
        Finding::problem(
            format!("{told}: the latest of them that the SDK acts on, {event}, {answer}"),
            "Logto sends each webhook once. What these told is lost: users who were deleted or suspended may still \
             be signed in, and access tokens permit what they did until they are renewed.",
            "See the log of the app. Find the users with logto_management::Users::find_ended and sign them out.",
        )
    } else {
        Finding::advice(
            format!("{told}: the latest of them, {event}, {answer}"),
            "Logto sends each webhook once. The SDK does nothing about these events, so only a webhook handler of \
             the app misses what they told.",
            "See the log of the app. Take events that it does not need out of the webhook: Console → Webhooks.",
        )
    })
}

fn is_acted_on(event: &str) -> bool {
    ACTED_ON.contains(&event)
}

#[cfg(test)]
mod tests {
    use logto::webhooks::Event;

    use super::*;

    #[test]
    fn what_is_acted_on_exists() {
        for event in ACTED_ON {
            assert!(Event::NAMES.contains(&event), "{event}");
        }
        assert!(NEEDED.into_iter().all(is_acted_on));
    }
}
