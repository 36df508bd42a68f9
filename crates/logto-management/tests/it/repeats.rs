//! What is sent again, what is not, and how long lists are read.

use std::time::Duration;

use logto_local::{Endpoint, Fault};
use logto_management::{ErrorKind, Management, NewOrganization, NewRole, RoleType};
use serde_json::{Value, json};

use crate::recorded_server::{RecordedServer, call};
use crate::support::{client, empty};

fn refused(call: &Value, status: u16, wait: &str) -> Value {
    let mut refused = call.clone();
    refused["status"] = status.into();
    refused["response"] = "<html>slow down".into();
    refused["retry-after"] = wait.into();
    refused
}

fn read() -> Value {
    call("GET", "/api/resources", "")
}

#[tokio::test]
async fn a_read_waits_as_long_as_it_is_told_and_is_sent_again() {
    let (server, management) = RecordedServer::start().await;
    server.then(refused(&read(), 429, "0"));
    server.then(refused(&read(), 429, "0"));
    server.then(read());
    let all = management.resources().list().all().await.unwrap();
    assert_eq!(all.len(), 3);
    server.finish();
}

#[tokio::test]
async fn it_gives_up_after_three_times_and_at_once_if_the_wait_is_long() {
    let (server, management) = RecordedServer::start().await;
    for _ in 0..3 {
        server.then(refused(&read(), 429, "0"));
    }
    let error = management.resources().list().all().await.unwrap_err();
    assert!(error.is_retryable());
    server.finish();
    server.then(refused(&read(), 429, "31"));
    let error = management.resources().list().all().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(31)));
    server.finish();
}

#[tokio::test]
async fn what_is_not_idempotent_is_sent_once() {
    let (server, management) = RecordedServer::start().await;
    let create = call("POST", "/api/roles", "ERROR duplicate role name");
    server.then(refused(&create, 429, "0"));
    let request = management.post(&["roles"]).json(&create["body"]);
    assert_eq!(request.done().await.unwrap_err().status(), Some(429));
    server.finish();
    let change = call("PATCH", "/api/sign-in-exp", "enable the Hugging Face button");
    server.then(refused(&change, 429, "0"));
    let request = management.patch(&["sign-in-exp"]).json(&change["body"]);
    assert_eq!(request.done().await.unwrap_err().status(), Some(429));
    server.finish();
}

#[tokio::test]
async fn an_outage_is_told_and_not_sent_again() {
    let (server, management) = RecordedServer::start().await;
    server.then(refused(&read(), 503, "0"));
    let error = management.resources().list().all().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unreachable, Some(503)));
    server.finish();
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let (tenant, management) = empty().await;
    management.roles().list().all().await.unwrap();
    // The key that signed the token goes, and with it the token.
    tenant.rotate_signing_key(logto_local::SigningAlgorithm::Es384).unwrap();
    tenant.remove_previous_keys();
    tenant.clear_requests();
    management.roles().list().all().await.unwrap();
    let sent = tenant.requests();
    let count = |path: &str| sent.iter().filter(|one| one.path == path).count();
    assert_eq!((count("/api/roles"), count("/oidc/token")), (2, 1));

    // A write too: a refused token did nothing.
    tenant.rotate_signing_key(logto_local::SigningAlgorithm::Es384).unwrap();
    tenant.remove_previous_keys();
    let role = NewRole::new("reader", "reads", RoleType::User);
    management.roles().create(&role).await.unwrap();
}

#[tokio::test]
async fn a_write_whose_token_is_refused_is_repeated_once() {
    let (server, management) = RecordedServer::start().await;
    let create = call("POST", "/api/roles", "ERROR duplicate role name");
    let mut refused = create.clone();
    refused["status"] = 401.into();
    refused["response"] = json!({ "code": "auth.unauthorized", "message": "Unauthorized." });
    server.then(refused.clone());
    server.then(refused);
    let request = management.post(&["roles"]).json(&create["body"]);
    assert_eq!(request.done().await.unwrap_err().kind(), ErrorKind::NoAccess);
    server.finish();
}

#[tokio::test]
async fn a_write_that_is_refused_for_another_reason_is_sent_once() {
    let (server, management) = RecordedServer::start().await;
    let create = call("POST", "/api/roles", "ERROR duplicate role name");
    let mut refused = create.clone();
    refused["status"] = 401.into();
    server.then(refused);
    let request = management.post(&["roles"]).json(&create["body"]);
    assert_eq!(request.done().await.unwrap_err().status(), Some(401));
    server.finish();
}

/// Behind a custom domain of Logto Cloud the endpoint does not tell the Management API's name.
#[tokio::test]
async fn the_api_that_is_named_is_asked_for_and_one_that_is_not_there_is_told() {
    let (tenant, _) = empty().await;
    let machine = tenant.machine_app();
    let named = "https://my-tenant.logto.app/api";
    let management = Management::builder(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    let management = management.resource(named).build().unwrap();
    let error = management.sign_in_experience().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAccess);
    assert!(error.to_string().contains(&format!("has no API {named}")), "{error}");
    let mut asked = tenant.requests();
    asked.retain(|one| one.path == "/oidc/token");
    assert_eq!(asked[0].param("resource"), Some(named));
}

#[tokio::test]
async fn many_requests_share_one_token() {
    let (tenant, management) = empty().await;
    let calls = (0..8).map(|_| {
        let management = management.clone();
        tokio::spawn(async move { management.sign_in_experience().get().await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let tokens = tenant.requests().into_iter().filter(|one| one.path == "/oidc/token");
    assert_eq!(tokens.count(), 1);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let (tenant, _) = empty().await;
    let machine = tenant.machine_app();
    let management = Management::builder(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    let management = management.requests_per_second(10_000).build().unwrap();
    for number in 0..201 {
        let new = NewOrganization::new(format!("Team {number}"));
        management.organizations().create(&new).await.unwrap();
    }
    tenant.clear_requests();
    let all = management.organizations().list().all().await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), 201);
    assert_eq!((names[0], names[200]), ("Team 0", "Team 200"));
    assert_eq!(tenant.requests().len(), 3);

    // Stopping early fetches no more than is needed.
    tenant.clear_requests();
    let mut some = management.organizations().list();
    assert_eq!(some.try_next().await.unwrap().unwrap().name, "Team 0");
    assert_eq!(tenant.requests().len(), 1);
}

#[tokio::test]
async fn a_tenant_that_is_down_is_unreachable_and_nothing_secret_is_said() {
    let (tenant, _) = empty().await;
    tenant.faults().set(Endpoint::ManagementApi, Fault::CutConnection);
    let management = client(&tenant);
    let error = management.sign_in_experience().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let said = format!("{error} {error:?}");
    assert!(!said.contains(&tenant.machine_app().app_secret) && !said.contains("eyJ"), "{said}");
}

#[tokio::test]
async fn a_secret_that_logto_repeats_is_taken_out_of_the_error() {
    let (server, management) = RecordedServer::start().await;
    let mut echo = call("POST", "/api/connectors", "ERROR invalid config");
    echo["body"] = json!({ "config": { "clientSecret": "hf-client-secret" } });
    echo["response"]["details"] = "received hf-client-secret for the-token".into();
    server.then(echo.clone());
    let request = management.post(&["connectors"]).json(&echo["body"]);
    let error = request.done().await.unwrap_err();
    assert_eq!(error.details(), Some("received [redacted] for [redacted]"));
    server.finish();
}
