//! The modules of the OpenID Foundation's plans for relying parties (basic and configuration), as
//! its test provider behaves in them: an issuer that ends in a slash, RS256, tokens that live five
//! minutes, answers without whatever is optional, and new keys for every module.

use logto_tests::hostile::{
    Answer, Endpoint, Fixture, IdToken, Key, NO, Provider, Seen, Then, YES, check, each, encode,
    state_of,
};
use serde_json::{Value, json};

/// A module: what is special about its provider, and how its sign-in must end.
type Module = (&'static str, fn(&Provider), Then);

/// The provider of the plans; `bend` is what is special about ID tokens in a module.
fn certify(provider: &Provider, bend: impl Fn(&mut IdToken) + Send + Sync + 'static) {
    let issuer = format!("{}/", provider.issuer());
    let named = issuer.clone();
    provider.bend(Endpoint::Discovery, move |answer, _| {
        answer
            .set("issuer", named.clone())
            .without("revocation_endpoint")
            .without("end_session_endpoint")
            .without("authorization_response_iss_parameter_supported")
            .set("claims_parameter_supported", true)
            .set("id_token_signing_alg_values_supported", json!(["none", "RS256"]))
    });
    provider.bend(Endpoint::Token, |answer, _| {
        let bare = answer.without("refresh_token").without("expires_in");
        bare.without("scope")
    });
    provider.bend(Endpoint::UserInfo, |answer, _| {
        answer
            .set("address", json!({ "locality": "Hollywood" }))
            .set("phone_number_verified", false)
            .set("updated_at", 1_580_000_000)
    });
    provider.bend_token(move |token| {
        token.claim("iss", issuer.clone());
        token.shift("exp", 300 - 3600);
        bend(token);
    });
}

async fn sign_in(fixture: &mut Fixture) -> Seen {
    let seen = fixture.open("/sign-in?return_to=/home").await;
    let Ok(authorize) = seen.location().parse() else {
        return seen;
    };
    let code = fixture.provider.grant(&authorize);
    let state = state_of(&authorize);
    fixture.open(&format!("/callback?code={code}&state={state}")).await
}

#[tokio::test]
async fn one_app_passes_them_all_without_a_restart() {
    let modules: &[Module] = &[
        ("oidcc-client-test", |_| (), YES),
        ("invalid-iss", |p| bent(p, invalid_iss), NO),
        ("missing-sub", |p| bent(p, |t| t.remove("sub")), NO),
        ("invalid-aud", |p| bent(p, |t| t.claim("aud", "another")), NO),
        ("missing-aud", |p| bent(p, |t| t.remove("aud")), NO),
        ("missing-iat", |p| bent(p, |t| t.remove("iat")), NO),
        ("kid-absent-single-jwks", kid_absent, YES),
        ("kid-absent-multiple-jwks", kid_absent_in_many, YES),
        ("idtoken-sig-rs256", |_| (), YES),
        // Accepting it is optional.
        ("idtoken-sig-none", |p| bent(p, |t| t.key = Key::none()), NO),
        ("invalid-sig-rs256", |p| bent(p, foreign), NO),
        ("invalid-at-hash", |p| bent(p, |t| t.claim("at_hash", encode([7; 16]))), NO),
        ("nonce-invalid", |p| bent(p, |t| t.claim("nonce", "other")), NO),
        ("client-secret-basic", |_| (), YES),
        ("scope-userinfo-claims", |_| (), YES),
        ("ignores-unparseable-key-in-jwks", unparseable, YES),
        ("signing-key-rotation", |_| (), YES),
        ("signing-key-rotation, again", |_| (), YES),
    ];
    let mut fixture = Fixture::new().await;
    let mut failed = Vec::new();
    for (number, (name, bend, then)) in modules.iter().enumerate() {
        fixture.browser = logto_tests::hostile::Browser::default();
        let key = Key::rs256(&format!("key-{number}"));
        fixture.provider.rotate_to(&key);
        certify(&fixture.provider, |_| ());
        bend(&fixture.provider);
        let seen = sign_in(&mut fixture).await;
        let info = fixture.user_info().await;
        let expected = *then == YES;
        if (seen.status == 303, info.is_ok()) != (expected, expected) {
            failed.push((name, seen.status, seen.body));
        }
    }
    assert_eq!(failed, []);
    fixture.finish();
}

/// The provider of a module with special ID tokens.
fn bent(provider: &Provider, bend: fn(&mut IdToken)) {
    certify(provider, bend);
}

fn invalid_iss(token: &mut IdToken) {
    let honest = token.claims["iss"].as_str().unwrap().to_owned();
    token.claim("iss", format!("{honest}INVALID"));
}

fn foreign(token: &mut IdToken) {
    token.after = Some(|token| {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        format!("{signed}.{other}{}", &signature[1..])
    });
}

fn nameless(key: &Key) -> Value {
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    jwk
}

fn kid_absent(provider: &Provider) {
    bent(provider, |token| token.head("kid", Value::Null));
    provider.publish([nameless(&provider.key())]);
}

fn kid_absent_in_many(provider: &Provider) {
    let others = [Key::es256("other"), Key::es384("other")];
    bent(provider, |token| token.head("kid", Value::Null));
    let all = others.iter().map(nameless);
    provider.publish(all.chain([nameless(&provider.key())]));
}

fn unparseable(provider: &Provider) {
    provider.publish([
        json!({ "kty": "AKP", "kid": "pq", "alg": "ML-DSA-999", "pub": "AAAA" }),
        json!({ "kty": "made-up", "kid": "x", "q": 7 }),
        provider.key().jwk(),
    ]);
}

#[tokio::test]
async fn userinfo_of_another_user_is_refused() {
    let mut fixture = Fixture::new().await;
    fixture.provider.rotate_to(&Key::rs256("key"));
    certify(&fixture.provider, |_| ());
    let seen = sign_in(&mut fixture).await;
    check(&fixture, &seen, YES, None).await;
    fixture.provider.bend(Endpoint::UserInfo, |answer, _| answer.set("sub", "aliceINVALID"));
    assert!(fixture.user_info().await.is_err());
    fixture.finish();
}

#[tokio::test]
async fn the_issuer_of_the_discovery_document_has_to_be_the_one_that_was_asked() {
    let rows: [(&str, fn(&str) -> String, bool); 6] = [
        ("as configured", str::to_owned, true),
        ("with a slash", |issuer| format!("{issuer}/"), true),
        ("with two slashes", |issuer| format!("{issuer}//"), false),
        ("discovery-issuer-mismatch", |issuer| format!("{issuer}/INVALID"), false),
        ("without path", |issuer| issuer.replace("/oidc", ""), false),
        ("with a query", |issuer| format!("{issuer}/?"), false),
    ];
    each(
        rows.map(|(name, change, then)| (name, (change, then))),
        async |(change, then): (fn(&str) -> String, bool)| {
            let mut fixture = Fixture::new().await;
            certify(&fixture.provider, |_| ());
            let issuer = change(&fixture.provider.issuer());
            let named = issuer.clone();
            fixture.provider.bend(Endpoint::Discovery, move |answer: Answer, _| {
                answer
                    .set("issuer", named.clone())
                    .without("authorization_response_iss_parameter_supported")
            });
            fixture.provider.bend_token(move |token| token.claim("iss", issuer.clone()));
            let seen = sign_in(&mut fixture).await;
            check(&fixture, &seen, if then { YES } else { NO }, None).await;
            // Who is sent away at all is sent by a document that was believed.
            assert_eq!(fixture.provider.calls(Endpoint::Token).len(), usize::from(then));
            fixture.finish();
        },
    )
    .await;
}
