//! The validated configuration: parsed, normalised, complete.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::cookies::default_name;
use super::hosts::AllowedOrigin;
use super::validate::{
    address, check_cookie_scope, check_cookies, check_credentials, check_paths, check_requests,
    check_sessions, check_times, check_webhooks,
};
use super::{ConfigError, ConfigProblem, LogtoConfig, PageTemplate, Prompt, scope};
use crate::clock::Clock;
use crate::http::Limits;
use crate::storage::Storage;
use crate::webhooks::WebhookHandler;

/// Seconds that a sign-in may take; its cookie is useless afterwards.
const SIGN_IN_LIFETIME: u64 = 15 * 60;
/// How often in an idle lifetime the use of a session is noted, unless the configuration says.
const RENEWALS: u32 = 20;

/// What the rest of the crate works with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) endpoint: Url,
    /// Where this server's own requests go instead.
    pub(crate) internal_endpoint: Option<Url>,
    pub(crate) issuer: String,
    pub(crate) app_id: String,
    pub(crate) app_secret: SecretString,
    pub(crate) cookie_secrets: Vec<SecretString>,
    /// The base URL as it was parsed.
    pub(crate) base: Url,
    /// Further origins of the app.
    pub(crate) allowed_origins: Vec<AllowedOrigin>,
    /// The base URL's origin.
    pub(crate) origin: String,
    /// The base URL's path, without a trailing slash: empty for most apps.
    pub(crate) base_path: String,
    pub(crate) secure: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) prompt: Prompt,
    pub(crate) route_prefix: String,
    /// Below the base path, like the next.
    pub(crate) after_sign_in: String,
    pub(crate) after_sign_out: String,
    pub(crate) sign_out_by_get: bool,
    pub(crate) cookie_name: String,
    pub(crate) cookie_domain: Option<String>,
    pub(crate) cookie_path: String,
    pub(crate) cookie_budget: usize,
    /// As in a Content Security Policy.
    pub(crate) frame_ancestors: String,
    /// Whether frames in pages of other sites get sessions.
    pub(crate) partitioned_cookies: bool,
    pub(crate) page_template: Option<PageTemplate>,
    /// In bytes.
    pub(crate) session_cache: usize,
    pub(crate) session_lifetime: u64,
    pub(crate) idle_lifetime: Option<u64>,
    pub(crate) renewal_interval: u64,
    pub(crate) sign_in_lifetime: u64,
    pub(crate) storage: Option<Arc<dyn Storage>>,
    pub(crate) storage_timeout: Duration,
    pub(crate) sessions_in_cookies: bool,
    pub(crate) clock_tolerance: u64,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) webhook_keys: Vec<SecretString>,
    pub(crate) webhook_handler: Option<WebhookHandler>,
    pub(crate) sign_out_on_password_reset: bool,
    pub(crate) sign_in_hook: Option<Arc<dyn Any + Send + Sync>>,
}

impl Settings {
    pub(crate) fn validate(config: LogtoConfig) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let endpoint = address("LOGTO_ENDPOINT", &config.endpoint, &mut problems);
        let internal = config.internal_endpoint.as_deref();
        let internal =
            internal.and_then(|to| address("LOGTO_INTERNAL_ENDPOINT", to, &mut problems));
        let base_url = address("BASE_URL", &config.base_url, &mut problems);
        let allowed_origins = allowed_origins(&config, base_url.as_ref(), &mut problems);
        check_credentials(&config, &mut problems);
        check_requests(&config, &mut problems);
        check_paths(&config, &mut problems);
        check_webhooks(&config, &mut problems);
        check_cookies(&config, &mut problems);
        if let Some(base_url) = &base_url {
            check_cookie_scope(&config, base_url, &allowed_origins, &mut problems);
        }
        check_sessions(&config, &mut problems);
        check_times(&config, &mut problems);
        let (Some(endpoint), Some(base_url), true) = (endpoint, base_url, problems.is_empty())
        else {
            return Err(ConfigError::new(problems));
        };

