//! Checks whether Logto can reach the app's back-channel logout endpoint.

use std::net::IpAddr;

use logto_http::{is_loopback, is_private_address};
use logto_management::Application;
use tokio::net::lookup_host;
use url::{Host, Url};

use super::app::App;
use super::ask::Http;
use super::finding::{Finding, Outcome};

/// Sends what no tenant would send: an app that listens refuses it with 400. `expected` is where
/// the SDK listens.
pub(crate) async fn check(
    http: &Http,
    app: &App,
    application: &Application,
    endpoint: &Url,
    expected: &str,
) -> Outcome {
    let Some(uri) = &application.oidc_client_metadata.backchannel_logout_uri else {
        return Outcome::Skipped("the app has no back-channel logout URI registered".to_owned());
    };
    let Ok(address) = Url::parse(uri) else {
        return broken(uri, "it is not a URL");
    };
    let is_local_tenant = app.secret.starts_with("local-");
    if !is_local_tenant && is_refused(&address).await {
        return private(uri, endpoint).into();
    }
    let form = [("logout_token", "asked-by-logto-doctor")];
    let seen = match http.post(&address, &form, None).await {
        Ok(answer) if answer.status == 400 => Outcome::Passed(format!("{uri} listens")),
        Ok(answer) => {
            broken(uri, &format!("it answers {} to a wrong token, not 400", answer.status))
        }
        Err(cause) if is_loopback(&address) => {
            Outcome::Skipped(format!("{uri} cannot be asked now: {cause}"))
        }
        Err(cause) => broken(uri, &format!("it cannot be reached from here: {cause}")),
    };
    match seen {
        Outcome::Findings(_) => seen,
        _ if uri != expected => elsewhere(uri, expected).into(),
        _ => seen,
    }
}

fn broken(uri: &str, why: &str) -> Outcome {
    Finding::problem(
        format!("the back-channel logout URI {uri} does not work: {why}"),
        "A user who signs out elsewhere stays signed in here.",
        "Mount the route at that address, or correct it: Console → Applications → your app → Back-channel logout.",
    )
    .into()
}

fn elsewhere(uri: &str, expected: &str) -> Finding {
    Finding::advice(
        format!("the back-channel logout URI is {uri}; the app at BASE_URL listens at {expected}"),
        "Logto tells one address only that a session has ended. If another app listens there, a user who signs out \
         elsewhere stays signed in here.",
        format!(
            "Register {expected}, unless both addresses lead to the same app: Console → Applications → your app → \
             Back-channel logout."
        ),
    )
}

fn private(uri: &str, endpoint: &Url) -> Finding {
    let what =
        format!("the back-channel logout URI {uri} is an address that Logto does not send to");
    let why = "Since 1.42 Logto sends nothing to this machine or to private addresses, and says nothing about it: \
               a user who signs out elsewhere stays signed in here.";
    let address = "Register an address that is not private: Console → Applications → your app → Back-channel logout.";
    if is_loopback(endpoint) {
        // An older Logto, or one that is told to, sends.
        let fix = format!(
            "For development, start Logto with OIDC_PROVIDER_SSRF_PROTECTION_DISABLED=1. In production: {address}"
        );
        return Finding::advice(what, why, fix);
    }
    Finding::problem(what, why, address)
}

/// Whether Logto does not send there, by the name of the host or after looking it up: its own list
/// of addresses, which is longer than that of private networks.
async fn is_refused(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_refused_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_refused_address(IpAddr::V6(address)),
        Some(Host::Domain(_)) if is_loopback(url) => true,
        Some(Host::Domain(name)) => {
            let port = url.port_or_known_default().unwrap_or(443);
            let found = lookup_host((name, port)).await;
            found.is_ok_and(|mut found| found.any(|address| is_refused_address(address.ip())))
        }
        None => false,
    }
}

fn is_refused_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_shared = match address {
        // Of carriers (RFC 6598).
        IpAddr::V4(v4) => v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64,
        IpAddr::V6(_) => false,
    };
    is_private_address(address) || address.is_unspecified() || is_shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_that_logto_does_not_send_to() {
        for (address, private) in [
            ("http://localhost:3000/x", true),
            ("http://app.localhost/x", true),
            ("http://10.0.0.1/x", true),
            ("http://100.64.0.1/x", true),
            ("http://0.0.0.0/x", true),
            ("http://[::ffff:192.168.0.1]/x", true),
            ("http://[fd00::1]/x", true),
            ("https://8.8.8.8/x", false),
            ("https://[2001:4860:4860::8888]/x", false),
        ] {
            assert_eq!(is_refused(&Url::parse(address).unwrap()).await, private, "{address}");
        }
    }

    #[test]
    fn a_logto_on_this_machine_can_be_told_to_send_there() {
        let uri = "http://localhost:3000/backchannel-logout";
        let told = |endpoint| private(uri, &Url::parse(endpoint).unwrap());
        let here = told("http://localhost:3001");
        assert!(here.fix.contains("OIDC_PROVIDER_SSRF_PROTECTION_DISABLED=1"));
        assert!(here.severity == super::super::finding::Severity::Advice);
        let elsewhere = told("https://my-tenant.logto.app");
        assert!(elsewhere.severity == super::super::finding::Severity::Problem);
    }
}
