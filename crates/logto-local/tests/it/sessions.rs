//! Recorded sign-ins and sign-outs of one browser, walked again.

use logto_local::{AppCredentials, Browser, LocalTenant, Stop};
use serde_json::Value;

use crate::recorded::{entries, pairs, str_of};
use crate::support::{
    VERIFIER, auth_url, challenge, client, decode, form, param, post, signed_in_with, text,
    userinfo,
};

#[tokio::test]
async fn a_browser_walks_the_recorded_way() {
    let tenant = LocalTenant::builder().back_channel_logout(true).start().await.unwrap();
    let other = tenant.add_app("http://localhost:4000").unwrap();
    let mut browser = tenant.browser();
    let entries = entries("flows.json");
    assert_eq!(entries.len(), 10);
    for entry in &entries {
        let name = str_of(entry, "name");
        tenant.clear_requests();
        let callback = browser
            .sign_in(&url_of(&tenant, &other, entry), str_of(entry, "person"))
            .await
            .unwrap();
        assert_eq!(hops(&tenant), recorded_hops(entry), "{name}");
        let query = callback.split_once('?').unwrap().1;
        let names: Vec<_> = query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(Value::from(names), entry["callback"], "{name}");
        assert_eq!(param(&callback, "error").as_deref(), entry["error"].as_str(), "{name}");
        if let Some(code) = param(&callback, "code") {
            let answer = exchange_for(&tenant, &other, entry, &code).await;
            assert_eq!(answer["scope"], entry["scope"], "{name}");
            let keys: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
            assert_eq!(Value::from(keys), entry["keys"], "{name}");
            // The second app of the recording had no back-channel logout, and no `sid`.
            let is_other = is_other(entry);
            let claims = decode(&answer["id_token"]).1;
            let claims: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
            let claims: Vec<_> =
                claims.into_iter().filter(|claim| !is_other || claim != "sid").collect();
            assert_eq!(Value::from(claims), entry["claims"], "{name}");
        }
    }
}

fn is_other(entry: &Value) -> bool {
    entry["params"][0][1] == "$other"
}

