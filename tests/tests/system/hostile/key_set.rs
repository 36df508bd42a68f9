//! Key sets that are wrong, odd, slow or gone.

use logto_tests::hostile::{
    Answer, Endpoint, Fixture, Key, LATER, NO, Provider, YES, each_document,
};
use serde_json::{Value, json};

/// The callback asks two addresses, and the discovery document says which these are.
#[tokio::test]
async fn a_key_set_that_is_gone_is_named_in_the_log() {
    for status in [404, 500] {
        let mut fixture = Fixture::new().await;
        fixture.provider.bend(Endpoint::Jwks, move |_, _| Answer::text(status, ""));
        let authorize = fixture.begin("/sign-in").await;
        fixture.open(&fixture.callback(&authorize)).await;
        let log = fixture.log();
        let jwks_uri = format!("{}/jwks", fixture.provider.issuer());
        assert!(log.contains(&jwks_uri), "{status}: {log}");
        fixture.finish();
    }
}

#[tokio::test]
async fn key_sets() {
    each_document(
        Endpoint::Jwks,
        &[
            ("empty", |_, _| keys(&[]), NO),
            ("keys missing", |_, _| Answer::json(&json!({})), NO),
            ("keys null", |_, _| Answer::json(&json!({ "keys": null })), NO),
            ("keys an object", |a, _| a.edit(|b| b["keys"] = json!({ "0": b["keys"][0] })), NO),
            ("a bare array", |a, _| a.edit(|b| *b = b["keys"].clone()), NO),
            ("a lone key", |a, _| a.edit(|b| *b = b["keys"][0].clone()), NO),
            ("null", |_, _| Answer::json(&Value::Null), NO),
            ("nothing", |_, _| Answer::text(200, ""), NO),
            ("HTML", |_, _| Answer::html(), NO),
            ("huge", |_, _| Answer::huge(), NO),
            ("404", |_, _| Answer::text(404, ""), NO),
            ("500", |_, _| Answer::text(500, ""), LATER),
            ("cut", |a, _| a.cut(), LATER),
            ("never", |a, _| a.never(), LATER),
            ("all unusable", |_, _| keys(&odd()), NO),
            (
                "odd keys before the good one",
                |_, p| keys(&[odd(), vec![p.key().jwk()]].concat()),
                YES,
            ),
            (
                "odd keys behind the good one",
                |_, p| keys(&[vec![p.key().jwk()], odd()].concat()),
                YES,
            ),
            ("kid missing", |_, p| one(p, "kid", None), NO),
            ("kid null", |_, p| one(p, "kid", Some(Value::Null)), NO),
            ("kid number", |_, p| one(p, "kid", Some(json!(1))), NO),
            ("use enc", |_, p| one(p, "use", Some(json!("enc"))), NO),
            ("use missing", |_, p| one(p, "use", None), YES),
            ("use unknown", |_, p| one(p, "use", Some(json!("all"))), NO),
            ("key_ops verify", |_, p| one(p, "key_ops", Some(json!(["verify"]))), YES),
            ("key_ops sign", |_, p| one(p, "key_ops", Some(json!(["sign"]))), NO),
            ("key_ops empty", |_, p| one(p, "key_ops", Some(json!([]))), NO),
            ("key_ops a text", |_, p| one(p, "key_ops", Some(json!("verify"))), NO),
            ("alg other", |_, p| one(p, "alg", Some(json!("ES256"))), NO),
            ("alg none", |_, p| one(p, "alg", Some(json!("none"))), NO),
            ("alg missing", |_, p| one(p, "alg", None), YES),
            ("crv other", |_, p| one(p, "crv", Some(json!("P-256"))), NO),
            ("crv missing", |_, p| one(p, "crv", None), NO),
            ("kty RSA", |_, p| one(p, "kty", Some(json!("RSA"))), NO),
            ("x missing", |_, p| one(p, "x", None), NO),
            ("x not base64", |_, p| one(p, "x", Some(json!("?"))), NO),
            (
                "a point that is not on the curve",
                |_, p| one(p, "x", Some(p.key().jwk()["y"].clone())),
                NO,
            ),
            ("a private key published", |_, p| one(p, "d", Some(json!("AAAA"))), YES),
            (
                "the same kid twice, wrong one first",
                |_, p| keys(&[Key::es384(&p.key().kid).jwk(), p.key().jwk()]),
                YES,
            ),
            (
                "the same kid twice, right one first",
                |_, p| keys(&[p.key().jwk(), Key::es384(&p.key().kid).jwk()]),
                YES,
            ),
            (
                "the same kid in another algorithm",
                |_, p| keys(&[Key::es256(&p.key().kid).jwk(), p.key().jwk()]),
                YES,
            ),
            ("a hundred others", |_, p| keys(&[others(100), vec![p.key().jwk()]].concat()), YES),
            ("another key only", |_, _| keys(&others(1)), NO),
        ],
    )
    .await;
}

fn keys(keys: &[Value]) -> Answer {
    Answer::json(&json!({ "keys": keys }))
}

fn one(provider: &Provider, member: &str, value: Option<Value>) -> Answer {
    let mut jwk = provider.key().jwk();
    match value {
        Some(value) => jwk[member] = value,
        None => {
            jwk.as_object_mut().unwrap().remove(member);
        }
    }
    keys(&[jwk])
}

fn others(count: usize) -> Vec<Value> {
    let key = Key::es384("other");
    (0..count).map(|n| key.named(&format!("other-{n}")).jwk()).collect()
}

/// Keys that no one can use, all under the kid of the good one.
fn odd() -> Vec<Value> {
    // 1024 bits of RSA; what it says does not matter.
    let short = format!("{}w", "w".repeat(170));
    vec![
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "first", "x": "AAAA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "first", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "EC", "crv": "P-384", "kid": "first", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "RSA", "kid": "first", "n": short, "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "first", "n": "", "e": "" }),
        json!({ "kty": "oct", "kid": "first", "alg": "HS256", "k": "c2VjcmV0" }),
        json!({ "kty": 7 }),
        json!("a key"),
        Value::Null,
        json!([]),
    ]
}
