//! The sign-in experience: the button, and what new users have to enter.

use super::change::Step;
use super::connector::TARGET;
use super::{Change, HuggingFaceSetup, Plan, Warning};
use crate::{Error, Management};

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    let now = management.sign_in_experience().get().await?;
    let targets = &now.social_sign_in_connector_targets;
    let is_shown = targets.iter().any(|target| target == TARGET);
    // Replacing the connector shows its button again.
    if !is_shown && !plan.warnings.contains(&Warning::ConnectorReplaced) {
        let after = with_button(targets);
        let mut change = Change::new("show the Hugging Face button", Step::ShowButton);
        change.differs("buttons", list(targets), after.join(", "));
        plan.changes.push(change);
    }
    let social = &now.social_sign_in;
    let required = &now.sign_up.identifiers;
    let skipped = social.skip_required_identifiers == Some(true);
    if setup.skip_required_identifiers && !skipped {
        let title = "let new users from social connectors sign up without a user name";
        let mut change = Change::new(title, Step::SkipRequiredIdentifiers);
        change.differs("required of new users", list(required), "nothing");
        plan.changes.push(change);
    } else if !skipped && !required.is_empty() {
        let warning = Warning::RequiredIdentifiers(required.clone());
        plan.warnings.push(warning);
    }
    // The tenant has one address for all of its applications, and for all who use it. Not that of
    // the route that signs in: where a browser keeps no cookies of Logto, that would go on for ever.
    let url = setup.home();
    let is_set = now.unknown_session_redirect_url.as_deref().is_some_and(|url| !url.is_empty());
    if plan.is_only_app && url.starts_with("https://") && !is_set {
        let title = "send users of a stale sign-in page back to the application";
        let mut change = Change::new(title, Step::SetUnknownSessionUrl(url.clone()));
        change.sets("unknown session redirect URL", url);
        plan.changes.push(change);
    }
    if social.automatic_account_linking == Some(true) {
        plan.warnings.push(Warning::AutomaticAccountLinking);
    }
    if now.sign_in_mode == "SignIn" {
        plan.warnings.push(Warning::RegistrationClosed);
    }
    Ok(())
}

/// The buttons that are there, and ours after them.
pub(super) fn with_button(targets: &[String]) -> Vec<String> {
    let mut targets = targets.to_vec();
    if !targets.iter().any(|target| target == TARGET) {
        targets.push(TARGET.to_owned());
    }
    targets
}

fn list(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}
