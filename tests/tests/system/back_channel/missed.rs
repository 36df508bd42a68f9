//! What changes in the tenant beside the end of sessions: permissions, and what no webhook told.

use std::time::{Duration, UNIX_EPOCH};

use logto::TokenRequest;
use logto::web::Route;
use logto_management::{Management, UserEnd};
use logto_tests::hostile::{API, Backend, Browser, LocalFixture, ORGANIZATIONS, each};
use logto_tests::webhook::{SIGNING_KEY, Webhook};

const ACME: &str = "wpmklpcc20gc";

async fn fixture(backend: Backend) -> LocalFixture {
    let scopes = [ORGANIZATIONS, "read:things", "read:members"];
    let mut fixture = LocalFixture::at(backend, |config| {
        config.with_resources([API]).with_scopes(scopes).with_webhook_signing_key(SIGNING_KEY)
    })
    .await;
    fixture.sign_in("alice").await;
    fixture
}

fn management(fixture: &LocalFixture) -> Management {
    let machine = fixture.tenant.machine_app();
    Management::new(fixture.tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap()
}

fn id_of(fixture: &LocalFixture, handle: &str) -> String {
    let users = fixture.tenant.users();
    users.iter().find(|user| user.handle() == handle).unwrap().id().to_owned()
}

async fn tell(fixture: &LocalFixture, event: &str, members: &str) {
    let now = fixture.tenant.clock().now().duration_since(UNIX_EPOCH).unwrap();
    let webhook = Webhook::new(event, now.as_millis().try_into().unwrap(), members);
    let headers = [("logto-signature-sha-256", webhook.signature.as_str())];
    let request = Browser::default().request("POST", "/webhooks/logto", &headers);
    let reply = fixture.logto.handle(Route::Webhooks, request.with_body(webhook.body)).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(fixture.logto.drain(Duration::from_secs(30)).await, 0);
}

#[tokio::test]
async fn access_tokens_that_a_change_concerns_are_not_used_any_more() {
    let everything = [
        ("everything", TokenRequest::resource(API)),
        ("in the organization", TokenRequest::resource(API).in_organization(ACME)),
        ("of the organization", TokenRequest::organization(ACME)),
        ("opaque", TokenRequest::opaque()),
    ];
    // The event, its members, and how many of the tokens are had anew.
    let organization = format!(r#""organizationId":"{ACME}""#);
    let rows = [
        ("Organization.Membership.Updated", r#","removedUserIds":["{alice}"]"#, 3),
        ("Organization.Membership.Updated", r#","addedUserIds":["bob","{alice}"]"#, 3),
        ("Organization.Membership.Updated", r#","removedUserIds":["bob"]"#, 0),
        // As Logto 1.37 tells it.
        ("Organization.Membership.Updated", "", 2),
        ("OrganizationRole.Scopes.Updated", r#","organizationRoleId":"role""#, 3),
        ("OrganizationRole.Deleted", r#","params":{"id":"role"}"#, 3),
        ("OrganizationRole.Data.Updated", r#","params":{"id":"role"},"data":{"id":"role"}"#, 0),
        ("OrganizationScope.Deleted", r#","params":{"id":"scope"}"#, 3),
        ("OrganizationScope.Data.Updated", r#","params":{"id":"scope"},"data":{"id":"scope"}"#, 3),
        ("OrganizationScope.Created", r#","params":{},"data":{"id":"scope"}"#, 0),
        ("Role.Deleted", r#","params":{"id":"role"}"#, 3),
        ("Role.Scopes.Updated", r#","params":{"id":"role"},"roleId":"role""#, 3),
        ("Role.Data.Updated", r#","params":{"id":"role"},"data":{"id":"role"}"#, 0),
        ("Scope.Deleted", r#","params":{"resourceId":"api","scopeId":"scope"}"#, 3),
        (
            "Scope.Data.Updated",
            r#","params":{"resourceId":"api","scopeId":"scope"},"data":{"id":"scope"}"#,
            3,
        ),
        ("Scope.Created", r#","params":{"resourceId":"api"},"data":{"id":"scope"}"#, 0),
        ("Organization.Data.Updated", r#","params":{"id":"{acme}"}"#, 0),
        ("Organization.Deleted", r#","path":"/fake-path/:id","params":{"id":"fake-id"}"#, 0),
    ];
    each(Backend::ALL, async |backend| {
        for (event, more, renewed) in rows {
            let mut fixture = fixture(backend).await;
            for (_, request) in &everything {
                fixture.token(request.clone()).await.unwrap();
            }
            fixture.advance(Duration::from_secs(5));
            let alice = id_of(&fixture, "alice");
            let more = more.replace("{alice}", &alice).replace("{acme}", ACME);
            tell(&fixture, event, &format!("{organization}{more}")).await;
            fixture.advance(Duration::from_secs(5));
            for expected in [renewed, 0] {
                let before = fixture.token_calls();
                for (_, request) in &everything {
                    fixture.token(request.clone()).await.unwrap();
                }
                assert_eq!(fixture.token_calls() - before, expected, "{event} {more}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_who_was_removed_has_no_token_any_more() {
    let mut fixture = fixture(Backend::Store).await;
    let request = || TokenRequest::resource(API).in_organization(ACME);
    fixture.token(request()).await.unwrap();
    management(&fixture).organizations().delete(ACME).await.unwrap();
    fixture.token(request()).await.expect("it is good for its hour");
    tell(&fixture, "Organization.Deleted", &format!(r#""params":{{"id":"{ACME}"}}"#)).await;
    let (error, status) = fixture.token(request()).await.unwrap_err();
    assert_eq!((error.kind(), status), (logto::ErrorKind::AccessDenied, 403));
    assert!(fixture.page().is_authenticated().await.unwrap());
}

/// The app was down when Logto sent its webhooks, and they never come again.
#[tokio::test]
async fn reconciliation_finds_whose_webhook_was_lost() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend).await;
        let mut browsers = Vec::new();
        for user in ["alice", "bob", "carol"] {
            fixture.browser = Browser::default();
            fixture.sign_in(user).await;
            browsers.push((user, fixture.browser.clone()));
        }
        let management = management(&fixture);
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| id_of(&fixture, user));
        management.users().set_suspended(&alice, true).await.unwrap();
        management.users().delete(&bob).await.unwrap();
        fixture.advance(Duration::from_secs(2));

        // The app knows whom it had let in.
        let known = [&alice, &bob, &carol].map(String::as_str);
        let mut ended = management.users().find_ended(known).await.unwrap();
        ended.sort_by_key(|user| user.id != alice);
        let found: Vec<_> = ended.iter().map(|user| (user.id.as_str(), user.end)).collect();
        let expected = [(&*alice, UserEnd::Suspended), (&*bob, UserEnd::Deleted)];
        assert_eq!(found, expected);
        for (user, browser) in &browsers {
            fixture.browser = browser.clone();
            assert!(fixture.page().is_authenticated().await.unwrap(), "{user} still is");
        }
        for user in &ended {
            fixture.logto.sign_out_everywhere(&user.id).await.unwrap();
        }
        for (user, browser) in &browsers {
            fixture.browser = browser.clone();
            assert_eq!(fixture.page().is_authenticated().await.unwrap(), *user == "carol");
        }
    })
    .await;
}
