//! The whole way: sign-in, tokens, userinfo, sign-out.

use logto_local::{LocalTenant, Stop};

use crate::support::{
    auth_url, decode, exchange, param, refused, signed_in, text, tokens, userinfo,
};

#[tokio::test]
async fn alice_signs_in_and_out() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    let callback = browser.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    assert!(callback.starts_with("http://localhost:3000/callback?code="), "{callback}");
    assert_eq!(param(&callback, "state").as_deref(), Some("the-state"));
    assert_eq!(param(&callback, "iss").as_deref(), Some(tenant.issuer()));

    let code = param(&callback, "code").unwrap();
    let answer = tokens(&tenant, &exchange(&code)).await;
    let (_, claims) = decode(&answer["id_token"]);
    assert_eq!(claims["name"], "Alice Example");
    let me: serde_json::Value = serde_json::from_str(
        &userinfo(&tenant, &answer["access_token"]).await.text().await.unwrap(),
    )
    .unwrap();
    assert_eq!(
        me["identities"]["huggingface"]["details"]["rawData"]["preferred_username"],
        "alice-hf"
    );

    let end = format!(
        "{}/oidc/session/end?client_id={}&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000&state=x",
        tenant.endpoint(),
        tenant.app_id()
    );
    assert_eq!(
        browser.sign_out(&end).await.unwrap(),
        Stop::App("http://localhost:3000/?state=x".to_owned())
    );
    let refreshed =
        [("grant_type", "refresh_token"), ("refresh_token", text(&answer, "refresh_token"))];
    assert_eq!(tokens(&tenant, &refreshed).await["refresh_token"], answer["refresh_token"]);
}

#[tokio::test]
async fn a_code_is_spent_once_and_a_replay_revokes_everything() {
    let tenant = LocalTenant::start().await.unwrap();
    let callback = tenant.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    let code = param(&callback, "code").unwrap();
    let answer = tokens(&tenant, &exchange(&code)).await;
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", text(&answer, "refresh_token"))];
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 200);
    assert_eq!(refused(&tenant, &exchange(&code)).await, (400, "invalid_grant".to_owned()));
    assert_eq!(refused(&tenant, &refresh).await, (400, "invalid_grant".to_owned()));
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 401);
}

#[tokio::test]
async fn everybody_can_sign_in() {
    let tenant = LocalTenant::start().await.unwrap();
    for user in tenant.users() {
        let answer = signed_in(&tenant, user.handle()).await;
        assert_eq!(decode(&answer["id_token"]).1["sub"], user.id());
    }
}
