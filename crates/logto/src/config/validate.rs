//! Validation of the configuration, setting by setting.

use std::iter;
use std::net::Ipv4Addr;
use std::time::Duration;

use logto_http::is_private;
use secrecy::ExposeSecret;
use url::Url;

use super::cookies::default_name;
use super::hosts::AllowedOrigin;
use super::{ConfigProblem, LogtoConfig};
use crate::local_path::{local_path, normalized};

/// The shortest cookie secret that is accepted, in bytes.
const MIN_SECRET: usize = 32;
/// Clocks that are further apart than this are wrong.
const MAX_TOLERANCE: Duration = Duration::from_secs(10 * 60);
/// A longer name leaves no room for a value.
const MAX_COOKIE_NAME: usize = 100;
/// A smaller budget holds no session.
const MIN_COOKIE_BUDGET: usize = 1024;
/// What an endpoint is given by mistake: the addresses of the discovery document, the issuer, and
/// the Management API.
const OF_LOGTO: [&str; 3] = ["/oidc/.well-known/openid-configuration", "/oidc", "/api"];
/// What a base URL is given by mistake.
const SDK_PATHS: [&str; 2] = ["/callback", "/sign-in"];
/// Logto's signing keys have 32 characters.
const MIN_SIGNING_KEY: usize = 16;
/// Lifetimes are counted in seconds.
const MIN_LIFETIME: Duration = Duration::from_secs(1);