        let scopes = scope::all(&config.scopes, config.offline_access);
        let organizations = scopes.iter().any(|name| name == scope::ORGANIZATIONS);
        let organizations = organizations.then_some(scope::ORGANIZATIONS_RESOURCE);
        let resources = config.resources.iter().map(String::as_str).chain(organizations);
        let resources = scope::each_once(resources);
        let base_path = base_url.path().trim_end_matches('/').to_owned();
        // Below a path, `/` is the base URL as it was written: `/shop` and `/shop/` are two pages.
        let no_slash = !base_path.is_empty() && !config.base_url.ends_with('/');
        let home = |page: String| {
            if no_slash && page == "/" { String::new() } else { page }
        };
        Ok(Self {
            issuer: issuer_of(&endpoint),
            origin: base_url.origin().ascii_serialization(),
            secure: base_url.scheme() == "https",
            cookie_name: config.cookie_name.unwrap_or_else(|| default_name(&config.app_id)),
            endpoint,
            internal_endpoint: internal,
            // Browsers want `Secure`, which plain http is not.
            partitioned_cookies: config.partitioned_cookies && base_url.scheme() == "https",
            base: base_url,
            allowed_origins,
            app_id: config.app_id,
            app_secret: config.app_secret,
            cookie_secrets: config.cookie_secrets,
            base_path,
            scopes,
            resources,
            prompt: config.prompt,
            route_prefix: config.route_prefix.trim_end_matches('/').to_owned(),
            after_sign_in: home(config.after_sign_in),
            after_sign_out: home(config.after_sign_out),
            sign_out_by_get: config.sign_out_by_get,
            cookie_domain: config.cookie_domain,
            // With a slash at the end, browsers would not send the cookies to the page without it.
            cookie_path: match config.cookie_path.trim_end_matches('/') {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
            cookie_budget: config.cookie_budget,
            frame_ancestors: match config.frame_ancestors.as_slice() {
                [] => "'self'".to_owned(),
                sources => sources.join(" "),
            },
            page_template: config.page_template,
            session_cache: config.session_cache,
            session_lifetime: config.session_lifetime.as_secs(),
            idle_lifetime: config.idle_lifetime.map(|idle| idle.as_secs()),
            renewal_interval: config
                .renewal_interval
                .or(config.idle_lifetime.map(|idle| idle / RENEWALS))
                .map_or(0, |interval| interval.as_secs()),
            sign_in_lifetime: SIGN_IN_LIFETIME,
            sessions_in_cookies: config.sessions_in_cookies || config.storage.is_none(),
            storage: config.storage,
            storage_timeout: config.storage_timeout,
            clock_tolerance: config.clock_tolerance.as_secs(),
            clock: config.clock,
            limits: config.limits,
            webhook_keys: config.webhook_keys,
            webhook_handler: config.webhook_handler,
            sign_out_on_password_reset: config.sign_out_on_password_reset,
            sign_in_hook: config.sign_in_hook,
        })
    }

    /// The name of the session cookie in a frame of another site.
    pub(crate) fn frame_cookie_name(&self) -> String {
        format!("{}_frame", self.cookie_name)
    }
}

