//! A journey in Chromium for each framework.

use logto_framework_tests::{Fixture, Framework};
use logto_tests::{Browser, Tab};

async fn journey(framework: Framework) {
    let fixture = Fixture::start(framework).await;
    let browser = Browser::launch().await;
    let tab = browser.new_tab().await;

    // A page that needs a sign-in, and the way back to it.
    tab.goto(&fixture.url("/profile")).await;
    sign_in(&tab).await;
    assert_eq!(tab.text("#profile").await, "The profile of Alice Example");
    assert_eq!(tab.current_url().await, fixture.url("/profile"));

    tab.goto(&fixture.url("/")).await;
    assert_eq!(tab.text("#greeting").await, "Hello Alice Example");
    assert_eq!(post(&tab, "/api/profile").await, "200");
    assert_eq!(post(&tab, "/api/things").await, "200");

    tab.click("#sign-out").await;
    tab.wait_for("#sign-in").await;
    assert_eq!(post(&tab, "/api/profile").await, "401");

    // Straight to Hugging Face, without Logto's own page.
    tab.goto(&fixture.url("/sign-in/hugging-face")).await;
    tab.wait_for("#person-alice").await;
    browser.close().await;
}

async fn sign_in(tab: &Tab) {
    for button in ["#continue-with-hugging-face", "#person-alice", "#authorize"] {
        tab.click(button).await;
    }
}

/// The status that a script of the page gets, as the framework's own client does.
async fn post(tab: &Tab, path: &str) -> String {
    let script = format!(
        "fetch('{path}', {{ method: 'POST', headers: {{ 'content-type': \
         'application/x-www-form-urlencoded', accept: 'application/json' }} }}).then(answer => {{ \
         document.body.dataset.status = answer.status }})"
    );
    tab.run(&script).await;
    tab.wait_for("body[data-status]").await;
    let status = tab.attribute("body", "data-status").await.expect("a status");
    tab.run("delete document.body.dataset.status").await;
    status
}

#[tokio::test]
async fn alice_signs_in_and_out_on_leptos() {
    journey(Framework::Leptos).await;
}

#[tokio::test]
async fn alice_signs_in_and_out_on_dioxus() {
    journey(Framework::Dioxus).await;
}

#[tokio::test]
async fn alice_signs_in_and_out_on_loco() {
    journey(Framework::Loco).await;
}
