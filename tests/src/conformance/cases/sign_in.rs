//! Signing in, from the page and back.

use std::time::Duration;

use super::super::{Answer, Case, SetCookie, Setup, Visitor};

const LIFETIME: u64 = 1_209_600;
const SIGN_IN: &str = "Path=/; Max-Age=900; HttpOnly; SameSite=Lax";

/// Signing in, from the page and back.
#[must_use]
pub fn signing_in() -> Vec<Case> {
    let https = Setup { base_url: "https://localhost:3000", ..Setup::default() };
    let mut cases = vec![
        Case::new("from a page and back to it", async |app| {
            let mut visitor = app.visitor();
            let refused = visitor.open("/page?a=b").await;
            let sent = visitor.open(&refused.location()).await;
            sent.is_not_stored();
            assert_eq!(sent.cookie("logto_sign_in_").attributes, SIGN_IN);
            let address = sent.location();
            for part in [
                &format!("{}/oidc/auth?", app.tenant.endpoint()),
                "response_type=code",
                "client_id=conformance",
                "redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback",
                "code_challenge_method=S256",
            ] {
                assert!(address.contains(part), "{part} in {address}");
            }
            let callback = app.at_logto(&address, "alice").await;
            let back = visitor.open(&callback).await;
            back.is_not_stored();
            assert_eq!((back.status, back.location().as_str()), (303, "/page?a=b"));
            assert!(back.cookie("logto_sign_in_").is_removal());
            is_a_session(&back.cookie("logto_conformance"), "");
            visitor.is_signed_in().await;
            assert_eq!(visitor.lasting_cookie_names(), ["logto_conformance"]);
        }),
        Case::new("with https: Secure, and the __Host- prefix", async |app| {
            let mut visitor = app.visitor();
            let sent = visitor.open("/sign-in").await;
            let begun = sent.cookie("__Host-logto_sign_in_");
            assert_eq!(begun.attributes, format!("{SIGN_IN}; Secure"));
            let callback = app.at_logto(&sent.location(), "alice").await;
            let back = visitor.open(&callback).await;
            is_a_session(&back.cookie("__Host-logto_conformance"), "; Secure");
            visitor.is_signed_in().await;
        })
        .on(https),
        Case::new("once signed in, pages are left alone", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            for page in ["/hello", "/page", "/nested/deep/page", "/files/a/b"] {
                let answer = visitor.open(page).await;
                assert_eq!(answer.text(), format!("hello {}", app.alice()));
                let caching = if page == "/hello" { "private" } else { "no-store" };
                assert_eq!(answer.header("cache-control").as_deref(), Some(caching));
                answer.has_no_pending_cookies();
            }
        }),
        Case::new("userinfo", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let answer = visitor.get("/info").send().await;
            assert_eq!((answer.status, answer.text()), (200, app.alice()));
            answer.has_no_pending_cookies();
        }),
        Case::new("straight to Hugging Face, by a handler", async |app| {
            let mut visitor = app.visitor();
            let sent = visitor.open("/hugging-face").await;
            sent.is_not_stored();
            assert_eq!(sent.cookie("logto_sign_in_").attributes, SIGN_IN);
            assert!(sent.location().contains("direct_sign_in=social%3Ahuggingface"));
            let callback = app.at_logto(&sent.location(), "alice").await;
            visitor.open(&callback).await;
            visitor.is_signed_in().await;
        }),
        Case::new("again: the session stays until the new one is there", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let again = visitor.begin().await;
            visitor.is_signed_in().await;
            let callback = app.at_logto(&again, "carol").await;
            visitor.open(&callback).await;
            let answer = visitor.open("/page").await;
            assert_eq!(answer.status, 200);
            assert_ne!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("looking ahead begins no sign-in", async |app| {
            let mut visitor = app.visitor();
            for (name, value) in [
                ("sec-purpose", "prefetch"),
                ("sec-purpose", "prefetch;prerender"),
                ("x-sec-purpose", "prefetch"),
                ("hx-preloaded", "true"),
            ] {
                let ask = visitor.get("/sign-in").navigating();
                let answer = ask.header(name, value).send().await;
                // Chromium answers the click from a prefetch that succeeded.
                assert_eq!(answer.status, 403, "{name}");
                answer.is_not_stored();
                answer.has_no_pending_cookies();
            }
        }),
        Case::new("why no one is signed in", async |app| {
            let mut visitor = app.visitor();
            let state = async |visitor: &mut Visitor<'_>| visitor.get("/state").send().await.text();
            assert_eq!(state(&mut visitor).await, "SignedOut");
            visitor.sign_in("alice").await;
            assert_eq!(state(&mut visitor).await, "SignedIn");
            app.pass(Duration::from_secs(15 * 24 * 3600));
            assert_eq!(state(&mut visitor).await, "Expired");
            assert_eq!(visitor.open("/page").await.status, 303);
            let mut other = app.visitor();
            other.give_cookie("logto_conformance", "1garbage");
            assert_eq!(state(&mut other).await, "Unreadable");
            other.is_signed_out().await;
        }),
        Case::new("a session in several cookies", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("dora").await;
            let names = visitor.lasting_cookie_names();
            assert_eq!(names, ["logto_conformance", "logto_conformance.1"]);
            is_greeted(&visitor.open("/hello").await);
            let out = visitor.post("/sign-out").send().await;
            assert!(out.cookies().iter().all(SetCookie::is_removal));
            assert!(visitor.cookie_names().is_empty());
        })
        .on(Setup {
            configure: |config| config.with_cookie_budget_bytes(6 * 1024),
            ..Setup::default()
        }),
        Case::new("an account that fits into no cookie", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "bob").await;
            let answer = visitor.open(&callback).await;
            assert_eq!(answer.status, 303);
            let bytes: usize = answer.cookies().iter().map(|cookie| cookie.value.len()).sum();
            assert!(bytes < 1024, "{bytes} bytes of cookies");
            for _ in 0..5 {
                let page = visitor.open("/hello").await;
                is_greeted(&page);
                assert!(page.cookies().is_empty());
            }
            let out = visitor.post("/sign-out").send().await;
            assert_eq!(out.status, 303);
            visitor.is_signed_out().await;
        })
        .on(Setup {
            configure: |config| {
                let config = config.with_scopes(["urn:logto:scope:organizations"]);
                config.with_cookie_budget_bytes(1024)
            },
            ..Setup::default()
        }),
    ];
    for (wanted, page) in [
        ("/page?a=b", "/page?a=b"),
        ("http://localhost:3000/page", "/page"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ] {
        let name = format!("to return to ‘{wanted}’");
        cases.push(Case::new(name, async move |app| {
            let mut visitor = app.visitor();
            let query: String = wanted.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let sent = visitor.open(&format!("/sign-in?return_to={query}")).await;
            let callback = app.at_logto(&sent.location(), "alice").await;
            assert_eq!(visitor.open(&callback).await.location(), page);
        }));
    }
    cases
}

/// The lifetime counts from the time in the ID token, and a second may begin in between.
fn is_a_session(cookie: &SetCookie, further: &str) {
    let max_age = cookie.max_age().unwrap_or_default();
    assert!((LIFETIME - 60..=LIFETIME).contains(&max_age), "{cookie:?}");
    let expected = format!("Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{further}");
    assert_eq!(cookie.attributes, expected);
}

fn is_greeted(page: &Answer) {
    let text = page.text();
    assert!(text.starts_with("hello "), "{}", page.summary(""));
}
