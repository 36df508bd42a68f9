//! What expires, and when, by a clock that is moved.

use std::time::Duration;

use logto_local::LocalTenant;
use serde_json::Value;

use crate::support::{
    auth_url, client, exchange, new_code, param, refused, signed_in, signed_in_with, text, tokens,
    userinfo,
};

const DAY: u64 = 24 * 3600;

async fn stopped_tenant() -> LocalTenant {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.clock().stop();
    tenant
}

fn pass(tenant: &LocalTenant, seconds: u64) {
    tenant.clock().advance(Duration::from_secs(seconds));
}

async fn refresh(tenant: &LocalTenant, answer: &Value) -> Value {
    tokens(
        tenant,
        &[("grant_type", "refresh_token"), ("refresh_token", text(answer, "refresh_token"))],
    )
    .await
}

async fn refresh_is_refused(tenant: &LocalTenant, answer: &Value) {
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", text(answer, "refresh_token"))];
    assert_eq!(refused(tenant, &fields).await, (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let tenant = stopped_tenant().await;
    let (early, late) = (new_code(&tenant, "alice").await, new_code(&tenant, "alice").await);
    pass(&tenant, 59);
    tokens(&tenant, &exchange(&early)).await;
    pass(&tenant, 2);
    assert_eq!(refused(&tenant, &exchange(&late)).await, (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn an_access_token_lives_for_an_hour() {
    let tenant = stopped_tenant().await;
    let answer = signed_in(&tenant, "alice").await;
    pass(&tenant, 3599);
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 200);
    pass(&tenant, 1);
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 401);
}

#[tokio::test]
async fn a_refresh_token_is_kept_for_70_percent_of_its_life_and_then_rotates() {
    let tenant = stopped_tenant().await;
    let first = signed_in(&tenant, "alice").await;
    pass(&tenant, 14 * DAY * 69 / 100);
    assert_eq!(refresh(&tenant, &first).await["refresh_token"], first["refresh_token"]);
    pass(&tenant, 14 * DAY * 2 / 100);
    let second = refresh(&tenant, &first).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);

    // The new one has a whole life before it.
    pass(&tenant, 13 * DAY);
    assert_ne!(refresh(&tenant, &second).await["refresh_token"], second["refresh_token"]);
}

#[tokio::test]
async fn a_rotated_refresh_token_is_good_for_three_more_seconds_and_then_kills_everything() {
    let tenant = stopped_tenant().await;
    let first = signed_in(&tenant, "alice").await;
    pass(&tenant, 10 * DAY);
    let second = refresh(&tenant, &first).await;
    pass(&tenant, 3);
    let third = refresh(&tenant, &first).await;
    // Every use slides the window.
    pass(&tenant, 3);
    refresh(&tenant, &first).await;
    pass(&tenant, 4);
    assert_eq!(userinfo(&tenant, &third["access_token"]).await.status(), 200);
    refresh_is_refused(&tenant, &first).await;
    refresh_is_refused(&tenant, &second).await;
    refresh_is_refused(&tenant, &third).await;
    assert_eq!(userinfo(&tenant, &third["access_token"]).await.status(), 401);
}

#[tokio::test]
async fn a_refresh_token_dies_after_fourteen_days_and_its_grant_after_180() {
    let tenant = stopped_tenant().await;
    let mut answer = signed_in(&tenant, "alice").await;
    let unused = signed_in(&tenant, "alice").await;
    pass(&tenant, 14 * DAY);
    refresh_is_refused(&tenant, &unused).await;
    refresh_is_refused(&tenant, &answer).await;

    answer = signed_in(&tenant, "alice").await;
    for _ in 0..14 {
        pass(&tenant, 12 * DAY);
        answer = refresh(&tenant, &answer).await;
    }
    pass(&tenant, 12 * DAY);
    refresh_is_refused(&tenant, &answer).await;
}

#[tokio::test]
async fn the_session_lives_for_fourteen_days_and_a_sign_in_page_for_an_hour() {
    let tenant = stopped_tenant().await;
    let mut browser = tenant.browser();
    signed_in_with(&tenant, &mut browser, "alice").await;
    let silent = auth_url(&tenant, &[("prompt", "none")]);
    pass(&tenant, 14 * DAY - 1);
    let callback = browser.sign_in(&silent, "alice").await.unwrap();
    assert!(param(&callback, "code").is_some(), "{callback}");
    pass(&tenant, 2);
    let callback = browser.sign_in(&silent, "alice").await.unwrap();
    assert_eq!(param(&callback, "error").as_deref(), Some("login_required"));

    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[])).await.unwrap();
    pass(&tenant, 3601);
    let button = format!("{}/direct/social/huggingface", tenant.endpoint());
    let stop = browser.submit(&button, &[]).await.unwrap();
    assert!(format!("{stop:?}").contains("Session not found"), "{stop:?}");
}

