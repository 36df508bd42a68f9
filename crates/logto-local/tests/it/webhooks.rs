//! What happens is told to the app, in the shape of the recordings, signed, and once.

use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::http::HeaderMap;
use logto_local::LocalTenant;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::management::{MANAGEMENT, machine_token};
use crate::recorded::{assert_same_shape, entries, order, orders};
use crate::support::{auth_url, client};

pub(crate) type Inbox = UnboundedReceiver<(HeaderMap, String)>;

/// A tenant that tells an app, and what the app gets; the app answers with this status.
pub(crate) async fn tenant_with_inbox(status: StatusCode) -> (LocalTenant, Inbox) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (sender, inbox) = unbounded_channel();
    let app = Router::new().route(
        "/webhooks/logto",
        axum::routing::post(async move |headers: HeaderMap, body: String| {
            let _ = sender.send((headers, body));
            (status, "noted")
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    let builder = LocalTenant::builder().base_url(&base).webhooks(true);
    let builder = builder.redirect_uri(crate::support::CALLBACK);
    (builder.start().await.unwrap(), inbox)
}

pub(crate) async fn call(
    tenant: &LocalTenant,
    method: Method,
    path: &str,
    body: Value,
) -> Response {
    let token = machine_token(tenant, MANAGEMENT).await;
    let url = format!("{}/api{path}", tenant.endpoint());
    let request = client().request(method, url).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(body.to_string());
    request.send().await.unwrap()
}

pub(crate) async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

/// The next delivery, whose signature is right.
async fn next(tenant: &LocalTenant, inbox: &mut Inbox) -> Value {
    serde_json::from_str(&next_body(tenant, inbox).await).unwrap()
}

pub(crate) async fn next_body(tenant: &LocalTenant, inbox: &mut Inbox) -> String {
    let told = tokio::time::timeout(Duration::from_secs(60), inbox.recv()).await;
    let (headers, body) = told.expect("a delivery").unwrap();
    let key = tenant.webhook_signing_key().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hmac::sign(&key, body.as_bytes());
    let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(headers["logto-signature-sha-256"], hex.as_str());
    assert_eq!(headers["content-type"], "application/json");
    body
}

/// The same event by the same route, with the same lists of members of an organization.
fn is_like(recorded: &Value, ours: &Value) -> bool {
    let same = |name: &str| recorded.get(name) == ours.get(name);
    let both = |name: &str| recorded.get(name).is_some() == ours.get(name).is_some();
    let lists = ["addedUserIds", "addedApplicationIds"];
    same("event") && same("matchedRoute") && lists.into_iter().all(both)
}

/// The same members as in the recording; what an app or a user fills is left out.
fn assert_recorded(ours: &Value) {
    let event = &ours["event"];
    let recorded = entries("webhooks.json").into_iter().find(|one| is_like(one, ours));
    let strip = |mut body: Value| {
        for part in ["data", "user"] {
            if let Some(part) = body.get_mut(part).and_then(Value::as_object_mut) {
                for filled in [
                    "customData",
                    "identities",
                    "profile",
                    "lastSignInAt",
                    "applicationId",
                    "username",
                    "primaryEmail",
                    "primaryPhone",
                    "name",
                    "avatar",
                    "description",
                ] {
                    part.remove(filled);
                }
            }
        }
        body
    };
    assert_same_shape(&strip(recorded.unwrap()), &strip(ours.clone()), &event.to_string());
}

#[tokio::test]
async fn what_an_administrator_does_is_told() {
    let (tenant, mut inbox) = tenant_with_inbox(StatusCode::OK).await;
    let user = json!({ "username": "zoe", "password": "x" });
    let id = json_of(call(&tenant, Method::POST, "/users", user).await).await["id"].clone();
    let id = id.as_str().unwrap();
    let created = next(&tenant, &mut inbox).await;
    assert_eq!((&created["event"], &created["data"]["id"]), (&json!("User.Created"), &json!(id)));
    assert_recorded(&created);
    for suspended in [true, false] {
        let body = json!({ "isSuspended": suspended });
        call(&tenant, Method::PATCH, &format!("/users/{id}/is-suspended"), body).await;
        let told = next(&tenant, &mut inbox).await;
        assert_eq!(told["event"], "User.SuspensionStatus.Updated");
        assert_eq!(
            (&told["params"]["userId"], &told["data"]["isSuspended"]),
            (&json!(id), &json!(suspended))
        );
        assert_recorded(&told);
    }
    let name = json!({ "name": "Club" });
    let club =
        json_of(call(&tenant, Method::POST, "/organizations", name).await).await["id"].clone();
    assert_recorded(&next(&tenant, &mut inbox).await);
    let club = club.as_str().unwrap();
    let users = json!({ "userIds": [id] });
    call(&tenant, Method::POST, &format!("/organizations/{club}/users"), users).await;
    let told = next(&tenant, &mut inbox).await;
    assert_eq!((&told["organizationId"], &told["addedUserIds"]), (&json!(club), &json!([id])));
    assert_recorded(&told);
    call(&tenant, Method::DELETE, &format!("/organizations/{club}"), json!({})).await;
    assert_recorded(&next(&tenant, &mut inbox).await);
    call(&tenant, Method::DELETE, &format!("/users/{id}"), json!({})).await;
    let deleted = next(&tenant, &mut inbox).await;
    assert_eq!((&deleted["event"], &deleted["data"]["id"]), (&json!("User.Deleted"), &json!(id)));
    assert_recorded(&deleted);
    assert!(inbox.try_recv().is_err());
}

#[tokio::test]
async fn what_changes_permissions_is_told() {
    let (tenant, mut inbox) = tenant_with_inbox(StatusCode::OK).await;
    let post = async |path: &str, body: Value| {
        let answer = call(&tenant, Method::POST, path, body).await;
        assert!(answer.status().is_success(), "{path}");
        let answer = answer.text().await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["id"].as_str().unwrap_or_default().to_owned()
    };
    let mut told = Vec::new();
    let mut note = async |count: usize| {
        let mut events = Vec::new();
        for _ in 0..count {
            let body = next_body(&tenant, &mut inbox).await;
            let ours: Value = serde_json::from_str(&body).unwrap();
            assert_recorded(&ours);
            let recorded = entries("webhooks.json").into_iter().zip(orders("webhooks.json"));
            let recorded = recorded.into_iter().find(|(one, _)| is_like(one, &ours));
            assert_eq!(order(&body), recorded.unwrap().1, "{body}");
            events.push(ours);
        }
        // They overtake each other.
        events.sort_by_key(|event| event["event"].to_string());
        told.extend(events.iter().map(|event| event["event"].as_str().unwrap().to_owned()));
        events
    };

    let api = json!({ "name": "API", "indicator": "https://hooks.example.test" });
    let api = post("/resources", api).await;
    let path = format!("/resources/{api}/scopes");
    let read = post(&path, json!({ "name": "hook:read", "description": "Read" })).await;
    let [created] = &note(1).await[..] else { panic!() };
    assert_eq!(
        (&created["params"]["resourceId"], &created["data"]["id"]),
        (&json!(api), &json!(read))
    );
    let write = post(&path, json!({ "name": "hook:write", "description": "Write" })).await;
    note(1).await;

    let role =
        json!({ "name": "hookrole", "description": "d", "type": "User", "scopeIds": [read] });
    let role = post("/roles", role).await;
    let [created, scopes] = &note(2).await[..] else { panic!() };
    assert_eq!((&created["data"]["id"], &scopes["roleId"]), (&json!(role), &json!(role)));
    assert_eq!(created["createdAt"], scopes["createdAt"]);
    assert_eq!(scopes["data"][0]["id"], json!(read));
    post(&format!("/roles/{role}/scopes"), json!({ "scopeIds": [write] })).await;
    let [scopes] = &note(1).await[..] else { panic!() };
    assert_eq!(scopes["params"]["id"], json!(role));
    assert_eq!(scopes["data"].as_array().unwrap().len(), 2);
    // Without permissions there is nothing to tell of them.
    post("/roles", json!({ "name": "plain", "description": "d" })).await;
    note(1).await;

    let scope = post("/organization-scopes", json!({ "name": "hook:os" })).await;
    note(1).await;
    let role = json!({ "name": "hook-or", "type": "User", "organizationScopeIds": [scope] });
    let role = post("/organization-roles", role).await;
    let [created, scopes] = &note(2).await[..] else { panic!() };
    let id = json!(role);
    assert_eq!((&created["data"]["id"], &scopes["organizationRoleId"]), (&id, &id));

    let club = post("/organizations", json!({ "name": "Club" })).await;
    note(1).await;
    let applications = json!({ "applicationIds": [tenant.machine_app().app_id] });
    post(&format!("/organizations/{club}/applications"), applications.clone()).await;
    let [members] = &note(1).await[..] else { panic!() };
    assert_eq!(members["addedApplicationIds"], applications["applicationIds"]);
    let alice = tenant.users()[0].id().to_owned();
    let users = json!({ "userIds": [alice] });
    post(&format!("/organizations/{club}/users"), users.clone()).await;
    let [members] = &note(1).await[..] else { panic!() };
    assert_eq!(members["addedUserIds"], users["userIds"]);
    // Someone who is a member already is not named.
    post(&format!("/organizations/{club}/users"), users).await;
    let [members] = &note(1).await[..] else { panic!() };
    assert_eq!(members.get("addedUserIds"), None);
    assert_eq!(
        told,
        [
            "Scope.Created",
            "Scope.Created",
            "Role.Created",
            "Role.Scopes.Updated",
            "Role.Scopes.Updated",
            "Role.Created",
            "OrganizationScope.Created",
            "OrganizationRole.Created",
            "OrganizationRole.Scopes.Updated",
            "Organization.Created",
            "Organization.Membership.Updated",
            "Organization.Membership.Updated",
            "Organization.Membership.Updated",
        ]
    );
}

#[tokio::test]
async fn what_is_changed_or_deleted_is_told_and_no_one_keeps_it() {
    let (tenant, mut inbox) = tenant_with_inbox(StatusCode::OK).await;
    let mut post = async |path: &str, body: Value, events: usize| {
        let made = json_of(call(&tenant, Method::POST, path, body).await).await;
        for _ in 0..events {
            next(&tenant, &mut inbox).await;
        }
        made["id"].as_str().unwrap().to_owned()
    };
    let api = json!({ "name": "API", "indicator": "https://hooks.example.test" });
    let scopes = format!("/resources/{}/scopes", post("/resources", api, 0).await);
    let scope = post(&scopes, json!({ "name": "hook:read" }), 1).await;
    let role = json!({ "name": "hookrole", "description": "d", "scopeIds": [scope] });
    let role = format!("/roles/{}", post("/roles", role, 2).await);
    let new = json!({ "name": "hook:os" });
    let organization_scope =
        format!("/organization-scopes/{}", post("/organization-scopes", new, 1).await);
    let new = json!({ "name": "hook-or" });
    let member_id = post("/organization-roles", new, 1).await;
    let member = format!("/organization-roles/{member_id}");
    let club = post("/organizations", json!({ "name": "Club" }), 1).await;
    let alice = tenant.users()[0].id().to_owned();
    let users = json!({ "userIds": [alice] });
    call(&tenant, Method::POST, &format!("/organizations/{club}/users"), users).await;
    next(&tenant, &mut inbox).await;
    let given = json!({ "userIds": [alice], "organizationRoleIds": [member_id] });
    call(&tenant, Method::POST, &format!("/organizations/{club}/users/roles"), given).await;
    let roles_in_club = async || {
        let path = format!("/users/{alice}/organizations");
        let all = json_of(call(&tenant, Method::GET, &path, json!({})).await).await;
        let all = all.as_array().unwrap().clone();
        let club = all.into_iter().find(|one| one["id"] == json!(club));
        club.map(|club| club["organizationRoles"].to_string())
    };

    let (scope_path, club_path) = (format!("{scopes}/{scope}"), format!("/organizations/{club}"));
    let (role_scope, described) = (format!("{role}/scopes/{scope}"), json!({ "description": "x" }));
    let renamed = json!({ "name": "renamed", "unknown": 1 });
    let (patch, delete) = (Method::PATCH, Method::DELETE);
    for (method, path, body, event) in [
        (&patch, &scope_path, &described, "Scope.Data.Updated"),
        (&patch, &role, &described, "Role.Data.Updated"),
        (&delete, &role_scope, &json!({}), "Role.Scopes.Updated"),
        (&delete, &scope_path, &json!({}), "Scope.Deleted"),
        (&delete, &role, &json!({}), "Role.Deleted"),
        (&patch, &organization_scope, &described, "OrganizationScope.Data.Updated"),
        (&delete, &organization_scope, &json!({}), "OrganizationScope.Deleted"),
        (&patch, &member, &renamed, "OrganizationRole.Data.Updated"),
        (&delete, &member, &json!({}), "OrganizationRole.Deleted"),
        (&patch, &club_path, &renamed, "Organization.Data.Updated"),
        (&delete, &club_path, &json!({}), "Organization.Deleted"),
    ] {
        let answer = call(&tenant, method.clone(), path, body.clone()).await;
        let told = next_body(&tenant, &mut inbox).await;
        let ours: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((&ours["event"], &ours["path"]), (&json!(event), &json!(path)));
        assert_eq!(ours["status"], json!(answer.status().as_u16()), "{event}");
        assert_recorded(&ours);
        let recorded = entries("webhooks.json").into_iter().zip(orders("webhooks.json"));
        let recorded = recorded.into_iter().find(|(one, _)| is_like(one, &ours));
        assert_eq!(order(&told), recorded.unwrap().1, "{told}");
        match event {
            "OrganizationRole.Data.Updated" => {
                assert!(roles_in_club().await.unwrap().contains("renamed"));
            }
            "OrganizationRole.Deleted" => assert_eq!(roles_in_club().await.unwrap(), "[]"),
            "Organization.Deleted" => assert_eq!(roles_in_club().await, None),
            _ => {}
        }
        if method == delete {
            let again = call(&tenant, method.clone(), path, body.clone()).await;
            let gone = if *path == role_scope { 204 } else { 404 };
            assert_eq!(again.status().as_u16(), gone, "{event}");
            if gone == 204 {
                next(&tenant, &mut inbox).await;
            }
        }
    }
    assert!(inbox.try_recv().is_err());
}

#[tokio::test]
async fn signing_in_is_told() {
    let (tenant, mut inbox) = tenant_with_inbox(StatusCode::OK).await;
    tenant.sign_in(&auth_url(&tenant, &[]), "carol").await.unwrap();
    let mut told = [next(&tenant, &mut inbox).await, next(&tenant, &mut inbox).await];
    // They overtake each other.
    told.sort_by_key(|body| body["event"].to_string());
    assert_eq!(
        (&told[0]["event"], &told[1]["event"]),
        (&json!("PostRegister"), &json!("User.Created"))
    );
    assert_recorded(&told[0]);
    tenant.sign_in(&auth_url(&tenant, &[]), "carol").await.unwrap();
    let again = next(&tenant, &mut inbox).await;
    assert_eq!(again["event"], "PostSignIn");
    assert_recorded(&again);
}

#[tokio::test]
async fn what_became_of_it_is_logged() {
    let (tenant, mut inbox) = tenant_with_inbox(StatusCode::INTERNAL_SERVER_ERROR).await;
    let hooks = json_of(call(&tenant, Method::GET, "/hooks", json!({})).await).await;
    let hook = hooks[0]["id"].as_str().unwrap().to_owned();
    call(&tenant, Method::POST, "/users", json!({})).await;
    next(&tenant, &mut inbox).await;
    let logs = format!("/hooks/{hook}/recent-logs");
    let log = loop {
        let logs = json_of(call(&tenant, Method::GET, &logs, json!({})).await).await;
        if let Some(log) = logs.get(0) {
            break log.clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&log["key"], &log["payload"]["result"]),
        (&json!("TriggerHook.User.Created"), &json!("Error"))
    );
    assert_eq!(log["payload"]["response"], json!({ "statusCode": 500, "body": "noted" }));
    // Tests tell the caller, and are logged nowhere.
    let url = hooks[0]["config"]["url"].clone();
    let test = json!({ "events": ["User.Deleted", "PostSignIn"], "config": { "url": url } });
    let answer = call(&tenant, Method::POST, &format!("/hooks/{hook}/test"), test).await;
    assert_eq!(answer.status(), 422);
    let answer = json_of(answer).await;
    assert_eq!(answer["code"], "hook.endpoint_responded_with_error");
    assert_eq!(answer["data"], json!({ "responseStatus": 500, "responseBody": "noted" }));
    let tested = next(&tenant, &mut inbox).await;
    assert_eq!(
        (&tested["path"], &tested["data"]),
        (&json!("/fake-path/:id"), &json!({ "result": "success" }))
    );
    assert_eq!(
        json_of(call(&tenant, Method::GET, &logs, json!({})).await).await.as_array().unwrap().len(),
        1
    );
}