/// What [`with_allowed_base_urls`](LogtoConfig::with_allowed_base_urls) names.
fn allowed_origins(
    config: &LogtoConfig,
    main: Option<&Url>,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<AllowedOrigin> {
    let mut allowed = Vec::new();
    for url in &config.allowed_base_urls {
        let url = address("allowed base URLs", url, problems);
        match url.zip(main).map(|(url, main)| AllowedOrigin::new(&url, main)) {
            Some(Ok(origin)) => allowed.push(origin),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
    allowed
}

/// The issuer of a Logto endpoint: `<endpoint>/oidc`, without a trailing slash.
pub(crate) fn issuer_of(endpoint: &Url) -> String {
    format!("{}/oidc", endpoint.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config() -> LogtoConfig {
        LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url("https://app.example.com")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
    }

    fn complaints(config: LogtoConfig) -> Vec<&'static str> {
        match Settings::validate(config) {
            Ok(_) => Vec::new(),
            Err(error) => error.problems().iter().map(ConfigProblem::setting).collect(),
        }
    }

    #[test]
    fn a_base_path_is_written_in_its_normal_form() {
        for (path, problems) in [("/~me", vec![]), ("/%7Eme", vec!["BASE_URL"]), ("/a%20b", vec![])]
        {
            let base_url = format!("https://example.com{path}");
            assert_eq!(complaints(config().with_base_url(base_url)), problems, "{path}");
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let config = LogtoConfig::new("logto.app", "", " ")
            .with_base_url("http://app.example.com")
            .with_cookie_secret("short")
            .with_scopes(["two scopes"])
            .with_resources(["not a uri", "https://a.example,https://b.example"])
            .with_prompt(Prompt::Login)
            .with_route_prefix("auth")
            .with_after_sign_in("//evil.example")
            .with_after_sign_out("https://evil.example")
            .with_cookie_name("a;b")
            .with_session_lifetime(Duration::ZERO)
            .with_clock_tolerance(Duration::MAX)
            .with_connect_timeout(Duration::ZERO)
            .with_max_concurrent_requests(0)
            .with_cookie_budget_bytes(1);
        assert_eq!(
            complaints(config),
            [
                "LOGTO_ENDPOINT",
                "BASE_URL",
                "LOGTO_APP_ID",
                "LOGTO_APP_SECRET",
                "LOGTO_COOKIE_SECRET",
                "prompt",
                "LOGTO_SCOPES",
                "LOGTO_RESOURCES",
                "LOGTO_RESOURCES",
                "route prefix",
                "after_sign_in",
                "after_sign_out",
                "cookie name",
                "cookie budget",
                "session lifetime",
                "time-out",
                "concurrent requests",
                "clock tolerance",
            ]
        );
    }

    #[test]
    fn addresses_are_judged_one_by_one() {
        for (base_url, accepted) in [
            ("https://app.example.com", true),
            ("https://app.example.com/base/", true),
            ("http://localhost:3000", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://app.example.com", false),
            ("http://192.168.1.20:3000", true),
            ("app.example.com", false),
            ("localhost:3000", false),
            ("ftp://app.example.com", false),
            ("https://user:password@app.example.com", false),
            ("https://app.example.com/?a=b", false),
            ("https://app.example.com/#a", false),
            ("", false),
        ] {
            let complaints = complaints(config().with_base_url(base_url));
            assert_eq!(complaints.is_empty(), accepted, "{base_url}: {complaints:?}");
        }
    }

    #[test]
    fn cookies_reach_the_home_page_too() {
        for (path, kept) in [("/", "/"), ("/shop", "/shop"), ("/shop/", "/shop")] {
            let config = config().with_base_url("https://example.com/shop").with_cookie_path(path);
            assert_eq!(Settings::validate(config).unwrap().cookie_path, kept);
        }
    }

    #[test]
    fn cookies_reach_every_address_and_route() {
        let at = |base_url: &str| config().with_base_url(base_url);
        let shop = || at("https://app.example.com/shop").with_route_prefix("/auth");
        let docs = ["https://docs.example.com"];
        let previews = ["https://*.preview.example.org"];
        for (config, expected) in [
            (config().with_cookie_domain("example.com"), vec![]),
            (config().with_cookie_domain(".App.Example.com"), vec![]),
            (config().with_cookie_domain("ample.com"), vec!["cookie domain"]),
            (config().with_cookie_domain("www.app.example.com"), vec!["cookie domain"]),
            (config().with_cookie_domain("example.org"), vec!["cookie domain"]),
            (at("http://127.0.0.1:3000").with_cookie_domain("0.1"), vec!["cookie domain"]),
            (config().with_cookie_domain("example.com").with_allowed_base_urls(docs), vec![]),
            (
                config().with_cookie_domain("example.com").with_allowed_base_urls(previews),
                vec!["cookie domain"],
            ),
            (shop().with_cookie_path("/"), vec![]),
            (shop().with_cookie_path("/shop"), vec![]),
            (shop().with_cookie_path("/shop/auth/"), vec![]),
            (shop().with_cookie_path("/sho"), vec!["cookie path"]),
            (shop().with_cookie_path("/shop/account"), vec!["cookie path"]),
            (config().with_cookie_path("/app"), vec!["cookie path"]),
        ] {
            assert_eq!(complaints(config.clone()), expected, "{config:?}");
        }
    }

    #[test]
    fn the_issuer_follows_the_endpoint_with_or_without_slash_and_path() {
        for (endpoint, issuer) in [
            ("https://t.logto.app", "https://t.logto.app/oidc"),
            ("https://t.logto.app/", "https://t.logto.app/oidc"),
            ("https://auth.example.com/logto/", "https://auth.example.com/logto/oidc"),
            ("http://localhost:3001", "http://localhost:3001/oidc"),
        ] {
            let mut config = config();
            config.endpoint = endpoint.to_owned();
            assert_eq!(Settings::validate(config).unwrap().issuer, issuer);
        }
    }

    #[test]
    fn losing_the_refresh_token_has_to_be_said() {
        assert_eq!(complaints(config().with_prompt(Prompt::Login)), ["prompt"]);
        assert!(complaints(config().with_prompt(Prompt::LoginConsent)).is_empty());
        assert!(
            complaints(config().with_prompt(Prompt::Login).without_offline_access()).is_empty()
        );
    }

    #[test]
    fn the_organizations_scope_brings_its_resource() {
        let settings = Settings::validate(config().with_scopes([scope::ORGANIZATIONS])).unwrap();
        assert_eq!(settings.resources, [scope::ORGANIZATIONS_RESOURCE]);
        assert_eq!(settings.scopes.first().map(String::as_str), Some("openid"));
    }

    #[test]
    fn a_base_path_is_kept_without_its_slash() {
        let settings =
            Settings::validate(config().with_base_url("https://example.com/app/")).unwrap();
        assert_eq!(settings.base_path, "/app");
        assert_eq!(settings.origin, "https://example.com");
    }

    #[test]
    fn the_home_page_is_the_base_url_as_written() {
        for (base_url, home) in [
            ("https://example.com", "https://example.com/"),
            ("https://example.com/", "https://example.com/"),
            ("https://example.com/app", "https://example.com/app"),
            ("https://example.com/app/", "https://example.com/app/"),
        ] {
            let settings = Settings::validate(config().with_base_url(base_url)).unwrap();
            let Settings { origin, base_path, after_sign_out, .. } = settings;
            assert_eq!(format!("{origin}{base_path}{after_sign_out}"), home);
        }
    }
}
