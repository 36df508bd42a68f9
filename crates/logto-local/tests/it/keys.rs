//! Discovery, the key set and key rotation.

use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use logto_local::{LocalTenant, SigningAlgorithm};
use reqwest::Response;
use serde_json::Value;

use crate::recorded::{entries, load, str_of};
use crate::support::{auth_url, client, decode, signed_in, text, tokens};

async fn get(tenant: &LocalTenant, path: &str) -> Response {
    client().get(format!("{}{path}", tenant.endpoint())).send().await.unwrap()
}

async fn document(tenant: &LocalTenant, path: &str) -> Value {
    serde_json::from_str(&get(tenant, path).await.text().await.unwrap()).unwrap()
}

/// A JWK with everything that differs from key to key replaced, as in the recording.
fn outline(jwk: &Value) -> Value {
    let keep = ["kty", "use", "alg", "crv"];
    let members = jwk.as_object().unwrap().iter();
    let outline = |(name, value): (&String, &Value)| {
        (
            name.clone(),
            if keep.contains(&name.as_str()) { value.clone() } else { format!("${name}").into() },
        )
    };
    Value::Object(members.map(outline).collect())
}

/// Verifies a token with the published key set and nothing else.
fn verify(jwks: &Value, token: &str) {
    let (header, _) = decode(&token.into());
    let jwk = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("no such key");
    let bytes = |text: &str| base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (message, signature) = (message.as_bytes(), bytes(signature));
    let verified = if header["alg"] == "ES384" {
        let point = [vec![4], bytes(text(jwk, "x")), bytes(text(jwk, "y"))].concat();
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, &signature)
    } else {
        let key = RsaPublicKeyComponents { n: bytes(text(jwk, "n")), e: bytes(text(jwk, "e")) };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
    };
    verified.unwrap();
}

#[tokio::test]
async fn discovery_is_the_recorded_document() {
    let tenant = LocalTenant::start().await.unwrap();
    let response = get(&tenant, "/oidc/.well-known/openid-configuration").await;
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert!(!response.headers().contains_key("cache-control"));
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let ours: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let recorded = load("discovery.json").to_string().replace("$endpoint", tenant.endpoint());
    assert_eq!(ours, serde_json::from_str::<Value>(&recorded).unwrap());

    let url = format!("{}/oidc/.well-known/openid-configuration", tenant.endpoint());
    let again = client().get(url).header("if-none-match", etag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.text().await.unwrap()), (304, String::new()));
}

#[tokio::test]
async fn endpoints_follow_the_host_header_and_the_issuer_does_not() {
    let tenant = LocalTenant::start().await.unwrap();
    let through = tenant.endpoint().replace("localhost", "127.0.0.1");
    let url = format!("{through}/oidc/.well-known/openid-configuration");
    let body = client().get(url).send().await.unwrap().text().await.unwrap();
    let ours: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(text(&ours, "issuer"), tenant.issuer());
    assert_eq!(text(&ours, "token_endpoint"), format!("{through}/oidc/token"));
}

#[tokio::test]
async fn other_addresses_are_not_found_as_recorded() {
    let tenant = LocalTenant::start().await.unwrap();
    let recorded = load("key_rotation.json");
    for (path, expected) in recorded["discovery_other_forms"].as_object().unwrap() {
        let response = get(&tenant, path).await;
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(
            (Value::from(response.status().as_u16()), Value::from(kind)),
            (expected[0].clone(), expected[1].clone()),
            "{path}"
        );
    }
    let preflight =
        client().request(reqwest::Method::OPTIONS, format!("{}/oidc/token", tenant.endpoint()));
    let preflight = preflight
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization");
    let response = preflight.send().await.unwrap();
    assert_eq!(response.status().as_u16(), recorded["preflight"]["status"]);
    for (name, value) in recorded["preflight"]["headers"].as_object().unwrap() {
        let ours =
            response.headers().get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap();
        assert!(name == "logto-core-request-id" || ours == value, "{name}: {ours}");
    }
}

#[tokio::test]
async fn the_key_set_verifies_every_token() {
    let tenant = LocalTenant::builder().back_channel_logout(true).start().await.unwrap();
    let response = get(&tenant, "/oidc/jwks").await;
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-cache, max-age=0, must-revalidate");
    let jwks: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let outlines: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(outline).collect();
    assert_eq!(outlines, entries("jwks.json"));

    let answer = signed_in(&tenant, "alice").await;
    verify(&jwks, text(&answer, "id_token"));
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&answer, "refresh_token")),
        ("resource", crate::support::THINGS),
    ];
    verify(&jwks, text(&tokens(&tenant, &refresh).await, "access_token"));
}

#[tokio::test]
async fn a_rotated_key_comes_first_and_signs_at_once() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    tenant.rotate_signing_key(SigningAlgorithm::Rs256).unwrap();

    let recorded = load("key_rotation.json");
    let jwks = document(&tenant, "/oidc/jwks").await;
    let outlines: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(outline).collect();
    assert_eq!(Value::from(outlines), recorded["jwks"]);
    let discovery = document(&tenant, "/oidc/.well-known/openid-configuration").await;
    assert_eq!(discovery["id_token_signing_alg_values_supported"], recorded["discovery"]);

    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", text(&answer, "refresh_token"))];
    let refreshed = tokens(&tenant, &refresh).await;
    assert_eq!(
        decode(&refreshed["id_token"]).0["alg"],
        str_of(&recorded["id_token_header"], "alg")
    );
    verify(&jwks, text(&refreshed, "id_token"));
    verify(&jwks, text(&answer, "id_token"));
    let hint = format!(
        "{}/oidc/session/end?id_token_hint={}",
        tenant.endpoint(),
        text(&answer, "id_token")
    );
    assert_eq!(client().get(hint).send().await.unwrap().status().as_u16(), recorded["old_hint"]);

    tenant.rotate_signing_key(SigningAlgorithm::Es384).unwrap();
    tenant.remove_previous_keys();
    let jwks = document(&tenant, "/oidc/jwks").await;
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    let newest = signed_in(&tenant, "alice").await;
    verify(&jwks, text(&newest, "id_token"));
    assert_ne!(decode(&answer["id_token"]).0["kid"], jwks["keys"][0]["kid"]);
}

#[tokio::test]
async fn a_forged_hint_is_refused() {
    let (ours, theirs) = (LocalTenant::start().await.unwrap(), LocalTenant::start().await.unwrap());
    let foreign = signed_in(&theirs, "alice").await;
    let url = auth_url(&ours, &[("id_token_hint", text(&foreign, "id_token"))]);
    let response = client().get(url).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(crate::support::param(location, "error").as_deref(), Some("invalid_request"));
}
