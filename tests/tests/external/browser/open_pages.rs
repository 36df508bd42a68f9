//! Pages that are open when their session ends.

use logto_local::LocalTenant;
use logto_management::Management;
use logto_tests::{
    Browser, Example, ExampleApp, Tab, everywhere, free_base_url, signs_in_at, soon,
};

/// The example app with webhooks, and a browser in which alice is signed in.
struct Fixture {
    tenant: LocalTenant,
    base_url: String,
    browser: Browser,
    /// At the profile.
    tab: Tab,
    _app: ExampleApp,
}

impl Fixture {
    async fn new(example: Example) -> Self {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).webhooks(true);
        let tenant = tenant.start().await.expect("a tenant");
        let key = tenant.webhook_signing_key().expect("a webhook");
        let mut environment = signs_in_at(&tenant).to_vec();
        environment.push(("LOGTO_WEBHOOK_SIGNING_KEY", &key));
        let app = ExampleApp::start(example, &base_url, &environment).await;
        let browser = Browser::launch().await;
        let tab = browser.new_tab().await;
        tab.goto(&format!("{base_url}/profile")).await;
        tab.click("#continue-with-hugging-face").await;
        tab.click("#person-alice").await;
        tab.click("#authorize").await;
        tab.shows("#user-name", "Alice Example").await;
        Self { tenant, base_url, browser, tab, _app: app }
    }

    async fn open(&self, path: &str) -> Tab {
        let tab = self.browser.new_tab().await;
        tab.goto(&format!("{}{path}", self.base_url)).await;
        tab
    }
}

/// Waits until the tab has a stream of events.
async fn listens(tab: &Tab) {
    let script = "(async () => {
        while (events?.readyState !== EventSource.OPEN) await new Promise((r) => setTimeout(r, 50));
        document.body.id = 'listens';
    })()";
    tab.run(script).await;
    tab.wait_for("#listens").await;
}

/// Waits until the tab shows the start page to a stranger.
async fn is_signed_out(fixture: &Fixture, tab: &Tab) {
    tab.wait_for("#sign-in").await;
    assert_eq!(tab.current_url().await, format!("{}/", fixture.base_url));
}

#[tokio::test]
async fn suspending_a_user_ends_their_open_pages() {
    everywhere(async |example| {
        let fixture = Fixture::new(example).await;
        let others = [fixture.open("/sessions").await, fixture.open("/").await];
        listens(&fixture.tab).await;

        let machine = fixture.tenant.machine_app();
        let management =
            Management::new(fixture.tenant.endpoint(), &machine.app_id, &machine.app_secret)
                .expect("a client");
        let users = fixture.tenant.users();
        let alice = users.iter().find(|user| user.handle() == "alice").expect("alice");
        management.users().set_suspended(alice.id(), true).await.expect("a suspension");

        for tab in others.iter().chain([&fixture.tab]) {
            soon("the start page", is_signed_out(&fixture, tab)).await;
        }
        fixture.browser.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_out_in_one_tab_ends_the_pages_of_the_others_and_the_session_at_logto() {
    everywhere(async |example| {
        let fixture = Fixture::new(example).await;
        let other = fixture.open("/sessions").await;
        listens(&fixture.tab).await;
        other.click("#sign-out").await;
        for tab in [&fixture.tab, &other] {
            soon("the start page", is_signed_out(&fixture, tab)).await;
        }
        // Logto asks who it is.
        other.click("#sign-in").await;
        other.wait_for("#continue-with-hugging-face").await;
        fixture.browser.close().await;
    })
    .await;
}

/// A page that needs a recent sign-in replaces the session.
#[tokio::test]
async fn another_sign_in_in_the_same_browser_ends_no_page() {
    // The script is the same in all examples.
    let fixture = Fixture::new(Example::Axum).await;
    listens(&fixture.tab).await;
    fixture.tab.run("window.isTheSame = true").await;
    let account = fixture.open("/account").await;
    // Logto knows who it is, and asks nothing.
    account.shows("h1", "Your account").await;
    account
        .shows(
            "#signed-in",
            "You signed in just now. This page asks you to sign in again after five minutes.",
        )
        .await;
    // The stream of before has ended, and there is one for the new session.
    fixture.tab.run("document.body.id = ''").await;
    listens(&fixture.tab).await;
    fixture.tab.run("document.body.id = String(window.isTheSame)").await;
    fixture.tab.wait_for("#true #user-name").await;
    fixture.browser.close().await;
}
