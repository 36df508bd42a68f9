//! Every typed call that was recorded has the method, path and body of the recording, and reads its
//! answer.

use std::time::{Duration, UNIX_EPOCH};

use logto_management::{
    ApplicationChanges, ApplicationType, ConnectorConfig, CustomClientMetadata, ErrorKind,
    NewApplication, NewConnector, NewResource, NewRole, OidcClientMetadata, RoleType,
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::recorded_server::{RecordedServer, recorded};

const APP: &str = "8s6wye3gb7dq9a4n54lsn";
pub(crate) const MACHINE: &str = "fqir5v5l7m1kvvr98w1dj";
const THINGS: &str = "adw1y3dtyljlpc1evgk77";

pub(crate) fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn addresses(redirect: &str) -> OidcClientMetadata {
    let home = "http://localhost:3000/";
    read(json!({ "redirectUris": [redirect], "postLogoutRedirectUris": [home] }))
}

#[tokio::test]
async fn applications() {
    let (server, management) = RecordedServer::start().await;
    let applications = management.applications();

    server.expect("POST", "/api/applications", "create Traditional web app");
    let mut new = NewApplication::new("lab-web", ApplicationType::Traditional);
    new.description = Some("Rust SDK acceptance app".to_owned());
    new.oidc_client_metadata = Some(addresses("http://localhost:3000/callback"));
    let tokens = json!({ "alwaysIssueRefreshToken": false, "rotateRefreshToken": true });
    new.custom_client_metadata = Some(read(tokens));
    let app = applications.create(&new).await.unwrap();
    assert_eq!((app.id.as_str(), app.kind), (APP, ApplicationType::Traditional));

    server.expect("POST", "/api/applications", "create M2M app");
    let mut new = NewApplication::new("lab-m2m", ApplicationType::MachineToMachine);
    new.description = Some("Management API access".to_owned());
    assert_eq!(applications.create(&new).await.unwrap().id, MACHINE);

    let path = format!("/api/applications/{APP}");
    server.expect("PATCH", &path, "PATCH backchannelLogoutUri (full oidcClientMetadata)");
    let mut with_back_channel = app.oidc_client_metadata;
    with_back_channel.backchannel_logout_uri =
        Some("http://localhost:3000/backchannel-logout".to_owned());
    with_back_channel.backchannel_logout_session_required = Some(true);
    let mut to = ApplicationChanges::default();
    to.oidc_client_metadata = Some(with_back_channel.clone());
    let app = applications.update(APP, &to).await.unwrap();
    assert_eq!(app.oidc_client_metadata, with_back_channel);

    server.expect("PATCH", &path, "");
    let mut to = ApplicationChanges::default();
    with_back_channel.backchannel_logout_session_required = Some(false);
    to.oidc_client_metadata = Some(with_back_channel);
    applications.update(APP, &to).await.unwrap();

    server.expect("GET", &path, "read app back");
    assert_eq!(applications.get(APP).await.unwrap().name, "lab-web");

    server.expect("GET", "/api/applications?page_size=100", "list");
    let all = applications.list().all().await.unwrap();
    assert_eq!(all.len(), 7);
    assert!(all.iter().any(|app| app.is_third_party));

    server.expect("GET", &format!("{path}/secrets"), "secrets of the web app");
    let secrets = applications.secrets(APP).await.unwrap();
    assert_eq!(secrets[0].value.expose_secret(), "secret");

    let added =
        server.expect("POST", &format!("{path}/secrets"), "add a second secret with expiry");
    let end = added["body"]["expiresAt"].as_u64().map(Duration::from_millis);
    let end = end.map(|end| UNIX_EPOCH + end);
    let secret = applications.add_secret(APP, "second", end).await.unwrap();
    assert_eq!(secret.expires_at, end);

    server.expect("POST", &format!("{path}/secrets"), "ERROR duplicate secret name");
    let error = applications.add_secret(APP, "second", None).await.unwrap_err();
    assert_eq!(error.code(), Some("application.secret_name_exists"));

    let path = format!("/api/applications/{MACHINE}/roles");
    server.expect("POST", &path, "grant the Management API role to the M2M app");
    applications.add_roles(MACHINE, &["j725pddjby557o6xzw207"]).await.unwrap();

    server.expect("DELETE", "/api/applications/am4bk4hs74s8ifmm1dtsf", "cleanup");
    applications.delete("am4bk4hs74s8ifmm1dtsf").await.unwrap();

    server.expect("GET", "/api/applications/does-not-exist", "ERROR unknown app");
    let error = applications.get("does-not-exist").await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("entity.not_exists_with_id"));
    server.finish();
}

