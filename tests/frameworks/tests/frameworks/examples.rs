//! The examples, asked as a browser and as a script do.

use std::time::Duration;

use base64_simd::STANDARD;
use logto_framework_tests::{Fixture, Framework};
use logto_tests::Visitor;
use reqwest::Response;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, ORIGIN, SET_COOKIE};

/// What a server function is sent by its own page, without arguments.
async fn call(fixture: &Fixture, visitor: &Visitor, path: &str, origin: &str) -> Response {
    let request = visitor.post(&fixture.url(path)).header(ORIGIN, origin);
    let request = request.header(ACCEPT, "application/json");
    request
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .send()
        .await
        .expect("an answer")
}

async fn signed_in(fixture: &Fixture, user: &str) -> Visitor {
    let visitor = Visitor::new();
    let at_logto = visitor.sent_to(&fixture.url("/sign-in")).await;
    let callback = fixture.tenant.sign_in(&at_logto, user).await.expect("a callback");
    assert_eq!(visitor.open(&callback).await.status(), 303);
    visitor
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}

/// What a page has for the browser to take over, as Dioxus writes it: CBOR in Base64, with a byte before each byte
/// of a text that says that it is a number.
fn encoded(html: &str) -> Vec<String> {
    const NUMBER: u8 = 0x18;
    let decoded = html.split('"').filter_map(|text| STANDARD.decode_to_vec(text).ok());
    let text = |mut bytes: Vec<u8>| {
        bytes.retain(|byte| *byte != NUMBER);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    decoded.map(text).collect()
}

async fn everywhere(check: impl AsyncFn(Framework, Fixture)) {
    for framework in Framework::ALL {
        println!("{}", framework.name());
        check(framework, Fixture::start(framework).await).await;
    }
}

#[tokio::test]
async fn a_page_leads_to_sign_in_and_a_server_function_says_401() {
    everywhere(async |framework, fixture| {
        let stranger = Visitor::new();
        // Loco's example has no page of things.
        let pages = ["/profile", "/things"];
        for page in pages.iter().take(if framework == Framework::Loco { 1 } else { 2 }) {
            let answer = stranger.open(&fixture.url(page)).await;
            let to_sign_in = format!("/sign-in?return_to={}", page.replace('/', "%2F"));
            let location = header(&answer, LOCATION.as_str());
            assert_eq!((answer.status().as_u16(), location), (303, to_sign_in.as_str()));
            assert_eq!(header(&answer, CACHE_CONTROL.as_str()), "no-store", "{page}");
        }

        for path in ["/api/profile", "/api/things"] {
            let answer = call(&fixture, &stranger, path, fixture.app.base_url()).await;
            assert_eq!(answer.status(), 401, "{path}");
            assert!(header(&answer, "www-authenticate").starts_with("Bearer"), "{path}");
            assert_eq!(header(&answer, LOCATION.as_str()), "", "{path}");
        }
        let home = stranger.open(&fixture.url("/")).await;
        assert_eq!(home.status(), 200);
        assert_eq!(header(&home, CACHE_CONTROL.as_str()), "private");
        assert!(home.text().await.expect("a page").contains("id=\"sign-in\""));
    })
    .await;
}

#[tokio::test]
async fn alice_sees_her_pages_and_none_of_her_tokens() {
    everywhere(async |framework, fixture| {
        let alice = signed_in(&fixture, "alice").await;
        for (path, text) in [("/", "Alice Example"), ("/profile", "The profile of")] {
            let answer = alice.open(&fixture.url(path)).await;
            assert_eq!(answer.status(), 200, "{path}");
            let html = answer.text().await.expect("a page");
            assert!(html.contains(text) && html.contains("Alice Example"), "{path}: {html}");
            for text in [html.clone()].into_iter().chain(encoded(&html)) {
                // How JSON Web Tokens begin, and the names of the cookies that hold them.
                assert!(!text.contains("eyJ") && !text.contains("logto_"), "{path}: {text}");
            }
        }
        let html = alice.open(&fixture.url("/profile")).await.text().await.expect("a page");
        if framework == Framework::Dioxus {
            let taken_over = encoded(&html).concat();
            assert!(
                taken_over.contains("Alice Example"),
                "the test looks at the wrong place: {html}"
            );
        }
        let profile = call(&fixture, &alice, "/api/profile", fixture.app.base_url()).await;
        assert_eq!(profile.status(), 200);
        assert!(profile.text().await.expect("text").contains("Alice Example"));
    })
    .await;
}

#[tokio::test]
async fn a_scope_is_asked_for() {
    everywhere(async |framework, fixture| {
        let alice = signed_in(&fixture, "alice").await;
        let things = call(&fixture, &alice, "/api/things", fixture.app.base_url()).await;
        assert_eq!(things.status(), 200);
        assert!(things.text().await.expect("text").contains("a lamp"));

        let carol = signed_in(&fixture, "carol").await;
        let things = call(&fixture, &carol, "/api/things", fixture.app.base_url()).await;
        assert_eq!(things.status(), 403);
        if framework != Framework::Loco {
            let page = alice.open(&fixture.url("/things")).await;
            assert_eq!(page.status(), 200);
            assert!(page.text().await.expect("a page").contains("a lamp and a chair"));
            let page = carol.open(&fixture.url("/things")).await;
            assert_eq!(page.status(), 403);
            // That of the SDK's own page would stop this one's scripts.
            assert_eq!(header(&page, "content-security-policy"), "");
            assert!(page.text().await.expect("a page").contains("id=\"not-allowed\""));
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_of_another_site_cannot_call_server_functions() {
    everywhere(async |_, fixture| {
        let alice = signed_in(&fixture, "alice").await;
        for path in ["/api/profile", "/api/things"] {
            let answer = call(&fixture, &alice, path, "https://evil.example").await;
            assert_eq!(answer.status(), 403, "{path}");
            assert!(answer.text().await.expect("text").contains("wrong_origin"), "{path}");
        }
    })
    .await;
}

/// Access tokens of five seconds are renewed each time.
#[tokio::test]
async fn a_token_that_is_renewed_for_a_page_is_sent_in_its_cookie() {
    everywhere(async |framework, fixture| {
        fixture.tenant.set_access_token_life(Duration::from_secs(5));
        let alice = signed_in(&fixture, "alice").await;
        let answer = match framework {
            Framework::Loco => call(&fixture, &alice, "/api/things", fixture.app.base_url()).await,
            _ => alice.open(&fixture.url("/things")).await,
        };
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, CACHE_CONTROL.as_str()), "no-store");
        assert!(header(&answer, SET_COOKIE.as_str()).starts_with("logto_"));
    })
    .await;
}

#[tokio::test]
async fn there_is_a_way_straight_to_hugging_face() {
    everywhere(async |_, fixture| {
        let at_logto = Visitor::new().sent_to(&fixture.url("/sign-in/hugging-face")).await;
        assert!(at_logto.contains("direct_sign_in=social%3Ahuggingface"), "{at_logto}");
    })
    .await;
}
