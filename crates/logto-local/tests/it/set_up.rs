//! What is set up by the Management API is what users meet.

use logto_local::{LocalTenant, Stop};
use reqwest::Method;
use serde_json::{Value, json};

use crate::administrator::Administrator;
use crate::management::MANAGEMENT;
use crate::support::{CALLBACK, decode, param};

fn page(stop: Stop) -> (String, String) {
    match stop {
        Stop::Page { at, body, .. } => (at, body),
        other => panic!("not a page: {other:?}"),
    }
}

#[tokio::test]
async fn a_tenant_that_starts_empty_has_no_way_in_until_there_is_a_button() {
    let admin = Administrator::of_an_empty_tenant().await;
    let (app, _) = admin.app("Traditional").await;
    let url = admin.url(&app, "openid");
    let direct = format!("{url}&direct_sign_in=social%3Ahuggingface");
    for with_connector in [false, true] {
        if with_connector {
            admin.connector().await;
        }
        let (at, body) = page(admin.tenant.browser().open(&url).await.unwrap());
        assert!(at.starts_with("/sign-in?"), "{at}");
        assert!(body.contains("no-way-in") && !body.contains("continue-with-hugging-face"));
        let (at, _) = page(admin.tenant.browser().open(&direct).await.unwrap());
        assert!(at.starts_with("/sign-in"), "{at}");
    }
    admin.show_button().await;
    let (_, body) = page(admin.tenant.browser().open(&url).await.unwrap());
    assert!(body.contains("continue-with-hugging-face"));
    let (at, _) = page(admin.tenant.browser().open(&direct).await.unwrap());
    let hugging_face = format!("http://localhost{at}");
    let callback = format!("{}/callback/mine00000000", admin.tenant.endpoint());
    assert_eq!(param(&hugging_face, "redirect_uri").unwrap(), callback);
    assert_eq!(param(&hugging_face, "client_id").unwrap(), "mine");
    assert_eq!(param(&hugging_face, "scope").unwrap(), "profile");
}

#[tokio::test]
async fn new_users_choose_a_user_name_unless_that_is_switched_off() {
    let admin = Administrator::of_an_empty_tenant().await;
    let app = admin.app("Traditional").await;
    admin.button().await;
    let url = admin.url(&app.0, "openid profile");
    let mut browser = admin.tenant.browser();
    let stopped = browser.sign_in(&url, "alice").await.unwrap_err().to_string();
    assert!(stopped.contains("/continue/username"), "{stopped}");
    let submit = format!("{}/continue/username", admin.tenant.endpoint());
    for refused in ["", "two words", "1st"] {
        let stop = browser.submit(&submit, &[("username", refused)]).await.unwrap();
        assert!(page(stop).1.contains("id=\"notice\""), "{refused}");
    }
    let Stop::App(callback) = browser.submit(&submit, &[("username", "alice_1")]).await.unwrap()
    else {
        panic!("alice_1 is a user name");
    };
    let code = param(&callback, "code").unwrap();
    let fields =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    let (_, tokens) = admin.token(&app, &fields).await;
    assert_eq!(decode(&tokens["id_token"]).1["username"], "alice_1");

    let mut other = admin.tenant.browser();
    other.sign_in(&url, "frank").await.unwrap_err();
    let stop = other.submit(&submit, &[("username", "alice_1")]).await.unwrap();
    assert!(page(stop).1.contains("already in use"));
    admin.experience(json!({ "socialSignIn": { "skipRequiredIdentifiers": true } })).await;
    admin.tenant.sign_in(&url, "frank").await.unwrap();
}

