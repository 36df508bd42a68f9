//! One app at several addresses: which ones, and which of them a request is for.

use url::Url;

use super::ConfigProblem;

/// The first label of a host that stands for any one label.
const ANY_LABEL: &str = "*.";

/// An origin that the app is reached at, or all those that differ in the first label of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedOrigin {
    /// Whether `host` is what follows the first label.
    any_label: bool,
    host: String,
    port: Option<u16>,
}

impl AllowedOrigin {
    /// Reads a base URL. It has the scheme and the path of the main one, which cookies and routes
    /// follow.
    pub(super) fn new(url: &Url, main: &Url) -> Result<Self, ConfigProblem> {
        let wrong = |why: String| Err(ConfigProblem::new("allowed base URLs", why));
        let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
        if url.scheme() != main.scheme() || path(url) != path(main) {
            return wrong(format!("{url} must have the scheme and path of BASE_URL"));
        }
        let host = url.host_str().unwrap_or_default();
        let (any_label, host) = match host.strip_prefix(ANY_LABEL) {
            Some(rest) => (true, rest),
            None => (false, host),
        };
        if host.contains('*') || (any_label && !host.contains('.')) {
            return wrong(format!(
                "{url}: `*` is allowed only as the first of three or more labels"
            ));
        }
        Ok(Self { any_label, host: host.to_owned(), port: url.port() })
    }

    /// What the hosts end with, or the host.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn allows(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host = match self.any_label {
            true => host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|it| it.1),
            false => Some(host),
        };
        host == Some(self.host.as_str()) && url.port() == self.port
    }
}

#[cfg(test)]
mod tests {
    use crate::LogtoConfig;
    use crate::config::Settings;

    fn settings(allowed: &[&str]) -> Result<Settings, Vec<String>> {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url("https://app.example.com/shop")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_allowed_base_urls(allowed.iter().copied());
        Settings::validate(config).map_err(|error| {
            error.problems().iter().map(|problem| problem.setting().to_owned()).collect()
        })
    }

    #[test]
    fn only_hosts_of_the_list_are_taken_from_a_request() {
        let list = ["https://app.example.org/shop", "https://*.preview.example.com:8443/shop/"];
        let settings = settings(&list).unwrap();
        let main = "https://app.example.com";
        for (host, origin) in [
            (None, main),
            (Some("app.example.com"), main),
            (Some("app.example.org"), "https://app.example.org"),
            (Some("APP.example.ORG"), "https://app.example.org"),
            (Some("app.example.org:443"), "https://app.example.org"),
            (Some("app.example.org:444"), main),
            (Some("app.example.org."), main),
            (Some("pr-1.preview.example.com:8443"), "https://pr-1.preview.example.com:8443"),
            (Some("pr-1.preview.example.com"), main),
            (Some("a.pr-1.preview.example.com:8443"), main),
            (Some("preview.example.com:8443"), main),
            (Some(".preview.example.com:8443"), main),
            (Some("*.preview.example.com:8443"), main),
            (Some("evil.example"), main),
            (Some("evil.example/app.example.org"), main),
            (Some("app.example.org@evil.example"), main),
            (Some("app.example.org, evil.example"), main),
            (Some(""), main),
        ] {
            assert_eq!(settings.origin_of(host), origin, "{host:?}");
        }
    }

    /// Such as services of containers.
    #[test]
    fn a_host_may_have_an_underscore() {
        let list = ["https://my_app.example.org/shop", "https://*.a_b.example.org/shop"];
        let settings = settings(&list).unwrap();
        for host in ["my_app.example.org", "pr_1.a_b.example.org"] {
            assert_eq!(settings.origin_of(Some(host)), format!("https://{host}"));
        }
    }

    #[test]
    fn an_address_that_cookies_and_routes_do_not_fit_is_refused() {
        for (address, accepted) in [
            ("https://app.example.org/shop", true),
            ("https://app.example.org", false),
            ("http://localhost:3000/shop", false),
            ("https://*/shop", false),
            ("https://*.com/shop", false),
            ("https://a.*.example.com/shop", false),
            ("https://pr-*.example.com/shop", false),
            ("app.example.org", false),
        ] {
            let problems = settings(&[address]).err().unwrap_or_default();
            assert_eq!(problems.is_empty(), accepted, "{address}: {problems:?}");
            assert!(problems.iter().all(|name| name == "allowed base URLs"), "{problems:?}");
        }
    }
}
