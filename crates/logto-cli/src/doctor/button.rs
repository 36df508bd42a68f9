//! Checks the connector and its button: there, shown, and safe.

use logto_management::{Error, Management, SocialSignIn};
use serde_json::Value;
use url::Url;

use super::ask::Http;
use super::finding::{Finding, Outcome};

/// The command that fixes it comes first, where there is one.
fn fix(target: &str, options: &str, console: &str) -> String {
    match target {
        "huggingface" => format!("logto setup hugging-face{options}. Or: {console}"),
        _ => console.to_owned(),
    }
}

/// From outside: what Logto's own sign-in page is told.
pub(crate) async fn from_outside(http: &Http, endpoint: &Url, app: &str, target: &str) -> Outcome {
    let base = endpoint.as_str().trim_end_matches('/');
    let address = format!("{base}/api/.well-known/sign-in-exp?appId={app}");
    let Ok(address) = Url::parse(&address) else {
        return Outcome::Skipped("the app id does not fit into an address".to_owned());
    };
    let settings = match http.get(&address).await {
        Ok(answer) if answer.status == 200 => answer.json(),
        Ok(answer) => {
            let status = answer.status;
            return Outcome::Skipped(format!("Logto does not show its sign-in settings: {status}"));
        }
        Err(cause) => return Outcome::Skipped(format!("Logto cannot be reached: {cause}")),
    };
    let Some(buttons) = settings.get("socialConnectors").and_then(Value::as_array) else {
        return Outcome::Skipped("Logto's sign-in settings do not list buttons".to_owned());
    };
    let of_target = |button: &Value| button.get("target").and_then(Value::as_str) == Some(target);
    if !buttons.iter().any(of_target) {
        return not_shown(target).into();
    }
    let social = settings.get("socialSignIn").cloned().unwrap_or_default();
    let required = settings.pointer("/signUp/identifiers").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let required = required.map(str::to_owned).collect::<Vec<_>>();
    let mode = settings.get("signInMode").and_then(Value::as_str).unwrap_or_default();
    match serde_json::from_value(social) {
        Ok(social) => judge(target, &social, &required, mode),
        Err(_) => Outcome::Passed(format!("{target} is shown")),
    }
}

/// From inside: also tells a connector that is missing from one that is not shown.
pub(crate) async fn from_inside(management: &Management, target: &str) -> Result<Outcome, Error> {
    let connectors = management.connectors().list().await?;
    if !connectors.iter().any(|one| one.target.as_deref() == Some(target)) {
        return Ok(Finding::problem(
            format!("the tenant has no connector for {target}"),
            "Users cannot sign in with it, whatever the app asks for.",
            fix(target, "", "Console → Connectors → Social connectors → Add."),
        )
        .into());
    }
    let settings = management.sign_in_experience().get().await?;
    let shown = settings.social_sign_in_connector_targets.iter().any(|one| one == target);
    Ok(if shown {
        let required = &settings.sign_up.identifiers;
        judge(target, &settings.social_sign_in, required, &settings.sign_in_mode)
    } else {
        not_shown(target).into()
    })
}

fn not_shown(target: &str) -> Finding {
    Finding::problem(
        format!("Logto's sign-in page has no button for {target}"),
        "A connector alone is not enough: without its button direct sign-in ends on the sign-in page, too.",
        fix(
            target,
            "",
            "Console → Sign-in & account → Sign-up and sign-in → Social sign-in → Add.",
        ),
    )
}

fn judge(target: &str, social: &SocialSignIn, required: &[String], mode: &str) -> Outcome {
    let mut findings = Vec::new();
    if mode == "SignIn" {
        findings.push(Finding::advice(
            "registration is closed: only users who have an account can sign in",
            "Everybody else is told by Logto's sign-in page that the account does not exist, and never comes to \
             your app.",
            "If that is not meant: Console → Sign-in & account → Sign-up and sign-in → Advanced options: enable \
             user registration.",
        ));
    }
    if social.automatic_account_linking == Some(true) && target == "huggingface" {
        findings.push(Finding::problem(
            "automatic account linking is on",
            "Logto does not look at whether Hugging Face verified an e-mail address: a user who enters \
             another user's there gets into that account here.",
            "Console → Sign-in & account → Sign-up and sign-in → Social sign-in: switch it off.",
        ));
    }
    if social.skip_required_identifiers != Some(true) && !required.is_empty() {
        let required = required.join(", ");
        findings.push(Finding::advice(
            format!("new users from {target} must first enter: {required}"),
            "After signing in, they see one more page before your app.",
            fix(
                target,
                " --skip-user-name",
                "Console → Sign-in & account → Sign-up and sign-in → Sign-up identifier: take it away.",
            ),
        ));
    }
    Outcome::from_findings(findings, format!("{target} is shown"))
}