fn url_of(tenant: &LocalTenant, other: &AppCredentials, entry: &Value) -> String {
    let mut params = pairs(&entry["params"]);
    for (_, value) in &mut params {
        *value = match value.as_str() {
            "$app" => tenant.app_id().to_owned(),
            "$other" => other.app_id.clone(),
            "http://localhost:3000/callback2" => "http://localhost:4000/callback".to_owned(),
            other => other.to_owned(),
        };
    }
    let challenge = challenge();
    let mut all = vec![
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    all.extend(params.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    format!("{}/oidc/auth?{}", tenant.endpoint(), form(&all))
}

async fn exchange_for(
    tenant: &LocalTenant,
    other: &AppCredentials,
    entry: &Value,
    code: &str,
) -> Value {
    let (id, secret, redirect_uri) = if is_other(entry) {
        (other.app_id.as_str(), other.app_secret.as_str(), "http://localhost:4000/callback")
    } else {
        (tenant.app_id(), tenant.app_secret(), "http://localhost:3000/callback")
    };
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let request =
        client().post(format!("{}/oidc/token", tenant.endpoint())).basic_auth(id, Some(secret));
    let request =
        request.header("content-type", "application/x-www-form-urlencoded").body(form(&fields));
    serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
}

/// What the browser saw of Logto, Hugging Face left out. The page that Logto's JavaScript leaves by
/// itself is a redirect here, so its status says nothing.
fn hops(tenant: &LocalTenant) -> Vec<(String, Option<u64>)> {
    let pages = tenant.requests().into_iter().filter(|request| {
        let of_logto =
            ["/oidc", "/consent", "/sign-in"].iter().any(|start| request.path.starts_with(start));
        of_logto || (request.path.starts_with("/direct") && request.method == "GET")
    });
    pages
        .map(|request| {
            let path = match request.path.strip_prefix("/oidc/auth/") {
                Some(_) => "/oidc/auth/*".to_owned(),
                None => request.path,
            };
            without_status_of_direct(path, request.status.map(u64::from))
        })
        .collect()
}

fn recorded_hops(entry: &Value) -> Vec<(String, Option<u64>)> {
    let hops = entry["hops"].as_array().unwrap().iter();
    hops.map(|hop| without_status_of_direct(hop[0].as_str().unwrap().to_owned(), hop[1].as_u64()))
        .collect()
}

fn without_status_of_direct(path: String, status: Option<u64>) -> (String, Option<u64>) {
    let says_nothing = path.starts_with("/direct");
    (path, status.filter(|_| !says_nothing))
}

#[tokio::test]
async fn a_browser_signs_out_the_recorded_way() {
    let tenant = LocalTenant::start().await.unwrap();
    let other = tenant.add_app("http://localhost:4000").unwrap();
    let entries = entries("sign_out.json");
    assert_eq!(entries.len(), 9);
    for entry in &entries {
        let name = str_of(entry, "name");
        let mut browser = tenant.browser();
        let answer = signed_in_with(&tenant, &mut browser, "alice").await;
        let survives = entry["session_survives"].as_bool().unwrap();
        let status = entry["hops"][0][1].as_u64().unwrap();
        if status == 400 && !survives {
            // Recorded in a browser that had no session any more.
            browser = tenant.browser();
        }
        tenant.clear_requests();
        let url = end_url(&tenant, &other, entry, text(&answer, "id_token"));
        let end = if status == 400 {
            browser.open(&url).await.unwrap()
        } else {
            browser.sign_out(&url).await.unwrap()
        };
        compare_sign_out(&tenant, entry, &end);
        assert_eq!(has_session(&tenant, &mut browser).await, survives, "{name}");
        if let Some(status) = entry["userinfo_after"].as_u64() {
            assert_eq!(
                u64::from(userinfo(&tenant, &answer["access_token"]).await.status().as_u16()),
                status
            );
        }
        if let Some(status) = entry["refresh_after"].as_u64() {
            let fields = [
                ("grant_type", "refresh_token"),
                ("refresh_token", text(&answer, "refresh_token")),
            ];
            assert_eq!(
                u64::from(post(&tenant, "/oidc/token", &fields).await.status().as_u16()),
                status
            );
        }
    }
}

fn end_url(tenant: &LocalTenant, other: &AppCredentials, entry: &Value, id_token: &str) -> String {
    let mut params = pairs(&entry["params"]);
    for (_, value) in &mut params {
        let replaced = value.replace("$id_token", id_token).replace("$app", tenant.app_id());
        *value = replaced.replace("$other", &other.app_id);
    }
    let params: Vec<_> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    format!("{}/oidc/session/end?{}", tenant.endpoint(), form(&params))
}

fn compare_sign_out(tenant: &LocalTenant, entry: &Value, end: &Stop) {
    let name = str_of(entry, "name");
    let recorded = entry["hops"].as_array().unwrap();
    let ours: Vec<_> =
        tenant.requests().into_iter().map(|request| (request.path, request.status)).collect();
    let paths: Vec<_> = recorded
        .iter()
        .map(|hop| {
            (hop[0].as_str().unwrap().to_owned(), hop[1].as_u64().map(|status| status as u16))
        })
        .collect();
    assert_eq!(ours, paths, "{name}");
    match end {
        Stop::App(url) => assert_eq!(url, recorded.last().unwrap()[2].as_str().unwrap(), "{name}"),
        Stop::Page { status: 400, body, .. } => {
            assert_eq!(serde_json::from_str::<Value>(body).unwrap(), entry["body"], "{name}");
        }
        Stop::Page { body, .. } => {
            assert!(body.contains("You have successfully signed out."), "{name}");
        }
        _ => panic!("{name}: {end:?}"),
    }
}

async fn has_session(tenant: &LocalTenant, browser: &mut Browser) -> bool {
    let silent = auth_url(tenant, &[("prompt", "none"), ("scope", "openid"), ("resource", "")]);
    match browser.open(&silent).await.unwrap() {
        Stop::App(url) => param(&url, "error").as_deref() != Some("login_required"),
        stop => panic!("{stop:?}"),
    }
}
