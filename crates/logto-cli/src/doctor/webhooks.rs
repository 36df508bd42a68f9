//! Checks the webhook that leads to the app, and what became of its deliveries.

use logto_management::{Error, Hook, HookDelivery, Management};
use secrecy::ExposeSecret;

use super::finding::{Finding, Outcome};

/// What ends sessions.
const NEEDED: [&str; 2] = ["User.Deleted", "User.SuspensionStatus.Updated"];

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
    if let Some(last) = lost.first() {
        findings.push(not_taken(last, lost.len(), deliveries.len()));
    }
    let taken = deliveries.len();
    Ok(Outcome::of(findings, format!("{expected} took all {taken} webhooks of the last 24 hours")))
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

fn not_taken(last: &HookDelivery, lost: usize, all: usize) -> Finding {
    let event = last.event().unwrap_or("an unknown event");
    let answer = match &last.payload.response {
        Some(response) => format!("was answered {}", response.status_code),
        None => "was not answered".to_owned(),
    };
    Finding::problem(
        format!(
            "{lost} of {all} webhooks of the last 24 hours were not taken: the latest of them, {event}, {answer}"
        ),
        "Logto sends each webhook once. What these told is lost: users who were deleted or suspended may still be \
         signed in.",
        "See the log of the app. Find the users with logto_management::Users::ended and sign them out.",
    )
}
