//! `cargo xtask demo`, as someone who tries the project out runs it.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use logto_tests::{Example, Process, eventually, eventually_within, free_base_url};

/// The demo builds what it runs.
const BUILD: Duration = Duration::from_secs(15 * 60);

fn demo(example: &str, environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", "xtask", "--", "demo"])
        .arg(example)
        .envs(environment.iter().copied());
    Process::start("cargo xtask demo", &mut command)
}

fn port_of(base_url: &str) -> &str {
    base_url.rsplit(':').next().unwrap_or_default()
}

async fn output_with(demo: &mut Process, wanted: &str) -> String {
    eventually_within(BUILD, wanted, async || {
        let ended = demo.exit_status();
        let output = demo.output();
        assert!(
            ended.is_none() || output.contains(wanted),
            "the demo ended without saying `{wanted}`:\n{output}"
        );
        output.contains(wanted).then_some(output)
    })
    .await
}

fn is_free(base_url: &str) -> bool {
    TcpListener::bind(format!("127.0.0.1:{}", port_of(base_url))).is_ok()
}

#[tokio::test]
async fn every_demo_runs_until_it_is_interrupted() {
    for example in Example::ALL {
        runs_until_it_is_interrupted(example.framework(), "id=\"sign-in\"").await;
    }
    runs_until_it_is_interrupted("mcp", "/mcp</pre>").await;
}

/// The page of the app has `mark`, by which users begin.
async fn runs_until_it_is_interrupted(example: &str, mark: &str) {
    let (base_url, logto) = (free_base_url(), free_base_url());
    let environment = [("BASE_URL", base_url.as_str()), ("LOGTO_LOCAL_PORT", port_of(&logto))];
    let mut demo = demo(example, &environment);
    let output = output_with(&mut demo, "Ctrl-C").await;
    assert!(output.contains(&base_url), "{example:?}: {output}");
    assert!(output.contains(&logto), "{example:?}: {output}");

    let home = reqwest::get(&base_url).await;
    let home = home.and_then(|home| home.error_for_status());
    let home = home.expect("the app answers").text().await;
    let begins = home.is_ok_and(|page| page.contains(mark));
    assert!(begins, "{example:?}: nobody can sign in");

    demo.interrupt();
    eventually("the demo to end", async || demo.exit_status()).await;
    for (what, address) in [("app", base_url), ("local Logto", logto)] {
        let ended = format!("the {what} of {example:?} to end with it");
        eventually(&ended, async || is_free(&address).then_some(())).await;
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let base_url = free_base_url();
    let port = port_of(&base_url);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"));
    let mut demo = demo("axum", &[("BASE_URL", &base_url)]);
    // The last line: what comes before it has arrived too.
    let way_out = "BASE_URL=http://localhost:4000 cargo xtask demo axum";
    let output = output_with(&mut demo, way_out).await;
    assert!(output.contains(&format!("port {port}")), "{output}");
    assert!(output.contains("Try another port"), "{output}");
    drop(listener);
}

#[tokio::test]
async fn an_app_that_dies_is_reported_with_its_status() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let environment = [
            ("BASE_URL", base_url.as_str()),
            ("LOGTO_ENDPOINT", "this is no address"),
            ("LOGTO_APP_ID", "app"),
            ("LOGTO_APP_SECRET", "secret"),
            ("LOGTO_COOKIE_SECRET", "short"),
        ];
        let mut demo = demo(example.framework(), &environment);
        let output = output_with(&mut demo, "The example app ended: exit status: ").await;
        assert!(output.contains("LOGTO_ENDPOINT"), "{example:?}: {output}");
        assert!(!output.contains("panicked"), "{example:?}: {output}");
        let status = eventually("the demo to end", async || demo.exit_status()).await;
        assert!(!status.success(), "{example:?}");
    }
}
