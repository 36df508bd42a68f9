//! Faults on demand, and the log of what clients sent.

use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant};

use crate::support::{auth_url, client, exchange, new_code, refused, signed_in, text, tokens};

async fn jwks_status(tenant: &LocalTenant) -> Result<u16, reqwest::Error> {
    let response = client().get(format!("{}/oidc/jwks", tenant.endpoint())).send().await?;
    Ok(response.status().as_u16())
}

#[tokio::test]
async fn a_status_lasts_until_it_is_cleared_and_hits_one_endpoint() {
    let tenant = LocalTenant::start().await.unwrap();
    let code = new_code(&tenant, "alice").await;
    tenant.faults().set(Endpoint::Jwks, Fault::Status(503));
    assert_eq!(jwks_status(&tenant).await.unwrap(), 503);
    assert_eq!(jwks_status(&tenant).await.unwrap(), 503);
    tokens(&tenant, &exchange(&code)).await;
    tenant.faults().clear();
    assert_eq!(jwks_status(&tenant).await.unwrap(), 200);
}

#[tokio::test]
async fn a_fault_can_be_counted() {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.faults().set_times(Endpoint::Jwks, Fault::Status(500), 2);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(jwks_status(&tenant).await.unwrap());
    }
    assert_eq!(statuses, [500, 500, 200]);
}

#[tokio::test]
async fn a_cut_connection_answers_nothing_and_does_nothing() {
    let tenant = LocalTenant::start().await.unwrap();
    let code = new_code(&tenant, "alice").await;
    tenant.clear_requests();
    tenant.faults().set_times(Endpoint::Token, Fault::CutConnection, 1);
    let url = format!("{}/oidc/token", tenant.endpoint());
    let error = client().post(&url).body("grant_type=refresh_token").send().await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(tenant.requests()[0].status, None);
    tokens(&tenant, &exchange(&code)).await;
}

#[tokio::test]
async fn down_cuts_everything() {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.faults().down();
    for path in [
        "/oidc/.well-known/openid-configuration",
        "/oidc/jwks",
        "/oidc/auth",
        "/oidc/me",
        "/sign-in",
    ] {
        client().get(format!("{}{path}", tenant.endpoint())).send().await.unwrap_err();
    }
    tenant.faults().clear();
    assert_eq!(jwks_status(&tenant).await.unwrap(), 200);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_work_behind() {
    let tenant = LocalTenant::start().await.unwrap();
    let error = exchange_without_answer(&tenant, Fault::LoseAnswer).await;
    assert!(!error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_held_back_leaves_its_work_behind() {
    let tenant = LocalTenant::start().await.unwrap();
    let error = exchange_without_answer(&tenant, Fault::HoldAnswer).await;
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_held_back_comes_when_the_faults_are_cleared() {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.faults().set(Endpoint::Jwks, Fault::HoldAnswer);
    let clear = async {
        // Both futures are in one task, so the request is sent meanwhile.
        while tenant.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        tenant.faults().clear();
    };
    let (status, ()) = tokio::join!(jwks_status(&tenant), clear);
    assert_eq!(status.unwrap(), 200);
}

/// The code is spent, but nothing comes for it.
async fn exchange_without_answer(tenant: &LocalTenant, fault: Fault) -> reqwest::Error {
    let code = new_code(tenant, "alice").await;
    tenant.faults().set_times(Endpoint::Token, fault, 1);
    let request = client().post(format!("{}/oidc/token", tenant.endpoint()));
    let request = request.basic_auth(tenant.app_id(), Some(tenant.app_secret()));
    let body = crate::support::form(&exchange(&code));
    let error = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .timeout(Duration::from_millis(500))
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused(tenant, &exchange(&code)).await, (400, "invalid_grant".to_owned()));
    error
}

#[tokio::test]
async fn a_delay_comes_before_a_correct_answer() {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.faults().set(Endpoint::Jwks, Fault::Delay(Duration::from_secs(3600)));
    let patient = Duration::from_millis(200);
    let error = client()
        .get(format!("{}/oidc/jwks", tenant.endpoint()))
        .timeout(patient)
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    tenant.faults().set(Endpoint::Jwks, Fault::Delay(Duration::from_millis(1)));
    assert_eq!(jwks_status(&tenant).await.unwrap(), 200);
}

#[tokio::test]
async fn the_log_keeps_what_was_sent_and_shows_no_secret() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    let requests = tenant.requests();
    let authorize = requests.iter().find(|request| request.path == "/oidc/auth").unwrap();
    assert_eq!(authorize.param("state"), Some("the-state"));
    assert_eq!((authorize.method.as_str(), authorize.status), ("GET", Some(303)));
    let resources: Vec<_> = authorize.query.iter().filter(|(name, _)| name == "resource").collect();
    assert_eq!(resources.len(), 2);
    let exchange = requests.iter().find(|request| request.path == "/oidc/token").unwrap();
    assert!(exchange.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(exchange.param("grant_type"), Some("authorization_code"));

    let shown = format!("{tenant:?} {:?} {requests:?}", tenant.machine_app());
    let secrets =
        [tenant.app_secret(), &tenant.machine_app().app_secret, text(&answer, "refresh_token")];
    let sent = [exchange.header("authorization").unwrap(), exchange.param("code").unwrap()];
    for secret in secrets.into_iter().chain(sent) {
        assert!(!shown.contains(secret), "{shown}");
    }
    tenant.clear_requests();
    assert!(tenant.requests().is_empty());
    client().get(auth_url(&tenant, &[])).send().await.unwrap();
    assert_eq!(tenant.requests().len(), 1);
}
