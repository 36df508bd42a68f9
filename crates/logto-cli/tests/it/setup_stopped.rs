//! `logto setup hugging-face`, where something is missing, wrong or out of order.

use std::fs;

use axum::Router;
use axum::response::Html;
use logto_local::{Endpoint, Fault};
use tokio::net::TcpListener;

use crate::app::ReservedPort;
use crate::fixture::Fixture;

#[tokio::test]
async fn what_is_missing_is_named_at_once() {
    let fixture = Fixture::empty().await;
    let nothing = ["LOGTO_ENDPOINT", "LOGTO_M2M_APP_ID", "LOGTO_M2M_APP_SECRET"];
    let run = fixture.set_up_with(&[], &nothing.map(|name| (name, ""))).await;
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.err.contains(&format!("{} not set", nothing.join(", "))), "{run:?}");
    assert!(run.err.contains("Machine-to-machine"), "{run:?}");

    let run = fixture.set_up_with(&[], &[("HUGGING_FACE_CLIENT_ID", "")]).await;
    assert_eq!(run.status, 1, "{run:?}");
    let redirect_uri = format!("the redirect URI {}/callback/", fixture.tenant.endpoint());
    assert!(run.err.contains(&redirect_uri), "{run:?}");
    assert_eq!(fixture.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failure_half_way_tells_what_is_done_and_the_next_run_goes_on() {
    let fixture = Fixture::empty().await;
    // This tenant has no key to keep tokens with, which shows after the application is created.
    let run = fixture.set_up(&["--with-token-storage"]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.out.contains("✓ create the application My app"), "{run:?}");
    assert!(run.err.contains("SECRET_VAULT_KEK"), "{run:?}");
    assert!(run.err.contains("Run the same command again"), "{run:?}");
    assert!(!fixture.file().exists());

    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(!run.out.contains("create the application"), "{run:?}");
    assert!(
        !fixture.changes().contains(&"POST /api/applications".to_owned()),
        "{:?}",
        fixture.changes()
    );
}

#[tokio::test]
async fn credentials_of_the_machine_that_are_wrong_become_a_sentence() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up_with(&[], &[("LOGTO_M2M_APP_SECRET", "local-wrong")]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.err.contains("Check LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET"), "{run:?}");
}

#[tokio::test]
async fn a_dry_run_says_what_no_program_can_do() {
    let fixture = Fixture::empty().await;
    let nothing = [("HUGGING_FACE_CLIENT_ID", ""), ("HUGGING_FACE_CLIENT_SECRET", "")];
    let run = fixture.set_up_with(&["--dry-run"], &nothing).await;
    assert_eq!(run.status, 0, "{run:?}");
    let (_, last) = run.out.split_once("nothing was changed").unwrap();
    for told in [
        "https://huggingface.co/settings/applications/new",
        "openid, profile and email",
        &format!("{}/callback/hf", fixture.tenant.endpoint()),
        "HUGGING_FACE_CLIENT_ID and HUGGING_FACE_CLIENT_SECRET",
    ] {
        assert!(last.contains(told), "{told}: {run:?}");
    }
    let run = fixture.set_up(&["--dry-run"]).await;
    assert!(!run.out.contains("https://huggingface.co/settings"), "{run:?}");
}

/// What a user is told to check is the right thing.
#[tokio::test]
async fn an_endpoint_that_is_something_else_is_told_from_credentials_that_are_wrong() {
    let fixture = Fixture::empty().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = Router::new().fallback(async || Html("<h1>Welcome</h1>"));
    tokio::spawn(axum::serve(listener, page).into_future());
    let unused = ReservedPort::new().await.release();
    let other_name = fixture.tenant.endpoint().replace("localhost", "127.0.0.1");
    for (endpoint, status, told) in [
        (format!("{}/path", fixture.tenant.endpoint()), 1, "is not a Logto tenant"),
        (format!("http://localhost:{port}"), 1, "Is LOGTO_ENDPOINT the tenant?"),
        (format!("https://localhost:{port}"), 1, "does not speak TLS"),
        (unused, 1, "Check LOGTO_ENDPOINT, or try again"),
        (other_name, 1, "set the endpoint to the address that Logto itself uses"),
        ("https://no-such-host.invalid".to_owned(), 1, "LOGTO_ENDPOINT"),
        ("localhost:3001".to_owned(), 2, "has no https:// or http://"),
    ] {
        let run = fixture.set_up(&["--endpoint", &endpoint]).await;
        assert_eq!(run.status, status, "{endpoint}: {run:?}");
        assert!(run.err.contains(told), "{endpoint}: {run:?}");
        assert!(!run.err.contains("LOGTO_M2M_APP_SECRET"), "{endpoint}: {run:?}");
        assert_eq!(run.out, "", "{endpoint}");
    }
}

#[tokio::test]
async fn a_base_url_that_cannot_be_is_wrong_use() {
    let fixture = Fixture::empty().await;
    for base_url in ["nonsense", "http://localhost:3000/?a=b", "ftp://localhost"] {
        let run = fixture.set_up(&["--base-url", base_url]).await;
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.err.contains(base_url), "{run:?}");
        assert_eq!(fixture.changes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_logto_that_goes_out_of_order_is_told_and_the_next_run_goes_on() {
    let fixture = Fixture::empty().await;
    fixture.tenant.faults().set(Endpoint::ManagementApi, Fault::Status(503));
    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.err.contains("status 503"), "{run:?}");
    fixture.tenant.faults().clear();
    assert_eq!(fixture.set_up(&[]).await.status, 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_costs_nothing_but_another_run() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--env-file", "missing/folder/.env"]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.err.contains("missing/folder/.env cannot be written"), "{run:?}");
    assert!(run.err.contains("The tenant is set up."), "{run:?}");
    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(fixture.changes(), Vec::<String>::new());
    assert!(fs::read_to_string(fixture.file()).unwrap().contains("LOGTO_APP_SECRET"));
}
