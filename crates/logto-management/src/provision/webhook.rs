//! The webhook: found by its address, or created, with the events that the SDK acts on.

use super::change::Step;
use super::{Change, HuggingFaceSetup, Plan};
use crate::{Error, Hook, HookChanges, Management, NewHook};

/// What a session and its access tokens depend on, and what apps keep of users. Logto since 1.37
/// knows all of them.
const EVENTS: [&str; 17] = [
    "PostRegister",
    "PostSignIn",
    "PostResetPassword",
    "User.Created",
    "User.Deleted",
    "User.Data.Updated",
    "User.SuspensionStatus.Updated",
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

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    if !setup.webhooks {
        return Ok(());
    }
    let url = setup.route("/webhooks/logto");
    plan.webhook_url = Some(url.clone());
    let Some(hook) = find(management, &url).await? else {
        let new = NewHook::new(&setup.app_name, &url, EVENTS);
        let mut change = Change::new("create the webhook", Step::CreateHook(new));
        change.sets("address", &url).sets("events", EVENTS.join(", "));
        plan.changes.push(change);
        return Ok(());
    };
    plan.webhook_signing_key = Some(hook.signing_key.clone());
    if let Some(changes) = changes(&hook) {
        let mut change = Change::new("complete the webhook", Step::UpdateHook);
        if let Some(events) = &changes.events {
            change.differs("events", Some(hook.events.join(", ")), events.join(", "));
        }
        if changes.enabled.is_some() {
            change.differs("webhook", Some("off".to_owned()), "on");
        }
        plan.changes.push(change);
    }
    Ok(())
}

pub(super) async fn find(management: &Management, url: &str) -> Result<Option<Hook>, Error> {
    let mut hooks = management.hooks().list().all().await?;
    hooks.retain(|hook| hook.config.url == url);
    Ok(hooks.pop())
}

/// What a hook that is there lacks. Its address and headers stay, so nothing is said about them:
/// Logto would replace them as a whole.
pub(super) fn changes(hook: &Hook) -> Option<HookChanges> {
    let missing = EVENTS.iter().filter(|event| !hook.events.iter().any(|known| known == *event));
    let missing: Vec<String> = missing.map(ToString::to_string).collect();
    let changes = HookChanges {
        events: (!missing.is_empty()).then(|| [hook.events.clone(), missing].concat()),
        enabled: (!hook.enabled).then_some(true),
        ..HookChanges::default()
    };
    (changes.events.is_some() || changes.enabled.is_some()).then_some(changes)
}