#[tokio::test]
async fn a_closed_tenant_refuses_new_users() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let url = admin.url(admin.tenant.app_id(), "openid");
    admin.tenant.sign_in(&url, "alice").await.unwrap();
    admin.experience(json!({ "signInMode": "SignIn" })).await;
    admin.tenant.sign_in(&url, "alice").await.unwrap();
    admin.tenant.sign_in(&url, "frank").await.unwrap_err();
    let (_, users) = admin.call(Method::GET, "/api/users", Value::Null).await;
    let names = users.as_array().unwrap().iter().map(|user| &user["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["Alice Example"]);
}

#[tokio::test]
async fn an_ended_secret_and_a_deleted_app_are_refused() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let (id, first) = admin.app("Traditional").await;
    let path = format!("/api/applications/{id}/secrets");
    let end = admin.tenant.clock().now() + std::time::Duration::from_secs(60);
    let end = end.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let second = admin
        .post(&path, json!({ "name": "second", "expiresAt": u64::try_from(end).unwrap() }))
        .await;
    let second = second["value"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "authorization_code"), ("code", "none")];
    for secret in [&first, &second] {
        let (_, answer) = admin.token(&(id.clone(), secret.clone()), &fields).await;
        assert_eq!(answer["error"], "invalid_grant", "the secret is right");
    }
    admin.tenant.clock().advance(std::time::Duration::from_secs(61));
    let (status, answer) = admin.token(&(id.clone(), second), &fields).await;
    assert_eq!((status, &answer["error_description"]), (400, &json!("client secret has expired")));
    let (status, _) =
        admin.call(Method::DELETE, &format!("/api/applications/{id}"), Value::Null).await;
    assert_eq!(status, 204);
    let (status, answer) = admin.token(&(id, first), &fields).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_client")));
}

#[tokio::test]
async fn only_the_role_opens_the_management_api_to_a_machine() {
    let admin = Administrator::of_an_empty_tenant().await;
    let app = admin.app("MachineToMachine").await;
    let fields = [("grant_type", "client_credentials"), ("resource", MANAGEMENT), ("scope", "all")];
    let (_, without) = admin.token(&app, &fields).await;
    assert_eq!(without.get("scope"), None);
    let powerless =
        Administrator { token: without["access_token"].as_str().unwrap().to_owned(), ..admin };
    let (status, answer) = powerless.call(Method::GET, "/api/users", Value::Null).await;
    assert_eq!((status, &answer["code"]), (403, &json!("auth.forbidden")));
    let admin = Administrator::of(powerless.tenant).await;
    let (_, roles) = admin.call(Method::GET, "/api/roles", Value::Null).await;
    let body = json!({ "roleIds": [roles[0]["id"]] });
    admin.post(&format!("/api/applications/{}/roles", app.0), body).await;
    let (_, with) = admin.token(&app, &fields).await;
    assert_eq!(with["scope"], "all");
}

#[tokio::test]
async fn a_new_api_and_a_new_role_reach_the_tokens_of_users() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let app = admin.app("Traditional").await;
    admin.tenant.sign_in(&admin.url(&app.0, "openid"), "alice").await.unwrap();
    let api = "https://new.example.test";
    let resource = admin.post("/api/resources", json!({ "name": "New", "indicator": api })).await;
    let path = format!("/api/resources/{}/scopes", resource["id"].as_str().unwrap());
    let scope = admin.post(&path, json!({ "name": "do:it" })).await;
    let role = json!({ "name": "doer", "description": "does it", "scopeIds": [scope["id"]] });
    let role = admin.post("/api/roles", role).await;
    let (_, users) = admin.call(Method::GET, "/api/users", Value::Null).await;
    let alice = users[0]["id"].as_str().unwrap();
    admin.post(&format!("/api/users/{alice}/roles"), json!({ "roleIds": [role["id"]] })).await;
    let url = format!(
        "{}&resource=https%3A%2F%2Fnew.example.test",
        admin.url(&app.0, "openid do:it roles")
    );
    let callback = admin.tenant.sign_in(&url, "alice").await.unwrap();
    let code = param(&callback, "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("resource", api),
    ];
    let (_, tokens) = admin.token(&app, &fields).await;
    let (_, access) = decode(&tokens["access_token"]);
    assert_eq!((&access["aud"], &access["scope"]), (&json!(api), &json!("do:it")));
    assert_eq!(decode(&tokens["id_token"]).1["roles"], json!(["things-editor", "doer"]));
}

