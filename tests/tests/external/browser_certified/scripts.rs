//! Pages whose links and forms are followed by a script in place of the browser: htmx and Turbo.

use logto_tests::{Fixture, Tab, everywhere, npm_file};

/// A library, and what makes it follow every link and form of a page.
struct Library {
    file: &'static str,
    start: &'static str,
}

const LIBRARIES: [Library; 3] = [
    Library {
        file: "htmx-2/dist/htmx.min.js",
        start: "document.body.setAttribute('hx-boost', 'true'); htmx.process(document.body)",
    },
    Library {
        file: "htmx.org/dist/htmx.min.js",
        start: "document.body.setAttribute('hx-boost:inherited', 'true'); htmx.process(document.body)",
    },
    Library {
        file: "@hotwired/turbo/dist/turbo.es2017-umd.js",
        start: "window.Turbo !== undefined",
    },
];

impl Library {
    async fn run(&self, tab: &Tab) {
        let source = std::fs::read_to_string(npm_file(self.file)).expect("the library");
        tab.run(&source).await;
        tab.run(self.start).await;
    }
}

#[tokio::test]
async fn links_and_forms_that_a_script_follows_sign_in_and_out() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        for library in LIBRARIES {
            let tab = fixture.open("/").await;
            library.run(&tab).await;
            tab.click("#sign-in-hugging-face").await;
            tab.click("#person-alice").await;
            tab.click("#authorize").await;
            fixture.wait_for_app(&tab).await;
            assert_eq!(tab.text("#user-name").await, "Alice Example", "{}", library.file);
            assert_eq!(tab.current_url().await, fixture.url("/"));

            library.run(&tab).await;
            tab.click("#sign-out").await;
            tab.wait_for("#sign-in").await;
            assert_eq!(tab.fetch("/api/me").await.status, 401, "{}", library.file);

            // Her session at Logto has ended too, so it asks who she is. And a page that needs her
            // is the one that she comes back to.
            tab.run(PROFILE).await;
            library.run(&tab).await;
            tab.click("#sign-in").await;
            tab.click("#continue-with-hugging-face").await;
            tab.click("#person-alice").await;
            tab.click("#authorize").await;
            fixture.wait_for_app(&tab).await;
            assert_eq!(tab.current_url().await, fixture.url("/profile?tab=2"), "{}", library.file);
            tab.click("#sign-out").await;
            tab.wait_for("#sign-in").await;
        }
        fixture.end().await;
    })
    .await;
}

/// Has a link lead to a page that needs a user.
const PROFILE: &str = "document.querySelector('#sign-in').setAttribute('href', '/profile?tab=2')";

/// The page with the form needs no user, so that it would be there again after a reload.
#[tokio::test]
async fn turbo_shows_that_a_form_came_without_a_session() {
    everywhere(async |example| {
        let fixture = Fixture::local(example, &[]).await;
        let [.., turbo] = LIBRARIES;
        let tab = fixture.open("/").await;
        tab.run(FORM).await;
        turbo.run(&tab).await;
        tab.click("#send").await;
        tab.shows("h1", "You are no longer signed in").await;
        tab.click("main a").await;
        tab.click("#continue-with-hugging-face").await;
        tab.click("#person-alice").await;
        tab.click("#authorize").await;
        fixture.wait_for_app(&tab).await;
        assert_eq!(tab.text("#user-name").await, "Alice Example");
        assert_eq!(tab.current_url().await, fixture.url("/"));
        fixture.end().await;
    })
    .await;
}

const FORM: &str = "document.querySelector('main').insertAdjacentHTML('beforeend', \
    '<form method=\"post\" action=\"/sessions/end-others\"><button id=\"send\">Send</button></form>')";
