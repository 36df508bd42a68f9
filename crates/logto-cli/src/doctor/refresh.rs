//! Whether a sign-in will bring a refresh token.
//!
//! Only a sign-in shows one. Everything that decides on it is known before: what the app asks for,
//! what Logto offers, and, from inside, what the app is set to.

use logto_management::Application;

use super::finding::{Finding, Outcome};
use super::provider::Provider;
use super::sign_in::Addresses;

/// Days that refresh tokens live unless the app is set to something else.
const USUAL_DAYS: u32 = 14;
const SCOPE: &str = "offline_access";

pub(crate) fn check(
    addresses: &Addresses,
    provider: &Provider,
    app: Option<&Application>,
) -> Outcome {
    for (list, wanted) in [("scopes_supported", SCOPE), ("grant_types_supported", "refresh_token")]
    {
        let offered = provider.list(list);
        if !offered.is_empty() && !offered.contains(&wanted) {
            return not_offered(list, wanted);
        }
    }
    let always = app.and_then(|app| app.custom_client_metadata.always_issue_refresh_token);
    let asked = addresses.asks("scope", SCOPE);
    match (asked, addresses.asks("prompt", "consent"), always) {
        (true, true, _) => Outcome::Passed(promised(app)),
        (true, false, Some(true)) => Finding::advice(
            "the app asks for a refresh token (offline_access) without prompt=consent, and gets one because it is set \
             to always (alwaysIssueRefreshToken)",
            "Such a refresh token ends with Logto's session: a user who signs out of another app loses it here, too.",
            "Leave the prompt as it is by default, or use Prompt::LoginConsent.",
        )
        .into(),
        (true, false, _) => Finding::problem(
            "the app asks for a refresh token (offline_access) without prompt=consent",
            "Logto then issues none and reports no error: access tokens expire after an hour and are not renewed.",
            "Leave the prompt as it is by default, or use Prompt::LoginConsent.",
        )
        .into(),
        (false, _, Some(true)) => Outcome::Passed(
            "not asked for; the app is set to get one always (alwaysIssueRefreshToken), which ends with Logto's \
             session"
                .to_owned(),
        ),
        (false, ..) => Finding::advice(
            "the app asks for no refresh token",
            "Access tokens end after an hour and are not renewed; API calls stop then.",
            "If that is not meant, take without_offline_access() out of the app's configuration.",
        )
        .into(),
    }
}

fn not_offered(list: &str, wanted: &str) -> Outcome {
    Finding::problem(
        format!(
            "Logto offers no refresh tokens: its discovery document has no {wanted} among {list}"
        ),
        "Access tokens end after an hour and are not renewed.",
        "Every Logto offers them: see what answers in its place, a proxy or another provider.",
    )
    .into()
}

/// What was looked at, and no more.
fn promised(app: Option<&Application>) -> String {
    let asked = "offline_access is offered, and asked for with prompt=consent";
    let Some(app) = app else {
        return asked.to_owned();
    };
    let set = &app.custom_client_metadata;
    let days = set.refresh_token_ttl_in_days.unwrap_or(USUAL_DAYS);
    let days = match days {
        1 => "1 day".to_owned(),
        many => format!("{many} days"),
    };
    // Logto rotates unless it is told not to.
    let end = match set.rotate_refresh_token {
        Some(false) => format!(
            "it ends after {days} also for a user who comes back, because the app is set to keep it as it is \
             (rotateRefreshToken)"
        ),
        _ => format!("it ends for a user who stays away for {days}"),
    };
    format!("{asked}; {end}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use url::Url;

    use super::*;

    fn looked_at(
        discovery: Value,
        scope: &str,
        prompt: &str,
        set_to: Option<Value>,
    ) -> Result<String, String> {
        let address = format!("https://t.logto.app/oidc/auth?scope={scope}&prompt={prompt}");
        let addresses =
            Addresses { authorization: Url::parse(&address).unwrap(), end_session: None };
        let app = set_to.map(|set_to| {
            let app = json!({
                "id": "app", "name": "app", "type": "Traditional", "isThirdParty": false,
                "oidcClientMetadata": { "redirectUris": [], "postLogoutRedirectUris": [] },
                "customClientMetadata": set_to,
            });
            serde_json::from_value(app).unwrap()
        });
        match check(&addresses, &Provider(discovery), app.as_ref()) {
            Outcome::Passed(seen) => Ok(seen),
            Outcome::Findings(findings) => Err(findings[0].what.clone()),
            Outcome::Skipped(why) => panic!("{why}"),
        }
    }

    #[test]
    fn everything_that_decides_is_looked_at() {
        let logto = || {
            json!({
                "scopes_supported": ["openid", "offline_access"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
            })
        };
        let (with, without) = ("openid+offline_access", "openid");
        let offered = "offline_access is offered, and asked for with prompt=consent";
        let rows = [
            (with, "login+consent", None, Ok(offered)),
            (with, "consent", Some(json!({})), Ok("stays away for 14 days")),
            (with, "consent", Some(json!({ "refreshTokenTtlInDays": 1 })), Ok("for 1 day")),
            (
                with,
                "consent",
                Some(json!({ "rotateRefreshToken": false })),
                Ok("after 14 days also for a user who comes back"),
            ),
            (with, "login", None, Err("without prompt=consent")),
            (
                with,
                "login",
                Some(json!({ "alwaysIssueRefreshToken": false })),
                Err("without prompt=consent"),
            ),
            (
                with,
                "login",
                Some(json!({ "alwaysIssueRefreshToken": true })),
                Err("gets one because it is set to always"),
            ),
            (without, "consent", None, Err("asks for no refresh token")),
            (
                without,
                "consent",
                Some(json!({ "alwaysIssueRefreshToken": true })),
                Ok("ends with Logto's session"),
            ),
        ];
        for (scope, prompt, set_to, expected) in rows {
            let seen = looked_at(logto(), scope, prompt, set_to.clone());
            let as_expected = match (&seen, expected) {
                (Ok(seen), Ok(told)) | (Err(seen), Err(told)) => seen.contains(told),
                _ => false,
            };
            assert!(as_expected, "{scope} {prompt} {set_to:?}: {seen:?}, not {expected:?}");
        }
        for member in ["scopes_supported", "grant_types_supported"] {
            let mut other = logto();
            other[member] = json!(["openid"]);
            let seen = looked_at(other, with, "consent", None).unwrap_err();
            assert!(
                seen.contains("Logto offers no refresh tokens") && seen.contains(member),
                "{seen}"
            );
        }
    }
}
