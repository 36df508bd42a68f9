//! Other ways to sign in, and an account that is linked later.

use logto_local::LocalTenant;
use logto_management::{Management, NewOneTimeToken};
use logto_tests::{Browser, Fixture, Tab, everywhere};
use secrecy::ExposeSecret;

const ALICE: &str = "8s8claa1vi9z";

/// At Logto's page, by way of Hugging Face.
async fn sign_in_as(tab: &Tab, user: &str) {
    tab.click("#continue-with-hugging-face").await;
    tab.click(&format!("#person-{user}")).await;
    tab.click("#authorize").await;
}

fn management(fixture: &Fixture) -> Management {
    let machine = fixture.tenant().machine_app();
    Management::new(fixture.tenant().endpoint(), &machine.app_id, &machine.app_secret)
        .expect("an address and credentials")
}

#[tokio::test]
async fn a_magic_link_signs_in_with_a_button() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let new = NewOneTimeToken::new("alice@example.test");
        let token = management(&fixture).create_one_time_token(&new).await.expect("a token");
        let token = token.token.expose_secret();
        let link = format!("/magic-link#email=alice%40example.test&token={token}");
        let tab = fixture.open(&link).await;
        assert_eq!(tab.text("#whose").await, "You sign in as alice@example.test.");
        fixture.screenshot(&tab, "magic-link").await;
        tab.click("#use-magic-link").await;
        tab.shows("#user-name", "Alice Example").await;
        assert!(!fixture.app.log().contains(token), "the token is in the log");
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn visitors_whom_logto_knows_are_signed_in_without_a_page() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[("STORAGE", "memory")]).await;
        let tab = fixture.open("/sign-in").await;
        sign_in_as(&tab, "alice").await;
        tab.shows("#user-name", "Alice Example").await;
        // A session that is ended elsewhere stays at Logto.
        let elsewhere = Browser::launch().await;
        let other = elsewhere.new_tab().await;
        other.goto(&fixture.url("/sessions")).await;
        sign_in_as(&other, "alice").await;
        other.click("#end-others").await;
        other.wait_for("body:not(:has(#end-others)) .session").await;

        tab.goto(&fixture.url("/")).await;
        tab.click("#other-ways").await;
        fixture.screenshot(&tab, "other-ways").await;
        tab.click("#sign-in-silently").await;
        tab.shows("#user-name", "Alice Example").await;

        // To those whom Logto does not know, the page is shown as before.
        other.click("#sign-out").await;
        other.wait_for("#sign-in").await;
        other.goto(&fixture.url("/sign-in/silent")).await;
        other.wait_for("#sign-in").await;
        assert_eq!(other.current_url().await, fixture.url("/"));
        elsewhere.close().await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn only_the_user_who_is_meant_completes_the_sign_in() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        // Logto knows alice in this browser, and would bring her back.
        let tab = fixture.open("/sign-in/as?email=bob@example.test").await;
        sign_in_as(&tab, "alice").await;
        tab.wait_for("h1").await;
        fixture.screenshot(&tab, "for-another-account").await;
        assert_eq!(tab.text("h1").await, "This is for another account");
        tab.goto(&fixture.url("/sign-in/as?email=bob@example.test")).await;
        sign_in_as(&tab, "bob").await;
        tab.shows("#user-name", "Bob Example").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_account_at_hugging_face_is_linked_after_the_sign_in() {
    everywhere(async |example| {
        let fixture =
            Fixture::local_with(example, LocalTenant::builder().account_center(true), &[]).await;
        let tab = fixture.open("/sign-in").await;
        sign_in_as(&tab, "alice").await;
        tab.wait_for("#user-name").await;
        let users = management(&fixture);
        let users = users.users();
        users.delete_identity(ALICE, "huggingface").await.expect("an identity");
        tab.goto(&fixture.url("/profile")).await;
        assert!(!tab.has("#hugging-face-username").await);

        tab.goto(&fixture.url("/sessions")).await;
        tab.click("#send-code").await;
        tab.wait_for("input[name=code]").await;
        let code = fixture.tenant().verification_code("alice@example.test").expect("a code");
        tab.run(&format!("document.querySelector('input[name=code]').value = '{code}'")).await;
        tab.click("#logto form.proof button").await;
        tab.wait_for("#link-hugging-face").await;
        fixture.screenshot(&tab, "linked-accounts").await;
        tab.click("#link-hugging-face").await;
        tab.click("#person-alice").await;
        tab.click("#authorize").await;
        assert_eq!(tab.text("#hugging-face-username").await, "alice-hf");
        assert_eq!(tab.current_url().await, fixture.url("/profile"));
        assert!(!fixture.app.log().contains("/linked?code="), "a code is in the log");
        fixture.end().await;
    })
    .await;
}
