//! A Hugging Face Space: the app in a frame of huggingface.co, with TLS and the sandbox that Spaces
//! have.

use logto_local::LocalTenant;
use logto_tests::{Browser, ExampleApp, Nginx, Tab, eventually, free_port, signs_in_at};

/// In place of `me-app.hf.space`: a local tenant sends users to this machine only.
const SPACE: &str = "https://me-app.localhost";
const AROUND: &str = "https://huggingface.co";
/// As in Gradio's imitation of the frame, 2025-11: nothing may navigate the page around it.
const SANDBOX: &str = "allow-downloads allow-forms allow-modals allow-pointer-lock allow-popups \
    allow-popups-to-escape-sandbox allow-same-origin allow-scripts \
    allow-storage-access-by-user-activation";

#[tokio::test]
async fn a_space_signs_users_in_inside_its_frame() {
    let (proxy, port) = (free_port(), free_port());
    let tenant = LocalTenant::builder().base_url(SPACE).start().await.expect("a tenant");
    let host = "me-app.localhost,app.example.com";
    let _app = ExampleApp::start_space(host, port, &signs_in_at(&tenant)).await;
    let frame = format!(
        "default_type text/html; return 200 '<!doctype html><title>A Space</title>\
         <iframe title=\"Space\" width=\"900\" height=\"600\" sandbox=\"{SANDBOX}\" src=\"{SPACE}/\"></iframe>';"
    );
    let app = format!("proxy_pass http://127.0.0.1:{port};");
    let sites = [("huggingface.co", frame.as_str()), ("me-app.localhost", app.as_str())];
    let _nginx = Nginx::start_with_tls(proxy, &sites).await;
    let browser = Browser::launch_with(&[
        &format!("host-resolver-rules=MAP *:443 127.0.0.1:{proxy}"),
        "ignore-certificate-errors",
        // The frame of another site is in the page's own process, so that the test can look into
        // it.
        "disable-site-isolation-trials",
    ])
    .await;

    // The frame asks for a window, and nothing else works there.
    let page = browser.new_tab().await;
    page.goto(AROUND).await;
    frame_shows(&page, "p", "You are not signed in.").await;
    page.click_in_frame("a[href='/profile']").await;
    frame_shows(&page, "h1", "Please sign in").await;
    page.screenshot("space-frame").await;
    page.click_in_frame("a[target=_blank]").await;

    // The window is a page like any other: Logto, and back.
    let window = browser.tab_at(tenant.endpoint()).await;
    window.click("#continue-with-hugging-face").await;
    window.click("#person-alice").await;
    window.click("#authorize").await;
    window.shows("h1", "Use your account there?").await;
    assert!(window.text("main p").await.contains(AROUND));
    window.screenshot("space-window").await;
    window.click("main button").await;

    // The frame goes on by itself to the page that was wanted, and stays signed in.
    frame_shows(&page, "#user-name", "Alice Example").await;
    page.reload().await;
    frame_shows(&page, "#user-name", "Alice Example").await;
    let cookies = browser.cookies().await;
    let session = cookies.iter().find(|cookie| cookie.name.ends_with("_frame"));
    let key = session.and_then(|session| session.partition_key.as_ref());
    assert_eq!(key.expect("a partitioned cookie").top_level_site, AROUND);

    // Out of the frame, and with that out of the window's session too.
    page.click_in_frame("form button").await;
    frame_shows(&page, "h1", "You are signed out here").await;
    let other = browser.new_tab().await;
    other.goto(SPACE).await;
    assert_eq!(other.text("p").await, "You are not signed in.");
    eventually("the frame's cookie to be gone", async || {
        let cookies = browser.cookies().await;
        (!cookies.iter().any(|cookie| cookie.name.ends_with("_frame"))).then_some(())
    })
    .await;
    browser.close().await;
}

/// The frame may still show the page before.
async fn frame_shows(tab: &Tab, css: &str, text: &str) {
    eventually(&format!("the frame to show {text}"), async || {
        (tab.text_in_frame(css).await == text).then_some(())
    })
    .await;
}
