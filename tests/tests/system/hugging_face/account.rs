//! A user's account at Logto: what the SDK makes of the Account API's answers.

use std::time::Duration;

use logto::web::{
    AccountPage, AccountUpdate, ConnectorAccess, Context, ProfileDetails, Reply, RevokeGrants,
    SentCode, Verification,
};
use logto::{AccountProblem, Error, ErrorKind};
use logto_local::{LocalTenant, LocalTenantBuilder, TestUser};
use logto_tests::hostile::{
    Answer, BASE_URL, Backend, Browser, Endpoint, Fixture, LocalFixture, NAVIGATION, Seen, each,
};
use serde_json::json;

const PASSWORD: &str = "Sup3r$ecretPw!";
const SCOPES: [&str; 4] = ["email", "custom_data", "identities", "urn:logto:scope:sessions"];

fn builder() -> LocalTenantBuilder {
    let user = TestUser::new("pm").with_password(PASSWORD);
    LocalTenant::builder().account_center(true).token_storage(true).user(user)
}

async fn signed_in(user: &str) -> LocalFixture {
    let mut fixture =
        LocalFixture::of(builder(), Backend::Cookies, |config| config.with_scopes(SCOPES)).await;
    fixture.sign_in(user).await;
    fixture
}

fn problem<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Option<AccountProblem> {
    outcome.unwrap_err().account_problem()
}

#[tokio::test]
async fn the_profile_is_read_and_changed() {
    let fixture = signed_in("pm").await;
    let account = fixture.page().user().await.unwrap().account();
    let profile = account.fetch().await.unwrap();
    assert_eq!(profile.primary_email.as_deref(), Some("pm@example.test"));
    assert_eq!(profile.has_password, Some(true));
    assert!(profile.identities.contains_key("huggingface"), "{profile:?}");

    let data = json!({ "theme": "dark" }).as_object().unwrap().clone();
    let update = AccountUpdate::new().with_name(None).with_custom_data(data.clone());
    let profile = account.update(&update).await.unwrap();
    assert_eq!((profile.name, profile.custom_data), (None, data));
    for nickname in ["P", "M"] {
        let mut changes = ProfileDetails::default();
        changes.nickname = Some(nickname.to_owned());
        changes.website = (nickname == "P").then(|| "https://w.test".to_owned());
        let details = account.update_details(&changes).await.unwrap();
        assert_eq!(details.nickname.as_deref(), Some(nickname));
        assert_eq!(details.website.as_deref(), Some("https://w.test"), "merged");
    }
    assert_eq!(
        problem(account.update(&AccountUpdate::new()).await),
        Some(AccountProblem::InvalidInput)
    );

    let rename = AccountUpdate::new().with_username(Some("pm_1"));
    let before = fixture.token_calls();
    assert_eq!(problem(account.update(&rename).await), Some(AccountProblem::VerificationRequired));
    assert_eq!(fixture.token_calls(), before, "a new token would not help");
    let verified = account.verify_password(PASSWORD).await.unwrap();
    let profile = account.with_verification(verified).update(&rename).await.unwrap();
    assert_eq!(profile.username.as_deref(), Some("pm_1"));
    assert!(fixture.page().is_authenticated().await.unwrap());
}

