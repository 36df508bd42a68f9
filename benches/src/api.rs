//! Access tokens at the door of an API.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use base64_simd::URL_SAFE_NO_PAD;
use jwt_authorizer::{
    Authorizer, IntoLayer, JwtAuthorizer, JwtClaims, RegisteredClaims, Validation,
};
use logto::TokenRequest;
use logto::api::{Api, ApiConfig};
use logto_axum::AccessToken;
use serde_json::{Value, json};
use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;
use tokio::runtime::Runtime;
use tower::Service;
use tower_oauth2_resource_server::claims::DefaultClaims;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;

use crate::harness::{Case, measure};
use crate::peers::axum::{App, get_with, hello};
use crate::report::{Report, Unit};
use crate::stage::{API, Stage, request};

/// Different tokens, and room for fewer of them.
const FLOOD: usize = 256;
const ROOM: usize = 64;
/// Tokens that name a key which does not exist.
const UNKNOWN: usize = 1000;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let stage = runtime.block_on(Stage::new([]));
    let tokens = runtime.block_on(tokens(&stage, FLOOD));
    let token = tokens[0].as_str();
    let keys = runtime.block_on(key_set(&stage));
    let endpoint = stage.tenant.endpoint();
    let api = |config| Api::new(endpoint, config).expect("a valid configuration");
    let seen = api(ApiConfig::new(API));
    let first = api(ApiConfig::new(API).without_token_cache());
    let small = api(ApiConfig::new(API).with_token_cache(ROOM, Duration::from_secs(300)));

    let (key, message, signature) = parts(&keys, token);
    let next = Cell::new(0);
    let mut cases = vec![
        Case::new("ES384 by aws-lc-rs, the signature alone", || {
            key.verify_sig(message, &signature)
                .expect("a good signature");
        }),
        Case::asynchronous("logto, token seen first", runtime, async || {
            first.verify(token).await.expect("a good token")
        }),
        Case::asynchronous("logto, token seen before", runtime, async || {
            seen.verify(token).await.expect("a good token")
        }),
        Case::asynchronous("logto, flood of distinct tokens", runtime, async || {
            next.set((next.get() + 1) % FLOOD);
            small
                .verify(&tokens[next.get()])
                .await
                .expect("a good token")
        }),
    ];
    let bearer: HeaderValue = format!("Bearer {token}").parse().expect("a header");
    let axum = |name, mut app: App| {
        let bearer = bearer.clone();
        Case::asynchronous(name, runtime, async move || {
            get_with(&mut app, AUTHORIZATION, &bearer).await
        })
    };
    cases.push(axum("axum: hello", hello()));
    cases.push(axum("logto-axum, token seen first", ours(&first)));
    cases.push(axum("logto-axum, token seen before", ours(&seen)));
    let tors = runtime.block_on(tors(&keys, stage.tenant.issuer()));
    cases.push(axum("tower-oauth2-resource-server", tors));
    cases.push(older_axum(
        "axum 0.7: hello",
        runtime,
        older_hello(),
        &bearer,
    ));
    let jwt_authorizer = runtime.block_on(jwt_authorizer(&keys, stage.tenant.issuer()));
    cases.push(older_axum(
        "jwt-authorizer",
        runtime,
        jwt_authorizer,
        &bearer,
    ));
    let measured = measure(cases);

    let added = |name| match name {
        "jwt-authorizer" => measured.added(name, "axum 0.7: hello"),
        name if name.contains("axum,") || name.starts_with("tower") => {
            measured.added(name, "axum: hello")
        }
        name => measured.median(name),
    };
    report.added("Access tokens (ES384)", &measured, added);
    let nanoseconds = Unit::Nanoseconds;
    let hit = added("logto-axum, token seen before");
    report.at_most(
        "G1",
        "token seen before, added on axum",
        hit,
        100.0,
        nanoseconds,
    );
    let peer = added("tower-oauth2-resource-server");
    let what = "times less than tower-oauth2-resource-server";
    report.at_least("G1", what, peer / hit, 1400.0, Unit::Times);
    let floor = measured.median("ES384 by aws-lc-rs, the signature alone");
    let miss = added("logto-axum, token seen first");
    let goal = 1.01 * floor + 1000.0;
    report.at_most(
        "G2",
        "token seen first, added on axum",
        miss,
        goal,
        nanoseconds,
    );
    let verify = measured.median("logto, token seen first");
    let what = "verifying ES384 (ID tokens by the same code)";
    report.at_most("G8", what, verify, 1.02 * floor, nanoseconds);
    let fetches = runtime.block_on(unknown_keys(&stage, &seen, token));
    let what = format!("fetches of keys for {UNKNOWN} tokens of unknown keys");
    report.at_most("G7j", &what, fetches as f64, 5.0, Unit::Count);
}

