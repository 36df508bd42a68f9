//! A user in a real browser, the example app, and a local Logto tenant.

use logto_tests::{Fixture, Tab, everywhere};

/// Asks for everything that grows with the number of organizations.
const ALL_SCOPES: (&str, &str) = (
    "LOGTO_SCOPES",
    "urn:logto:scope:organizations urn:logto:scope:organization_roles roles email identities",
);

/// Answers the page of Hugging Face.
async fn authorize_as(tab: &Tab, user: &str) {
    tab.click(&format!("#person-{user}")).await;
    tab.click("#authorize").await;
}

#[tokio::test]
async fn signing_in_and_out_with_hugging_face() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/").await;
        fixture.screenshot(&tab, "home-signed-out").await;
        assert_eq!(tab.fetch("/api/me").await.status, 401);

        tab.click("#sign-in-hugging-face").await;
        tab.wait_for("#person-alice").await;
        fixture.screenshot(&tab, "hugging-face").await;
        authorize_as(&tab, "alice").await;

        assert_eq!(tab.text("#user-name").await, "Alice Example");
        assert_eq!(tab.current_url().await, fixture.url("/"));
        let picture = tab.attribute("#user-picture", "src").await;
        assert!(picture.is_some_and(|source| source.contains("alice")));
        fixture.screenshot(&tab, "home-signed-in").await;

        let me = tab.fetch("/api/me").await;
        assert_eq!(me.status, 200);
        assert_eq!(me.body["name"], "Alice Example");
        assert_eq!(me.body["sub"], "8s8claa1vi9z");

        tab.goto(&fixture.url("/profile")).await;
        assert_eq!(tab.text("#hugging-face-username").await, "alice-hf");
        let organizations = tab.text("#hugging-face-organizations").await;
        assert!(organizations.contains("example-org"), "{organizations}");
        fixture.screenshot(&tab, "profile").await;

        for cookie in fixture.app_cookies().await {
            assert!(cookie.http_only, "{} can be read by scripts", cookie.name);
            assert_eq!(cookie.path, "/", "{}", cookie.name);
            let same_site = cookie.same_site.expect("SameSite is set");
            assert_eq!(same_site.as_ref(), "Lax", "{}", cookie.name);
        }

        tab.goto(&fixture.url("/")).await;
        tab.click("#sign-out").await;
        tab.wait_for("#sign-in").await;
        assert_eq!(tab.fetch("/api/me").await.status, 401);
        assert_eq!(fixture.app_cookies().await.len(), 0, "cookies are left");
        fixture.screenshot(&tab, "home-signed-out-again").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_logto_too() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/sign-in").await;
        tab.click("#continue-with-hugging-face").await;
        authorize_as(&tab, "alice").await;
        tab.wait_for("#user-name").await;

        // Logto knows this browser now, and does not ask.
        tab.goto(&fixture.url("/sign-in")).await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");

        tab.click("#sign-out").await;
        tab.wait_for("#sign-in").await;
        tab.click("#sign-in").await;
        tab.wait_for("#continue-with-hugging-face").await;
        fixture.screenshot(&tab, "logto-sign-in").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_member_of_200_organizations_stays_signed_in() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[ALL_SCOPES]).await;
        let tab = fixture.open("/sign-in/hugging-face").await;
        authorize_as(&tab, "bob").await;
        assert_eq!(tab.text("#user-name").await, "Bob Example");

        for _ in 0..3 {
            tab.reload().await;
            assert_eq!(tab.text("#user-name").await, "Bob Example");
            let bytes: usize = fixture
                .app_cookies()
                .await
                .iter()
                .map(|cookie| cookie.name.len() + "=".len() + cookie.value.len() + "; ".len())
                .sum();
            assert!((1..8192).contains(&bytes), "{bytes} bytes of cookies");
        }
        tab.goto(&fixture.url("/profile")).await;
        assert_eq!(tab.text("#hugging-face-username").await, "bob-hf");
        let roles = tab.text("body").await.matches(":org-admin").count();
        assert!(roles >= 200, "only {roles} organization roles are shown");
        fixture.screenshot(&tab, "profile-200-organizations").await;
        assert_eq!(tab.fetch("/api/me").await.status, 200);
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_user_without_a_name_signs_in() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/sign-in/hugging-face").await;
        authorize_as(&tab, "carol").await;
        let shown = tab.text("#user-name").await;
        assert!(!shown.trim().is_empty(), "no name at all is shown");
        assert!(!shown.contains("null"), "{shown}");
        fixture.screenshot(&tab, "home-without-a-name").await;

        let me = tab.fetch("/api/me").await;
        assert_eq!(me.status, 200);
        assert_eq!(me.body["sub"], "q3x2n0486a6r");
        assert!(me.body["name"].is_null() && me.body["email"].is_null(), "{me:?}");

        tab.goto(&fixture.url("/profile")).await;
        assert_eq!(tab.text("#hugging-face-username").await, "carol-hf");
        fixture.screenshot(&tab, "profile-without-a-name").await;
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn declining_at_hugging_face_leaves_the_visitor_signed_out() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/sign-in/hugging-face").await;
        tab.click("#decline").await;
        // Logto asks again, as the real one does.
        tab.wait_for("#notice").await;
        fixture.screenshot(&tab, "logto-declined").await;

        tab.goto(&fixture.url("/")).await;
        tab.wait_for("#sign-in").await;
        assert_eq!(tab.fetch("/api/me").await.status, 401);

        // The next attempt is not disturbed by the one that was given up.
        tab.click("#sign-in-hugging-face").await;
        authorize_as(&tab, "alice").await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_are_one_session() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let first = fixture.open("/sign-in/hugging-face").await;
        first.wait_for("#authorize").await;
        let second = fixture.open("/profile").await;
        second.click("#continue-with-hugging-face").await;
        authorize_as(&second, "alice").await;
        second.wait_for("#hugging-face-username").await;

        first.goto(&fixture.url("/")).await;
        assert_eq!(first.text("#user-name").await, "Alice Example");

        first.click("#sign-out").await;
        first.wait_for("#sign-in").await;
        assert_eq!(second.fetch("/api/me").await.status, 401);
        fixture.end().await;
    })
    .await;
}

#[tokio::test]
async fn sign_in_comes_back_to_the_page_that_asked_for_it() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let tab = fixture.open("/profile").await;
        tab.click("#continue-with-hugging-face").await;
        authorize_as(&tab, "alice").await;
        assert_eq!(tab.text("#hugging-face-username").await, "alice-hf");
        assert_eq!(tab.current_url().await, fixture.url("/profile"));
        fixture.end().await;
    })
    .await;
}
