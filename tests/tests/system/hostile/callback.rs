//! What a browser may bring to the callback, and what it must not achieve there.

use std::mem;

use logto_tests::hostile::{Endpoint, Fixture, NO, Then, YES, check, each, refused, state_of};

/// A row: how the honest callback becomes another one, and how that ends.
type Row = (&'static str, fn(&str) -> String, Then);

/// Begins a sign-in, alters its callback, and looks what comes of it: in a new browser, and over a
/// session. A callback that was refused must not have sent its code anywhere.
async fn all(rows: &[Row]) {
    let rows = rows.iter().map(|(name, alter, then)| (*name, (*alter, *then)));
    each(rows, async |(alter, then): (fn(&str) -> String, Then)| {
        for before in [None, Some("before")] {
            let mut fixture = Fixture::new().await;
            if let Some(user) = before {
                fixture.sign_in_as(user).await;
                fixture.provider.set_user("alice");
            }
            let sent = fixture.provider.calls(Endpoint::Token).len();
            let authorize = fixture.begin("/sign-in?return_to=/home").await;
            let callback = alter(&fixture.callback(&authorize));
            let seen = fixture.open(&callback).await;
            check(&fixture, &seen, then, before).await;
            let sent = fixture.provider.calls(Endpoint::Token).len() - sent;
            assert_eq!(sent, usize::from(then == YES), "requests to the token endpoint");
            fixture.finish();
        }
    })
    .await;
}

fn replace(callback: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = callback.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
    let more = value.map(|value| format!("{name}={value}"));
    let query: Vec<String> = kept.map(str::to_owned).chain(more).collect();
    format!("{path}?{}", query.join("&"))
}

#[tokio::test]
async fn parameters() {
    all(&[
        ("honest", |c| c.to_owned(), YES),
        ("other parameters too", |c| format!("{c}&utm=x&foo&=&&session_state=1"), YES),
        ("state missing", |c| replace(c, "state", None), NO),
        ("state empty", |c| replace(c, "state", Some("")), NO),
        ("state unknown", |c| replace(c, "state", Some("AAAAAAAAAAAAAAAAAAAAAA")), NO),
        ("state overlong", |c| replace(c, "state", Some(&"A".repeat(5000))), NO),
        ("state twice", |c| format!("{c}&state=AAAAAAAAAAAAAAAAAAAAAA"), NO),
        ("state twice the same", |c| format!("{c}&{}", c.split('&').nth(1).unwrap()), NO),
        ("state a word", |c| replace(c, "state", Some("STATE")), NO),
        ("state of control characters", |c| replace(c, "state", Some("%00%0d%0a")), NO),
        ("state that is a cookie line", |c| replace(c, "state", Some("x%3B%20Domain%3Devil")), NO),
        ("state that is a path", |c| replace(c, "state", Some("..%2F..%2Fetc")), NO),
        ("state with a bad escape", |c| replace(c, "state", Some("%zz")), NO),
        ("state that is not UTF-8", |c| replace(c, "state", Some("%ff%fe")), NO),
        ("state with a tail", |c| c.replace("&iss", "A&iss"), NO),
        ("iss missing", |c| replace(c, "iss", None), NO),
        ("iss empty", |c| replace(c, "iss", Some("")), NO),
        ("iss other", |c| replace(c, "iss", Some("https://evil.example/oidc")), NO),
        ("iss with a slash", |c| format!("{c}/"), NO),
        ("iss twice", |c| format!("{c}&iss=https://evil.example/oidc"), NO),
        ("iss overlong", |c| replace(c, "iss", Some(&"i".repeat(5000))), NO),
        ("code missing", |c| replace(c, "code", None), NO),
        ("code empty", |c| replace(c, "code", Some("")), NO),
        ("code twice", |c| format!("{c}&code=other"), NO),
        ("code overlong", |c| replace(c, "code", Some(&"c".repeat(5000))), NO),
        ("error beside the code", |c| format!("{c}&error=access_denied"), NO),
        ("error empty beside the code", |c| format!("{c}&error="), NO),
        ("error twice", |c| format!("{c}&error=a&error=b"), NO),
        ("a description beside the code", |c| format!("{c}&error_description=x"), YES),
        ("two descriptions", |c| format!("{c}&error_description=x&error_description=y"), NO),
        ("tokens in the query", |c| replace(c, "code", None) + "&id_token=a.b.c", NO),
        ("a JWT response", |_| "/callback?response=a.b.c".to_owned(), NO),
        ("separated by semicolons", |c| c.replace('&', ";"), NO),
        ("iss escaped", |c| c.replace("iss=http://", "iss=http%3A%2F%2F"), YES),
        ("names in capitals", |c| c.replace("code=", "CODE=").replace("state=", "STATE="), NO),
        // The first parameter is `?code` then, so there is no code.
        ("a second question mark", |c| c.replacen('?', "??", 1), NO),
        ("bare", |_| "/callback".to_owned(), NO),
        ("bare with a question mark", |_| "/callback?".to_owned(), NO),
        ("ten thousand parameters", |c| format!("{c}{}", "&a=b".repeat(10_000)), YES),
    ])
    .await;
}

#[tokio::test]
async fn errors_of_the_provider() {
    let rows = [
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unauthorized_client",
        "unsupported_response_type",
        "request_not_supported",
        "request_uri_not_supported",
        "registration_not_supported",
        "server_error",
        "temporarily_unavailable",
        "something_new",
        "%00%0d%0a",
        "%3Cb%3E",
    ];
    each(rows.map(|error| (error, error)), async |error| {
        for before in [None, Some("before")] {
            let mut fixture = Fixture::new().await;
            if let Some(user) = before {
                fixture.sign_in_as(user).await;
            }
            let authorize = fixture.begin("/sign-in?return_to=/home").await;
            let honest = replace(&fixture.callback(&authorize), "code", None);
            let words = format!("&error={error}&error_description=said+so");

            // Without a state of this browser an error is no one's.
            let seen = fixture.open(&(replace(&honest, "state", None) + &words)).await;
            refused(&fixture, &seen, before).await;
            assert!(!seen.body.contains("said so"), "{seen:?}");

            let seen = fixture.open(&(honest + &words)).await;
            refused(&fixture, &seen, before).await;
            // Who has to do something about it: the user, Logto, or an operator.
            let level = match error {
                "access_denied" => "INFO",
                "server_error" | "temporarily_unavailable" => "WARN",
                asked if asked.ends_with("_required") => "INFO",
                _ => "ERROR",
            };
            let log = fixture.log();
            for other in ["WARN", "ERROR"] {
                assert_eq!(log.contains(other), other == level, "{error}: {log}");
            }
            fixture.finish();
        }
    })
    .await;
}

#[tokio::test]
async fn foreign_words_stay_words_on_the_page() {
    let rows = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'-alert(1)-'",
        "</title><svg/onload=alert(1)>",
        "{address}{label}{text}{detail}",
        "&lt;script&gt;",
        "\u{202e}gnp.exe",
        "line\nbreak\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
    ];
    each(rows.map(|evil| (evil, evil)), async |evil| {
        let mut fixture = Fixture::new().await;
        let authorize = fixture.begin("/sign-in").await;
        let words: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let (state, iss) = (state_of(&authorize), fixture.provider.issuer());
        let query = format!("error={words}&error_description={words}&state={state}&iss={iss}");
        let seen = fixture.open(&format!("/callback?{query}")).await;
        assert_eq!(seen.status, 400, "{seen:?}");
        let body = seen.body.to_lowercase();
        for markup in ["<script", "<img", "<svg", "{address}", "\nset-cookie"] {
            assert!(!body.contains(markup), "{body}");
        }
        let policy = seen.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(!fixture.log().contains("\nSet-Cookie"), "{}", fixture.log());
        fixture.finish();
    })
    .await;
}

