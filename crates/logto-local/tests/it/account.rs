//! The Account API, by the answers that were recorded.

use logto_local::LocalTenant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::administrator::Administrator;
use crate::support::{auth_url, client, exchange, param, signed_in, text, tokens};

const PATH: &str = "/api/my-account/identities/huggingface/access-token";

async fn read(tenant: &LocalTenant, path: &str, authorization: Option<&str>) -> (u16, Value) {
    let request = client().get(format!("{}{path}", tenant.endpoint()));
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    let response = request.send().await.unwrap();
    let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
    (status, serde_json::from_str(&body).unwrap())
}

async fn with_tokens() -> LocalTenant {
    let tenant = LocalTenant::builder().token_storage(true);
    tenant.start().await.unwrap()
}

/// The header of a user who signed in with these scopes.
async fn bearer(tenant: &LocalTenant, scope: &str) -> String {
    let url = auth_url(tenant, &[("scope", scope), ("resource", "")]);
    let callback = tenant.sign_in(&url, "alice").await.unwrap();
    let tokens = tokens(tenant, &exchange(&param(&callback, "code").unwrap())).await;
    format!("Bearer {}", text(&tokens, "access_token"))
}

#[tokio::test]
async fn a_kept_token_is_given_to_its_user() {
    let tenant = with_tokens().await;
    let user = bearer(&tenant, "openid identities").await;
    let (status, answer) = read(&tenant, PATH, Some(&user)).await;
    assert_eq!(status, 200, "{answer}");
    let members = answer.as_object().unwrap().keys();
    let members: Vec<_> = members.map(String::as_str).collect();
    for member in ["access_token", "scope", "token_type", "expires_in"] {
        assert!(members.contains(&member), "{member} is not in {members:?}");
    }
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["scope"], "openid profile email inference-api");
}

#[tokio::test]
async fn errors_are_those_that_were_recorded() {
    let tenant = with_tokens().await;
    let user = bearer(&tenant, "openid identities").await;
    let unscoped = bearer(&tenant, "openid profile").await;
    let other = "/api/my-account/identities/github/access-token";
    let enterprise = "/api/my-account/sso-identities/huggingface0/access-token";
    let lower_case = user.replace("Bearer", "bearer");
    let rows = [
        (PATH, None, 401, "auth.authorization_header_missing"),
        (PATH, Some(lower_case.as_str()), 401, "auth.authorization_token_type_not_supported"),
        (PATH, Some("Bearer garbage"), 401, "auth.unauthorized"),
        (PATH, Some(unscoped.as_str()), 403, "auth.forbidden"),
        (other, Some(user.as_str()), 404, "secrets.third_party_token_set.token_not_found"),
        (enterprise, Some(unscoped.as_str()), 403, "auth.forbidden"),
        (enterprise, Some(user.as_str()), 404, "secrets.third_party_token_set.token_not_found"),
    ];
    for (path, authorization, status, code) in rows {
        let answer = read(&tenant, path, authorization).await;
        assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)));
    }
}

#[tokio::test]
async fn tokens_go_with_the_account_center_and_the_connector() {
    let admin = Administrator::of(with_tokens().await).await;
    let tokens = signed_in(&admin.tenant, "alice").await;
    let user = format!("Bearer {}", text(&tokens, "access_token"));
    let rows = [
        ("/api/account-center", json!({ "enabled": false }), 400),
        ("/api/account-center", json!({ "enabled": true }), 200),
        ("/api/connectors/huggingface0", json!({ "enableTokenStorage": false }), 404),
        // What was deleted does not come back.
        ("/api/connectors/huggingface0", json!({ "enableTokenStorage": true }), 404),
    ];
    for (path, change, then) in rows {
        let (status, answer) = admin.call(Method::PATCH, path, change.clone()).await;
        assert_eq!(status, 200, "{answer}");
        let (status, answer) = read(&admin.tenant, PATH, Some(&user)).await;
        assert_eq!(status, then, "after {change}: {answer}");
    }
}
