//! What ends with a user, a grant or a session, and what does not.

use logto_local::{LocalTenant, Stop};

use crate::support::{
    auth_url, exchange, param, refused, signed_in, signed_in_with, text, tokens, userinfo,
};

#[tokio::test]
async fn a_suspended_user_loses_everything_and_stays_outside() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    tenant.suspend("alice").unwrap();
    assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 401);
    let error = tenant.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap_err();
    assert!(error.to_string().contains("/account-suspended"), "{error}");
    tenant.sign_in(&auth_url(&tenant, &[]), "bob").await.unwrap();
    assert!(tenant.suspend("nobody").is_err());
}

#[tokio::test]
async fn revoking_grants_kills_tokens_and_leaves_the_session() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    let answer = signed_in_with(&tenant, &mut browser, "alice").await;
    tenant.revoke_grants("alice").unwrap();
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", text(&answer, "refresh_token"))];
    assert_eq!(refused(&tenant, &refresh).await, (400, "invalid_grant".to_owned()));
    tenant.clear_requests();
    browser.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    assert!(tenant.requests().iter().all(|request| request.path != "/sign-in"));
}

#[tokio::test]
async fn signing_out_needs_the_value_of_the_form() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
    browser.open(&format!("{}/oidc/session/end", tenant.endpoint())).await.unwrap();
    let confirm = format!("{}/oidc/session/end/confirm", tenant.endpoint());
    let stop = browser.submit(&confirm, &[("xsrf", "guessed"), ("logout", "yes")]).await.unwrap();
    assert!(matches!(stop, Stop::Page { status: 400, .. }), "{stop:?}");
    let silent = browser.sign_in(&auth_url(&tenant, &[("prompt", "none")]), "alice").await.unwrap();
    assert!(param(&silent, "code").is_some(), "{silent}");
}

#[tokio::test]
async fn without_offline_access_tokens_die_with_the_session() {
    let tenant = LocalTenant::start().await.unwrap();
    let online = auth_url(&tenant, &[("scope", "openid profile"), ("prompt", "")]);
    // Alone in its session, and next to an offline grant of the same app.
    for with_offline_grant in [false, true] {
        let mut browser = tenant.browser();
        let offline = match with_offline_grant {
            true => Some(signed_in_with(&tenant, &mut browser, "alice").await),
            false => None,
        };
        let callback = browser.sign_in(&online, "alice").await.unwrap();
        let answer = tokens(&tenant, &exchange(&param(&callback, "code").unwrap())).await;
        assert!(answer.get("refresh_token").is_none());
        assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 200);
        browser.sign_out(&format!("{}/oidc/session/end", tenant.endpoint())).await.unwrap();
        assert_eq!(userinfo(&tenant, &answer["access_token"]).await.status(), 401);
        if let Some(offline) = offline {
            assert_eq!(userinfo(&tenant, &offline["access_token"]).await.status(), 200);
        }
    }
}
