//! The ten lines of each README: what is printed there is what runs here.

// A test fails by panicking.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, free_base_url};
use reqwest::redirect::Policy;

const COOKIE_SECRET: &str = "a secret of at least 32 characters";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new("..").join(path)).unwrap()
}

#[test]
fn the_readmes_print_what_is_run() {
    for example in Example::ALL {
        let program = read(&format!("tests/examples/{}.rs", example.hello()));
        let (_, lines) = program.split_once("\n\n").unwrap();
        assert!(
            lines.lines().count() <= 10,
            "{example:?}: more than ten lines"
        );
        let block = format!("```rust,no_run\n{lines}```\n");
        let adapter = format!("logto-{}", example.framework());
        for readme in [
            "README.md".to_owned(),
            format!("crates/{adapter}/README.md"),
        ] {
            assert!(
                read(&readme).contains(&block),
                "{readme} prints something else"
            );
        }
    }
}

#[tokio::test]
async fn ten_lines_are_a_working_sign_in() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder()
            .base_url(&base_url)
            .start()
            .await
            .unwrap();
        let environment = [
            ("LOGTO_ENDPOINT", tenant.endpoint()),
            ("LOGTO_APP_ID", tenant.app_id()),
            ("LOGTO_APP_SECRET", tenant.app_secret()),
            ("LOGTO_COOKIE_SECRET", COOKIE_SECRET),
        ];
        let _app = ExampleApp::start_hello(example, &base_url, &environment).await;
        let browser = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        let open = async |url: &str| {
            let request = browser.get(url).header("accept", "text/html");
            request.send().await.unwrap()
        };
        let refused = open(&base_url).await;
        assert_eq!(
            refused.headers()["location"],
            "/sign-in?return_to=%2F",
            "{example:?}"
        );
        let script = browser.get(&base_url).send().await.unwrap();
        assert_eq!(script.status(), 401, "{example:?}");

        let to_logto = open(&format!("{base_url}/sign-in?return_to=%2F")).await;
        let address = to_logto.headers()["location"].to_str().unwrap();
        let callback = tenant.sign_in(address, "alice").await.unwrap();
        assert_eq!(
            open(&callback).await.headers()["location"],
            "/",
            "{example:?}"
        );
        let page = open(&base_url).await.text().await.unwrap();
        assert_eq!(page, "Hello Alice Example", "{example:?}");
    }
}
