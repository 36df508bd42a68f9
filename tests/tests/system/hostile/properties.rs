//! Whatever a browser sends: no panic, no server error, no way out of the app, no secret told.

use logto::web::{Request, Route};
use logto_tests::hostile::Fixture;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::{Builder, Runtime};

/// Runs `property` for many values with one fixture, at which a user is signed in.
fn always<S: Strategy>(strategy: S, property: impl Fn(&Runtime, &mut Fixture, S::Value)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(async {
        let mut fixture = Fixture::new().await;
        fixture.sign_in_as("alice").await;
        fixture
    });
    let fixture = std::cell::RefCell::new(fixture);
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&strategy, |value| {
            property(&runtime, &mut fixture.borrow_mut(), value);
            Ok(())
        })
        .unwrap();
    fixture.into_inner().finish();
}

/// Parameters that mean something, with values that mean nothing, and noise.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("state".to_owned()),
        Just("code".to_owned()),
        Just("iss".to_owned()),
        Just("error".to_owned()),
        Just("error_description".to_owned()),
        Just("return_to".to_owned()),
        Just("response".to_owned()),
        ".{0,8}",
    ];
    let value = prop_oneof![
        ".{0,40}",
        "[%&=+;#?]{0,10}",
        "(%[0-9a-fA-F]{2}){0,20}",
        "%[0-9a-zA-Z]{0,2}",
        "/{1,3}[a-z.@\\\\]{0,12}",
        "https?://[a-z:@/.]{0,20}",
        "[A-Za-z0-9_-]{22}",
        "<[a-z/]{1,8} on[a-z]{1,8}=.{0,9}>",
    ];
    let pair = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    vec(prop_oneof![4 => pair, 1 => ".{0,20}"], 0..6).prop_map(|pairs| pairs.join("&"))
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just("GET".to_owned()), 2 => Just("POST".to_owned()), 1 => Just("HEAD".to_owned()),
        1 => "[A-Za-z]{0,8}", 1 => ".{0,5}",
    ]
}

fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        proptest::sample::select(Request::HEADERS).prop_map(str::to_owned),
        "[a-zA-Z-]{0,12}",
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..60),
        ".{0,40}".prop_map(String::into_bytes),
        proptest::sample::select(
            &[
                "text/html",
                "navigate",
                "document",
                "same-origin",
                "cross-site",
                "prefetch",
                "null",
                "http://localhost:3000",
                "http://localhost:3000/page",
                "https://evil.example",
                "true",
            ][..]
        )
        .prop_map(|value| value.as_bytes().to_vec()),
    ];
    (name, value)
}

/// Cookies under our names and others, with values that we never wrote.
fn cookies() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("logto_8s6wye3gb7dq9a4n54lsn".to_owned()),
        "logto_8s6wye3gb7dq9a4n54lsn\\.[0-9]{0,2}",
        "logto_sign_in_[A-Za-z0-9_-]{0,24}",
        "(__Host-)?logto_.{0,6}",
        ".{0,6}",
    ];
    let value = prop_oneof![
        "[0-9]?[A-Za-z0-9_-]{0,120}",
        ".{0,40}",
        "[1-9][A-Za-z0-9_-]{60}",
        "\"[^;]{0,9}\"",
    ];
    let pair = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    vec(prop_oneof![4 => pair, 1 => "[ ;=,\"]{0,6}"], 0..8).prop_map(|pairs| pairs.join("; "))
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(&["/callback", "/sign-in", "/sign-up", "/sign-out"][..]).prop_map(str::to_owned),
        1 => "/.{0,20}", 1 => ".{0,20}",
    ]
}

fn route() -> impl Strategy<Value = Route> {
    proptest::sample::select(Route::ALL)
}

#[test]
fn any_request_to_any_route_of_the_sdk() {
    let request = (route(), method(), path(), query(), vec(header(), 0..6), cookies());
    always(request, |runtime, fixture, (route, method, path, query, headers, cookies)| {
        let target = format!("{path}?{query}");
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let headers = headers.chain([("cookie", cookies.as_bytes())]);
        let request = Request::new(&method, &target, headers);
        let reply = runtime.block_on(fixture.logto.handle(route, request));
        let seen = logto_tests::hostile::Seen::new(reply.clone());
        // What holds for every answer is checked there; the browser keeps nothing of it.
        let kept = fixture.browser.clone();
        fixture.receive(reply);
        fixture.browser = kept;
        assert!(seen.status < 500, "{seen:?}");
        for (name, value) in &seen.headers {
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}: {value}");
        }
        assert!(!seen.body.to_lowercase().contains("<script"), "{seen:?}");
    });
}

#[test]
fn any_callback_over_a_session_leaves_the_session() {
    always(query(), |runtime, fixture, query| {
        let before = fixture.browser.cookie_header();
        let seen = runtime.block_on(fixture.open(&format!("/callback?{query}")));
        assert!([303, 400].contains(&seen.status), "{seen:?}");
        assert_eq!(fixture.browser.cookie_header(), before, "{seen:?}");
    });
}

#[test]
fn any_return_to_value_leads_into_the_app() {
    always(query(), |runtime, fixture, query| {
        let seen = runtime.block_on(async {
            let authorize = fixture.begin(&format!("/sign-in?{query}")).await;
            fixture.open(&fixture.callback(&authorize)).await
        });
        assert_eq!(seen.status, 303, "{seen:?}");
        // As a browser would resolve it.
        let app = url::Url::parse("http://localhost:3000/callback").unwrap();
        let resolved = app.join(seen.location()).unwrap();
        assert_eq!(resolved.origin(), app.origin(), "{seen:?}");
    });
}

#[test]
fn random_cookies_are_no_session() {
    always((cookies(), vec(any::<u8>(), 0..200)), |runtime, fixture, (cookies, bytes)| {
        for value in [cookies.as_bytes(), &bytes] {
            let request =
                Request::new("GET", "/page", [("cookie", value), ("accept", b"text/html")]);
            let page = fixture.logto.context(request);
            let user = runtime.block_on(page.maybe_user()).expect("a session or none");
            assert!(user.is_none());
            assert!(runtime.block_on(page.take_cookies()).is_empty());
        }
    });
}

#[test]
fn a_damaged_session_is_no_session() {
    let damage = (any::<proptest::sample::Index>(), any::<char>());
    always(damage, |runtime, fixture, (at, character)| {
        let [(name, value)] = fixture.browser.lasting_cookies()[..] else { panic!("a session") };
        let mut characters: Vec<char> = value.chars().collect();
        let at = at.index(characters.len());
        let Some(old) = characters.get_mut(at) else {
            return;
        };
        if *old == character {
            return;
        }
        *old = character;
        let damaged = format!("{name}={}", characters.into_iter().collect::<String>());
        let request = Request::new("GET", "/page", [("cookie", damaged.as_bytes())]);
        let page = fixture.logto.context(request);
        let user = runtime.block_on(page.maybe_user()).expect("a session or none");
        assert!(user.is_none(), "{at} {character:?}");
    });
}
