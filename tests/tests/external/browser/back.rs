//! The back button after a sign-out.

use logto_tests::{Example, Fixture};

#[tokio::test]
async fn back_after_a_sign_out_shows_no_page_of_the_user() {
    // The layout is the same in all examples.
    let fixture = Fixture::local(Example::Axum, &[]).await;
    let tab = fixture.open("/sign-in").await;
    tab.click("#continue-with-hugging-face").await;
    tab.click("#person-alice").await;
    tab.click("#authorize").await;
    tab.shows("#user-name", "Alice Example").await;
    tab.click("#sign-out").await;
    tab.wait_for("#sign-in").await;
    assert_eq!(tab.current_url().await, fixture.url("/"));

    tab.run("document.body.id = 'after-sign-out'").await;
    tab.run("history.back()").await;
    tab.wait_for("body:not(#after-sign-out) #sign-in").await;
    assert!(!tab.has("#user-name").await);
    fixture.end().await;
}