#[tokio::test]
async fn sessions_and_grants_at_logto_are_listed_and_ended() {
    let mut fixture = signed_in("pm").await;
    let mine = std::mem::take(&mut fixture.browser);
    fixture.sign_in("pm").await;
    let other = std::mem::replace(&mut fixture.browser, mine);

    let account = fixture.page().user().await.unwrap().account();
    assert_eq!(problem(account.sessions().await), Some(AccountProblem::VerificationRequired));
    assert_eq!(problem(account.grants().await), Some(AccountProblem::VerificationRequired));
    let wrong = account.verify_password("wrong").await;
    assert_eq!(problem(wrong), Some(AccountProblem::WrongPassword));
    let verified = account.verify_password(PASSWORD).await.unwrap();
    // Carried along by a page, to the next request.
    let verified = Verification::from_id(verified.id());
    let account = fixture.page().user().await.unwrap().account().with_verification(verified);

    let sessions = account.sessions().await.unwrap();
    let current: Vec<bool> = sessions.iter().map(|session| session.is_current).collect();
    assert_eq!(current.iter().filter(|is| **is).count(), 1, "{sessions:?}");
    assert_eq!((sessions.len(), account.grants().await.unwrap().len()), (2, 2));
    let elsewhere = sessions.iter().find(|session| !session.is_current).unwrap();
    account.end_session(&elsewhere.id, RevokeGrants::All).await.unwrap();
    assert_eq!(account.sessions().await.unwrap().len(), 1);
    let again = account.end_session(&elsewhere.id, RevokeGrants::No).await;
    assert_eq!(problem(again), Some(AccountProblem::SessionNotFound));
    // The app's own session ends with its next refresh.
    let mine = std::mem::replace(&mut fixture.browser, other);
    fixture.advance(Duration::from_secs(3601));
    let refused = fixture.token(logto::TokenRequest::opaque()).await;
    assert!(refused.is_err_and(|(error, _)| error.needs_sign_in()));
    fixture.browser = mine;
    assert!(fixture.token(logto::TokenRequest::opaque()).await.is_ok());

    // Ten minutes are over.
    let account = fixture
        .page()
        .user()
        .await
        .unwrap()
        .account()
        .with_verification(account.verify_password(PASSWORD).await.unwrap());
    let grant = account.grants().await.unwrap().remove(0);
    assert!(grant.scopes.iter().any(|scope| scope == "email"), "{grant:?}");
    assert_eq!(grant.app_id, fixture.tenant.app_id());
    assert_eq!(problem(account.revoke_grant("nope").await), Some(AccountProblem::GrantNotFound));
    fixture.advance(Duration::from_secs(601));
    assert_eq!(problem(account.grants().await), Some(AccountProblem::VerificationRequired));
}

#[tokio::test]
async fn a_code_for_the_own_address_says_who_it_is_and_no_other_address_does() {
    let fixture = signed_in("alice").await;
    let account = fixture.page().user().await.unwrap().account();
    for (email, then) in [
        ("alice@example.test", None),
        ("frank@example.test", Some(AccountProblem::VerificationRequired)),
    ] {
        let sent = account.send_email_code(email).await.unwrap();
        let sent = SentCode::from_parts(sent.id(), sent.email());
        let wrong = account.verify_email_code(&sent, "wrong").await;
        assert_eq!(problem(wrong), Some(AccountProblem::WrongCode));
        let code = fixture.tenant.verification_code(email).unwrap();
        let verified = account.verify_email_code(&sent, &code).await.unwrap();
        let listed = account.clone().with_verification(verified).sessions().await;
        assert_eq!(listed.err().and_then(|error| error.account_problem()), then, "{email}");
    }
    // A user without password and address is asked for neither.
    let carol = signed_in("carol").await;
    let account = carol.page().user().await.unwrap().account();
    assert_eq!(account.fetch().await.unwrap().has_security_verification_method, Some(false));
    assert_eq!(account.sessions().await.unwrap().len(), 1);
}

/// The page that the service leads back to, and the browser's request for it.
async fn back(
    fixture: &LocalFixture,
    reply: Reply,
    account: &str,
    decision: &str,
) -> (Browser, String) {
    let seen = Seen::new(reply);
    assert_eq!(seen.status, 303, "{seen:?}");
    let mut browser = fixture.browser.clone();
    browser.keep(&seen.cookies);
    let url = url::Url::parse(seen.location()).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let there = format!("{}/hugging-face/oauth/authorize", fixture.tenant.endpoint());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let form = [("state", state.as_str()), ("person", account), ("decision", decision)];
    let answer = client.build().unwrap().post(there).form(&form).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    (browser, location.strip_prefix(BASE_URL).unwrap().to_owned())
}

