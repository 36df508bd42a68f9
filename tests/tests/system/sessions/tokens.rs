//! Tokens for resources and organizations, by the rules that were recorded from Logto.

use std::time::Duration;

use futures::future::join_all;
use logto::web::ContextRequest;
use logto::{ErrorKind, LogtoConfig, SignInOptions, TokenRequest};
use logto_local::{Endpoint, Fault};
use logto_tests::hostile::{API, Backend, LocalFixture, ORGANIZATIONS, each};
use serde_json::Value;

/// Alice's organization.
const ACME: &str = "wpmklpcc20gc";
const HOUR: Duration = Duration::from_secs(3600);
/// When refresh tokens begin to rotate: 71 % of fourteen days.
const OLD: Duration = Duration::from_secs(14 * 24 * 3600 * 71 / 100);

fn everything(config: LogtoConfig) -> LogtoConfig {
    let scopes = [ORGANIZATIONS, "read:things", "write:things", "read:members", "invite:members"];
    config.with_resources([API]).with_scopes(scopes)
}

async fn alice(backend: Backend) -> LocalFixture {
    let mut fixture = LocalFixture::at(backend, everything).await;
    fixture.sign_in("alice").await;
    fixture
}

#[tokio::test]
async fn each_token_is_for_what_was_asked() {
    let rows: [(TokenRequest, &str, Option<&str>, &[&str]); 6] = [
        (TokenRequest::resource(API), API, None, &["read:things", "write:things"]),
        (TokenRequest::resource(API).with_scopes(["read:things"]), API, None, &["read:things"]),
        (
            TokenRequest::resource(API).in_organization(ACME),
            API,
            Some(ACME),
            &["read:things", "write:things"],
        ),
        (
            TokenRequest::resource(API).in_organization(ACME).with_scopes(["write:things"]),
            API,
            Some(ACME),
            &["write:things"],
        ),
        (
            TokenRequest::organization(ACME),
            "urn:logto:organization:wpmklpcc20gc",
            None,
            &["read:members", "invite:members"],
        ),
        (
            TokenRequest::organization(ACME).with_scopes(["read:members"]),
            "urn:logto:organization:wpmklpcc20gc",
            None,
            &["read:members"],
        ),
    ];
    each(Backend::ALL, async |backend| {
        let mut fixture = alice(backend).await;
        let before = fixture.token_calls();
        let mut tokens = Vec::new();
        for (request, audience, organization, scopes) in &rows {
            let token = fixture.token(request.clone()).await.unwrap();
            let claims: Value = token.claims().unwrap();
            assert_eq!(claims["aud"], **audience, "{request:?}");
            assert_eq!(claims["organization_id"].as_str(), *organization, "{request:?}");
            assert_eq!(token.scopes().collect::<Vec<_>>(), *scopes, "{request:?}");
            tokens.push(token);
        }
        let opaque = fixture.token(TokenRequest::opaque()).await.unwrap();
        assert!(opaque.claims::<Value>().is_err());
        assert_eq!(fixture.token_calls() - before, rows.len());

        // Again, from the session.
        for ((request, ..), token) in rows.iter().zip(&tokens) {
            assert_eq!(&fixture.token(request.clone()).await.unwrap(), token);
        }
        assert_eq!(fixture.token_calls() - before, rows.len());

        // Anew on demand, and then that one from the session.
        let (request, ..) = &rows[0];
        let fresh = fixture.token(request.clone().refreshed()).await.unwrap();
        assert_eq!(fixture.token_calls() - before, rows.len() + 1);
        assert_eq!(fixture.token(request.clone()).await.unwrap(), fresh);
        assert_eq!(fixture.token_calls() - before, rows.len() + 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_not_asked_for_at_sign_in_is_refused_before_anything_is_sent() {
    each(Backend::ALL, async |backend| {
        let mut fixture = LocalFixture::at(backend, |config| config.with_resources([API])).await;
        fixture.sign_in("alice").await;
        let before = fixture.token_calls();
        let other = "https://other.example.test";
        for request in [
            TokenRequest::resource(other),
            TokenRequest::resource(other).in_organization(ACME),
            TokenRequest::resource(API).in_organization(ACME),
            TokenRequest::organization(ACME),
        ] {
            let (error, status) = fixture.token(request).await.unwrap_err();
            assert_eq!((error.kind(), status), (ErrorKind::NotConfigured, 500));
        }
        let (error, status) = fixture.token(TokenRequest::resource("")).await.unwrap_err();
        assert_eq!((error.kind(), status), (ErrorKind::InvalidRequest, 400));
        assert_eq!(fixture.token_calls(), before);
        assert!(fixture.page().is_authenticated().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_session_remembers_the_organization_that_its_user_works_in() {
    let request = || TokenRequest::resource(API).in_current_organization();
    each(Backend::ALL, async |backend| {
        let mut fixture = alice(backend).await;
        let (error, status) = fixture.token(request()).await.unwrap_err();
        assert_eq!((error.kind(), status), (ErrorKind::InvalidRequest, 400));

        let page = fixture.page();
        let error = page.switch_organization("not-mine").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        // Logto would take it for no organization at all.
        let before = fixture.token_calls();
        for empty in ["", " "] {
            let error = page.switch_organization(empty).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        }
        assert_eq!(fixture.token_calls(), before);
        fixture.respond(&page).await;
        assert_eq!(fixture.page().user().await.unwrap().current_organization_id(), None);

        let page = fixture.page();
        let before = page.user().await.unwrap();
        page.switch_organization(ACME).await.unwrap();
        fixture.respond(&page).await;
        assert_eq!(before.current_organization_id(), None, "a user is as they were");
        let current = async |fixture: &LocalFixture| {
            let user = fixture.page().user().await.unwrap();
            user.current_organization_id().map(str::to_owned)
        };
        assert_eq!(current(&fixture).await.as_deref(), Some(ACME));
        let token = fixture.token(request()).await.unwrap();
        assert_eq!(token.claims::<Value>().unwrap()["organization_id"], ACME);
        let token = fixture.token(TokenRequest::opaque().in_current_organization()).await.unwrap();
        let audience = format!("urn:logto:organization:{ACME}");
        assert_eq!(token.claims::<Value>().unwrap()["aud"], audience);
        let token = fixture.token(TokenRequest::resource(API)).await.unwrap();
        assert!(token.claims::<Value>().unwrap()["organization_id"].is_null(), "only where asked");

        // Through refreshes, and through another sign-in of the same user, but not of another.
        fixture.advance(HOUR);
        fixture.token(request()).await.unwrap();
        fixture.sign_in("alice").await;
        assert_eq!(current(&fixture).await.as_deref(), Some(ACME));
        let page = fixture.page();
        page.clear_organization().await.unwrap();
        fixture.respond(&page).await;
        assert_eq!(current(&fixture).await, None);
        let page = fixture.page();
        page.switch_organization(ACME).await.unwrap();
        fixture.respond(&page).await;
        fixture.sign_in("bob").await;
        assert_eq!(current(&fixture).await, None);
    })
    .await;
}

/// The membership is Logto's: an old token of the organization proves nothing.
#[tokio::test]
async fn no_one_switches_to_an_organization_that_they_have_left() {
    let mut fixture = alice(Backend::Cookies).await;
    fixture.token(TokenRequest::organization(ACME)).await.unwrap();
    let machine = fixture.tenant.machine_app();
    let management = logto_management::Management::new(
        fixture.tenant.endpoint(),
        &machine.app_id,
        &machine.app_secret,
    );
    management.unwrap().organizations().delete(ACME).await.unwrap();
    let error = fixture.page().switch_organization(ACME).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}

/// At whatever age of the refresh token, as a refusal may come after Logto replaced it.
#[tokio::test]
async fn a_refusal_costs_no_session() {
    let late = "https://default.logto.app/api";
    let rows: [(TokenRequest, ErrorKind, u16); 3] = [
        (TokenRequest::organization("not-mine"), ErrorKind::AccessDenied, 403),
        (TokenRequest::resource(API).in_organization("not-mine"), ErrorKind::AccessDenied, 403),
        (TokenRequest::resource(late), ErrorKind::Refused, 502),
    ];
    each(Backend::ALL, async |backend| {
        for age in [HOUR, OLD] {
            for (request, kind, status) in &rows {
                let mut fixture = alice(backend).await;
                // A resource that the app learned of after Alice had signed in.
                fixture.logto = fixture.changed(|config| config.with_resources([late]));
                fixture.advance(age);
                let (error, answered) = fixture.token(request.clone()).await.unwrap_err();
                assert_eq!((error.kind(), answered), (*kind, *status), "{request:?}");
                assert!(fixture.page().is_authenticated().await.unwrap());
                // Long after the seconds in which Logto forgives.
                fixture.advance(Duration::from_secs(3600));
                let token = fixture.token(TokenRequest::opaque()).await;
                assert!(token.is_ok(), "{request:?} at {age:?}: {token:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_lost_everything_at_logto_is_asked_to_sign_in() {
    let rows: [(&str, fn(&LocalFixture)); 2] = [
        ("suspended", |fixture| fixture.tenant.suspend("alice").unwrap()),
        ("grants revoked", |fixture| fixture.tenant.revoke_grants("alice").unwrap()),
    ];
    each(Backend::ALL, async |backend| {
        for (name, end) in rows {
            let mut fixture = alice(backend).await;
            end(&fixture);
            let (error, status) = fixture.token(API).await.unwrap_err();
            assert!(error.needs_sign_in(), "{name}: {error}");
            assert_eq!(status, 303, "{name}");
            assert!(!fixture.page().is_authenticated().await.unwrap(), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_rotation_under_load() {
    each(Backend::ALL, async |backend| {
        let mut fixture = alice(backend).await;
        fixture.advance(OLD);
        let others = if backend == Backend::Cookies { 0 } else { 2 };
        let mut instances: Vec<_> = (0..others).map(|_| fixture.changed(|config| config)).collect();
        instances.push(fixture.logto.clone());
        for instance in &instances {
            // All know Logto's addresses already: none has a start.
            let page = fixture.page_of(instance);
            drop(page.sign_in(SignInOptions::new()).await.unwrap());
        }
        let targets = [
            TokenRequest::opaque(),
            TokenRequest::resource(API),
            TokenRequest::resource(API).in_organization(ACME),
            TokenRequest::organization(ACME),
        ];
        let before = fixture.token_calls();
        let pages: Vec<_> =
            (0..200).map(|n| fixture.page_of(&instances[n % instances.len()])).collect();
        let tokens = pages
            .iter()
            .enumerate()
            .map(|(n, page)| page.access_token(targets[n / 3 % targets.len()].clone()));
        for token in join_all(tokens).await {
            token.unwrap();
        }
        assert_eq!(fixture.token_calls() - before, targets.len());
        let last = fixture.page();
        fixture.respond(&last).await;
        // Days later the newest refresh token still works.
        fixture.advance(Duration::from_secs(24 * 3600));
        assert!(fixture.token(API).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_lost_while_logto_forgives() {
    each(Backend::ALL, async |backend| {
        for lost in [1, 2] {
            let mut fixture = alice(backend).await;
            fixture.advance(OLD);
            fixture.tenant.faults().set_times(Endpoint::Token, Fault::LoseAnswer, lost);
            if lost == 2 {
                let (error, status) = fixture.token(API).await.unwrap_err();
                assert_eq!((error.kind(), status), (ErrorKind::Unreachable, 503));
            }
            assert!(fixture.token(API).await.is_ok());
            fixture.advance(HOUR * 2);
            assert!(fixture.token(API).await.is_ok());
        }
    })
    .await;
}

#[tokio::test]
async fn all_about_a_user_in_one_call() {
    each(Backend::ALL, async |backend| {
        let mut fixture = alice(backend).await;
        let all = ContextRequest::new()
            .with_user_info()
            .with_access_token(TokenRequest::resource(API).in_organization(ACME))
            .with_organization_tokens();
        let page = fixture.page();
        let context = page.get_context(all.clone()).await.unwrap();
        fixture.respond(&page).await;
        assert!(context.is_authenticated);
        let sub = context.claims.as_ref().map(|claims| claims.sub.as_str());
        assert_eq!(sub, Some("8s8claa1vi9z"));
        assert_eq!(context.user_info.unwrap().sub, "8s8claa1vi9z");
        let token: Value = context.access_token.unwrap().claims().unwrap();
        assert_eq!(token["organization_id"], ACME);
        let organizations: Vec<_> = context.organization_tokens.keys().collect();
        assert_eq!(organizations, [ACME]);

        fixture.browser = Default::default();
        let signed_out = fixture.page().get_context(all).await.unwrap();
        assert!(!signed_out.is_authenticated && signed_out.claims.is_none());
        assert!(signed_out.user_info.is_none() && signed_out.access_token.is_none());
        assert!(signed_out.organization_tokens.is_empty());
    })
    .await;
}

/// Eleven kilobytes of ID token, and two hundred access tokens.
#[tokio::test]
async fn the_user_in_two_hundred_organizations() {
    each(Backend::ALL, async |backend| {
        let mut fixture = LocalFixture::at(backend, everything).await;
        fixture.sign_in("bob").await;
        let before = fixture.token_calls();
        for reload in 0..2 {
            let page = fixture.page();
            let all = ContextRequest::new().with_organization_tokens();
            let context = page.get_context(all).await.unwrap();
            fixture.respond(&page).await;
            assert_eq!(context.organization_tokens.len(), 200);
            for (organization, token) in &context.organization_tokens {
                let claims: Value = token.claims().unwrap();
                let audience = format!("urn:logto:organization:{organization}");
                assert_eq!(claims["aud"], audience);
            }
            assert_eq!(fixture.token_calls() - before, 200, "reload {reload}");
            let header = fixture.browser.cookie_header().len();
            assert!(header < 8 * 1024, "{header} bytes of cookies");
        }
        for _ in 0..50 {
            let page = fixture.page();
            assert!(page.is_authenticated().await.unwrap());
            fixture.respond(&page).await;
        }
    })
    .await;
}
