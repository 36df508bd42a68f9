//! `cargo xtask demo axum`, as somebody who tries the project out runs it.

use std::{net::TcpListener, process::Command, time::Duration};

use logto_tests::{Process, eventually, eventually_within, free_base_url};

/// The demo builds what it runs.
const BUILD: Duration = Duration::from_secs(15 * 60);

fn demo(environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", "xtask", "--", "demo", "axum"])
        .envs(environment.iter().copied());
    Process::start("cargo xtask demo axum", &mut command)
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
async fn the_demo_runs_until_it_is_interrupted() {
    let (base_url, logto) = (free_base_url(), free_base_url());
    let mut demo = demo(&[
        ("BASE_URL", &base_url),
        ("LOGTO_LOCAL_PORT", port_of(&logto)),
    ]);
    let output = output_with(&mut demo, "Ctrl-C").await;
    assert!(output.contains(&base_url), "{output}");
    assert!(output.contains(&logto), "{output}");

    let home = reqwest::get(&base_url).await.expect("the app answers");
    assert_eq!(home.status(), 200);
    assert!(
        home.text()
            .await
            .is_ok_and(|page| page.contains("id=\"sign-in\""))
    );

    demo.interrupt();
    eventually("the demo to end", async || demo.exit_status()).await;
    eventually("the app to end with it", async || {
        is_free(&base_url).then_some(())
    })
    .await;
    eventually("the local Logto to end with it", async || {
        is_free(&logto).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let base_url = free_base_url();
    let port = port_of(&base_url);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"));
    let mut demo = demo(&[("BASE_URL", &base_url)]);
    let output = output_with(&mut demo, "Try another port").await;
    assert!(output.contains(&format!("port {port}")), "{output}");
    assert!(
        output.contains("BASE_URL=http://localhost:4000 cargo xtask demo axum"),
        "{output}"
    );
    drop(listener);
}

#[tokio::test]
async fn an_app_that_dies_is_reported_with_its_status() {
    let mut demo = demo(&[
        ("BASE_URL", &free_base_url()),
        ("LOGTO_ENDPOINT", "this is no address"),
        ("LOGTO_APP_ID", "app"),
        ("LOGTO_APP_SECRET", "secret"),
        ("LOGTO_COOKIE_SECRET", "short"),
    ]);
    let output = output_with(&mut demo, "The example app ended: exit status: ").await;
    assert!(output.contains("LOGTO_ENDPOINT"), "{output}");
    let status = eventually("the demo to end", async || demo.exit_status()).await;
    assert!(!status.success());
}