fn opened(fixture: &LocalFixture, browser: &Browser, target: &str) -> Context {
    fixture.logto.context(browser.request("GET", target, &NAVIGATION))
}

#[tokio::test]
async fn an_account_elsewhere_is_linked_on_demand() {
    let fixture = signed_in("pm").await;
    let user = fixture.page().user().await.unwrap();
    let verified = user.account().verify_password(PASSWORD).await.unwrap();
    let account = user.account().with_verification(verified);
    account.unlink("huggingface").await.unwrap();
    assert_eq!(problem(account.unlink("huggingface").await), Some(AccountProblem::NotLinked));
    assert_eq!(user.hugging_face_token().await.unwrap(), ConnectorAccess::NotStored);
    let unknown = account.begin_link("github", "/linked").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotConfigured);

    // Declined, tried without a verification, and of another user.
    let begun = account.begin_link("huggingface", "/linked").await.unwrap();
    let (browser, target) = back(&fixture, begun, "bob", "deny").await;
    let declined = opened(&fixture, &browser, &target).user().await.unwrap().account();
    let declined = declined.finish_link("/profile").await.unwrap_err();
    assert_eq!(declined.kind(), ErrorKind::Cancelled);
    let page = Reply::from(declined).into_body();
    assert!(page.contains("The account was not linked"), "{page}");
    let begun = user.account().begin_link("huggingface", "/linked").await.unwrap();
    let (browser, target) = back(&fixture, begun, "bob", "authorize").await;
    let unverified = opened(&fixture, &browser, &target).user().await.unwrap().account();
    let unverified = unverified.finish_link("/profile").await;
    assert_eq!(problem(unverified), Some(AccountProblem::VerificationRequired));

    let begun = account.begin_link("huggingface", "/linked").await.unwrap();
    let (browser, target) = back(&fixture, begun, "bob", "authorize").await;
    // Without the cookie, and with another state, it is not this user's doing.
    for (browser, target) in [
        (&fixture.browser, target.clone()),
        (&browser, target.replace("state=", "state=x")),
        (&browser, "/linked".to_owned()),
    ] {
        let stranger = opened(&fixture, browser, &target).user().await.unwrap().account();
        let refused = stranger.finish_link("/profile").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidCallback, "{target}");
    }
    let page = opened(&fixture, &browser, &target);
    let done = page.user().await.unwrap().account().finish_link("/profile").await.unwrap();
    let done = Seen::new(done);
    assert_eq!((done.status, done.location()), (303, format!("{BASE_URL}/profile").as_str()));
    assert!(done.cookies.iter().any(|line| line.contains("_link=;")), "{done:?}");
    let access = page.hugging_face_token().await.unwrap();
    assert!(access.token().is_some(), "{access:?}");
    let profile = page.user().await.unwrap().account().fetch().await.unwrap();
    let linked = &profile.identities["huggingface"].details;
    assert!(linked["email"].as_str().unwrap().starts_with("bob@"), "{linked}");
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_without_signing_in_again() {
    let fixture = signed_in("alice").await;
    fixture.advance(Duration::from_secs(8 * 3600));
    let page = fixture.page();
    assert_eq!(page.hugging_face_token().await.unwrap(), ConnectorAccess::Expired);
    let mut fixture = fixture;
    fixture.respond(&page).await;
    // No verification: the account is linked already.
    for (account, then) in [("frank", Some(AccountProblem::OtherIdentity)), ("alice", None)] {
        let page = fixture.page();
        let begun = page.user().await.unwrap().account();
        let begun = begun.begin_link("huggingface", "/linked").await.unwrap();
        fixture.respond(&page).await;
        let (browser, target) = back(&fixture, begun, account, "authorize").await;
        let done = opened(&fixture, &browser, &target).user().await.unwrap().account();
        let done = done.finish_link("/profile").await;
        assert_eq!(done.err().and_then(|error| error.account_problem()), then, "{account}");
    }
    let access = fixture.page().hugging_face_token().await.unwrap();
    assert!(access.token().is_some(), "{access:?}");
}

