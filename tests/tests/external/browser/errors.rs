//! A user in a real browser whose sign-in goes wrong: each time there is a page that says so, and
//! a way on.

use logto_tests::{Fixture, Tab, everywhere};

async fn assert_page(tab: &Tab, title: &str, label: &str) {
    tab.shows("h1", title).await;
    assert_eq!(tab.text("main a").await, label);
}

async fn sign_in_as_alice(tab: &Tab) {
    tab.click("#continue-with-hugging-face").await;
    tab.click("#person-alice").await;
    tab.click("#authorize").await;
    assert_eq!(tab.text("#user-name").await, "Alice Example");
}

#[tokio::test]
async fn a_callback_of_another_day_leads_to_a_new_sign_in() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/callback?code=old&state=old").await;
        assert_page(&tab, "This sign-in can no longer be completed", "Sign in").await;
        fixture.screenshot(&tab, "stale-callback").await;
        tab.click("main a").await;
        sign_in_as_alice(&tab).await;

        // A user who is signed in has no use for that page.
        tab.goto(&fixture.url("/callback?code=old&state=old")).await;
        assert_eq!(tab.current_url().await, fixture.url("/"));
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn cancelling_leads_back_to_the_page_that_was_wanted() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/profile").await;
        tab.wait_for("#continue-with-hugging-face").await;
        // Where Logto's consent page sends users who cancel there.
        tab.goto(&fixture.url("/callback")).await;
        assert_page(&tab, "You are not signed in", "Sign in").await;
        fixture.screenshot(&tab, "cancelled").await;
        tab.click("main a").await;
        sign_in_as_alice(&tab).await;
        assert_eq!(tab.current_url().await, fixture.url("/profile"));
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn while_logto_is_down_the_rest_of_the_app_is_up() {
    everywhere(async |example| {
        // A port that no one can listen on.
        let nowhere = ("LOGTO_ENDPOINT", "http://localhost:0");
        let fixture = Fixture::local(example, &[nowhere]).await;
        let tab = fixture.open("/").await;
        tab.click("#sign-in").await;
        assert_page(&tab, "Signing in is not possible right now", "Try again").await;
        fixture.screenshot(&tab, "outage").await;
        tab.click("main a").await;
        assert_page(&tab, "Signing in is not possible right now", "Try again").await;
        assert_eq!(tab.current_url().await, fixture.url("/sign-in"));
        tab.goto(&fixture.url("/")).await;
        tab.wait_for("#sign-in").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_address_of_sign_out_shows_the_button_that_signs_out() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/sign-in").await;
        sign_in_as_alice(&tab).await;
        tab.goto(&fixture.url("/sign-out")).await;
        assert_eq!(tab.text("h1").await, "Sign out?");
        fixture.screenshot(&tab, "sign-out").await;
        tab.click("main button").await;
        tab.wait_for("#sign-in").await;
        assert_eq!(tab.fetch("/api/me").await.status, 401);
        fixture.end().await;
    })
    .await;
}
