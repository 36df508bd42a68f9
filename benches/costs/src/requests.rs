//! The users and programs that make the requests.

use base64_simd::URL_SAFE_NO_PAD;
use logto::resource_server::{Api, ApiConfig};
use logto::{Logto, TokenRequest};
use serde_json::json;

use crate::fixture::{API, Fixture, request};

/// What Chromium sends for a page, cookies apart.
pub const BROWSER: [(&str, &str); 14] = [
    ("host", "localhost:3000"),
    ("connection", "keep-alive"),
    ("sec-ch-ua", "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("upgrade-insecure-requests", "1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 \
         Safari/537.36",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;\
         q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
];

/// Everyone who asks, and whom they ask.
pub struct Requests {
    pub fixture: Fixture,
    /// Sessions in cookies, and in the memory store.
    pub in_cookies: Logto,
    pub in_memory: Logto,
    pub api: Api,
    /// `Cookie` headers of someone who is signed in.
    pub cookie: String,
    pub pointer: String,
    /// The same session sealed again and again.
    pub fresh: Vec<String>,
    /// `Authorization` headers: of a good token, and of many that name unknown keys.
    pub bearer: String,
    pub unknown: Vec<String>,
}

impl Requests {
    pub async fn new(fresh: usize) -> Self {
        let fixture = Fixture::new([]).await;
        let in_cookies = fixture.in_cookies();
        let alice = fixture.sign_in(&in_cookies, "alice", &Fixture::usual_tokens()).await;
        let resealed = fixture.reseal(&alice, fresh).await;
        let in_memory = fixture.in_memory();
        let pointer = fixture.sign_in(&in_memory, "alice", &Fixture::usual_tokens()).await;
        let context = in_cookies.context(request("/", &alice.header()));
        let token = context.access_token(TokenRequest::resource(API)).await;
        let token = token.expect("an access token").into_string();
        let api = Api::new(fixture.tenant.endpoint(), ApiConfig::new(API));
        Self {
            cookie: alice.header(),
            pointer: pointer.header(),
            fresh: resealed,
            unknown: (0..1000).map(|n| bearer(&unknown(&token, n))).collect(),
            bearer: bearer(&token),
            api: api.expect("a configuration"),
            in_cookies,
            in_memory,
            fixture,
        }
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The same token with a header that names a key that does not exist.
fn unknown(token: &str, number: usize) -> String {
    let (_, rest) = token.split_once('.').expect("a token");
    let header = json!({ "alg": "ES384", "typ": "at+jwt", "kid": format!("unknown-{number}") });
    let header = URL_SAFE_NO_PAD.encode_to_string(header.to_string());
    format!("{header}.{rest}")
}