/// An absolute http(s) URL, plain http in private networks only, nothing after the path.
pub(crate) fn address(
    setting: &'static str,
    value: &str,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Url> {
    let mut wrong = |problem: &str| {
        problems.push(ConfigProblem::new(setting, problem));
        None
    };
    if value.trim().is_empty() {
        return wrong("is empty");
    }
    let Ok(url) = Url::parse(value) else {
        return wrong("is not a URL; it begins with https:// (or http:// in a private network)");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_private(&url) => {}
        "http" => return wrong("is plain http and not in a private network; use https"),
        _ => return wrong("has no https:// or http:// before the host"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("contains a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has something after the path (`?` or `#`)");
    }
    if let Some(end) = OF_LOGTO.iter().find(|end| url.path().trim_end_matches('/').ends_with(**end))
        && setting == "LOGTO_ENDPOINT"
    {
        return wrong(&format!("ends with {end}: leave that out, the SDK adds it"));
    }
    let path = url.path().trim_end_matches('/');
    if setting == "BASE_URL"
        && let Some(end) = SDK_PATHS.iter().find(|end| path.ends_with(**end))
    {
        return wrong(&format!("ends with {end}: leave that out, the SDK adds it"));
    }
    // Pages are compared in their normal form (RFC 3986, section 6.2.2.2).
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let once = segments.fold(String::new(), |path, segment| path + "/" + segment);
    if let Some(normal) = normalized(&once).filter(|normal| setting == "BASE_URL" && normal != path)
        && !path.is_empty()
    {
        return wrong(&format!("has the path {path}: write it as {normal}"));
    }
    Some(url)
}

pub(super) fn check_credentials(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    let mut wrong = |setting, problem: &str| problems.push(ConfigProblem::new(setting, problem));
    if config.app_id.trim().is_empty() {
        wrong("LOGTO_APP_ID", "is empty");
    }
    if config.app_secret.expose_secret().trim().is_empty() {
        wrong("LOGTO_APP_SECRET", "is empty");
    }
    if config.cookie_secrets.is_empty() {
        wrong("LOGTO_COOKIE_SECRET", "is missing: at least 32 random bytes");
    }
    for secret in &config.cookie_secrets {
        let length = secret.expose_secret().len();
        if length < MIN_SECRET {
            let problem = format!("is too short: {length} bytes, at least {MIN_SECRET} are needed");
            problems.push(ConfigProblem::new("LOGTO_COOKIE_SECRET", problem));
        } else if is_repeated(secret.expose_secret()) {
            let problem = "repeats one character: use a random value, such as those of \
                           `openssl rand -hex 32`";
            problems.push(ConfigProblem::new("LOGTO_COOKIE_SECRET", problem));
        }
    }
}

fn is_repeated(secret: &str) -> bool {
    let mut characters = secret.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

pub(super) fn check_requests(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    if config.offline_access && !config.prompt.includes_consent() {
        problems.push(ConfigProblem::new(
            "prompt",
            "has no `consent`, so Logto would silently give no refresh token: use \
             Prompt::LoginConsent, or say without_offline_access() if that is meant",
        ));
    }
    for scope in &config.scopes {
        if !is_scope(scope) {
            let problem =
                format!("{scope:?} is not one scope; LOGTO_SCOPES separates them by spaces");
            problems.push(ConfigProblem::new("LOGTO_SCOPES", problem));
        }
    }
    for resource in &config.resources {
        check_resource("LOGTO_RESOURCES", resource, problems);
    }
}

/// A scope token (RFC 6749, section 3.3), without commas: they are a list that is written in
/// another way.
fn is_scope(scope: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',');
    !scope.is_empty() && scope.bytes().all(is_allowed)
}

/// An absolute URI; Logto splits a resource at commas.
pub(crate) fn check_resource(
    setting: &'static str,
    resource: &str,
    problems: &mut Vec<ConfigProblem>,
) {
    if Url::parse(resource).map_or(true, |url| url.fragment().is_some()) || resource.contains(',') {
        let problem = format!("{resource:?} is not an absolute URI without `#` and `,`");
        problems.push(ConfigProblem::new(setting, problem));
    }
}

pub(super) fn check_paths(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
    let path_only = |path: &str| local_path(path).is_some();
    let prefix = &config.route_prefix;
    if !prefix.is_empty() && !is_plain_path(prefix) {
        wrong("route prefix", "is not a plain path such as /auth");
    }
    if !path_only(&config.after_sign_in) {
        wrong("after_sign_in", "is not a path of this app, such as /home");
    }
    if !path_only(&config.after_sign_out) {
        wrong("after_sign_out", "is not a path of this app, such as /goodbye");
    }
}

pub(super) fn check_webhooks(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    const KEY: &str = "LOGTO_WEBHOOK_SIGNING_KEY";
    let mut wrong = |problem| problems.push(ConfigProblem::new(KEY, problem));
    let keys = &config.webhook_keys;
    if keys.iter().any(|key| key.expose_secret().len() < MIN_SIGNING_KEY) {
        wrong(
            "(or `with_webhook_signing_key`) is too short: copy the signing key that Logto's console shows",
        );
    }
    if keys.is_empty() && (config.webhook_handler.is_some() || config.sign_out_on_password_reset) {
        wrong("is missing: it is required to accept webhooks");
    }
}

fn is_plain_path(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    local_path(path).is_some() && path.chars().all(plain)
}

pub(super) fn check_cookies(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
    if let Some(name) = &config.cookie_name
        && (name.is_empty()
            || name.len() > MAX_COOKIE_NAME
            || default_name(name) != format!("logto_{name}"))
    {
        wrong("cookie name", "must be at most 100 bytes of letters, digits, `-` and `_`");
    }
    let domain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if let Some(name) = &config.cookie_domain
        && (!name.contains('.') || !name.chars().all(domain))
    {
        wrong("cookie domain", "is not a domain such as example.com");
    }
    if !is_plain_path(&config.cookie_path) {
        wrong("cookie path", "is not a plain path such as /app");
    }
    let source = |source: &String| {
        !source.is_empty() && source.bytes().all(|b| b.is_ascii_graphic() && !b";,".contains(&b))
    };
    if !config.frame_ancestors.iter().all(source) {
        wrong("frame ancestors", "are not sources such as https://example.com");
    }
    if config.partitioned_cookies && config.frame_ancestors.is_empty() {
        wrong("partitioned cookies", "require frame ancestors: call with_frame_ancestors");
    }
    if config.cookie_budget < MIN_COOKIE_BUDGET {
        let problem = format!("is less than {MIN_COOKIE_BUDGET} bytes");
        problems.push(ConfigProblem::new("cookie budget", problem));
    }
}

/// Browsers drop a cookie for a domain that the host is not in, and do not send one to routes beside
/// its path: no one would be signed in, or signed out.
pub(super) fn check_cookie_scope(
    config: &LogtoConfig,
    base_url: &Url,
    allowed: &[AllowedOrigin],
    problems: &mut Vec<ConfigProblem>,
) {
    let main = base_url.host_str().unwrap_or_default();
    let hosts = iter::once(main).chain(allowed.iter().map(AllowedOrigin::host));
    // `check_cookies` has reported a name that is no domain.
    if let Some(domain) = config.cookie_domain.as_ref().filter(|name| name.contains('.')) {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        let is_in = |host: &str| {
            // An address has no domain above it.
            let is_name = || host.parse::<Ipv4Addr>().is_err();
            let before = host.strip_suffix(&domain);
            before.is_some_and(|it| it.is_empty() || (it.ends_with('.') && is_name()))
        };
        if let Some(host) = hosts.into_iter().find(|host| !is_in(host)) {
            let problem =
                format!("is not the domain of {host}, so browsers would drop the cookies");
            problems.push(ConfigProblem::new("cookie domain", problem));
        }
    }
    let routes = [base_url.path(), &config.route_prefix].map(|path| path.trim_end_matches('/'));
    let routes = routes.concat() + "/";
    let path = config.cookie_path.trim_end_matches('/');
    let covers = routes.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    if !covers && is_plain_path(&config.cookie_path) {
        let problem = format!(
            "does not cover the SDK's routes, which are below {routes}; a route prefix would move them"
        );
        problems.push(ConfigProblem::new("cookie path", problem));
    }
}

pub(super) fn check_sessions(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
    if config.session_lifetime < MIN_LIFETIME {
        wrong("session lifetime", "is shorter than a second");
    }
    if config.idle_lifetime.is_some_and(|idle| idle < MIN_LIFETIME) {
        wrong("idle lifetime", "is shorter than a second");
    }
    match (config.idle_lifetime, config.renewal_interval) {
        (Some(idle), Some(interval)) if interval >= idle => {
            wrong("renewal interval", "is not shorter than the idle lifetime");
        }
        (None, Some(_)) => wrong("renewal interval", "does nothing without an idle lifetime"),
        _ => {}
    }
    if config.sessions_in_cookies && config.storage.is_none() {
        wrong(
            "sessions in cookies",
            "has no effect without a storage: sessions are in cookies by default",
        );
    }
}

pub(super) fn check_times(config: &LogtoConfig, problems: &mut Vec<ConfigProblem>) {
    let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
    if config.storage_timeout.is_zero() {
        wrong("storage time-out", "is zero");
    }
    if config.limits.connect_timeout.is_zero() || config.limits.request_timeout.is_zero() {
        wrong("time-out", "is zero");
    }
    if config.limits.max_concurrent == 0 {
        wrong("concurrent requests", "must be at least 1");
    }
    check_tolerance(config.clock_tolerance, problems);
}

pub(crate) fn check_tolerance(tolerance: Duration, problems: &mut Vec<ConfigProblem>) {
    if tolerance > MAX_TOLERANCE {
        let most = MAX_TOLERANCE.as_secs() / 60;
        let problem = format!("is longer than {most} minutes");
        problems.push(ConfigProblem::new("clock tolerance", problem));
    }
}
