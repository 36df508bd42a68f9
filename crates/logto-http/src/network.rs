//! Private and local networks.

use std::net::IpAddr;

use url::{Host, Url};

/// Names that no public resolver knows (RFC 6762; RFC 8375; ICANN's resolution on `internal`).
const PRIVATE_NAMES: [&str; 3] = [".local", ".home.arpa", ".internal"];

/// Whether the host of a URL is the machine itself that uses it: `localhost`, `*.localhost`,
/// 127.0.0.0/8 or `[::1]`. No proxy stands before it.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the host of a URL is in a network of one's own: this machine, a private address, or a
/// name that only such a network has, like `app` among containers. Plain http is accepted there.
#[must_use]
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            is_loopback(url)
                || !name.contains('.')
                || PRIVATE_NAMES.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => is_private_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private_address(IpAddr::V6(address)),
        None => false,
    }
}

/// Whether an address is loopback, private or link-local (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
#[must_use]
pub fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Whether the discovery document of an issuer may name this endpoint: an https issuer must not
/// lead to plain http, and another only to its own host and this machine.
#[must_use]
pub fn may_lead_to(issuer: &Url, endpoint: &Url) -> bool {
    match (issuer.scheme(), endpoint.scheme()) {
        (_, "https") => true,
        ("http", "http") => is_loopback(endpoint) || endpoint.host() == issuer.host(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_issuer_never_leads_to_plain_http() {
        let https = "https://t.example/oidc";
        let http = "http://localhost:3001/oidc";
        for (issuer, endpoint, allowed) in [
            (https, "https://elsewhere.example", true),
            (https, "http://t.example", false),
            (https, "http://localhost:1", false),
            (http, "http://127.0.0.1:3001", true),
            (http, "http://t.example", false),
            (http, "https://t.example", true),
            (http, "http://logto:3001", false),
            (http, "file:///etc", false),
            ("http://logto:3001/oidc", "http://logto:3001", true),
            ("http://logto:3001/oidc", "http://app:3001", false),
        ] {
            let parse = |url| Url::parse(url).unwrap();
            assert_eq!(
                may_lead_to(&parse(issuer), &parse(endpoint)),
                allowed,
                "{issuer} {endpoint}"
            );
        }
    }

    #[test]
    fn this_machine_and_private_networks_are_told_from_the_internet() {
        for (url, loopback, private) in [
            ("http://localhost:3001", true, true),
            ("http://app.localhost", true, true),
            ("http://127.0.0.2:1", true, true),
            ("http://[::1]:1", true, true),
            ("http://localhost.example.com", false, false),
            ("http://10.0.0.1", false, true),
            ("http://192.168.1.20:3000", false, true),
            ("http://172.16.0.2", false, true),
            ("http://172.32.0.2", false, false),
            ("http://169.254.1.1", false, true),
            ("http://[fd00::1]", false, true),
            ("http://[fe80::1]", false, true),
            ("http://[2001:db8::1]", false, false),
            ("http://8.8.8.8", false, false),
            ("http://logto:3001", false, true),
            ("http://printer.local", false, true),
            ("http://local.example.com", false, false),
            ("http://logto.home.arpa", false, true),
            ("http://example.com", false, false),
            ("http://example.com.", false, false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(is_loopback(&parsed), loopback, "{url}");
            assert_eq!(is_private(&parsed), private, "{url}");
        }
    }
}