#[tokio::test]
async fn max_age_asks_again_and_adds_auth_time() {
    let tenant = stopped_tenant().await;
    let mut browser = tenant.browser();
    signed_in_with(&tenant, &mut browser, "alice").await;
    pass(&tenant, 100);
    let within = auth_url(&tenant, &[("max_age", "3600"), ("prompt", "")]);
    tenant.clear_requests();
    let callback = browser.sign_in(&within, "alice").await.unwrap();
    assert_eq!(tenant.requests().len(), 1, "no page was needed");
    let answer = tokens(&tenant, &exchange(&param(&callback, "code").unwrap())).await;
    let claims = crate::support::decode(&answer["id_token"]).1;
    assert_eq!(claims["auth_time"].as_u64().unwrap() + 100, claims["iat"].as_u64().unwrap());

    tenant.clear_requests();
    browser
        .sign_in(&auth_url(&tenant, &[("max_age", "99"), ("prompt", "")]), "alice")
        .await
        .unwrap();
    assert!(tenant.requests().iter().any(|request| request.path == "/sign-in"));
}

#[tokio::test]
async fn the_clock_can_be_set_back() {
    let tenant = stopped_tenant().await;
    let then = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    tenant.clock().set(then);
    assert_eq!(tenant.clock().now(), then);
    let answer = signed_in(&tenant, "alice").await;
    assert_eq!(crate::support::decode(&answer["id_token"]).1["iat"], 1_000_000_000);
}

#[tokio::test]
async fn access_tokens_can_be_made_short_lived() {
    let tenant = stopped_tenant().await;
    tenant.set_access_token_life(Duration::ZERO);
    let answer = signed_in(&tenant, "alice").await;
    assert_eq!(answer["expires_in"], 0);
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 401);
    tenant.set_access_token_life(Duration::from_secs(60));
    let answer = refresh(&tenant, &answer).await;
    assert_eq!(answer["expires_in"], 60);
    pass(&tenant, 59);
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 200);
}

#[tokio::test]
async fn refresh_tokens_can_be_made_older() {
    let tenant = stopped_tenant().await;
    let first = signed_in(&tenant, "alice").await;
    tenant.age_refresh_tokens(Duration::from_secs(14 * DAY * 71 / 100));
    let second = refresh(&tenant, &first).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let third = refresh(&tenant, &second).await;
    assert_eq!(third["refresh_token"], second["refresh_token"]);
    tenant.age_refresh_tokens(Duration::from_secs(14 * DAY));
    refresh_is_refused(&tenant, &third).await;
}

#[tokio::test]
async fn answers_carry_the_time_of_the_tenant() {
    let tenant = stopped_tenant().await;
    let date = async || {
        let key_set = format!("{}/oidc/jwks", tenant.endpoint());
        let answer = client().get(key_set).send().await.unwrap();
        httpdate::parse_http_date(answer.headers()["date"].to_str().unwrap()).unwrap()
    };
    let before = date().await;
    pass(&tenant, DAY);
    assert_eq!(date().await, before + Duration::from_secs(DAY));
}
