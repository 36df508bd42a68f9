//! Sessions with more tokens than cookies hold.

use std::time::Duration;

use logto::{LogtoConfig, TokenRequest};
use logto_tests::hostile::{Backend, Endpoint, Fixture, Key, Seen, each, encode};
use serde_json::json;

const RESOURCES: [&str; 5] = [
    "https://one.example",
    "https://two.example",
    "https://three.example",
    "https://four.example",
    "https://five.example",
];

/// Access tokens with so many bytes that do not compress: in the signature, like those of RSA, or
/// in the claims.
fn make_tokens_large(fixture: &Fixture, bytes: usize, in_claims: bool) {
    let key = Key::es384("noise");
    fixture.provider.bend(Endpoint::Token, move |answer, _| {
        let mut noise = Vec::new();
        while noise.len() < bytes {
            noise.extend(key.sign(b"noise"));
        }
        noise.truncate(bytes);
        let (claim, signature) = if in_claims { (noise, Vec::new()) } else { (Vec::new(), noise) };
        let claims = json!({ "aud": "other-app", "exp": 1, "custom": encode(claim) });
        let parts = [r#"{"alg":"RS256"}"#.to_owned(), claims.to_string()].map(encode);
        let token = format!("{}.{}", parts.join("."), encode(signature));
        answer.set("access_token", token)
    });
}

async fn fixture(backend: Backend) -> Fixture {
    let resources = |config: LogtoConfig| {
        config.with_resources(RESOURCES).with_scopes(["urn:logto:scope:organizations"])
    };
    let mut fixture = Fixture::at(backend, resources).await;
    fixture.sign_in_as("alice").await;
    fixture
}

#[tokio::test]
async fn five_resources_need_five_calls_however_large_the_tokens() {
    each(Backend::ALL, async |backend| {
        for bytes in [96, 512, 3000] {
            let mut fixture = fixture(backend).await;
            make_tokens_large(&fixture, bytes, false);
            let before = fixture.provider.calls(Endpoint::Token).len();
            let mut tokens = Vec::new();
            for resource in RESOURCES {
                tokens.push(fixture.token(resource).await.unwrap());
            }
            for _ in 0..10 {
                for (resource, token) in RESOURCES.iter().zip(&tokens) {
                    assert_eq!(&fixture.token(*resource).await.unwrap(), token);
                }
            }
            let calls = fixture.provider.calls(Endpoint::Token).len() - before;
            assert_eq!(calls, 5, "{bytes} bytes a signature");
            let header = fixture.browser.cookie_header().len();
            assert!(header < 8 * 1024, "{header} bytes of cookies");
            fixture.finish();
        }
    })
    .await;
}

/// However many kinds of tokens someone makes an app ask for, the session stays readable.
#[tokio::test]
async fn a_session_never_outgrows_what_can_be_read() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend).await;
        make_tokens_large(&fixture, 60_000, true);
        for n in 0..20 {
            let request = TokenRequest::organization(format!("organization-{n}"));
            let token = fixture.token(request).await;
            assert!(token.is_ok(), "token {n}: {token:?}");
        }
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    })
    .await;
}

/// What nginx takes by default for all headers of a response, less what a usual app sets itself.
const PROXY_HEADERS: usize = 4096 - 1024;

fn response_headers(seen: &Seen) -> usize {
    let headers = seen.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    headers.sum::<usize>() + seen.cookies.iter().map(|line| line.len() + 14).sum::<usize>()
}

/// An account in so many organizations, with a role in each.
fn join_organizations(fixture: &Fixture, count: usize) {
    fixture.provider.bend_token(move |token| {
        let ids: Vec<_> =
            (0..count).map(|n| encode(&Key::es384("id").sign(&[n as u8])[..9])).collect();
        let roles: Vec<_> = ids.iter().map(|id| format!("{id}:member")).collect();
        token.claim("organizations", ids);
        token.claim("organization_roles", roles);
    });
}

#[tokio::test]
async fn an_account_in_a_thousand_organizations_stays_within_a_proxys_response_headers() {
    each(Backend::ALL, async |backend| {
        for count in [50, 200, 1000] {
            let resources = |config: LogtoConfig| config.with_resources(RESOURCES);
            let mut fixture = Fixture::at(backend, resources).await;
            join_organizations(&fixture, count);
            let seen = fixture.sign_in().await;
            assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
            let bytes = response_headers(&seen);
            assert!(bytes < PROXY_HEADERS, "{bytes} bytes of headers for {count} organizations");
            for resource in RESOURCES {
                fixture.token(resource).await.unwrap();
            }
            let calls = fixture.provider.calls(Endpoint::Token).len();
            for _ in 0..20 {
                let page = fixture.page();
                let user = page.maybe_user().await.unwrap().unwrap();
                assert_eq!(user.claims().organizations.len(), count);
                fixture.respond(&page, Ok(())).await.unwrap();
                for resource in RESOURCES {
                    fixture.token(resource).await.unwrap();
                }
            }
            assert_eq!(fixture.provider.calls(Endpoint::Token).len(), calls);
            let header = fixture.browser.cookie_header().len();
            assert!(header < 3 * 1024, "{header} bytes of cookies");
            fixture.finish();
        }
    })
    .await;
}