#[tokio::test]
async fn resources_and_roles() {
    let (server, management) = RecordedServer::start().await;
    server.expect("GET", "/api/resources", "");
    let all = management.resources().list().all().await.unwrap();
    assert!(all.iter().any(|one| one.indicator == "https://default.logto.app/api"));

    server.expect("POST", "/api/resources", "create API resource");
    let mut new = NewResource::new("Example API", "https://api.example.test");
    new.access_token_ttl = Some(Duration::from_secs(3600));
    assert_eq!(management.resources().create(&new).await.unwrap().id, THINGS);

    let path = format!("/api/resources/{THINGS}/scopes");
    server.expect("POST", &path, "create scope");
    let resources = management.resources();
    let scope = resources.add_scope(THINGS, "read:things", Some("Read things"));
    assert_eq!(scope.await.unwrap().resource_id, THINGS);

    server.expect("POST", &path, "ERROR duplicate scope");
    let error = management.resources().add_scope(THINGS, "read:things", None).await.unwrap_err();
    assert_eq!(error.code(), Some("scope.name_exists"));

    server.expect("DELETE", "/api/resources/ahg3qcldz89n01g63c3ck", "cleanup");
    management.resources().delete("ahg3qcldz89n01g63c3ck").await.unwrap();

    let note = "find the seeded \"Logto Management API access\" role";
    server.expect("GET", "/api/roles?type=MachineToMachine", note);
    let roles = management.roles().list_of(&RoleType::MachineToMachine).all().await.unwrap();
    assert_eq!(roles[0].kind, RoleType::MachineToMachine);

    server.expect("POST", "/api/roles", "create user role with scopes");
    let mut new = NewRole::new("things-editor", "May read and write things", RoleType::User);
    new.scope_ids = vec!["3lx8edwaul6ibbzp5ibmf".to_owned(), "uh4mnqrcokwfc55tmake2".to_owned()];
    assert_eq!(management.roles().create(&new).await.unwrap().name, "things-editor");
    server.finish();
}

#[tokio::test]
async fn connectors_and_the_sign_in_experience() {
    let (server, management) = RecordedServer::start().await;
    let connectors = management.connectors();
    server.expect("GET", "/api/connector-factories", "available connectors");
    let factories = connectors.factories().await.unwrap();
    assert_eq!(factories[0].id, "huggingface-universal");
    assert!(!factories[0].is_token_storage_supported);

    server.expect("POST", "/api/connectors", "create Hugging Face connector");
    let config = json!({ "clientId": "hf-client-id", "clientSecret": "hf-client-secret", "scope": "profile email" });
    let mut new = NewConnector::new("huggingface-universal", read::<ConnectorConfig>(config));
    new.sync_profile = Some(false);
    let made = connectors.create(&new).await.unwrap();
    assert_eq!(made.target.as_deref(), Some("huggingface"));

    server.expect("GET", "/api/connectors", "list connectors");
    assert_eq!(connectors.list().await.unwrap()[0].id, made.id);
    server.expect("GET", &format!("/api/connectors/{}", made.id), "read connector");
    assert_eq!(connectors.get(&made.id).await.unwrap().config, made.config);

    server.expect("POST", "/api/connectors", "ERROR second connector of the same factory");
    let config = json!({ "clientId": "x", "clientSecret": "y" });
    let new = NewConnector::new("huggingface-universal", read(config));
    let error = connectors.create(&new).await.unwrap_err();
    assert_eq!(error.code(), Some("connector.multiple_instances_not_supported"));

    let experience = management.sign_in_experience();
    server.expect("GET", "/api/sign-in-exp", "default sign-in experience");
    let now = experience.get().await.unwrap();
    assert_eq!(now.sign_up.identifiers, ["username"]);
    server.expect("PATCH", "/api/sign-in-exp", "enable the Hugging Face button");
    let change = json!({ "socialSignInConnectorTargets": ["huggingface"] });
    let now = experience.update(&change).await.unwrap();
    assert_eq!(now.social_sign_in_connector_targets, ["huggingface"]);
    server.finish();
}

/// Also those that no typed call can provoke.
#[tokio::test]
async fn every_recorded_error_body_is_read() {
    let (server, management) = RecordedServer::start().await;
    let mut met = 0;
    for call in recorded() {
        let refused = call["status"].as_u64() >= Some(400);
        if !refused || call["response"]["code"].as_str().unwrap().starts_with("auth.") {
            continue;
        }
        let text = |name: &str| call[name].as_str().unwrap_or_default();
        server.expect(text("method"), text("path"), text("note"));
        let path: Vec<&str> = text("path").split('/').skip(2).collect();
        let request = match text("method") {
            "GET" => management.get(&path),
            "POST" => management.post(&path),
            "PATCH" => management.patch(&path),
            _ => management.delete(&path),
        };
        let request = match call.get("body") {
            Some(body) => request.json(body),
            None => request,
        };
        let error = request.done().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{call}");
        assert_eq!(error.code(), call["response"]["code"].as_str(), "{call}");
        assert_eq!(error.status().map(u64::from), call["status"].as_u64(), "{call}");
        assert!(error.to_string().contains(error.code().unwrap()), "{error}");
        met += 1;
    }
    server.finish();
    assert!(met > 20, "only {met} were recorded");
}

#[test]
fn what_a_tenant_keeps_and_this_crate_does_not_know_survives() {
    let metadata = json!({ "redirectUris": [], "postLogoutRedirectUris": [], "new": { "a": 1 } });
    let read_back: OidcClientMetadata = read(metadata.clone());
    assert_eq!(serde_json::to_value(read_back).unwrap(), metadata);
    let tokens = json!({ "idTokenTtl": 60, "corsAllowedOrigins": ["https://a"] });
    let read_back: CustomClientMetadata = read(tokens.clone());
    assert_eq!(serde_json::to_value(read_back).unwrap(), tokens);
    let kind: ApplicationType = read(json!("Agent"));
    assert_eq!(kind, ApplicationType::Other("Agent".to_owned()));
}
