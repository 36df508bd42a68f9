//! Bugs that other SDKs for Logto have or had in sign-in, callback and sign-out, and what would
//! catch them here.
//!
//! | bug | elsewhere in | what catches it |
//! |---|---|---|
//! | a callback out of nowhere ends the process | Express | `hostile_callback`, `hostile_properties` |
//! | the documented guard lets everyone in | Express | conformance, `kinds` |
//! | a planted session is taken over at sign-in | Express, KV sessions | here |
//! | concurrent refreshes spend one token many times | Node | `hostile_refresh` |
//! | a refresh under way brings a session back after signing out | Node, Kotlin | here |
//! | a session larger than a cookie is a loop | Node, Next | `browser_local`, `hostile_id_token` |
//! | a callback at another path is accepted | JavaScript, Python | `hostile_callback`, conformance |
//! | an error with a foreign state is believed | JavaScript | `hostile_callback` |
//! | an outage looks like a sign-out | Node | `hostile_refresh`, conformance, `outages` |
//! | a failed discovery is kept for ever | JavaScript | unit tests of `provider`, `hostile_sign_out` |
//! | discovery and keys are fetched for every operation | Go | here |
//! | the app's own cookies are overwritten | Next | conformance, `pending_cookies` |
//! | answers of the provider are printed | JavaScript | every hostile case, every browser test |
//! | an image signs users out | Express | conformance, `sign_out` |
//! | the callback's path is fixed | Next | here, and conformance, `places` |
//! | no nonce, no allow-list of algorithms | all | `hostile_id_token`, `hostile_signature` |
//! | a second tab ends the sign-in of the first | all | `hostile_tabs`, `browser_local` |
//! | a cookie key cannot be changed | Node, Next | unit tests of `seal`, and here |
//! | signing out waits for discovery first | JavaScript | `hostile_sign_out` |
//! | duplicated parameters of a callback | Python | `hostile_callback` |
//! | a trailing slash, a scope by its name, a scope twice | Python | unit tests of `config`, and here |
//! | the refresh token is not revoked, or without authentication | Python, Go | here |
//! | parameters are sent unescaped | Go | here |
//! | `identifiers` for `identifier` | Go | unit tests of `flow::options` |
//! | an answer without refresh token erases the old one | Go | `hostile_refresh` |
//! | one odd key in the set | Go | `hostile_key_set` |
//! | `Host` is believed | Go | conformance, `places` |
//! | elliptic keys end in a panic, times compared in milliseconds | Rust | every sign-in here |

use logto::web::{Request, Route};
use logto::{Clock, Logto, LogtoConfig, SignInOptions, TokenRequest};
use logto_local::{Endpoint, Fault, LocalTenant, SeenRequest};
use logto_tests::hostile::{Browser, NAVIGATION, Seen};
use url::Url;

const BASE_URL: &str = "http://localhost:3000";
const SECRET: &str = "a secret of at least 32 characters";

/// A local tenant, an app, and a browser.
struct Scene {
    tenant: LocalTenant,
    clock: Clock,
    logto: Logto,
    browser: Browser,
}

