//! What happens is told to the app, in the shape of the recordings, signed, and once.

use aws_lc_rs::hmac;
use axum::Router;
use axum::http::HeaderMap;
use logto_local::LocalTenant;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::management::{MANAGEMENT, machine_token};
use crate::recorded::{assert_same_shape, entries};
use crate::support::{auth_url, client};

type Inbox = UnboundedReceiver<(HeaderMap, String)>;

/// A tenant that tells an app, and what the app gets; the app answers with this status.
async fn tenant_with_inbox(status: StatusCode) -> (LocalTenant, Inbox) {
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

async fn call(tenant: &LocalTenant, method: Method, path: &str, body: Value) -> Response {
    let token = machine_token(tenant, MANAGEMENT).await;
    let url = format!("{}/api{path}", tenant.endpoint());
    let request = client().request(method, url).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(body.to_string());
    request.send().await.unwrap()
}

async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

/// The next delivery, whose signature is right.
async fn next(tenant: &LocalTenant, inbox: &mut Inbox) -> Value {
    let (headers, body) = inbox.recv().await.unwrap();
    let key = tenant.webhook_signing_key().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hmac::sign(&key, body.as_bytes());
    let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(headers["logto-signature-sha-256"], hex.as_str());
    assert_eq!(headers["content-type"], "application/json");
    serde_json::from_str(&body).unwrap()
}

/// The same members as in the recording; what an app or a person fills is left out.
fn assert_recorded(ours: &Value) {
    let event = &ours["event"];
    let recorded = entries("webhooks.json").into_iter().find(|one| one["event"] == *event);
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
    let person = json!({ "username": "zoe", "password": "x" });
    let id = json_of(call(&tenant, Method::POST, "/users", person).await).await["id"].clone();
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
