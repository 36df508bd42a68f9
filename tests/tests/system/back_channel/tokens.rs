//! Which logout tokens are believed.

use logto::web::Route;
use logto_tests::hostile::{APP_ID, Browser, Fixture, IdToken, Key, NAVIGATION, each, encode};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

type Bend = fn(&mut IdToken);

async fn told(bend: Bend) -> (Fixture, u16) {
    let mut fixture = Fixture::signed_in().await;
    let token = fixture.provider.logout_token(bend);
    let logto = fixture.logto.clone();
    let seen = fixture.post_logout(&logto, format!("logout_token={token}")).await;
    (fixture, seen.status)
}

#[tokio::test]
async fn good_tokens() {
    let rows: &[(&str, Bend)] = &[
        ("of version 1.42", |_| ()),
        ("of version 1.37", |t| t.remove("exp")),
        ("with an empty sid", |t| t.claim("sid", "")),
        ("without a type", |t| t.head("typ", Value::Null)),
        ("a type in full", |t| t.head("typ", "application/logout+jwt")),
        ("a type in capitals", |t| t.head("typ", "LOGOUT+JWT")),
        ("several audiences", |t| t.claim("aud", json!(["other", APP_ID]))),
        ("another event too", |t| t.claims["events"]["https://other.example/event"] = json!({})),
        ("an event with content", |t| t.claims["events"][EVENT] = json!({ "why": "because" })),
        ("more claims", |t| t.claim("org", json!({ "a": [1] }))),
        ("times with fractions", |t| {
            let now = t.claims["iat"].as_u64().unwrap();
            t.claim("iat", json!(now as f64 + 0.5));
            t.claim("exp", json!(now as f64 + 119.5));
        }),
        ("issued 59 s in the future", |t| t.shift("iat", 59)),
        ("good for a day", |t| t.shift("exp", 24 * 3600 - 120)),
        ("good for a day, issued by a clock that is ahead", |t| {
            t.shift("iat", 59);
            t.shift("exp", 24 * 3600 - 120 + 59);
        }),
        ("over for 59 s", |t| t.shift("exp", -120 - 59)),
        ("five minutes old without an end", |t| {
            t.remove("exp");
            t.shift("iat", -300);
        }),
    ];
    each(rows.iter().copied(), async |bend| {
        let (fixture, status) = told(bend).await;
        assert_eq!(status, 200);
        assert_eq!(fixture.user().await, None);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn every_algorithm() {
    let keys = [
        ("ES384", Key::es384("k")),
        ("ES256", Key::es256("k")),
        ("ES512", Key::es512("k")),
        ("RS256", Key::rs256("k")),
        ("PS256", Key::ps256("k")),
    ];
    each(keys, async |key| {
        let mut fixture = Fixture::signed_in().await;
        fixture.provider.rotate_to(&key);
        let token = fixture.provider.logout_token(|_| ());
        let logto = fixture.logto.clone();
        let seen = fixture.post_logout(&logto, format!("logout_token={token}")).await;
        assert_eq!((seen.status, fixture.user().await), (200, None));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn wrong_tokens() {
    let rows: &[(&str, Bend)] = &[
        ("iss missing", |t| t.remove("iss")),
        ("iss of another", |t| t.claim("iss", "https://evil.example/oidc")),
        ("iss a number", |t| t.claim("iss", 7)),
        ("iss with a slash", |t| {
            let iss = format!("{}/", t.claims["iss"].as_str().unwrap());
            t.claim("iss", iss);
        }),
        ("aud missing", |t| t.remove("aud")),
        ("aud of another", |t| t.claim("aud", "another-app")),
        ("aud without us", |t| t.claim("aud", json!(["a", "b"]))),
        ("aud empty", |t| t.claim("aud", json!([]))),
        ("aud an object", |t| t.claim("aud", json!({ APP_ID: true }))),
        ("aud null", |t| t.claim("aud", Value::Null)),
        ("iat missing", |t| t.remove("iat")),
        ("iat a text", |t| t.claim("iat", "now")),
        ("iat in the future", |t| t.shift("iat", 61)),
        ("exp over", |t| t.shift("exp", -180)),
        ("exp a text", |t| t.claim("exp", "soon")),
        ("good for three minutes more than a day", |t| t.shift("exp", 24 * 3600 + 60)),
        ("exp in a year", |t| t.shift("exp", 365 * 24 * 3600)),
        ("exp beyond all numbers", |t| t.claim("exp", json!(1e300))),
        ("no exp, and old", |t| {
            t.remove("exp");
            t.shift("iat", -361);
        }),
        ("jti missing", |t| t.remove("jti")),
        ("jti empty", |t| t.claim("jti", "")),
        ("jti a number", |t| t.claim("jti", 7)),
        ("events missing", |t| t.remove("events")),
        ("events null", |t| t.claim("events", Value::Null)),
        ("events a text", |t| t.claim("events", EVENT)),
        ("events a list", |t| t.claim("events", json!([EVENT]))),
        ("events of another kind", |t| t.claim("events", json!({ "https://x.example/e": {} }))),
        ("event null", |t| t.claims["events"][EVENT] = Value::Null),
        ("event true", |t| t.claims["events"][EVENT] = json!(true)),
        ("event a list", |t| t.claims["events"][EVENT] = json!([])),
        ("a nonce", |t| t.claim("nonce", "n")),
        ("a nonce that is null", |t| t.claim("nonce", Value::Null)),
        ("neither sub nor sid", |t| t.remove("sub")),
        ("sub and sid empty", |t| {
            t.claim("sub", "");
            t.claim("sid", "");
        }),
        ("sub a number", |t| t.claim("sub", 7)),
        ("sid an object", |t| t.claim("sid", json!({}))),
        ("a claim twice", |t| t.raw_claim(r#""sub":"bob""#)),
        ("no claims", |t| t.claims = json!({})),
        ("a list of claims", |t| t.payload = Some("[]".to_owned())),
        ("no JSON", |t| t.payload = Some("logout".to_owned())),
        ("of an ID token's type", |t| t.head("typ", "JWT")),
        ("of an access token's type", |t| t.head("typ", "at+jwt")),
        ("of a type that is no text", |t| t.head("typ", 7)),
        ("crit", |t| t.head("crit", json!(["exp"]))),
        ("alg none", |t| t.key = Key::none()),
        ("alg none with a signature", |t| t.head("alg", "none")),
        ("alg of another curve", |t| t.head("alg", "ES256")),
        ("HMAC with the public key", |t| {
            let public = t.key.public_bytes();
            t.key = Key::hs256(&t.key.kid.clone(), public);
        }),
        ("signed by a stranger", |t| t.key = Key::es384("first")),
        ("signed with an unknown key", |t| t.key = Key::es384("unknown")),
        ("no signature", |t| {
            t.after = Some(|token| token[..=token.rfind('.').unwrap()].to_owned());
        }),
        ("two parts", |t| t.after = Some(|token| token[..token.rfind('.').unwrap()].to_owned())),
        ("a changed payload", |t| {
            t.after = Some(|token| {
                let parts: Vec<_> = token.split('.').collect();
                format!("{}.{}.{}", parts[0], encode(r#"{"sub":"alice"}"#), parts[2])
            });
        }),
    ];
    each(rows.iter().copied(), async |bend| {
        let (fixture, status) = told(bend).await;
        assert_eq!(status, 400);
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn tokens_of_another_kind_and_bodies_that_are_none() {
    let mut fixture = Fixture::signed_in().await;
    let issued = fixture.provider.issued();
    let id_token = issued.last().unwrap().clone();
    assert_eq!(id_token.split('.').count(), 3);
    let access_token = issued[issued.len() - 2].clone();
    let good = fixture.provider.logout_token(|_| ());
    let jwt = fixture.provider.logout_token(|t| {
        t.head("typ", "at+jwt");
        t.claim("scope", "all");
        t.remove("events");
    });
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("an ID token", format!("logout_token={id_token}").into()),
        ("an access token", format!("logout_token={jwt}").into()),
        ("an opaque token", format!("logout_token={access_token}").into()),
        ("nothing", Vec::new()),
        ("an empty token", b"logout_token=".to_vec()),
        ("the name alone", b"logout_token".to_vec()),
        ("another name", format!("token={good}").into()),
        ("the name in capitals", format!("Logout_Token={good}").into()),
        ("twice", format!("logout_token={good}&logout_token={good}").into()),
        ("and an empty one", format!("logout_token={good}&logout_token=").into()),
        ("the token alone", good.clone().into()),
        ("JSON", json!({ "logout_token": good }).to_string().into()),
        ("no text", b"logout_token=\xff\xfe\x00".to_vec()),
    ];
    for (name, body) in rows {
        let logto = fixture.logto.clone();
        let seen = fixture.post_logout(&logto, body).await;
        assert_eq!(seen.status, 400, "{name}");
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(body["error"], "invalid_request", "{name}");
        assert_eq!(fixture.user().await.as_deref(), Some("alice"), "{name}");
    }
    for kind in ["application/json", "text/plain", "multipart/form-data", ""] {
        let request = Browser::default().request("POST", "/", &[("content-type", kind)]);
        let request = request.with_body(format!("logout_token={good}"));
        let reply = fixture.logto.handle(Route::BackChannelLogout, request).await;
        assert_eq!(fixture.receive(reply).status, 400, "{kind}");
    }
    let in_the_address = format!("/backchannel-logout?logout_token={good}");
    for (method, status) in [("GET", 405), ("PUT", 405), ("HEAD", 405), ("POST", 400)] {
        let seen = fixture.send(method, &in_the_address, &NAVIGATION).await;
        assert_eq!(seen.status, status, "{method}");
    }
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));

    let more = format!("a=b&logout_token={good}&c=d");
    let logto = fixture.logto.clone();
    let kind = "Application/X-WWW-Form-URLencoded; charset=UTF-8";
    let request = Browser::default().request("POST", "/", &[("content-type", kind)]);
    let reply = logto.handle(Route::BackChannelLogout, request.with_body(more)).await;
    assert_eq!(fixture.receive(reply).status, 200);
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}

#[tokio::test]
async fn refused_posts_are_rate_limited_in_the_log() {
    let mut fixture = Fixture::new().await;
    let logto = fixture.logto.clone();
    for _ in 0..50 {
        assert_eq!(fixture.post_logout(&logto, "logout_token=x").await.status, 400);
    }
    assert_eq!(fixture.log().matches("a back-channel logout was refused").count(), 1);
    fixture.finish();
}
