//! Where a user may be sent after signing in: to a page of the app, and nowhere else.

use logto::{ErrorKind, SignInOptions};
use logto_tests::hostile::{Fixture, each};
use url::Url;

/// Wanted pages (as they stand in the query, escaped or not) and where the user ends.
#[tokio::test]
async fn pages_to_return_to() {
    let rows: &[(&str, &str)] = &[
        ("", "/"),
        ("/", "/"),
        ("/profile", "/profile"),
        ("/profile?a=b%26c=d", "/profile?a=b&c=d"),
        ("http://localhost:3000/profile", "/profile"),
        ("http://localhost:3000", "/"),
        ("profile", "/"),
        ("//evil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("///evil.example", "/"),
        ("////evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("%5C%5Cevil.example", "/"),
        ("%5C/evil.example", "/"),
        ("/%09/evil.example", "/"),
        ("/%0A/evil.example", "/"),
        ("%09//evil.example", "/"),
        ("%20//evil.example", "/"),
        ("%01//evil.example", "/"),
        ("/%0D%0ALocation:https://evil.example", "/"),
        ("/.//evil.example", "/"),
        ("/..//evil.example", "/"),
        ("/%2e//evil.example", "/"),
        ("/a/..//evil.example", "/"),
        ("/%252e//evil.example", "/"),
        ("https://evil.example", "/"),
        ("HTTPS://evil.example", "/"),
        ("https:evil.example", "/"),
        ("https:/evil.example", "/"),
        ("https:///evil.example", "/"),
        ("https:%5Cevil.example", "/"),
        ("http://localhost:3000@evil.example/", "/"),
        ("http://localhost:3000.evil.example/", "/"),
        ("http://localhost:30001/", "/"),
        ("http://localhost:3000%5C@evil.example/", "/"),
        ("http://localhost:3000//evil.example", "/"),
        ("http://localhost/", "/"),
        ("https://localhost:3000/", "/"),
        ("http://user@localhost:3000/", "/"),
        ("javascript:alert(1)", "/"),
        ("JaVaScRiPt:alert(1)", "/"),
        ("java%0Ascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("vbscript:x", "/"),
        ("file:///etc/passwd", "/"),
        ("ftp://evil.example", "/"),
        ("/@evil.example", "/@evil.example"),
        ("/;@evil.example", "/;@evil.example"),
        ("/%252F%252Fevil.example", "/%2F%2Fevil.example"),
        ("/?next=//evil.example", "/?next=//evil.example"),
        ("/a%23b", "/a#b"),
        ("/a?b%23c/d", "/a?b#c/d"),
        ("/sign-in%23a", "/"),
        ("/a?b=%5Cc", "/a?b=%5Cc"),
        ("/app/../evil", "/evil"),
        ("/%252e%252e/a", "/a"),
        ("/sign%252Din", "/"),
        ("/sign-in%252F", "/"),
        ("/%252Fsign-in", "/"),
        ("/a%252F..%252Fsign-in", "/"),
        ("/a/%252e%252e/sign%252Dout", "/"),
        ("/a/..//sign-out", "/"),
        ("/callback//", "/"),
        ("/%C3%A9", "/%C3%A9"),
        ("/a+b?c=d+e", "/a%20b?c=d%20e"),
        ("HTTP://LOCALHOST:3000/a", "/a"),
        ("/%FF", "/"),
        ("/%zz", "/%zz"),
        ("%E3%80%82%E3%80%82/evil.example", "/"),
        ("%EF%BC%8F%EF%BC%8Fevil.example", "/"),
        ("/%E2%80%A8", "/"),
        ("%00/evil.example", "/"),
        ("%EF%BB%BF//evil.example", "/"),
        ("/sign-in", "/"),
        ("/sign-out", "/"),
        ("/sign-up?return_to=/x", "/"),
        ("/callback?code=a", "/"),
        ("/callback/", "/"),
        ("http://localhost:3000/sign-out", "/"),
    ];
    each(rows.iter().map(|(wanted, ends)| (*wanted, (*wanted, *ends))), async |(wanted, ends)| {
        for route in ["/sign-in", "/sign-up"] {
            let mut fixture = Fixture::new().await;
            let authorize = fixture.begin(&format!("{route}?return_to={wanted}")).await;
            let seen = fixture.open(&fixture.callback(&authorize)).await;
            assert_eq!((seen.status, seen.location()), (303, ends), "{route}");
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_too_long_is_not_remembered() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin(&format!("/sign-in?return_to=/{}", "a".repeat(5000))).await;
    let seen = fixture.open(&fixture.callback(&authorize)).await;
    assert_eq!((seen.status, seen.location()), (303, "/"));
    fixture.finish();
}

/// Page and options travel in `state`, and the callback reads only so much of it.
#[tokio::test]
async fn what_is_too_long_to_come_back_is_left_out_or_refused_at_once() {
    let mut fixture = Fixture::new().await;
    let page = format!("/{}", "p".repeat(1500));
    let (mut with_page, mut without_page) = (0, 0);
    for length in (0..4000).step_by(250) {
        let options = SignInOptions::new()
            .with_post_redirect_uri(&page)
            .with_extra_param("custom", "c".repeat(length));
        let context = fixture.page();
        let reply = match context.sign_in(options).await {
            Ok(reply) => reply,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                break;
            }
        };
        let authorize = Url::parse(fixture.receive(reply).location()).unwrap();
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        assert_eq!(seen.status, 303, "{length} bytes");
        match seen.location() == page {
            true => with_page = length,
            false => without_page = length,
        }
    }
    assert!((1000..2000).contains(&with_page), "{with_page}");
    assert!((2000..3500).contains(&without_page), "{without_page}");
    fixture.finish();
}

#[tokio::test]
async fn the_first_of_several_wishes_counts() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/a&return_to=//evil.example").await;
    let seen = fixture.open(&fixture.callback(&authorize)).await;
    assert_eq!((seen.status, seen.location()), (303, "/a"));
    fixture.finish();
}

#[tokio::test]
async fn an_app_below_a_path_stays_below_it() {
    for (wanted, ends) in [
        ("/app/page", "/app/page"),
        ("/page", "/app/page"),
        ("/app//evil.example", "/app//evil.example"),
        ("//evil.example", "/app/"),
        ("/app/sign-out", "/app/"),
        ("/app//sign-out", "/app/"),
        ("/app/../evil", "/app/evil"),
        ("/app/%252e%252e/app/page", "/app/page"),
    ] {
        let mut fixture =
            Fixture::with(|config| config.with_base_url("http://localhost:3000/app/")).await;
        let authorize = fixture.begin(&format!("/sign-in?return_to={wanted}")).await;
        let seen = fixture.open(&fixture.callback(&authorize)).await;
        assert_eq!((seen.status, seen.location()), (303, ends), "{wanted}");
        fixture.finish();
    }
}