/// As with blocked cookies, at another host name, or behind a proxy that changes cookies.
#[tokio::test]
async fn the_log_says_when_no_cookie_came_along() {
    let mut fixture = Fixture::new().await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let browser = mem::take(&mut fixture.browser);
    assert_eq!(fixture.open(&callback).await.status, 400);
    assert!(fixture.log().contains("the browser sent no cookie of this sign-in"));
    fixture.browser = browser;
    assert_eq!(fixture.open(&callback).await.location(), "/home");
    fixture.finish();
}

#[tokio::test]
async fn methods_and_paths() {
    let rows: &[(&str, &str, &[(&str, &str)], u16)] = &[
        ("HEAD", "/callback", &[], 204),
        ("POST", "/callback", &[], 405),
        ("PUT", "/callback", &[], 405),
        ("DELETE", "/callback", &[], 405),
        ("OPTIONS", "/callback", &[], 405),
        ("BREW", "/callback", &[], 405),
        ("", "/callback", &[], 405),
        ("get", "/callback", &[], 303),
        ("GET", "/callback", &[("sec-purpose", "prefetch")], 403),
        ("GET", "/callback", &[("sec-purpose", "prefetch;prerender")], 403),
        ("GET", "/callback", &[("purpose", "prefetch")], 403),
        ("GET", "/callback/", &[], 400),
        ("GET", "/callback-evil", &[], 400),
        ("GET", "/callback/admin", &[], 400),
        ("GET", "//callback", &[], 400),
        ("GET", "/Callback", &[], 400),
        ("GET", "", &[], 400),
    ];
    for (method, path, headers, status) in rows {
        let mut fixture = Fixture::new().await;
        let authorize = fixture.begin("/sign-in").await;
        let callback = fixture.callback(&authorize);
        let target = callback.replacen("/callback", path, 1);
        let seen = fixture.send(method, &target, headers).await;
        assert_eq!(seen.status, *status, "{method} {path} {headers:?}: {seen:?}");
        let sent = fixture.provider.calls(Endpoint::Token).len();
        assert_eq!(sent, usize::from(*status == 303), "{method} {path}");
        if [204, 403, 405].contains(status) {
            // A request that only looked has spoilt nothing.
            let seen = fixture.open(&callback).await;
            assert_eq!((seen.status, seen.location()), (303, "/"), "{method} {headers:?}");
        }
        fixture.finish();
    }
}
