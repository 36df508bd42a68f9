//! Sessions with more tokens than cookies hold.

use std::time::Duration;

use logto::{LogtoConfig, TokenRequest};
use logto_tests::hostile::{Backend, Endpoint, Key, Seen, World, each, encode};
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
fn make_tokens_large(world: &World, bytes: usize, in_claims: bool) {
    let key = Key::es384("noise");
    world.provider.bend(Endpoint::Token, move |answer, _| {
        let mut noise = Vec::new();
        while noise.len() < bytes {
            noise.extend(key.sign(b"noise"));
        }
        noise.truncate(bytes);
        let (claim, signature) = if in_claims { (noise, Vec::new()) } else { (Vec::new(), noise) };
        let claims = json!({ "aud": "somebody", "exp": 1, "custom": encode(claim) });
        let parts = [r#"{"alg":"RS256"}"#.to_owned(), claims.to_string()].map(encode);
        let token = format!("{}.{}", parts.join("."), encode(signature));
        answer.set("access_token", token)
    });
}

async fn world(backend: Backend) -> World {
    let resources = |config: LogtoConfig| {
        config.with_resources(RESOURCES).with_scopes(["urn:logto:scope:organizations"])
    };
    let mut world = World::at(backend, resources).await;
    world.sign_in_as("alice").await;
    world
}

#[tokio::test]
async fn five_resources_need_five_calls_however_large_the_tokens() {
    each(Backend::ALL, async |backend| {
        for bytes in [96, 512, 3000] {
            let mut world = world(backend).await;
            make_tokens_large(&world, bytes, false);
            let before = world.provider.calls(Endpoint::Token).len();
            let mut tokens = Vec::new();
            for resource in RESOURCES {
                tokens.push(world.token(resource).await.unwrap());
            }
            for _ in 0..10 {
                for (resource, token) in RESOURCES.iter().zip(&tokens) {
                    assert_eq!(&world.token(*resource).await.unwrap(), token);
                }
            }
            let calls = world.provider.calls(Endpoint::Token).len() - before;
            assert_eq!(calls, 5, "{bytes} bytes a signature");
            let header = world.browser.cookie_header().len();
            assert!(header < 8 * 1024, "{header} bytes of cookies");
            world.finish();
        }
    })
    .await;
}

/// However many kinds of tokens someone makes an app ask for, the session stays readable.
#[tokio::test]
async fn a_session_never_outgrows_what_can_be_read() {
    each(Backend::ALL, async |backend| {
        let mut world = world(backend).await;
        make_tokens_large(&world, 60_000, true);
        for n in 0..20 {
            let request = TokenRequest::organization(format!("organization-{n}"));
            let token = world.token(request).await;
            assert!(token.is_ok(), "token {n}: {token:?}");
        }
        assert_eq!(world.user().await.as_deref(), Some("alice"));
        world.finish();
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
fn join_organizations(world: &World, count: usize) {
    world.provider.bend_token(move |token| {
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
            let mut world = World::at(backend, resources).await;
            join_organizations(&world, count);
            let seen = world.sign_in().await;
            assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
            let bytes = response_headers(&seen);
            assert!(bytes < PROXY_HEADERS, "{bytes} bytes of headers for {count} organizations");
            for resource in RESOURCES {
                world.token(resource).await.unwrap();
            }
            let calls = world.provider.calls(Endpoint::Token).len();
            for _ in 0..20 {
                let page = world.page();
                let user = page.maybe_user().await.unwrap().unwrap();
                assert_eq!(user.claims().organizations.len(), count);
                world.pay(&page, Ok(())).await.unwrap();
                for resource in RESOURCES {
                    world.token(resource).await.unwrap();
                }
            }
            assert_eq!(world.provider.calls(Endpoint::Token).len(), calls);
            let header = world.browser.cookie_header().len();
            assert!(header < 3 * 1024, "{header} bytes of cookies");
            world.finish();
        }
    })
    .await;
}

/// What the page takes, the cookies of the same response cannot have.
#[tokio::test]
async fn a_long_page_gives_way_to_a_large_session() {
    let long = format!("/{}", "a".repeat(1500));
    for (count, ends_at) in [(0, long.as_str()), (60, "/")] {
        let mut world = World::new().await;
        join_organizations(&world, count);
        let authorize = world.begin(&format!("/sign-in?return_to={long}")).await;
        let seen = world.open(&world.callback(&authorize)).await;
        assert_eq!((seen.status, seen.location()), (303, ends_at), "{count} organizations");
        let bytes = response_headers(&seen);
        assert!(bytes < PROXY_HEADERS - 512, "{bytes} bytes of headers for {count} organizations");
        world.finish();
    }
}

/// In cookie mode the end of such a session must also end the copies of its cookies.
#[tokio::test]
async fn a_session_that_outgrew_its_cookies_ends_for_all_of_them() {
    let mut world = World::at(Backend::Cookies, |config| config.with_resources(RESOURCES)).await;
    world.sign_in_as("alice").await;
    let small = world.browser.clone();
    join_organizations(&world, 1000);
    world.token(RESOURCES[0]).await.unwrap();
    let user = world.page().maybe_user().await.unwrap().unwrap();
    assert_eq!(user.claims().organizations.len(), 1000);
    let large = world.browser.clone();
    world.send("POST", "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    for copy in [small, large] {
        world.browser = copy;
        assert_eq!(world.user().await, None);
    }
    world.finish();
}

#[tokio::test]
async fn an_account_that_no_session_holds_is_refused_by_the_name_of_the_claim() {
    each(Backend::ALL, async |backend| {
        let mut world = World::at(backend, |config| config).await;
        world.provider.bend_token(|token| {
            let noise = Key::es384("noise");
            let mut picture = Vec::new();
            while picture.len() < 200_000 {
                picture.extend(noise.sign(b"noise"));
            }
            token.claim("picture", format!("data:image/png;base64,{}", encode(picture)));
        });
        let seen = world.sign_in().await;
        assert_eq!(seen.status, 400, "{seen:?}");
        for words in [&seen.body, &world.log()] {
            assert!(words.contains("`picture`"), "{words}");
        }
        assert_eq!(world.user().await, None);
        world.finish();
    })
    .await;
}

/// A proxy that refuses the response with a renewed cookie must not refuse every one after it.
#[tokio::test]
async fn a_renewed_cookie_that_never_arrives_gives_way_to_a_smaller_one() {
    let mut world = World::at(Backend::Cookies, |config| config.with_resources(RESOURCES)).await;
    world.sign_in_as("alice").await;
    let old = world.browser.clone();
    world.token(RESOURCES[0]).await.unwrap();
    let mut sizes = Vec::new();
    for _ in 0..8 {
        world.clock.advance(Duration::from_secs(2));
        world.browser = old.clone();
        let page = world.page();
        assert!(page.maybe_user().await.unwrap().is_some());
        let lines = page.take_cookies().await;
        sizes.push(lines.iter().map(String::len).sum::<usize>());
        world.browser.keep(&lines);
    }
    assert!(sizes[0] > 400 && sizes[7] < 200, "{sizes:?}");
    assert!(world.log().contains("proxy_buffer_size"));
    assert_eq!(world.user().await.as_deref(), Some("alice"));
    world.send("POST", "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    world.browser = old;
    assert_eq!(world.user().await, None);
    world.finish();
}
