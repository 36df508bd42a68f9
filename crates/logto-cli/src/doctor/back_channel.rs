//! Whether Logto can tell the app that a session is over.

use std::net::IpAddr;

use logto::is_loopback;
use logto_management::Application;
use url::{Host, Url};

use super::ask::Http;
use super::finding::{Finding, Outcome};

/// Sends what no tenant would send: an app that listens refuses it with 400.
pub(crate) async fn examine(http: &Http, app: &Application, endpoint: &Url) -> Outcome {
    let Some(uri) = &app.oidc_client_metadata.backchannel_logout_uri else {
        return Outcome::Skipped("the app has no back-channel logout URI registered".to_owned());
    };
    let Ok(address) = Url::parse(uri) else {
        return broken(uri, "it is no URL");
    };
    if is_private(&address) && !is_loopback(endpoint) {
        return Finding::problem(
            format!("the back-channel logout URI {uri} is an address that Logto does not send to"),
            "Since 1.42 Logto sends nothing to private addresses, and says nothing about it: whoever signs out \
             elsewhere stays signed in here.",
            "Register an address that Logto reaches: Console → Applications → your app → Back-channel logout.",
        )
        .into();
    }
    let form = [("logout_token", "asked-by-logto-doctor")];
    match http.post(&address, &form, None).await {
        Ok(answer) if answer.status == 400 => Outcome::Passed(format!("{uri} listens")),
        Ok(answer) => {
            broken(uri, &format!("it answers {} to a wrong token, not 400", answer.status))
        }
        Err(_) if is_loopback(&address) => Outcome::Skipped(format!("nothing runs at {uri} now")),
        Err(cause) => broken(uri, &format!("it cannot be reached from here: {cause}")),
    }
}

fn broken(uri: &str, why: &str) -> Outcome {
    Finding::problem(
        format!("the back-channel logout URI {uri} does not work: {why}"),
        "Whoever signs out elsewhere stays signed in here.",
        "Mount the route at that address, or correct it: Console → Applications → your app → Back-channel logout.",
    )
    .into()
}

fn is_private(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return is_loopback(url),
    };
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
