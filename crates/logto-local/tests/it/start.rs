//! Starting, and what a tenant refuses so that it is not taken for a real one.

use logto_local::{Error, LocalTenant, TestUser};
use serde_json::Value;

use crate::support::{
    auth_url, client, decode, exchange, param, signed_in, text, tokens, userinfo,
};

#[tokio::test]
async fn a_taken_port_is_named() {
    let tenant = LocalTenant::start().await.unwrap();
    let port: u16 = tenant.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let error = LocalTenant::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, Error::Port { port: named, .. } if named == port));
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_dropped_tenant_gives_its_port_back() {
    let tenant = LocalTenant::start().await.unwrap();
    let url = format!("{}/oidc/jwks", tenant.endpoint());
    client().get(&url).send().await.unwrap();
    drop(tenant);
    // The server stops in its own time: it is asked until it does not answer.
    while client().get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_addresses_of_this_machine_are_registered() {
    for base in ["https://example.com", "http://192.168.0.7:3000", "http://localhost.example.com"] {
        let error = LocalTenant::builder().base_url(base).start().await.unwrap_err();
        assert!(matches!(error, Error::NotLoopback(_)), "{base}: {error}");
    }
    let tenant = LocalTenant::start().await.unwrap();
    assert!(tenant.register_base_url("https://example.com").is_err());
    assert!(tenant.add_app("https://example.com").is_err());
    for base in ["localhost", "localhost:3000"] {
        let error = tenant.register_base_url(base).unwrap_err();
        assert!(matches!(error, Error::InvalidUri(_)), "{base}: {error}");
    }
    for base in ["http://127.0.0.1:4000", "http://[::1]:4000", "https://app.localhost"] {
        tenant.register_base_url(base).unwrap();
    }
}

#[tokio::test]
async fn a_secret_looks_local() {
    let error = LocalTenant::builder().app("id", "real-looking").start().await.unwrap_err();
    assert!(matches!(error, Error::SecretNotLocal));
    assert!(!error.to_string().contains("real-looking"));
    let tenant = LocalTenant::builder().app("my-app", "local-secret").start().await.unwrap();
    assert_eq!((tenant.app_id(), tenant.app_secret()), ("my-app", "local-secret"));
    let generated = LocalTenant::start().await.unwrap();
    assert!(generated.app_secret().starts_with("local-"));
}

#[tokio::test]
async fn an_app_whose_port_is_known_later_can_be_registered() {
    let tenant = LocalTenant::start().await.unwrap();
    tenant.register_base_url("http://localhost:4567/").unwrap();
    let url = auth_url(&tenant, &[("redirect_uri", "http://localhost:4567/callback")]);
    let callback = tenant.sign_in(&url, "alice").await.unwrap();
    assert!(callback.starts_with("http://localhost:4567/callback?code="), "{callback}");
    let error = tenant.sign_in(&url, "nobody").await.unwrap_err();
    assert!(matches!(error, Error::UnknownUser(_)));
}

#[tokio::test]
async fn users_are_who_they_are_said_to_be() {
    let dora = TestUser::new("dora").with_name(None).with_role("things-reader").with_membership(
        "club00000000",
        "Club",
        "org-viewer",
    );
    let tenant = LocalTenant::builder().user(dora).start().await.unwrap();
    let answer = signed_in(&tenant, "dora").await;
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", text(&answer, "refresh_token"))];
    let with = |more: &[(&'static str, &'static str)]| [&refresh, more].concat();
    let things = ("resource", crate::support::THINGS);
    assert_eq!(tokens(&tenant, &with(&[things])).await["scope"], "read:things");
    let club = ("organization_id", "club00000000");
    assert_eq!(tokens(&tenant, &with(&[club])).await["scope"], "read:members");
    // Within an organization only the role there counts.
    assert_eq!(tokens(&tenant, &with(&[things, club])).await["scope"], "");
    let roles = serde_json::json!(["club00000000:org-viewer"]);
    assert_eq!(decode(&answer["id_token"]).1["organization_roles"], roles);

    let frank = signed_in(&tenant, "frank").await;
    let me: Value = serde_json::from_str(
        &userinfo(&tenant, &frank["access_token"]).await.text().await.unwrap(),
    )
    .unwrap();
    assert_eq!(me["email_verified"], true);
    assert_eq!(me["identities"]["huggingface"]["details"]["rawData"]["email_verified"], false);

    let carol = signed_in(&tenant, "carol").await;
    let claims = decode(&carol["id_token"]).1;
    for absent in ["name", "picture", "email", "username"] {
        assert_eq!(claims.get(absent), Some(&Value::Null), "{absent}");
    }
    assert_eq!(claims["email_verified"], false);
}

#[tokio::test]
async fn bob_is_as_large_as_recorded() {
    let tenant = LocalTenant::start().await.unwrap();
    let scope = "openid offline_access profile email roles urn:logto:scope:organizations \
                 urn:logto:scope:organization_roles read:things";
    let callback = tenant.sign_in(&auth_url(&tenant, &[("scope", scope)]), "bob").await.unwrap();
    let answer = tokens(&tenant, &exchange(&param(&callback, "code").unwrap())).await;
    let size = text(&answer, "id_token").len();
    assert!(size.abs_diff(11_416) < 50, "the recorded ID token has 11416 bytes, this one {size}");
    let me = userinfo(&tenant, &answer["access_token"]).await.text().await.unwrap().len();
    assert!(me.abs_diff(25_979) < 500, "the recorded userinfo has 25979 bytes, this one {me}");

    // Twice that in the head of a request is more than Node's HTTP server takes.
    let hint = format!("{0}{0}", text(&answer, "id_token"));
    let end = format!("{}/oidc/session/end", tenant.endpoint());
    let response = client().get(format!("{end}?id_token_hint={hint}")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (431, String::new()));
    let body = crate::support::form(&[("id_token_hint", text(&answer, "id_token"))]);
    let request = client().post(end).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body(body).send().await.unwrap().status(), 200);
}
