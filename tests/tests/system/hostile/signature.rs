//! ID tokens that a provider must not get accepted, and odd ones that it may: signatures.

use logto_tests::hostile::{
    APP_SECRET, Fixture, IdToken, Key, NO, Provider, YES, check, each, each_token, encode,
    sign_in_twice,
};
use serde_json::{Value, json};

#[tokio::test]
async fn how_it_is_signed() {
    each_token(&[
        ("alg none, no signature", |t| t.key = Key::none(), NO),
        ("alg None", |t| t.head("alg", "None"), NO),
        ("alg none over a good signature", |t| t.head("alg", "none"), NO),
        ("alg none, kid of ours", |t| t.key = Key::none().named(&t.key.kid), NO),
        ("HS256 with the public key", |t| t.key = Key::hs256(&t.key.kid, t.key.public_bytes()), NO),
        ("HS256 with the JWK", |t| t.key = Key::hs256(&t.key.kid, t.key.jwk().to_string()), NO),
        ("HS256 with the app secret", |t| t.key = Key::hs256(&t.key.kid, APP_SECRET), NO),
        ("HS256 with nothing", |t| t.key = Key::hs256(&t.key.kid, ""), NO),
        ("alg ES256 over ES384", |t| t.head("alg", "ES256"), NO),
        ("alg RS256 over ES384", |t| t.head("alg", "RS256"), NO),
        ("alg EdDSA", |t| t.head("alg", "EdDSA"), NO),
        ("alg ES256K", |t| t.head("alg", "ES256K"), NO),
        ("alg in small letters", |t| t.head("alg", "es384"), NO),
        ("alg null", |t| t.head("alg", Value::Null), NO),
        ("alg number", |t| t.head("alg", 384), NO),
        ("alg array", |t| t.head("alg", json!(["ES384"])), NO),
        ("alg with markup", |t| t.head("alg", "<script>\n"), NO),
        ("ES384 in the form of X.509", |t| t.key = Key::es384_der(&t.key.kid), NO),
        ("another key, our kid", |t| t.key = Key::es384(&t.key.kid), NO),
        ("another key, its kid", |t| t.key = Key::es384("unknown"), NO),
        ("another key, embedded as jwk", |t| embedded(t, "jwk"), NO),
        ("another key, at jku", |t| embedded(t, "jku"), NO),
        ("another key, at x5u", |t| embedded(t, "x5u"), NO),
        ("another key, as x5c", |t| embedded(t, "x5c"), NO),
        ("our key and jku", |t| t.head("jku", "https://evil.example/jwks"), YES),
        ("kid null", |t| t.head("kid", Value::Null), YES),
        ("kid number", |t| t.head("kid", 1), NO),
        ("kid empty", |t| t.head("kid", ""), NO),
        ("kid is a path", |t| t.head("kid", "../../dev/null"), NO),
        ("kid of a megabyte's part", |t| t.head("kid", "k".repeat(100_000)), NO),
        ("typ JWT", |t| t.head("typ", "JWT"), YES),
        ("typ jwt", |t| t.head("typ", "jwt"), YES),
        ("typ of an access token", |t| t.head("typ", "at+jwt"), NO),
        (
            "typ of an access token, in full and in capitals",
            |t| t.head("typ", "application/AT+JWT"),
            NO,
        ),
        ("typ of a logout token", |t| t.head("typ", "logout+jwt"), NO),
        ("typ number", |t| t.head("typ", 7), NO),
        ("crit b64", |t| t.head("crit", json!(["b64"])), NO),
        ("crit exp", |t| t.head("crit", json!(["exp"])), NO),
        ("crit empty", |t| t.head("crit", json!([])), NO),
        ("crit null", |t| t.head("crit", Value::Null), NO),
        ("encrypted by its header", |t| t.head("enc", "A256GCM"), YES),
    ])
    .await;
}

fn embedded(token: &mut IdToken, member: &str) {
    let own = Key::es384("own");
    let value = match member {
        "jwk" => own.jwk(),
        "x5c" => json!([encode(own.public_bytes())]),
        _ => json!("https://evil.example/jwks"),
    };
    token.head(member, value);
    token.key = own;
}

