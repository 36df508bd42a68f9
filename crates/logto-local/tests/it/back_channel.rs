//! Back-channel logout, heard by an app that does nothing but listen.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::routing::any;
use axum::{Router, body};
use logto_local::{LocalTenant, LocalTenantBuilder};
use serde_json::Value;

use crate::recorded::{assert_same_shape, entries, str_of};
use crate::support::{
    EVERYTHING, THINGS, VERIFIER, auth_url, challenge, decode, form, param, signed_in_with,
};

type Heard = Arc<Mutex<Vec<(String, String, String)>>>;

/// An app on a port of its own, and what it hears: path, content type, body.
async fn listening_app() -> (String, Heard) {
    async fn hear(State(heard): State<Heard>, request: Request) {
        let path = request.uri().path().to_owned();
        let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
        let body = body::to_bytes(request.into_body(), 10_000).await.unwrap();
        heard.lock().unwrap().push((path, kind, String::from_utf8(body.to_vec()).unwrap()));
    }
    let heard = Heard::default();
    let app = Router::new().fallback(any(hear)).with_state(heard.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    (base, heard)
}

fn builder() -> LocalTenantBuilder {
    LocalTenant::builder().back_channel_logout(true)
}

fn end_session(tenant: &LocalTenant, app_id: &str) -> String {
    format!("{}/oidc/session/end?client_id={app_id}", tenant.endpoint())
}

fn recorded(name: &str) -> Value {
    let entry = entries("back_channel.json").into_iter().find(|entry| entry["name"] == name);
    entry.unwrap_or_else(|| panic!("no recording of {name}"))
}

/// What was heard is what was recorded, and nothing more.
fn compare(tenant: &LocalTenant, heard: &Heard, name: &str, sid: Option<&Value>) {
    let recorded = recorded(name);
    let heard = heard.lock().unwrap();
    let posts = recorded["posts"].as_array().unwrap();
    assert_eq!(heard.len(), posts.len(), "{name}");
    for ((path, kind, body), post) in heard.iter().zip(posts) {
        assert_eq!(
            (path.as_str(), kind.as_str()),
            (str_of(post, "path"), str_of(post, "content_type"))
        );
        let token = body.strip_prefix("logout_token=").unwrap();
        let (header, claims) = decode(&token.into());
        assert_same_shape(&post["token"]["header"], &header, name);
        assert_eq!(header["typ"], post["token"]["header"]["typ"]);
        assert_same_shape(&post["token"]["claims"], &claims, name);
        assert_eq!(claims["events"], post["token"]["claims"]["events"]);
        assert_eq!(claims["aud"], tenant.app_id());
        assert_eq!(claims["sub"], "8s8claa1vi9z");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 120);
        assert_eq!(claims.get("sid"), sid, "{name}");
    }
}

#[tokio::test]
async fn signing_out_tells_the_app() {
    let (base, heard) = listening_app().await;
    let tenant = builder().start().await.unwrap();
    tenant.register_base_url(&base).unwrap();
    let mut browser = tenant.browser();
    let answer = signed_in_with(&tenant, &mut browser, "alice").await;
    let sid = decode(&answer["id_token"]).1["sid"].clone();
    browser.sign_out(&end_session(&tenant, tenant.app_id())).await.unwrap();
    compare(&tenant, &heard, "sign out from the app itself (session_required=true)", Some(&sid));
}

#[tokio::test]
async fn signing_out_of_another_app_tells_this_one() {
    let (base, heard) = listening_app().await;
    let tenant = builder().start().await.unwrap();
    let other = tenant.add_app("http://localhost:9").unwrap();
    tenant.register_base_url(&base).unwrap();
    let mut browser = tenant.browser();
    let answer = signed_in_with(&tenant, &mut browser, "alice").await;
    let sid = decode(&answer["id_token"]).1["sid"].clone();
    let challenge = challenge();
    let fields = [
        ("client_id", other.app_id.as_str()),
        ("redirect_uri", "http://localhost:9/callback"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let url = format!("{}/oidc/auth?{}", tenant.endpoint(), form(&fields));
    assert!(param(&browser.sign_in(&url, "alice").await.unwrap(), "code").is_some());
    // Nothing listens at the other app: its refused connection spoils nothing.
    browser.sign_out(&end_session(&tenant, &other.app_id)).await.unwrap();
    compare(&tenant, &heard, "another app in the same session signs out", Some(&sid));
}

#[tokio::test]
async fn another_user_in_the_same_browser_ends_the_session_of_the_first() {
    let (base, heard) = listening_app().await;
    let tenant = builder().start().await.unwrap();
    tenant.register_base_url(&base).unwrap();
    let mut browser = tenant.browser();
    let answer = signed_in_with(&tenant, &mut browser, "alice").await;
    let sid = decode(&answer["id_token"]).1["sid"].clone();
    browser.sign_in(&auth_url(&tenant, &[("prompt", "login")]), "bob").await.unwrap();
    compare(&tenant, &heard, "another user signs in over the session (prompt=login)", Some(&sid));
}

#[tokio::test]
async fn the_same_user_again_keeps_the_session() {
    let (base, heard) = listening_app().await;
    let tenant = builder().start().await.unwrap();
    tenant.register_base_url(&base).unwrap();
    let mut browser = tenant.browser();
    let before = signed_in_with(&tenant, &mut browser, "alice").await;
    let again =
        auth_url(&tenant, &[("prompt", "login"), ("scope", EVERYTHING), ("resource", THINGS)]);
    let callback = browser.sign_in(&again, "alice").await.unwrap();
    let code = param(&callback, "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", crate::support::CALLBACK),
    ];
    let after = crate::support::tokens(&tenant, &fields).await;
    let name = "same user re-authenticates (prompt=login)";
    let stays = decode(&before["id_token"]).1["sid"] == decode(&after["id_token"]).1["sid"];
    assert_eq!(Value::from(stays), recorded(name)["sid_stays"]);
    compare(&tenant, &heard, name, None);
}

#[tokio::test]
async fn without_a_required_session_there_is_no_sid_anywhere() {
    let (base, heard) = listening_app().await;
    let tenant = builder().back_channel_session_required(false).start().await.unwrap();
    tenant.register_base_url(&base).unwrap();
    let mut browser = tenant.browser();
    let answer = signed_in_with(&tenant, &mut browser, "alice").await;
    assert_eq!(decode(&answer["id_token"]).1.get("sid"), None);
    browser.sign_out(&end_session(&tenant, tenant.app_id())).await.unwrap();
    compare(&tenant, &heard, "backchannelLogoutSessionRequired=false", None);
}

#[tokio::test]
async fn back_channel_logout_is_off_by_default() {
    let (base, heard) = listening_app().await;
    let tenant = LocalTenant::builder().base_url(base.clone()).start().await.unwrap();
    let mut browser = tenant.browser();
    let url = auth_url(&tenant, &[("redirect_uri", &format!("{base}/callback"))]);
    browser.sign_in(&url, "alice").await.unwrap();
    browser.sign_out(&end_session(&tenant, tenant.app_id())).await.unwrap();
    assert!(heard.lock().unwrap().is_empty());
}
