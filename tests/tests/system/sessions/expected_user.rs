//! Magic links and invitations: from the Management API to the signed-in page.

use std::time::{Duration, UNIX_EPOCH};

use logto::SignInOptions;
use logto::web::Route;
use logto_local::{LocalTenant, LocalTenantBuilder, Stop};
use logto_management::{
    InvitationStatus, Management, NewInvitation, NewOneTimeToken, NewOrganization,
};
use logto_tests::hostile::{BASE_URL, Backend, LocalFixture, NAVIGATION, Seen};
use secrecy::ExposeSecret;

const ACME: &str = "wpmklpcc20gc";

async fn fixture() -> (LocalFixture, Management) {
    fixture_of(LocalTenant::builder()).await
}

async fn fixture_of(tenant: LocalTenantBuilder) -> (LocalFixture, Management) {
    let scopes = ["email", "urn:logto:scope:organizations"];
    let fixture =
        LocalFixture::of(tenant, Backend::Cookies, |config| config.with_scopes(scopes)).await;
    let management = management(&fixture.tenant);
    (fixture, management)
}

fn management(tenant: &LocalTenant) -> Management {
    let machine = tenant.machine_app();
    Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap()
}

/// Opens the magic link of a user in the browser of the app and of the tenant.
async fn follow(
    fixture: &mut LocalFixture,
    browser: &mut logto_local::Browser,
    email: &str,
    token: &str,
) -> Result<Seen, Stop> {
    let options = SignInOptions::new().with_one_time_token(email, token);
    let seen = Seen::new(fixture.page().sign_in(options).await.unwrap());
    fixture.browser.keep(&seen.cookies);
    match browser.open(seen.location()).await.unwrap() {
        Stop::App(callback) => Ok(come_back(fixture, &callback).await),
        page => Err(page),
    }
}

async fn come_back(fixture: &mut LocalFixture, callback: &str) -> Seen {
    let target = callback.strip_prefix(BASE_URL).unwrap();
    let request = fixture.browser.request("GET", target, &NAVIGATION);
    let seen = Seen::new(fixture.logto.handle(Route::Callback, request).await);
    fixture.browser.keep(&seen.cookies);
    seen
}

async fn token(management: &Management, new: NewOneTimeToken) -> String {
    let token = management.create_one_time_token(&new).await.unwrap();
    token.token.expose_secret().to_owned()
}

#[tokio::test]
async fn a_magic_link_signs_its_user_in_once() {
    let (mut fixture, management) = fixture().await;
    let link = token(&management, NewOneTimeToken::new("alice@example.test")).await;
    let mut browser = fixture.tenant.browser();
    let seen = follow(&mut fixture, &mut browser, "alice@example.test", &link).await.unwrap();
    assert_eq!(seen.status, 303, "{seen:?}");
    let user = fixture.page().user().await.unwrap();
    assert_eq!(user.email(), Some("alice@example.test"));
    // Also with the session at Logto: the user stays on its page.
    let again = follow(&mut fixture, &mut browser, "alice@example.test", &link).await;
    let Err(Stop::Page { at, body, .. }) = again else { panic!("{again:?}") };
    assert!(at.starts_with("/sign-in?"), "{at}");
    assert!(body.contains("used already"), "{body}");
}

/// Logto alone would bring alice back, and ignore the token.
#[tokio::test]
async fn a_magic_link_of_another_user_is_not_ignored() {
    let (mut fixture, management) = fixture().await;
    let mut browser = fixture.tenant.browser();
    let there = Seen::new(fixture.page().sign_in(SignInOptions::new()).await.unwrap());
    fixture.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "alice").await.unwrap();
    assert_eq!(come_back(&mut fixture, &callback).await.status, 303);

    let link = token(&management, NewOneTimeToken::new("bob@example.test")).await;
    let options = SignInOptions::new().with_one_time_token("bob@example.test", &*link);
    let there = Seen::new(fixture.page().sign_in(options).await.unwrap());
    fixture.browser.keep(&there.cookies);
    // What a sign-in without this care would send.
    let ignored = there.location().replace("prompt=login+consent", "prompt=consent");
    assert_ne!(ignored, there.location());
    let callback = browser.sign_in(&ignored, "bob").await.unwrap();
    let seen = come_back(&mut fixture, &callback).await;
    assert_eq!(seen.status, 403, "{seen:?}");
    assert_eq!(fixture.page().user().await.unwrap().email(), Some("alice@example.test"));

    let options = SignInOptions::new().with_one_time_token("bob@example.test", &*link);
    let there = Seen::new(fixture.page().sign_in(options).await.unwrap());
    fixture.browser.keep(&there.cookies);
    let callback = browser.sign_in(there.location(), "bob").await.unwrap();
    let seen = come_back(&mut fixture, &callback).await;
    assert_eq!(seen.status, 303, "{seen:?}");
    assert_eq!(fixture.page().user().await.unwrap().email(), Some("bob@example.test"));
}

#[tokio::test]
async fn a_newcomer_is_a_member_at_once_if_sign_up_is_by_email() {
    for by_email in [false, true] {
        let (mut fixture, management) =
            fixture_of(LocalTenant::builder().sign_up_by_email(by_email)).await;
        let mut browser = fixture.tenant.browser();
        let new = NewOneTimeToken::new("new@example.test").with_organizations([ACME]);
        let link = token(&management, new).await;
        let seen = follow(&mut fixture, &mut browser, "new@example.test", &link).await;
        if by_email {
            assert_eq!(seen.unwrap().status, 303);
            let user = fixture.page().user().await.unwrap();
            assert_eq!(user.claims().organizations, [ACME]);
        } else {
            assert!(matches!(seen, Err(Stop::Page { .. })), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn an_invitation_is_accepted_for_the_user_who_came() {
    let (mut fixture, management) = fixture().await;
    let organization = management.organizations().create(&NewOrganization::new("Club")).await;
    let club = organization.unwrap().id;
    let ends = UNIX_EPOCH + Duration::from_secs(4_102_444_800);
    let new = NewInvitation::new("bob@example.test", &club, ends);
    let invitation = management.invitations().create(&new).await.unwrap();

    let mut come = async |user: &str| {
        let options = SignInOptions::new().with_expected_email(invitation.invitee.clone());
        let there = Seen::new(fixture.page().sign_in(options).await.unwrap());
        fixture.browser.keep(&there.cookies);
        let callback = fixture.tenant.sign_in(there.location(), user).await.unwrap();
        (
            come_back(&mut fixture, &callback).await.status,
            fixture.page().maybe_user().await.unwrap(),
        )
    };
    let (status, signed_in) = come("alice").await;
    assert_eq!((status, signed_in.is_none()), (403, true));
    let (status, bob) = come("bob").await;
    assert_eq!(status, 303);
    let bob = bob.unwrap();
    management.invitations().accept(&invitation.id, bob.sub()).await.unwrap();
    let status = management.invitations().get(&invitation.id).await.unwrap().status;
    assert_eq!(status, InvitationStatus::Accepted);
    // A member now; the session learns of it by its next refresh.
    assert!(!bob.claims().organizations.contains(&club));
    bob.switch_organization(&*club).await.unwrap();
    let user = fixture.page().user().await.unwrap();
    assert!(user.claims().organizations.contains(&club));
    assert_eq!(user.current_organization_id(), Some(&*club));
}
