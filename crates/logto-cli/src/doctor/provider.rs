//! Checks the tenant from outside: its discovery document, clock, and keys.

use serde_json::Value;
use url::Url;

use super::ask::{Answer, Http};
use super::finding::{Finding, Outcome, Results};
use crate::connection_advice;

/// Seconds that the clocks may be apart: the default of the SDK.
const CLOCK_TOLERANCE: u64 = 60;
/// What the SDK verifies.
const ALGORITHMS: [&str; 5] = ["ES384", "ES256", "ES512", "RS256", "PS256"];

/// What the discovery document says.
pub(crate) struct Provider(pub(crate) Value);

impl Provider {
    pub(crate) fn url(&self, name: &str) -> Option<Url> {
        Url::parse(self.0.get(name)?.as_str()?).ok()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.collect()
    }
}

/// The document, if there is one that the SDK would accept.
pub(crate) async fn check(http: &Http, endpoint: &Url, results: &mut Results) -> Option<Provider> {
    let issuer = format!("{}/oidc", endpoint.as_str().trim_end_matches('/'));
    let address = Url::parse(&format!("{issuer}/.well-known/openid-configuration")).ok()?;
    let answer = match http.get(&address).await {
        Ok(answer) => answer,
        Err(cause) => {
            results.add("endpoint", unreachable(endpoint, &cause));
            return None;
        }
    };
    let document = match read(&answer, endpoint) {
        Ok(document) => document,
        Err(finding) => {
            results.add("endpoint", finding);
            return None;
        }
    };
    let accepted = document.0.get("issuer").and_then(Value::as_str) == Some(&issuer);
    results.add(
        "endpoint",
        if accepted {
            Outcome::Passed(format!("the issuer is {issuer}"))
        } else {
            other_issuer(&document, endpoint).into()
        },
    );
    results.add("clock", clock(&answer));
    results.add("keys", keys(http, &document).await);
    accepted.then_some(document)
}

fn unreachable(endpoint: &Url, cause: &str) -> Finding {
    let usual = "Compare LOGTO_ENDPOINT with Console → Applications → your app → Logto endpoint. If it is right: is \
                 Logto running, and may this machine connect to it?";
    Finding::problem(
        format!("LOGTO_ENDPOINT {endpoint} cannot be reached: {cause}"),
        "While Logto is unreachable, users cannot sign in and tokens cannot be refreshed.",
        connection_advice::remedy(cause).unwrap_or(usual),
    )
}

fn read(answer: &Answer, endpoint: &Url) -> Result<Provider, Finding> {
    let document = answer.json();
    if answer.status == 200 && document.get("issuer").is_some() {
        return Ok(Provider(document));
    }
    if answer.status >= 500 {
        return Err(unreachable(endpoint, &format!("it answers with status {}", answer.status)));
    }
    Err(Finding::problem(
        format!(
            "LOGTO_ENDPOINT {endpoint} is not a Logto tenant: status {} where its discovery document should be",
            answer.status
        ),
        "The SDK finds every other address through that document.",
        "Set LOGTO_ENDPOINT to Console → Applications → your app → Logto endpoint, without /oidc.",
    ))
}

fn other_issuer(document: &Provider, endpoint: &Url) -> Finding {
    let named = document.0.get("issuer").and_then(Value::as_str);
    let named = named.unwrap_or_default();
    let instead = named.strip_suffix("/oidc").unwrap_or(named);
    Finding::problem(
        format!("Logto at {endpoint} says that its issuer is {named}"),
        "Tokens carry the issuer, and the SDK accepts none of another issuer than its endpoint's.",
        format!(
            "Set LOGTO_ENDPOINT={instead}, or, if it is your own Logto, its environment variable ENDPOINT to {endpoint}"
        ),
    )
}

fn clock(answer: &Answer) -> Outcome {
    let Some(ahead) = answer.ahead else {
        return Outcome::Skipped("Logto's answer has no date".to_owned());
    };
    let apart = ahead.unsigned_abs();
    if apart <= CLOCK_TOLERANCE {
        return Outcome::Passed(match apart {
            0 => "in step with Logto's".to_owned(),
            _ => format!("{apart} s from Logto's"),
        });
    }
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    Finding::problem(
        format!("the clock of this machine is {apart} s {direction} Logto's"),
        format!(
            "Tokens say from when to when they count; beyond {CLOCK_TOLERANCE} s fresh ones are refused, or \
             old ones accepted."
        ),
        "Set the clock by the network (timedatectl set-ntp true), here or at Logto, whichever is wrong.",
    )
    .into()
}

async fn keys(http: &Http, document: &Provider) -> Outcome {
    let broken = |what: String| {
        Outcome::from(Finding::problem(
            what,
            "Without keys no token can be verified, so no request is accepted.",
            "If it is your own Logto: look at its log, and at Console → Signing keys.",
        ))
    };
    let Some(address) = document.url("jwks_uri") else {
        return broken("the discovery document names no key set".to_owned());
    };
    let answer = match http.get(&address).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            return broken(format!("the key set answers with status {}", answer.status));
        }
        Err(cause) => return broken(format!("the key set cannot be reached: {cause}")),
    };
    let keys = answer.json();
    let keys = keys.get("keys").and_then(Value::as_array);
    let count = keys.map_or(0, Vec::len);
    if count == 0 {
        return broken("the key set is empty".to_owned());
    }
    let algorithms = document.list("id_token_signing_alg_values_supported");
    if !algorithms.iter().any(|name| ALGORITHMS.contains(name)) {
        let (named, known) = (algorithms.join(", "), ALGORITHMS.join(", "));
        return Finding::problem(
            format!("Logto signs with {named}, which the SDK does not verify"),
            format!("The SDK verifies {known}."),
            "Console → Signing keys → Rotate: choose RSA or EC.",
        )
        .into();
    }
    let keys = if count == 1 { "key" } else { "keys" };
    Outcome::Passed(format!("{count} {keys}, ID tokens are signed with {}", algorithms.join(", ")))
}
