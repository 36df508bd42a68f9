//! Bugs that other SDKs for Logto have or had in sign-in, callback and sign-out, and what would
//! catch them here.
//!
//! | bug | elsewhere in | what catches it |
//! |---|---|---|
//! | a callback out of nowhere ends the process | Express | `callback`, `properties` |
//! | the documented guard lets everyone in | Express | conformance, `kinds` |
//! | a planted session is taken over at sign-in | Express, KV sessions | here |
//! | concurrent refreshes spend one token many times | Node | `refresh` |
//! | a refresh under way brings a session back after signing out | Node, Kotlin | here |
//! | a session larger than a cookie is a loop | Node, Next | `browser::local`, `id_token` |
//! | a callback at another path is accepted | JavaScript, Python | `callback`, conformance |
//! | an error with a foreign state is believed | JavaScript | `callback` |
//! | an outage looks like a sign-out | Node | `refresh`, conformance, `outages` |
//! | a failed discovery is kept for ever | JavaScript | unit tests of `provider`, `sign_out` |
//! | discovery and keys are fetched for every operation | Go | here |
//! | the app's own cookies are overwritten | Next | conformance, `pending_cookies` |
//! | answers of the provider are printed | JavaScript | every hostile case, every browser test |
//! | an image signs users out | Express | conformance, `sign_out` |
//! | the callback's path is fixed | Next | here, and conformance, `places` |
//! | no nonce, no allow-list of algorithms | all | `id_token`, `signature` |
//! | a second tab ends the sign-in of the first | all | `tabs`, `browser::local` |
//! | a cookie key cannot be changed | Node, Next | unit tests of `seal`, and here |
//! | signing out waits for discovery first | JavaScript | `sign_out` |
//! | duplicated parameters of a callback | Python | `callback` |
//! | a trailing slash, a scope by its name, a scope twice | Python | unit tests of `config`, and here |
//! | the refresh token is not revoked, or without authentication | Python, Go | here |
//! | parameters are sent unescaped | Go | here |
//! | `identifiers` for `identifier` | Go | unit tests of `flow::options` |
//! | an answer without refresh token erases the old one | Go | `refresh` |
//! | one odd key in the set | Go | `key_set` |
//! | `Host` is believed | Go | conformance, `places` |
//! | elliptic keys end in a panic, times compared in milliseconds | Rust | every sign-in here |

use std::time::Duration;

use logto::web::Route;
use logto::{ErrorKind, Logto, LogtoConfig, SignInOptions, TokenRequest};
use logto_local::{Endpoint, Fault, LocalTenant};
use logto_tests::hostile::{BASE_URL, Backend, COOKIE_SECRET, LocalFixture, NAVIGATION, Seen};
use url::Url;

const HOUR: Duration = Duration::from_secs(3600);

async fn plain() -> LocalFixture {
    LocalFixture::at(Backend::Cookies, |config| config).await
}

async fn user(fixture: &LocalFixture) -> Option<String> {
    let user = fixture.page().maybe_user().await.unwrap();
    user.map(|user| user.sub().to_owned())
}

#[tokio::test]
async fn a_planted_session_is_not_taken_over() {
    let mut attacker = plain().await;
    attacker.sign_in("alice").await;
    let planted = attacker.browser.cookies().to_vec();

    let mut victim = plain().await;
    for (name, value) in &planted {
        victim.browser.plant(name, value);
    }
    victim.sign_in("alice").await;
    for (name, value) in &planted {
        let kept =
            victim.browser.cookies().iter().any(|held| held == &(name.clone(), value.clone()));
        let of_this_app = name.contains(victim.tenant.app_id());
        assert!(!of_this_app || !kept, "the planted cookie {name} is still there");
    }
}

#[tokio::test]
async fn every_sign_in_makes_a_new_session() {
    let mut fixture = plain().await;
    fixture.sign_in("alice").await;
    let first = fixture.browser.cookies().to_vec();
    fixture.sign_in("alice").await;
    assert_ne!(fixture.browser.cookies(), first);
}

#[tokio::test]
async fn a_refresh_with_the_old_cookie_does_not_undo_a_sign_out() {
    let mut fixture = plain().await;
    fixture.sign_in("alice").await;
    fixture.advance(HOUR);
    // On its way with the old cookie while the user signs out.
    let straggler = fixture.page();
    assert!(straggler.is_authenticated().await.unwrap());
    // Nor does it if Logto missed the revocation and would still give tokens.
    let faults = fixture.tenant.faults();
    faults.set(Endpoint::Revocation, Fault::Status(503));
    let out = fixture.send(Route::SignOut, "POST", "/sign-out").await;
    assert_eq!(out.status, 303);

    assert!(straggler.access_token(TokenRequest::opaque()).await.unwrap_err().needs_sign_in());
    fixture.browser.keep(&straggler.take_cookies().await);
    assert_eq!(user(&fixture).await, None);
}

