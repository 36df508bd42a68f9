//! Tabs that a browser restores all at once.

use futures::future::join_all;
use logto_local::LocalTenant;
use logto_tests::{Browser, Example, ExampleApp, Nginx, free_port, signs_in_at};

const TABS: usize = 30;

#[tokio::test]
async fn thirty_tabs_that_open_at_once_hinder_no_sign_in() {
    let (proxy, port) = (free_port(), free_port());
    let base_url = format!("http://localhost:{proxy}");
    let tenant = LocalTenant::builder().base_url(&base_url).start().await.expect("a tenant");
    let mut environment = signs_in_at(&tenant).to_vec();
    let port_name = port.to_string();
    environment.push(("PORT", &port_name));
    let app = ExampleApp::start_behind_proxy(Example::Axum, &base_url, port, &environment).await;
    let nginx = Nginx::start(proxy, port).await;
    let browser = Browser::launch().await;
    let tab = browser.new_tab().await;
    tab.goto(&format!("{base_url}/profile")).await;
    tab.click("#continue-with-hugging-face").await;
    tab.click("#person-alice").await;
    tab.click("#authorize").await;
    tab.wait_for("#user-name").await;

    // Her session at the app is over and that at Logto is not, so no tab stops at a form.
    drop(app);
    environment.push(("LOGTO_COOKIE_SECRET", "another secret of thirty-two characters"));
    let _app = ExampleApp::start_behind_proxy(Example::Axum, &base_url, port, &environment).await;

    // As long as addresses get in real life.
    let page = |tab| format!("{base_url}/profile?tab={tab}&{}", "a".repeat(280));
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        tabs.push(browser.new_tab().await);
    }
    join_all(tabs.iter().enumerate().map(async |(at, tab)| tab.goto(&page(at)).await)).await;
    let cookies = browser.cookies().await;
    let sign_ins = cookies.iter().filter(|cookie| cookie.name.contains("sign_in"));
    let bytes: usize = sign_ins.map(|cookie| cookie.name.len() + cookie.value.len()).sum();
    assert!(bytes < 4096, "{bytes} bytes of sign-in cookies");

    // Logto itself knows one sign-in of a browser at a time, so some tabs end there and are loaded
    // again.
    for (at, tab) in tabs.iter().enumerate() {
        tab.goto(&page(at)).await;
        assert_eq!(tab.text("#user-name").await, "Alice Example", "{}", nginx.log());
        assert_eq!(tab.current_url().await, page(at));
    }
    browser.close().await;
}
