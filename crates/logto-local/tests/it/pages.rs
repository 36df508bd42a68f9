//! What a user sees: choosing, declining, cancelling, two tabs.

use logto_local::{Browser, LocalTenant, Stop};

use crate::support::{CALLBACK, auth_url, param};

pub(crate) fn page(stop: Stop) -> (String, String) {
    match stop {
        Stop::Page { at, body, .. } => (at, body),
        stop => panic!("no page: {stop:?}"),
    }
}

/// The page of Hugging Face that asks alice for consent.
struct Question {
    form: String,
    state: String,
}

impl Question {
    /// Goes there from the sign-in page.
    async fn ask(tenant: &LocalTenant, browser: &mut Browser) -> Self {
        let button = format!("{}/direct/social/huggingface", tenant.endpoint());
        let fields = [("app_id", tenant.app_id())];
        let (at, body) = page(browser.submit(&button, &fields).await.unwrap());
        let path = at.split('?').next().unwrap();
        let state = param(&format!("{}{at}", tenant.endpoint()), "state").unwrap();
        assert!(body.contains(&format!(r#"name="state" value="{state}""#)));
        Self { form: format!("{}{path}", tenant.endpoint()), state }
    }

    /// Answers with `authorize` or `decline`.
    async fn answer(&self, browser: &mut Browser, decision: &str) -> Stop {
        let fields = [("state", self.state.as_str()), ("person", "alice"), ("decision", decision)];
        browser.submit(&self.form, &fields).await.unwrap()
    }
}

/// A browser on the sign-in page.
async fn at_sign_in(tenant: &LocalTenant) -> Browser {
    let mut browser = tenant.browser();
    browser.open(&auth_url(tenant, &[])).await.unwrap();
    browser
}

#[tokio::test]
async fn the_pages_say_what_they_are_and_have_stable_ids() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    let (at, body) = page(browser.open(&auth_url(&tenant, &[])).await.unwrap());
    assert!(at.starts_with("/sign-in?"), "{at}");
    assert!(body.contains("local stand-in, not Logto"));
    assert!(body.contains(r#"id="continue-with-hugging-face""#));
    assert!(!body.contains("<script"));
    let direct = auth_url(&tenant, &[("direct_sign_in", "social:huggingface")]);
    let (_, body) = page(browser.open(&direct).await.unwrap());
    assert!(body.contains("local stand-in, not Hugging Face"));
    for id in ["person-alice", "person-bob", "person-carol", "person-frank", "authorize", "decline"]
    {
        assert!(body.contains(&format!(r#"id="{id}""#)), "{id}");
    }
}

#[tokio::test]
async fn declining_ends_on_the_sign_in_page_and_nothing_reaches_the_app() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = at_sign_in(&tenant).await;
    let question = Question::ask(&tenant, &mut browser).await;
    let (at, body) = page(question.answer(&mut browser, "decline").await);
    assert_eq!(at, format!("/sign-in?app_id={}", tenant.app_id()));
    assert!(body.contains("The user&#39;s authorization process is unsuccessful."), "{body}");

    // The sign-in still stands: a second try succeeds.
    let question = Question::ask(&tenant, &mut browser).await;
    match question.answer(&mut browser, "authorize").await {
        Stop::App(url) => assert!(param(&url, "code").is_some()),
        stop => panic!("{stop:?}"),
    }
}

#[tokio::test]
async fn finishing_in_the_first_tab_returns_the_state_of_the_second() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[("state", "first")])).await.unwrap();
    let question = Question::ask(&tenant, &mut browser).await;
    browser.open(&auth_url(&tenant, &[("state", "second")])).await.unwrap();
    match question.answer(&mut browser, "authorize").await {
        Stop::App(url) => assert_eq!(param(&url, "state").as_deref(), Some("second")),
        stop => panic!("{stop:?}"),
    }
}

#[tokio::test]
async fn a_page_without_a_sign_in_under_way_leads_back_to_the_app() {
    let tenant = LocalTenant::start().await.unwrap();
    for path in ["/sign-in", "/register", "/consent"] {
        let page = format!("{}{path}?app_id={}", tenant.endpoint(), tenant.app_id());
        match tenant.browser().open(&page).await.unwrap() {
            Stop::App(url) => assert_eq!(url, "http://localhost:3000/", "{path}"),
            stop => panic!("{path}: {stop:?}"),
        }
    }
    // A tenant that has no such address, as at first.
    let tenant = LocalTenant::builder().empty().start().await.unwrap();
    let page_of_it = format!("{}/sign-in?app_id=any", tenant.endpoint());
    let (at, body) = page(tenant.browser().open(&page_of_it).await.unwrap());
    assert_eq!((at.as_str(), body.contains("Session not found")), ("/unknown-session", true));
}

#[tokio::test]
async fn a_hugging_face_state_works_once() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = at_sign_in(&tenant).await;
    let callback = format!("{}/callback/huggingface0?code=x&state=y", tenant.endpoint());
    let (_, body) = page(browser.open(&callback).await.unwrap());
    assert!(body.contains("The authorization is invalid"), "{body}");
}

#[tokio::test]
async fn a_spent_address_of_the_tenant_is_not_found() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    let spent = tenant
        .requests()
        .into_iter()
        .rfind(|request| request.path.starts_with("/oidc/auth/"))
        .unwrap();
    let url = format!("{}{}", tenant.endpoint(), spent.path);
    let Stop::Page { status, body, .. } = browser.open(&url).await.unwrap() else {
        panic!("no page")
    };
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (400, &"session.not_found".into()));
    assert_eq!(body["error_description"], "interaction session not found");
    let Stop::Page { body, .. } = tenant.browser().open(&url).await.unwrap() else {
        panic!("no page")
    };
    assert!(body.contains("authorization request has expired"));
}

#[tokio::test]
async fn cancelling_at_a_third_party_app_goes_to_the_bare_redirect_uri() {
    let tenant = LocalTenant::builder().third_party(true).start().await.unwrap();
    let mut browser = at_sign_in(&tenant).await;
    let question = Question::ask(&tenant, &mut browser).await;
    let (at, body) = page(question.answer(&mut browser, "authorize").await);
    assert!(at.starts_with("/consent?") && body.contains(r#"id="cancel""#), "{at}");
    let consent = format!("{}/consent", tenant.endpoint());
    let stop = browser
        .submit(&consent, &[("app_id", tenant.app_id()), ("decision", "cancel")])
        .await
        .unwrap();
    assert_eq!(stop, Stop::App(CALLBACK.to_owned()));
    let callback = tenant.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    assert!(param(&callback, "code").is_some());
}

#[tokio::test]
async fn a_wrong_code_at_the_callback_makes_no_session() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = at_sign_in(&tenant).await;
    let question = Question::ask(&tenant, &mut browser).await;
    // Another user's browser submits the form: the state is answered, and not with this browser's
    // cookies.
    let other = question.answer(&mut tenant.browser(), "authorize").await;
    assert!(matches!(other, Stop::App(url) if url == "http://localhost:3000/"));
    let callback =
        format!("{}/callback/huggingface0?code=wrong&state={}", tenant.endpoint(), question.state);
    let (_, body) = page(browser.open(&callback).await.unwrap());
    assert!(body.contains("The authorization is invalid"), "{body}");
}

#[tokio::test]
async fn a_walk_starts_at_the_tenant() {
    let tenant = LocalTenant::start().await.unwrap();
    let error = tenant.sign_in("http://localhost:3000/sign-in", "alice").await.unwrap_err();
    assert!(error.to_string().contains("not an address of this tenant"), "{error}");
}
