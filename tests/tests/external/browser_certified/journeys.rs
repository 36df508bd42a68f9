//! A user in a real browser, the example app, and the certified provider:
//! nothing on the other side was written by this project.

use logto_tests::{Fixture, Tab, everywhere};

async fn answer(tab: &Tab, user: &str, answer: &str) {
    tab.click(&format!("#person-{user}")).await;
    tab.click(answer).await;
}

#[tokio::test]
async fn signing_in_and_out() {
    everywhere(async |example| {
        let fixture = Fixture::certified(example, &[]).await;
        let tab = fixture.open("/").await;
        tab.click("#sign-in").await;
        tab.click("#continue-with-hugging-face").await;
        answer(&tab, "alice", "#authorize").await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        assert_eq!(tab.current_url().await, fixture.url("/"));

        let me = tab.fetch("/api/me").await;
        assert_eq!(me.status, 200);
        assert_eq!(me.body["sub"], "8s8claa1vi9z");

        tab.goto(&fixture.url("/profile")).await;
        assert_eq!(tab.text("#hugging-face-username").await, "alice-hf");
        let organizations = tab.text("#hugging-face-organizations").await;
        assert!(organizations.contains("example-org"), "{organizations}");

        tab.goto(&fixture.url("/")).await;
        tab.click("#sign-out").await;
        tab.wait_for("#sign-in").await;
        assert_eq!(tab.fetch("/api/me").await.status, 401);

        // The session at the provider has ended too.
        tab.click("#sign-in-hugging-face").await;
        tab.wait_for("#person-alice").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn declining_is_told_in_a_friendly_way() {
    everywhere(async |example| {
        let fixture = Fixture::certified(example, &[]).await;
        let tab = fixture.open("/sign-in/hugging-face").await;
        answer(&tab, "alice", "#decline").await;
        fixture.wait_for_app(&tab).await;
        fixture.screenshot(&tab, "declined").await;
        let page = tab.text("main").await;
        assert!(page.contains("You are not signed in"), "{page}");

        let home = fixture.open("/").await;
        home.wait_for("#sign-in").await;
        assert_eq!(home.fetch("/api/me").await.status, 401);

        // The page offers to try again.
        tab.click("main a").await;
        tab.click("#continue-with-hugging-face").await;
        answer(&tab, "alice", "#authorize").await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        fixture.end().await;
    })
    .await;
}
