//! The back button after a sign-out.

use logto_tests::{Example, Stage};

#[tokio::test]
async fn back_after_a_sign_out_shows_no_page_of_the_user() {
    // The layout is the same in all examples.
    let stage = Stage::local(Example::Axum, &[]).await;
    let tab = stage.open("/sign-in").await;
    tab.click("#continue-with-hugging-face").await;
    tab.click("#person-alice").await;
    tab.click("#authorize").await;
    tab.shows("#user-name", "Alice Example").await;
    tab.click("#sign-out").await;
    tab.wait_for("#sign-in").await;
    assert_eq!(tab.current_url().await, stage.url("/"));

    tab.run("document.body.id = 'after-sign-out'").await;
    tab.run("history.back()").await;
    tab.wait_for("body:not(#after-sign-out) #sign-in").await;
    assert!(!tab.has("#user-name").await);
    stage.end().await;
}