/// What the page takes, the cookies of the same response cannot have.
#[tokio::test]
async fn a_long_page_gives_way_to_a_large_session() {
    let long = format!("/{}", "a".repeat(1500));
    for (count, ends_at) in [(0, long.as_str()), (60, "/")] {
        let mut fixture = Fixture::new().await;
        join_organizations(&fixture, count);
        let authorize = fixture.begin(&format!("/sign-in?return_to={long}")).await;
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        assert_eq!((seen.status, seen.location()), (303, ends_at), "{count} organizations");
        let bytes = response_headers(&seen);
        assert!(bytes < PROXY_HEADERS - 512, "{bytes} bytes of headers for {count} organizations");
        fixture.finish();
    }
}

/// In cookie mode the end of such a session must also end the copies of its cookies.
#[tokio::test]
async fn a_session_that_outgrew_its_cookies_ends_for_all_of_them() {
    let mut fixture =
        Fixture::at(Backend::Cookies, |config| config.with_resources(RESOURCES)).await;
    fixture.sign_in_as("alice").await;
    let small = fixture.browser.clone();
    join_organizations(&fixture, 1000);
    fixture.token(RESOURCES[0]).await.unwrap();
    let user = fixture.page().maybe_user().await.unwrap().unwrap();
    assert_eq!(user.claims().organizations.len(), 1000);
    let large = fixture.browser.clone();
    fixture.send("POST", "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    for copy in [small, large] {
        fixture.browser = copy;
        assert_eq!(fixture.user().await, None);
    }
    fixture.finish();
}

/// A claim that no session holds.
fn make_picture_large(fixture: &Fixture) {
    fixture.provider.bend_token(|token| {
        let noise = Key::es384("noise");
        let mut picture = Vec::new();
        while picture.len() < 200_000 {
            picture.extend(noise.sign(b"noise"));
        }
        token.claim("picture", format!("data:image/png;base64,{}", encode(picture)));
    });
}

#[tokio::test]
async fn claims_that_no_session_holds_are_not_taken_over_with_a_refresh() {
    each(Backend::ALL, async |backend| {
        let mut fixture = fixture(backend).await;
        make_picture_large(&fixture);
        fixture.clock.advance(Duration::from_secs(3600));
        fixture.token(TokenRequest::opaque()).await.unwrap();
        let user = fixture.page().maybe_user().await.unwrap().unwrap();
        assert_eq!((user.sub(), user.claims().picture.as_deref()), ("alice", None));
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn an_account_that_no_session_holds_is_refused_by_the_name_of_the_claim() {
    each(Backend::ALL, async |backend| {
        let mut fixture = Fixture::at(backend, |config| config).await;
        make_picture_large(&fixture);
        let seen = fixture.sign_in().await;
        assert_eq!(seen.status, 400, "{seen:?}");
        for words in [&seen.body, &fixture.log()] {
            assert!(words.contains("`picture`"), "{words}");
        }
        assert_eq!(fixture.user().await, None);
        fixture.finish();
    })
    .await;
}

/// A proxy that refuses the response with a renewed cookie must not refuse every one after it.
#[tokio::test]
async fn a_renewed_cookie_that_never_arrives_gives_way_to_a_smaller_one() {
    let mut fixture =
        Fixture::at(Backend::Cookies, |config| config.with_resources(RESOURCES)).await;
    fixture.sign_in_as("alice").await;
    let old = fixture.browser.clone();
    fixture.token(RESOURCES[0]).await.unwrap();
    let mut sizes = Vec::new();
    for _ in 0..8 {
        fixture.clock.advance(Duration::from_secs(2));
        fixture.browser = old.clone();
        let page = fixture.page();
        assert!(page.maybe_user().await.unwrap().is_some());
        let lines = page.take_cookies().await;
        sizes.push(lines.iter().map(String::len).sum::<usize>());
        fixture.browser.keep(&lines);
    }
    assert!(sizes[0] > 400 && sizes[7] < 200, "{sizes:?}");
    assert!(fixture.log().contains("proxy_buffer_size"));
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.send("POST", "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    fixture.browser = old;
    assert_eq!(fixture.user().await, None);
    fixture.finish();
}