/// Different access tokens of one person.
async fn tokens(stage: &Stage, count: usize) -> Vec<String> {
    let logto = stage.in_memory();
    let cookies = stage.sign_in(&logto, "alice", &[]).await.header();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let context = logto.context(request("/", &cookies));
        let fresh = TokenRequest::resource(API).refreshed();
        let token = context.access_token(fresh).await.expect("an access token");
        tokens.push(token.into_string());
    }
    tokens
}

async fn key_set(stage: &Stage) -> Value {
    let url = format!("{}/jwks", stage.tenant.issuer());
    let answer = reqwest::get(url).await.expect("an answer");
    let text = answer.text().await.expect("text");
    serde_json::from_str(&text).expect("a key set")
}

fn parts<'a>(keys: &Value, token: &'a str) -> (ParsedPublicKey, &'a [u8], Vec<u8>) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url");
    let coordinate = |name: &str| decode(keys["keys"][0][name].as_str().expect("a coordinate"));
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).expect("a key");
    let (message, signature) = token.rsplit_once('.').expect("a token");
    (key, message.as_bytes(), decode(signature))
}

fn ours(api: &Api) -> App {
    let page = async |token: AccessToken| {
        black_box(token.sub());
        "hello"
    };
    let router = Router::new().route("/", get(page));
    router.with_state(api.clone()).into_service()
}

async fn tors(keys: &Value, issuer: &str) -> App {
    let tenant = TenantConfiguration::static_builder(keys.to_string())
        .identifier(issuer)
        .audiences(&[API])
        .build();
    let server = OAuth2ResourceServer::<DefaultClaims>::builder()
        .add_tenant(tenant.expect("a valid configuration"))
        .build();
    let server = server.await.expect("a valid configuration");
    let page = async |claims: axum::Extension<DefaultClaims>| {
        black_box(&claims.sub);
        "hello"
    };
    let router = Router::new().route("/", get(page));
    router.layer(server.into_layer()).into_service()
}

async fn jwt_authorizer(keys: &Value, issuer: &str) -> axum_of_jwt_authorizer::Router {
    let validation = Validation::new().iss(&[issuer]).aud(&[API]);
    let builder: jwt_authorizer::AuthorizerBuilder<RegisteredClaims> =
        JwtAuthorizer::from_jwks_text(&keys.to_string());
    let authorizer: Authorizer = builder.validation(validation).build().await.expect("keys");
    let page = |JwtClaims(claims): JwtClaims<RegisteredClaims>| async move {
        black_box(claims.sub);
        "hello"
    };
    let router = axum_of_jwt_authorizer::Router::new();
    let router = router.route("/", axum_of_jwt_authorizer::routing::get(page));
    router.layer(authorizer.into_layer())
}

fn older_hello() -> axum_of_jwt_authorizer::Router {
    let page = axum_of_jwt_authorizer::routing::get(|| async { "hello" });
    axum_of_jwt_authorizer::Router::new().route("/", page)
}

fn older_axum<'a>(
    name: &'static str,
    runtime: &'a Runtime,
    mut router: axum_of_jwt_authorizer::Router,
    bearer: &HeaderValue,
) -> Case<'a> {
    use axum_of_jwt_authorizer::body::Body;
    use axum_of_jwt_authorizer::http::Request;
    let bearer = bearer.clone();
    Case::asynchronous(name, runtime, async move || {
        let request = Request::get("/").header(AUTHORIZATION, &bearer);
        let request = request.body(Body::empty()).expect("a request");
        let response = router.call(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
    })
}

/// How often Logto is asked for keys by tokens that name unknown ones.
async fn unknown_keys(stage: &Stage, api: &Api, token: &str) -> usize {
    let (_, rest) = token.split_once('.').expect("a token");
    stage.tenant.clear_requests();
    for number in 0..UNKNOWN {
        let header = json!({ "alg": "ES384", "typ": "at+jwt", "kid": format!("unknown-{number}") });
        let header = URL_SAFE_NO_PAD.encode_to_string(header.to_string());
        let refused = api.verify(&format!("{header}.{rest}")).await;
        assert!(refused.is_err(), "a forged token was believed");
    }
    let requests = stage.tenant.requests();
    requests
        .iter()
        .filter(|seen| seen.path.ends_with("/jwks"))
        .count()
}
