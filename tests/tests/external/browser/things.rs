//! A page of the example app that calls the app's own API, in a real browser.

use logto_tests::{Fixture, everywhere};

/// What the page needs a token for.
const ENVIRONMENT: [(&str, &str); 2] =
    [("LOGTO_RESOURCES", "https://api.example.test"), ("LOGTO_SCOPES", "read:things")];

#[tokio::test]
async fn a_page_calls_the_api_with_the_users_token() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &ENVIRONMENT).await;
        let tab = fixture.open("/things").await;
        // Not signed in: on the way to Logto, and back to the page afterwards.
        tab.click("#continue-with-hugging-face").await;
        tab.click("#person-alice").await;
        tab.click("#authorize").await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        let things = tab.text("#things").await;
        assert_eq!(things, "You have a lamp and a chair.");
        fixture.screenshot(&tab, "things").await;

        // The session is of no use there: the API wants a token.
        assert_eq!(tab.fetch("/api/things").await.status, 401);
        fixture.end().await;
    })
    .await;
}
