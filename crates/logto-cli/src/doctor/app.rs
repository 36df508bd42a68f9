//! Checks the app's registration from outside: its secret and its redirect URIs.

use url::Url;

use super::ask::{Answer, Http};
use super::finding::{Finding, Outcome};
use super::provider::Provider;

/// What the environment says about the app.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) base_url: Url,
    pub(crate) route_prefix: String,
}

impl App {
    /// The full address of a path of the app.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// Redeems a code that never existed: an app that authenticates is told that the code is wrong,
    /// and nothing else happens.
    pub(crate) async fn secret(&self, http: &Http, provider: &Provider) -> Outcome {
        let Some(address) = provider.url("token_endpoint") else {
            return no_endpoint("token");
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", "asked-by-logto-doctor"),
            ("redirect_uri", self.base_url.as_str()),
        ];
        let app = Some((self.id.as_str(), self.secret.as_str()));
        match http.post(&address, &form, app).await {
            Ok(answer) if is_unknown_client(&answer) && is_admin_tenant(http, provider).await => {
                admin_tenant(provider).into()
            }
            Ok(answer) => self.judge_secret(&answer),
            Err(cause) => out_of_order("token endpoint", &cause),
        }
    }

    fn judge_secret(&self, answer: &Answer) -> Outcome {
        let id = &self.id;
        let (error, description) = (answer.text("error"), answer.text("error_description"));
        match (answer.status, error.as_str()) {
            (400, "invalid_grant") => Outcome::Passed(format!("Logto knows {id} and its secret")),
            (401, "invalid_client") => Finding::problem(
                format!("LOGTO_APP_SECRET is not a secret of the app {id}"),
                "Logto redeems no code for the app: every sign-in fails at the callback.",
                "Copy it again: Console → Applications → your app → App secrets.",
            )
            .into(),
            (400, "invalid_client") => self.unknown().into(),
            (400, _) if description.contains("expired") => Finding::problem(
                format!("LOGTO_APP_SECRET of the app {id} has expired"),
                "Logto redeems no code for the app: every sign-in fails at the callback.",
                "Console → Applications → your app → App secrets: create one, and put it into LOGTO_APP_SECRET.",
            )
            .into(),
            (400, _) if description.contains("grant type is not allowed") => Finding::problem(
                format!("the app {id} may not sign users in"),
                "It is registered as another kind of application, such as machine-to-machine.",
                "Console → Applications → Create application → Traditional web, and use its id and secret. \
                 Or: logto setup hugging-face",
            )
            .into(),
            _ => out_of_order("token endpoint", &unexpected(answer)),
        }
    }

    pub(crate) fn unknown(&self) -> Finding {
        Finding::problem(
            format!("the tenant has no app {}", self.id),
            "Logto shows an error as raw JSON instead of its sign-in page.",
            "Copy LOGTO_APP_ID again: Console → Applications → your app → App ID. No app yet? logto setup hugging-face",
        )
    }

    /// Where Logto would send a browser that signs out.
    pub(crate) async fn sign_out(&self, http: &Http, address: &Url) -> Outcome {
        let uri = parameter(address, "post_logout_redirect_uri").unwrap_or_default();
        match http.get(address).await {
            Ok(answer) if answer.status == 200 => Outcome::Passed(format!("{uri} is registered")),
            Ok(answer) if answer.text("error") == "invalid_client" => self.see_above(),
            Ok(answer) if answer.text("error_description").contains("not registered") => {
                self.unregistered("post sign-out redirect URI", &uri, "A user who signs out")
            }
            Ok(answer) => out_of_order("sign-out", &unexpected(&answer)),
            Err(cause) => out_of_order("sign-out", &cause),
        }
    }

    pub(crate) fn unregistered(&self, kind: &str, uri: &str, who: &str) -> Outcome {
        let prefix = match self.route_prefix.as_str() {
            "" => String::new(),
            prefix => format!(" --route-prefix {prefix}"),
        };
        Finding::problem(
            format!("{uri} is not registered as {kind} of the app {}", self.id),
            format!(
                "{who} gets an error as raw JSON from Logto. Addresses are compared exactly: host, port, path."
            ),
            format!(
                "Console → Applications → your app → Settings: add it. Or: logto setup hugging-face --base-url {}{prefix}",
                self.base_url
            ),
        )
        .into()
    }

    pub(crate) fn see_above(&self) -> Outcome {
        Outcome::Skipped("Logto does not know the app, see above".to_owned())
    }
}

fn is_unknown_client(answer: &Answer) -> bool {
    answer.status == 400 && answer.text("error") == "invalid_client"
}

/// Whether this tenant signs administrators in to the console. Its built-in application is found,
/// and refused for its address.
async fn is_admin_tenant(http: &Http, provider: &Provider) -> bool {
    let Some(mut address) = provider.url("authorization_endpoint") else {
        return false;
    };
    address
        .query_pairs_mut()
        .append_pair("client_id", "admin-console")
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "https://asked-by-logto-doctor.invalid/");
    let answer = http.get(&address).await;
    answer.is_ok_and(|answer| answer.text("error") == "invalid_redirect_uri")
}

fn admin_tenant(provider: &Provider) -> Finding {
    let issuer = provider.0.get("issuer").and_then(serde_json::Value::as_str).unwrap_or_default();
    let endpoint = issuer.strip_suffix("/oidc").unwrap_or(issuer);
    Finding::problem(
        format!("LOGTO_ENDPOINT {endpoint} is Logto's admin tenant, not yours"),
        "The admin tenant signs administrators in to the console. Your apps and users are in another tenant.",
        "Set LOGTO_ENDPOINT to Console → Applications → your app → Logto endpoint. A self-hosted Logto has it on \
         port 3001 by default, and the admin tenant on 3002.",
    )
}

pub(crate) fn no_endpoint(kind: &str) -> Outcome {
    Outcome::Skipped(format!("the discovery document names no {kind} endpoint"))
}

/// Logto answers in a way that no configuration explains.
pub(crate) fn out_of_order(what: &str, how: &str) -> Outcome {
    Finding::problem(
        format!("Logto's {what} is out of order: {how}"),
        "Users cannot sign in or out until this is fixed.",
        "Try again in a moment. If it is your own Logto, look at its log.",
    )
    .into()
}

pub(crate) fn unexpected(answer: &Answer) -> String {
    let (error, description) = (answer.text("error"), answer.text("error_description"));
    format!("status {} {error} {description}", answer.status)
}

/// The first parameter of that name in the query.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}