#[tokio::test]
async fn connectors_are_refused_as_was_recorded() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let oidc = json!({
        "connectorId": "oidc", "metadata": { "target": "huggingface" },
        "config": { "clientId": "a", "clientSecret": "b", "authorizationEndpoint": "c", "tokenEndpoint": "d" },
    });
    let with = |member: &str, value: Value| {
        let mut changed = oidc.clone();
        changed[member] = value;
        changed
    };
    let built_in = "/api/connectors/huggingface0";
    let store = json!({ "enableTokenStorage": true });
    let refused = async |method, path, body| {
        let (status, answer) = admin.call(method, path, body).await;
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    let code = |status, code: &str| (status, code.to_owned());
    assert_eq!(
        refused(Method::PATCH, built_in, store.clone()).await,
        code(422, "request.feature_not_supported")
    );
    assert_eq!(
        refused(Method::POST, "/api/connectors", with("metadata", Value::Null)).await,
        code(400, "connector.should_specify_target")
    );
    assert_eq!(
        refused(Method::POST, "/api/connectors", oidc.clone()).await,
        code(422, "connector.multiple_target_with_same_platform")
    );
    let (status, _) = admin.call(Method::DELETE, built_in, Value::Null).await;
    assert_eq!(status, 204);
    let (_, experience) = admin.call(Method::GET, "/api/sign-in-exp", Value::Null).await;
    assert_eq!(experience["socialSignInConnectorTargets"], json!([]));
    assert_eq!(
        refused(Method::POST, "/api/connectors", oidc.clone()).await,
        code(400, "connector.invalid_config")
    );

    let vault = LocalTenant::builder().secret_vault(true).start().await.unwrap();
    let admin = Administrator::of(vault).await;
    let (status, answer) = admin.call(Method::PATCH, built_in, store).await;
    assert_eq!((status, &answer["code"]), (422, &json!("connector.token_storage_not_supported")));
}

#[tokio::test]
async fn the_claims_of_id_tokens_are_a_setting() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let app = admin.app("Traditional").await;
    let body = json!({ "enabledExtendedClaims": ["identities"] });
    let (status, _) = admin.call(Method::PUT, "/api/configs/id-token", body).await;
    assert_eq!(status, 200);
    let url = admin.url(&app.0, "openid roles identities");
    let callback = admin.tenant.sign_in(&url, "alice").await.unwrap();
    let code = param(&callback, "code").unwrap();
    let fields =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    let (_, tokens) = admin.token(&app, &fields).await;
    let claims = decode(&tokens["id_token"]).1;
    assert_eq!(claims.get("roles"), None);
    assert_eq!(claims["identities"]["huggingface"]["userId"], "62a1f0c4d5e6f7a8b9c0d1e2");
}

#[tokio::test]
async fn an_address_of_another_machine_can_be_registered_and_is_never_used() {
    let admin = Administrator::of(LocalTenant::start().await.unwrap()).await;
    let addresses =
        json!({ "redirectUris": ["https://example.com/callback"], "postLogoutRedirectUris": [] });
    let body = json!({ "name": "far", "type": "Traditional", "oidcClientMetadata": addresses });
    let app = admin.post("/api/applications", body).await;
    for redirect in ["&redirect_uri=https%3A%2F%2Fexample.com%2Fcallback", ""] {
        let id = app["id"].as_str().unwrap();
        let query = format!("client_id={id}&response_type=code&scope=openid{redirect}");
        let url = format!("{}/oidc/auth?{query}", admin.tenant.endpoint());
        let stop = admin.tenant.browser().open(&url).await.unwrap();
        assert!(matches!(stop, Stop::Page { status: 400, .. }), "{stop:?}");
    }
}
