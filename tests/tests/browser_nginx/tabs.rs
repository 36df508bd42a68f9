//! Tabs that a browser restores all at once.

use futures::future::join_all;
use logto_local::LocalTenant;
use logto_tests::{Browser, ExampleApp, Nginx, Tab, everywhere, free_port, signs_in_at};

const TABS: usize = 30;

#[tokio::test]
async fn thirty_tabs_that_open_at_once_all_come_back_to_their_page() {
    everywhere(async |example| {
        let (proxy, port) = (free_port(), free_port());
        let base_url = format!("http://localhost:{proxy}");
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.expect("a tenant");
        let mut environment = signs_in_at(&tenant).to_vec();
        let port_name = port.to_string();
        environment.push(("PORT", &port_name));
        let _app = ExampleApp::start_behind_proxy(example, &base_url, port, &environment).await;
        let nginx = Nginx::start(proxy, port).await;
        let browser = Browser::launch().await;

        // As long as addresses get in real life.
        let page = |tab| format!("{base_url}/profile?tab={tab}&{}", "a".repeat(280));
        let mut tabs = Vec::new();
        for _ in 0..TABS {
            tabs.push(browser.new_tab().await);
        }
        join_all(tabs.iter().enumerate().map(async |(at, tab)| tab.goto(&page(at)).await)).await;
        for (at, tab) in tabs.iter().enumerate() {
            sign_in(tab).await;
            assert_eq!(tab.text("#user-name").await, "Alice Example", "{}", nginx.log());
            assert_eq!(tab.current_url().await, page(at));
        }
        browser.close().await;
    })
    .await;
}

/// A tab whose cookie another one took begins again, once, unless one of the others is signed in.
async fn sign_in(tab: &Tab) {
    for _ in 0..2 {
        tab.click("#continue-with-hugging-face").await;
        tab.click("#person-alice").await;
        tab.click("#authorize").await;
        tab.wait_for("#user-name, #continue-with-hugging-face").await;
        if tab.has("#user-name").await {
            return;
        }
    }
}
