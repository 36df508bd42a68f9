//! `/api/applications`: an app that is created here can sign users in.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use url::Url;

use super::input::{self, Issues};
use super::list::paged;
use super::refused::Refused;
use crate::apps::{App, AppCredentials, AppKind, BackChannel, asks_for_device_flow};
use crate::call::Call;
use crate::directory::{Row, row, text, texts};
use crate::reply;
use crate::state::Shared;
use crate::store::Store;

const TYPES: [&str; 6] = ["Native", "SPA", "Traditional", "MachineToMachine", "Protected", "SAML"];
const LONGEST_REFRESH_TOKEN_LIFE: u64 = 180;

pub(super) async fn list(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    // The latest comes first.
    let all = tenant
        .store()
        .apps
        .iter()
        .rev()
        .filter(|app| app.kind != AppKind::Document)
        .map(shown)
        .collect();
    paged(&tenant, &call, all)
}

pub(super) async fn create(State(tenant): State<Shared>, call: Call) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut issues = Issues::default();
    issues.text(&body, "name");
    issues.word(&body, "type", &TYPES);
    check_metadata(&mut issues, &body);
    issues.check()?;
    let kind = match text(&body, "type") {
        "Traditional" => AppKind::Web,
        "MachineToMachine" => AppKind::MachineToMachine,
        "Native" => AppKind::Native,
        _ => AppKind::Other,
    };
    let is_device_flow = body.get("customClientMetadata").is_some_and(asks_for_device_flow);
    if is_device_flow && kind != AppKind::Native {
        let message = "Device flow is only available for native applications.";
        return Err(Refused::unprocessable("application.device_flow_native_only", message));
    }
    let mut app = App::new(AppCredentials::generate()?, kind, tenant.clock.millis());
    if app.is_public() {
        app.secrets.clear();
    }
    app.third_party = body.get("isThirdParty") == Some(&Value::Bool(true));
    change(&mut app, body);
    let answer = reply::json(StatusCode::OK, &shown(&app));
    tenant.store().apps.push(app);
    Ok(answer)
}

pub(super) async fn read(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let store = tenant.store();
    let mut app = shown(find(&store, &id)?);
    if let Some(app) = app.as_object_mut() {
        app.insert("isAdmin".to_owned(), false.into());
    }
    Ok(reply::json(StatusCode::OK, &app))
}

pub(super) async fn update(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body = input::body(&call);
    let mut store = tenant.store();
    let app = find_mut(&mut store, &id)?;
    let mut issues = Issues::default();
    check_metadata(&mut issues, &body);
    issues.check()?;
    let metadata = body.get("customClientMetadata");
    if metadata.is_some_and(|metadata| asks_for_device_flow(metadata) != app.is_device_flow()) {
        let message = "Device flow cannot be changed after application creation.";
        return Err(Refused::unprocessable("application.device_flow_not_changeable", message));
    }
    change(app, body);
    Ok(reply::json(StatusCode::OK, &shown(app)))
}

pub(super) async fn delete(
    State(tenant): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let mut store = tenant.store();
    find(&store, &id)?;
    store.apps.retain(|app| app.id != id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn find<'a>(store: &'a Store, id: &str) -> Result<&'a App, Refused> {
    store.app(id).ok_or_else(|| Refused::not_found("applications", id))
}

pub(super) fn find_mut<'a>(store: &'a mut Store, id: &str) -> Result<&'a mut App, Refused> {
    let app = store.apps.iter_mut().find(|app| app.id == id);
    app.ok_or_else(|| Refused::not_found("applications", id))
}

fn check_metadata(issues: &mut Issues, body: &Row) {
    if let Some(Value::Object(oidc)) = body.get("oidcClientMetadata") {
        for list in ["redirectUris", "postLogoutRedirectUris"] {
            let path = [json!("oidcClientMetadata"), json!(list)];
            issues.list(oidc, &path);
            for (index, uri) in texts(oidc, list).enumerate() {
                if Url::parse(uri).is_err() {
                    issues.custom(&[path.as_slice(), &[json!(index)]].concat());
                }
            }
        }
    }
    if let Some(custom) = body.get("customClientMetadata") {
        let member = "refreshTokenTtlInDays";
        let path = [json!("customClientMetadata"), json!(member)];
        issues.at_most(custom.get(member), &path, LONGEST_REFRESH_TOKEN_LIFE);
    }
}

/// Each member that is there replaces what was, metadata as a whole.
fn change(app: &mut App, mut body: Row) {
    if let Some(Value::Object(oidc)) = body.remove("oidcClientMetadata") {
        let list = |name| texts(&oidc, name).map(str::to_owned).collect();
        app.redirect_uris = list("redirectUris");
        app.post_logout_redirect_uris = list("postLogoutRedirectUris");
        let uri = oidc.get("backchannelLogoutUri").and_then(Value::as_str);
        let session = oidc.get("backchannelLogoutSessionRequired").and_then(Value::as_bool);
        app.back_channel = BackChannel {
            enabled: uri.is_some(),
            session_required: session == Some(true),
            uri: uri.map(str::to_owned),
        };
        app.about.insert("oidcClientMetadata".to_owned(), oidc.into());
    }
    let known = [
        "name",
        "description",
        "type",
        "customClientMetadata",
        "customData",
        "appLevelAccessControlEnabled",
    ];
    let members = known.iter().filter_map(|name| body.remove_entry(*name));
    app.about.extend(members.collect::<Vec<_>>());
}

fn shown(app: &App) -> Value {
    let (kind, name) = match app.kind {
        AppKind::MachineToMachine => ("MachineToMachine", "Local machine"),
        _ => ("Traditional", "Local app"),
    };
    let mut all = row(json!({
        "tenantId": "default", "id": app.id, "name": name, "description": null, "type": kind,
        "customClientMetadata": {}, "protectedAppMetadata": null, "customData": {},
        "isThirdParty": app.third_party, "appLevelAccessControlEnabled": false,
    }));
    all.extend(app.about.clone());
    // The builder and `LocalTenant` register addresses too.
    let mut oidc = match all.remove("oidcClientMetadata") {
        Some(Value::Object(oidc)) => oidc,
        _ => Row::new(),
    };
    oidc.insert("redirectUris".to_owned(), json!(app.redirect_uris));
    oidc.insert("postLogoutRedirectUris".to_owned(), json!(app.post_logout_redirect_uris));
    if let Some(uri) = &app.back_channel.uri {
        oidc.insert("backchannelLogoutUri".to_owned(), json!(uri));
        if app.back_channel.session_required {
            oidc.insert("backchannelLogoutSessionRequired".to_owned(), json!(true));
        }
    }
    all.insert("oidcClientMetadata".to_owned(), oidc.into());
    Value::Object(all)
}
