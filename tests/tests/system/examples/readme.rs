//! The ten lines of each README: what is printed there is what runs here.

use std::fs;
use std::path::Path;

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, Visitor, free_base_url, signs_in_at};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new("..").join(path)).unwrap()
}

#[test]
fn the_readmes_print_what_is_run() {
    for example in Example::ALL {
        let program = read(&format!("tests/examples/{}.rs", example.hello()));
        let (_, lines) = program.split_once("\n\n").unwrap();
        assert!(lines.lines().count() <= 10, "{example:?}: more than ten lines");
        let block = format!("```rust,no_run\n{lines}```\n");
        let adapter = format!("logto-{}", example.framework());
        for readme in ["README.md".to_owned(), format!("crates/{adapter}/README.md")] {
            assert!(read(&readme).contains(&block), "{readme} prints something else");
        }
    }
}

#[tokio::test]
async fn ten_lines_are_a_working_sign_in() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start_hello(example, &base_url, &signs_in_at(&tenant)).await;
        let visitor = Visitor::new();
        let sign_in = visitor.sent_to(&base_url).await;
        assert_eq!(sign_in, "/sign-in?return_to=%2F", "{example:?}");
        assert_eq!(visitor.status(&base_url).await, 401, "{example:?}");

        let address = visitor.sent_to(&format!("{base_url}{sign_in}")).await;
        let callback = tenant.sign_in(&address, "alice").await.unwrap();
        assert_eq!(visitor.sent_to(&callback).await, "/", "{example:?}");
        let page = visitor.open(&base_url).await.text().await.unwrap();
        assert_eq!(page, "Hello Alice Example", "{example:?}");
    }
}
