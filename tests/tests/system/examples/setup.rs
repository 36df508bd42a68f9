//! From an empty tenant to a signed-in user, by one command and the app's start.

use std::path::Path;
use std::process::Output;
use std::{fs, str};

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, Visitor, free_base_url, logto_command};
use serde_json::Value;

fn set_up(tenant: &LocalTenant, base_url: &str, folder: &Path) -> Output {
    let machine = tenant.machine_app();
    logto_command()
        .args(["setup", "hugging-face"])
        .current_dir(folder)
        .env("LOGTO_ENDPOINT", tenant.endpoint())
        .env("LOGTO_M2M_APP_ID", &machine.app_id)
        .env("LOGTO_M2M_APP_SECRET", &machine.app_secret)
        .env("HUGGING_FACE_CLIENT_ID", "made-up-client-id")
        .env("HUGGING_FACE_CLIENT_SECRET", "local-made-up-secret")
        .env("BASE_URL", base_url)
        .output()
        .unwrap()
}

// More than one thread: the tenant serves while the command is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn one_command_makes_an_example_sign_users_in() {
    for example in Example::ALL {
        let tenant = LocalTenant::builder().empty().start().await.unwrap();
        let (base_url, folder) = (free_base_url(), tempfile::tempdir().unwrap());
        let first = set_up(&tenant, &base_url, folder.path());
        assert!(first.status.success(), "{first:?}");

        let file = fs::read_to_string(folder.path().join(".env")).unwrap();
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let variables: Vec<_> = lines.filter_map(|line| line.split_once('=')).collect();
        let _app = ExampleApp::start(example, &base_url, &variables).await;
        let visitor = Visitor::new();
        let sign_in = format!("{base_url}/sign-in/hugging-face");
        let address = visitor.sent_to(&sign_in).await;
        let callback = tenant.sign_in(&address, "alice").await.unwrap();
        // Logto does not know the API of the examples: the sign-in begins again without it.
        let address = visitor.sent_to(&callback).await;
        assert!(address.contains("direct_sign_in=social%3Ahuggingface"), "{address}");
        let callback = tenant.sign_in(&address, "alice").await.unwrap();
        visitor.open(&callback).await;
        let me = visitor.get(&format!("{base_url}/api/me")).await;
        let me: Value = me.json().await.unwrap();
        assert_eq!(me["name"], "Alice Example", "{example:?}: {me}");

        let second = set_up(&tenant, &base_url, folder.path());
        let told = str::from_utf8(&second.stdout).unwrap();
        assert!(told.contains("Nothing changed"), "{told}");
    }
}
