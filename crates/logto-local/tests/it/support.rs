//! A client of the tenant: what an app does, with nothing hidden.

use aws_lc_rs::digest;
use logto_local::{Browser, LocalTenant};
use reqwest::Response;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-specification";
pub(crate) const EVERYTHING: &str = "openid offline_access profile email phone custom_data identities roles \
     urn:logto:scope:organizations urn:logto:scope:organization_roles read:things write:things read:members \
     invite:members";
pub(crate) const THINGS: &str = "https://api.example.test";
pub(crate) const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

pub(crate) fn challenge() -> String {
    base64_simd::URL_SAFE_NO_PAD
        .encode_to_string(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// An authorization URL: the usual parameters, then these, which replace the usual ones of the same
/// name. A value `""` takes the parameter out.
pub(crate) fn auth_url(tenant: &LocalTenant, changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("client_id", tenant.app_id()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", EVERYTHING),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
        ("resource", THINGS),
        ("resource", ORGANIZATIONS),
    ];
    let kept = usual.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let pairs: Vec<_> =
        kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
    format!("{}/oidc/auth?{}", tenant.endpoint(), form(&pairs))
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(crate) fn param(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) async fn post(tenant: &LocalTenant, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = client().post(format!("{}{path}", tenant.endpoint()));
    let request = request.basic_auth(tenant.app_id(), Some(tenant.app_secret()));
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(fields))
        .send()
        .await
        .unwrap()
}

/// A token request that must succeed.
pub(crate) async fn tokens(tenant: &LocalTenant, fields: &[(&str, &str)]) -> Value {
    let response = post(tenant, "/oidc/token", fields).await;
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// A token request that must fail: its status and `error`.
pub(crate) async fn refused(tenant: &LocalTenant, fields: &[(&str, &str)]) -> (u16, String) {
    let response = post(tenant, "/oidc/token", fields).await;
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_ne!(status, 200, "{body}");
    (status, body["error"].as_str().unwrap().to_owned())
}

/// The fields of a code exchange.
pub(crate) fn exchange(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub(crate) async fn new_code(tenant: &LocalTenant, user: &str) -> String {
    let callback = tenant.sign_in(&auth_url(tenant, &[]), user).await.unwrap();
    param(&callback, "code").unwrap()
}

/// Signs in with everything and exchanges the code.
pub(crate) async fn signed_in(tenant: &LocalTenant, user: &str) -> Value {
    let code = new_code(tenant, user).await;
    tokens(tenant, &exchange(&code)).await
}

pub(crate) async fn userinfo(tenant: &LocalTenant, token: &Value) -> Response {
    let request = client().get(format!("{}/oidc/me", tenant.endpoint()));
    request.bearer_auth(token.as_str().unwrap()).send().await.unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Header and claims of a token.
pub(crate) fn decode(token: &Value) -> (Value, Value) {
    let parts: Vec<Value> = token
        .as_str()
        .unwrap()
        .split('.')
        .take(2)
        .map(|part| base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).unwrap())
        .map(|bytes| serde_json::from_slice(&bytes).unwrap())
        .collect();
    (parts[0].clone(), parts[1].clone())
}

/// Signs in with this browser and exchanges the code.
pub(crate) async fn signed_in_with(
    tenant: &LocalTenant,
    browser: &mut Browser,
    user: &str,
) -> Value {
    let callback = browser.sign_in(&auth_url(tenant, &[]), user).await.unwrap();
    tokens(tenant, &exchange(&param(&callback, "code").unwrap())).await
}