impl Scene {
    async fn new(configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Self {
        let tenant = LocalTenant::builder()
            .base_url(BASE_URL)
            .redirect_uri(format!("{BASE_URL}/done"))
            .start()
            .await
            .unwrap();
        let clock = Clock::system();
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(BASE_URL)
            .with_clock(clock.clone());
        let logto = Logto::new(configure(config)).unwrap();
        Self { tenant, clock, logto, browser: Browser::default() }
    }

    async fn plain() -> Self {
        Self::new(|config| config.with_cookie_secret(SECRET)).await
    }

    fn request(&self, method: &str, target: &str) -> Request {
        self.browser.request(method, target, &NAVIGATION)
    }

    async fn send(&mut self, route: Route, method: &str, target: &str) -> Seen {
        let reply = self.logto.handle(route, self.request(method, target)).await;
        let seen = Seen::new(reply);
        self.browser.keep(&seen.cookies);
        seen
    }

    /// From the address of the tenant to the app's answer to the callback.
    async fn come_back(&mut self, to_logto: &str) -> Seen {
        let callback = self.tenant.sign_in(to_logto, "alice").await.unwrap();
        let target = callback.strip_prefix(BASE_URL).unwrap().to_owned();
        self.send(Route::Callback, "GET", &target).await
    }

    async fn sign_in(&mut self) {
        let seen = self.send(Route::SignIn, "GET", "/sign-in").await;
        let seen = self.come_back(seen.location()).await;
        assert_eq!((seen.status, seen.location()), (303, "/"));
    }

    async fn user(&self) -> Option<String> {
        let user = self.logto.context(self.request("GET", "/")).maybe_user().await.unwrap();
        user.map(|user| user.sub().to_owned())
    }

    fn sent_to(&self, path: &str) -> Vec<SeenRequest> {
        let mut requests = self.tenant.requests();
        requests.retain(|request| request.path == path);
        requests
    }
}

#[tokio::test]
async fn a_planted_session_is_not_taken_over() {
    let mut attacker = Scene::plain().await;
    attacker.sign_in().await;
    let planted = attacker.browser.cookies().to_vec();

    let mut victim = Scene::plain().await;
    for (name, value) in &planted {
        victim.browser.plant(name, value);
    }
    victim.sign_in().await;
    for (name, value) in &planted {
        let kept =
            victim.browser.cookies().iter().any(|held| held == &(name.clone(), value.clone()));
        let of_this_app = name.contains(victim.tenant.app_id());
        assert!(!of_this_app || !kept, "the planted cookie {name} is still there");
    }
}

#[tokio::test]
async fn every_sign_in_makes_a_new_session() {
    let mut scene = Scene::plain().await;
    scene.sign_in().await;
    let first = scene.browser.cookies().to_vec();
    scene.sign_in().await;
    assert_ne!(scene.browser.cookies(), first);
}

#[tokio::test]
async fn a_refresh_with_the_old_cookie_does_not_undo_a_sign_out() {
    let mut scene = Scene::plain().await;
    scene.sign_in().await;
    scene.clock.advance(std::time::Duration::from_secs(3600));
    scene.tenant.clock().advance(std::time::Duration::from_secs(3600));
    // On its way with the old cookie while the user signs out.
    let straggler = scene.logto.context(scene.request("GET", "/"));
    assert!(straggler.is_authenticated().await.unwrap());
    // Nor does it if Logto missed the revocation and would still give tokens.
    let faults = scene.tenant.faults();
    faults.set(Endpoint::Revocation, Fault::Status(503));
    let out = scene.send(Route::SignOut, "POST", "/sign-out").await;
    assert_eq!(out.status, 303);

    assert!(straggler.access_token(TokenRequest::opaque()).await.unwrap_err().needs_sign_in());
    scene.browser.keep(&straggler.take_cookies().await);
    assert_eq!(scene.user().await, None);
}

#[tokio::test]
async fn a_session_that_was_renewed_during_a_sign_out_stays_ended() {
    let mut scene = Scene::plain().await;
    scene.sign_in().await;
    scene.clock.advance(std::time::Duration::from_secs(3600));
    scene.tenant.clock().advance(std::time::Duration::from_secs(3600));
    let slow = scene.logto.context(scene.request("GET", "/"));
    slow.access_token(TokenRequest::opaque()).await.unwrap();
    scene.send(Route::SignOut, "POST", "/sign-out").await;
    // Only now the slow handler is done.
    scene.browser.keep(&slow.take_cookies().await);
    assert_eq!(scene.user().await, None);
}

#[tokio::test]
async fn discovery_and_keys_are_fetched_once() {
    let mut scene = Scene::plain().await;
    for _ in 0..3 {
        scene.sign_in().await;
    }
    assert_eq!(scene.sent_to("/oidc/.well-known/openid-configuration").len(), 1);
    assert_eq!(scene.sent_to("/oidc/jwks").len(), 1);
}

#[tokio::test]
async fn any_page_may_be_the_callback() {
    let mut scene = Scene::plain().await;
    for uri in ["/done", "http://localhost:3000/done"] {
        let options = SignInOptions::new().with_redirect_uri(uri).with_post_redirect_uri("/home");
        let context = scene.logto.context(scene.request("GET", "/begin"));
        let seen = Seen::new(context.sign_in(options).await.unwrap());
        scene.browser.keep(&seen.cookies);
        let callback = scene.tenant.sign_in(seen.location(), "alice").await.unwrap();
        let target = callback.strip_prefix(BASE_URL).unwrap();
        assert!(target.starts_with("/done?code="), "{target}");
        let (_, query) = target.split_once('?').unwrap();
        assert!(scene.logto.may_hold_code(query), "{query}");
        assert!(!scene.logto.may_hold_code(&query.replace("state=", "state=x")), "{query}");
        let context = scene.logto.context(scene.request("GET", target));
        let seen = Seen::new(context.handle_sign_in_callback().await);
        assert_eq!((seen.status, seen.location()), (303, "/home"));
    }
}

#[tokio::test]
async fn a_new_cookie_secret_keeps_sessions() {
    let mut scene = Scene::plain().await;
    scene.sign_in().await;
    let with = |secrets: &[&str]| {
        let tenant = &scene.tenant;
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret());
        let config =
            secrets.iter().fold(config, |config, secret| config.with_cookie_secret(*secret));
        Logto::new(config).unwrap()
    };
    let new = "another secret of 32 characters or more";
    let both = with(&[new, SECRET]);
    assert!(both.context(scene.request("GET", "/")).is_authenticated().await.unwrap());
    let only_new = with(&[new]);
    assert!(!only_new.context(scene.request("GET", "/")).is_authenticated().await.unwrap());
}