#[tokio::test]
async fn what_the_tenant_or_the_app_lacks_is_told() {
    let off = LocalFixture::of(LocalTenant::builder(), Backend::Cookies, |config| {
        config.with_scopes(SCOPES)
    });
    let mut off = off.await;
    off.sign_in("alice").await;
    let account = off.page().user().await.unwrap().account();
    assert_eq!(problem(account.fetch().await), Some(AccountProblem::NotEnabled));

    let mut plain = LocalFixture::of(builder(), Backend::Cookies, |config| config).await;
    plain.sign_in("alice").await;
    let account = plain.page().user().await.unwrap().account();
    assert_eq!(account.fetch().await.unwrap().primary_email, None);
    for error in [
        account.sessions().await.unwrap_err(),
        account.unlink("huggingface").await.unwrap_err(),
        account.begin_link("huggingface", "/linked").await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotConfigured, "{error}");
        assert!(error.to_string().contains("need the scope"), "{error}");
    }
    let endpoint = plain.tenant.endpoint();
    let expected =
        format!("{endpoint}/account/passkey/add?redirect=http%3A%2F%2Flocalhost%3A3000%2Fsettings");
    assert_eq!(account.page_url(AccountPage::AddPasskey, "/settings"), expected);
}

/// By the errors that were recorded. What was sent is not repeated.
#[tokio::test]
async fn every_recorded_refusal_has_a_name() {
    use AccountProblem as Problem;
    let rows = [
        ("account_center.not_enabled", (400, Some(Problem::NotEnabled))),
        ("account_center.field_not_enabled", (400, Some(Problem::FieldNotEnabled))),
        ("account_center.field_not_editable", (400, Some(Problem::FieldNotEditable))),
        ("auth.unauthorized", (400, Some(Problem::MissingScope))),
        ("auth.forbidden", (403, Some(Problem::MissingScope))),
        ("auth.third_party_application_forbidden", (403, Some(Problem::ThirdParty))),
        ("verification_record.permission_denied", (401, Some(Problem::VerificationRequired))),
        ("verification_record.not_found", (400, Some(Problem::VerificationNotFound))),
        ("session.invalid_credentials", (422, Some(Problem::WrongPassword))),
        ("session.verification_blocked_too_many_attempts", (400, Some(Problem::TooManyAttempts))),
        ("verification_code.code_mismatch", (400, Some(Problem::WrongCode))),
        ("user.username_already_in_use", (422, Some(Problem::UsernameTaken))),
        ("user.identity_already_in_use", (422, Some(Problem::IdentityInUse))),
        ("user.last_sign_in_method_required", (400, Some(Problem::LastSignInMethod))),
        ("oidc.session_not_found", (400, Some(Problem::SessionNotFound))),
        ("oidc.invalid_grant", (404, Some(Problem::GrantNotFound))),
        ("connector.not_found", (400, Some(Problem::CannotSend))),
        ("connector.general", (400, Some(Problem::ConnectorFailed))),
        ("something.else", (400, None)),
    ];
    each(rows.map(|(code, then)| (code, (code, then))), async |(code, (status, then))| {
        let fixture = Fixture::signed_in().await;
        let body = json!({ "code": code, "message": format!("It was {PASSWORD}") }).to_string();
        fixture.provider.bend(Endpoint::Elsewhere, move |_, _| Answer::text(status, &body));
        let account = fixture.page().user().await.unwrap().account();
        let error = account.verify_password(PASSWORD).await.unwrap_err();
        assert_eq!((error.kind(), error.account_problem()), (ErrorKind::Refused, then));
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error:?}");
        assert_eq!(fixture.provider.calls(Endpoint::Elsewhere).len(), 1);
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}