#[tokio::test]
async fn a_session_that_was_renewed_during_a_sign_out_stays_ended() {
    let mut fixture = plain().await;
    fixture.sign_in("alice").await;
    fixture.advance(HOUR);
    let slow = fixture.page();
    slow.access_token(TokenRequest::opaque()).await.unwrap();
    fixture.send(Route::SignOut, "POST", "/sign-out").await;
    // Only now the slow handler is done.
    fixture.browser.keep(&slow.take_cookies().await);
    assert_eq!(user(&fixture).await, None);
}

#[tokio::test]
async fn discovery_and_keys_are_fetched_once() {
    let mut fixture = plain().await;
    for _ in 0..3 {
        fixture.sign_in("alice").await;
    }
    fixture.advance(HOUR / 2);
    fixture.sign_in("alice").await;
    assert_eq!(fixture.sent_to("/oidc/.well-known/openid-configuration").len(), 1);
    assert_eq!(fixture.sent_to("/oidc/jwks").len(), 1);
}

#[tokio::test]
async fn any_page_may_be_the_callback() {
    let tenant = LocalTenant::builder().redirect_uri(format!("{BASE_URL}/done"));
    let mut fixture = LocalFixture::of(tenant, Backend::Cookies, |config| config).await;
    for uri in ["/done", "http://localhost:3000/done"] {
        let options = SignInOptions::new().with_redirect_uri(uri).with_post_redirect_uri("/home");
        let context = fixture.page();
        let seen = Seen::new(context.sign_in(options).await.unwrap());
        fixture.browser.keep(&seen.cookies);
        let callback = fixture.tenant.sign_in(seen.location(), "alice").await.unwrap();
        let target = callback.strip_prefix(BASE_URL).unwrap();
        assert!(target.starts_with("/done?code="), "{target}");
        let (_, query) = target.split_once('?').unwrap();
        assert!(fixture.logto.may_hold_code(query), "{query}");
        assert!(!fixture.logto.may_hold_code(&query.replace("state=", "state=x")), "{query}");
        let context = fixture.logto.context(fixture.browser.request("GET", target, &NAVIGATION));
        let seen = Seen::new(context.handle_sign_in_callback().await);
        assert_eq!((seen.status, seen.location()), (303, "/home"));
    }
    for uri in ["/done?step=2", "https://elsewhere.example/done"] {
        let options = SignInOptions::new().with_redirect_uri(uri);
        let error = fixture.page().sign_in(options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{uri}");
    }
}

#[tokio::test]
async fn a_new_cookie_secret_keeps_sessions() {
    let mut fixture = plain().await;
    fixture.sign_in("alice").await;
    let with = |secrets: &[&str]| {
        let tenant = &fixture.tenant;
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret());
        let config =
            secrets.iter().fold(config, |config, secret| config.with_cookie_secret(*secret));
        Logto::new(config).unwrap()
    };
    let new = "another secret of 32 characters or more";
    let both = with(&[new, COOKIE_SECRET]);
    assert!(fixture.page_of(&both).is_authenticated().await.unwrap());
    let only_new = with(&[new]);
    assert!(!fixture.page_of(&only_new).is_authenticated().await.unwrap());
}

#[tokio::test]
async fn parameters_arrive_as_they_were_given() {
    let fixture = LocalFixture::at(Backend::Cookies, |config| {
        config.with_scopes(["email", "email", "profile", "urn:logto:scope:organizations"])
    })
    .await;
    let hint = "alice+hf@example.test&x=1 é%2B";
    let options = SignInOptions::new()
        .with_login_hint(hint)
        .with_ui_locales(["fr-CA", "en"])
        .with_extra_param("custom", "a=b&c");
    let context = fixture.page();
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
    let mut fixture = plain().await;
    fixture.sign_in("alice").await;
    fixture.send(Route::SignOut, "POST", "/sign-out").await;
    let revocations = fixture.sent_to("/oidc/token/revocation");
    assert_eq!(revocations.len(), 1);
    let authorization = revocations[0].header("authorization").unwrap_or_default();
    assert!(authorization.starts_with("Basic "));
    assert_eq!(revocations[0].status, Some(200));
}