#[tokio::test]
async fn parameters_arrive_as_they_were_given() {
    let scene = Scene::new(|config| {
        config.with_cookie_secret(SECRET).with_scopes([
            "email",
            "email",
            "profile",
            "urn:logto:scope:organizations",
        ])
    })
    .await;
    let hint = "alice+hf@example.test&x=1 é%2B";
    let options = SignInOptions::new()
        .with_login_hint(hint)
        .with_ui_locales(["fr-CA", "en"])
        .with_extra_param("custom", "a=b&c");
    let context = scene.logto.context(scene.request("GET", "/"));
    let seen = Seen::new(context.sign_in(options).await.unwrap());
    let url = Url::parse(seen.location()).unwrap();
    let sent = |name: &str| {
        let values = url.query_pairs().filter(|(found, _)| found == name);
        values.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sent("login_hint"), [hint]);
    assert_eq!(sent("custom"), ["a=b&c"]);
    assert_eq!(sent("ui_locales"), ["fr-CA en"]);
    assert_eq!(sent("redirect_uri"), [format!("{BASE_URL}/callback")]);
    assert_eq!(
        sent("scope"),
        ["openid offline_access profile email urn:logto:scope:organizations"]
    );
    assert_eq!(sent("resource"), ["urn:logto:resource:organizations"]);
    assert_eq!(sent("prompt"), ["consent"]);
    assert_eq!(sent("code_challenge_method"), ["S256"]);
    for random in ["state", "nonce", "code_challenge"] {
        assert_eq!(sent(random).len(), 1, "{random}");
    }
}

#[tokio::test]
async fn signing_out_revokes_the_refresh_token_as_the_app() {
    let mut scene = Scene::plain().await;
    scene.sign_in().await;
    scene.send(Route::SignOut, "POST", "/sign-out").await;
    let revocations = scene.sent_to("/oidc/token/revocation");
    assert_eq!(revocations.len(), 1);
    let authorization = revocations[0].header("authorization").unwrap_or_default();
    assert!(authorization.starts_with("Basic "));
    assert_eq!(revocations[0].status, Some(200));
}
