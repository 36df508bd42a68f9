//! What the profile page of the examples says about the Hub.

use logto_local::{Endpoint, Fault, LocalTenant};
use logto_tests::{Example, ExampleApp, Visitor, free_base_url, signs_in_at};

const NAMED: &str = "Hugging Face says you are alice-hf.";
const NOT_ENABLED: &str = "This site does not ask Hugging Face for more.";
/// What helps is for the log: visitors have no shell.
const COMMAND: &str = "logto setup";
const HUB_SILENT: &str = "Hugging Face is not available right now.";
const LOGTO_SILENT: &str = "Logto is not available right now.";

/// Alice's profile page, while parts of the tenant fail.
async fn profile(
    example: Example,
    token_storage: bool,
    faults: &[(Endpoint, Fault)],
    hub: Option<&str>,
) -> String {
    let base_url = free_base_url();
    let tenant = LocalTenant::builder().base_url(&base_url);
    let tenant = tenant.token_storage(token_storage).start().await.unwrap();
    let local_hub = format!("{}/hugging-face", tenant.endpoint());
    let mut variables = signs_in_at(&tenant).to_vec();
    variables.push(("HF_ENDPOINT", hub.unwrap_or(&local_hub)));
    let _app = ExampleApp::start(example, &base_url, &variables).await;
    let visitor = Visitor::new();
    let sign_in = format!("{base_url}/sign-in/hugging-face");
    let address = visitor.sent_to(&sign_in).await;
    visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
    for (endpoint, fault) in faults {
        tenant.faults().set(*endpoint, *fault);
    }
    let page = visitor.open(&format!("{base_url}/profile")).await;
    assert_eq!(page.status(), 200, "{example:?}");
    page.text().await.unwrap()
}

#[tokio::test]
async fn the_page_says_who_the_hub_says_that_one_is_or_how_to_get_there() {
    for example in Example::ALL {
        let page = profile(example, true, &[], None).await;
        assert!(page.contains(NAMED), "{example:?}: {page}");
        let page = profile(example, false, &[], None).await;
        assert!(page.contains(NOT_ENABLED), "{example:?}: {page}");
        assert!(!page.contains(COMMAND), "{example:?}: {page}");
    }
}

#[tokio::test]
async fn the_page_is_shown_while_the_hub_or_the_vault_does_not_answer() {
    // They share the code that asks.
    let example = Example::Axum;
    let nowhere = free_base_url();
    let page = profile(example, true, &[], Some(&nowhere)).await;
    assert!(page.contains(HUB_SILENT), "{page}");
    let down = [(Endpoint::Pages, Fault::Status(503))];
    let page = profile(example, true, &down, None).await;
    assert!(page.contains(HUB_SILENT), "{page}");
    let down = [(Endpoint::ManagementApi, Fault::Status(500))];
    let page = profile(example, true, &down, None).await;
    assert!(page.contains(LOGTO_SILENT), "{page}");
}