#[tokio::test]
async fn what_is_no_signed_token_at_all() {
    each_token(&[
        ("empty", |t| t.after = Some(|_| String::new()), NO),
        ("a word", |t| t.after = Some(|_| "token".to_owned()), NO),
        ("dots", |t| t.after = Some(|_| "..".to_owned()), NO),
        ("two parts", |t| t.after = Some(|token| token.rsplit_once('.').unwrap().0.to_owned()), NO),
        (
            "no signature",
            |t| t.after = Some(|token| format!("{}.", token.rsplit_once('.').unwrap().0)),
            NO,
        ),
        ("four parts", |t| t.after = Some(|token| format!("{token}.AAAA")), NO),
        ("five parts", |t| t.after = Some(|token| format!("{token}.AAAA.AAAA")), NO),
        ("signature cut", |t| t.after = Some(|token| token[..token.len() - 4].to_owned()), NO),
        (
            "signature cut in a byte",
            |t| t.after = Some(|token| token[..token.len() - 1].to_owned()),
            NO,
        ),
        ("signature longer", |t| t.after = Some(|token| format!("{token}AAAA")), NO),
        ("signature altered", |t| t.after = Some(|token| altered(&token, 2)), NO),
        ("signature of zeros", |t| t.after = Some(|token| zeros(&token)), NO),
        ("payload altered", |t| t.after = Some(|token| altered(&token, 1)), NO),
        ("header altered", |t| t.after = Some(|token| altered(&token, 0)), NO),
        ("padded", |t| t.after = Some(|token| format!("{token}=")), NO),
        ("space before", |t| t.after = Some(|token| format!(" {token}")), NO),
        ("line end behind", |t| t.after = Some(|token| format!("{token}\n")), NO),
        ("standard base64", |t| t.after = Some(|token| standard(&token)), NO),
        ("not ASCII", |t| t.after = Some(|token| token.replacen('.', "é.", 1)), NO),
        ("JSON serialization", |t| t.after = Some(|token| json_form(&token)), NO),
    ])
    .await;
}

fn altered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    // The tenth character is far from both ends: all of its bits count.
    let old = parts[part].as_bytes()[10];
    let new = if old == b'A' { "B" } else { "A" };
    parts[part].replace_range(10..11, new);
    parts.join(".")
}

/// `+` belongs to the other alphabet.
fn standard(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    format!("{signed}.+{}", &signature[1..])
}

fn zeros(token: &str) -> String {
    format!("{}.{}", token.rsplit_once('.').unwrap().0, encode([0; 96]))
}

fn json_form(token: &str) -> String {
    let parts: Vec<_> = token.split('.').collect();
    json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string()
}

#[tokio::test]
async fn every_algorithm_of_logto_is_understood() {
    let rows: [(&str, fn(&Provider)); 5] = [
        ("ES256", |p| p.rotate_to(&Key::es256("new"))),
        ("ES384", |p| p.rotate_to(&Key::es384("new"))),
        ("ES512", |p| p.rotate_to(&Key::es512("new"))),
        ("RS256", |p| p.rotate_to(&Key::rs256("new"))),
        ("PS256", |p| p.rotate_to(&Key::ps256("new"))),
    ];
    each(rows, async |bend| sign_in_twice(Fixture::new, bend, YES).await).await;
}

#[tokio::test]
async fn a_token_of_another_sign_in_is_not_taken() {
    let mut fixture = Fixture::new().await;
    let (first, second) = (fixture.begin("/sign-in").await, fixture.begin("/sign-in").await);
    // Mallory's code in Alice's callback: the provider mixes up who asked.
    let foreign = first.query_pairs().find(|(name, _)| name == "nonce").unwrap();
    let foreign = foreign.1.into_owned();
    fixture.provider.bend_token(move |token| token.claim("nonce", foreign.clone()));
    let seen = fixture.open(&fixture.callback(&second)).await;
    check(&fixture, &seen, NO, None).await;
    assert!(fixture.log().contains("nonce"), "the log says why: {}", fixture.log());
    fixture.finish();
}
