//! Callbacks that are stale, used, bare, refused, or of another tab.

use std::time::Duration;

use super::super::{Answer, Case, RunningApp};

const UNKNOWN: &str = "/callback?code=c&state=AAAAAAAAAAAAAAAAAAAAAA&iss=x";

/// Callbacks that are stale, used, bare, refused, or of another tab.
#[must_use]
pub fn callbacks() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a callback twice: the code is sent once", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "alice").await;
            let mut twin = visitor.clone();
            assert_eq!(visitor.open(&callback).await.status, 303);
            let second = twin.open(&callback).await;
            assert_eq!((second.status, second.location().as_str()), (303, "/"));
            twin.is_signed_in().await;
            let again = visitor.open(&callback).await;
            assert_eq!((again.status, again.location().as_str()), (303, "/"));
            let sent = app.tenant.requests();
            let codes = sent.iter().filter(|request| request.path == "/oidc/token");
            assert_eq!(codes.count(), 1);
            visitor.is_signed_in().await;
        }),
        Case::new("a callback in another browser", async |app| {
            let address = app.visitor().begin().await;
            let callback = app.at_logto(&address, "alice").await;
            let mut other = app.visitor();
            offers_sign_in(&other.open(&callback).await, "%2F");
            other.is_signed_out().await;
        }),
        Case::new("a callback that comes too late", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "alice").await;
            app.pass(Duration::from_secs(15 * 60 + 1));
            offers_sign_in(&visitor.open(&callback).await, "%2F");
            visitor.is_signed_out().await;
        }),
        Case::new("a callback that says everything twice", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "alice").await;
            let (_, query) = callback.split_once('?').expect("a query");
            offers_sign_in(&visitor.open(&format!("{callback}&{query}")).await, "%2F");
            assert_eq!(visitor.open(&callback).await.status, 303);
            visitor.is_signed_in().await;
        }),
        Case::new("a callback of another issuer", async |app| {
            let mut visitor = app.visitor();
            let sent = visitor.open("/sign-in?return_to=/page").await;
            let state = state_of(&sent.location());
            let callback = format!("/callback?code=c&state={state}&iss=https://evil.example");
            let answer = visitor.open(&callback).await;
            offers_sign_in_of(&answer, "%2Fpage");
            visitor.is_signed_out().await;
        }),
        Case::new("a callback that is only looked at", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.begin().await;
            let callback = app.at_logto(&address, "alice").await;
            assert_eq!(visitor.ask("HEAD", &callback).send().await.status, 204);
            let ahead = visitor.get(&callback).navigating();
            let ahead = ahead.header("sec-purpose", "prefetch").send().await;
            assert_eq!(ahead.status, 403);
            assert_eq!(visitor.open(&callback).await.status, 303);
            visitor.is_signed_in().await;
        }),
        Case::new("foreign words in a callback stay words", async |app| {
            let mut visitor = app.visitor();
            let state = state_of(&visitor.begin().await);
            let callback = refused(app, &state, "server_error&error_description=%3Cscript%3E");
            let answer = visitor.open(&callback).await;
            offers_sign_in_of(&answer, "%2F");
            assert!(answer.text().contains("&lt;script&gt;"), "{}", answer.text());
            assert!(answer.text().contains("try again in a moment"), "{}", answer.text());
        }),
    ];
    for signed_in in [false, true] {
        let who = if signed_in { "signed in" } else { "signed out" };
        cases.push(Case::new(format!("a stale callback, {who}"), async move |app| {
            leads_on(app, signed_in, |_| UNKNOWN.to_owned(), "/").await;
        }));
        cases.push(Case::new(format!("a stale error, {who}"), async move |app| {
            let stale = |app: &RunningApp| refused(app, "AAAAAAAAAAAAAAAAAAAAAA", "access_denied");
            leads_on(app, signed_in, stale, "/").await;
        }));
        cases.push(Case::new(format!("a bare callback, {who}"), async move |app| {
            leads_on(app, signed_in, |_| "/callback".to_owned(), "/").await;
        }));
        cases.push(Case::new(format!("a sign-in that is cancelled, {who}"), async move |app| {
            cancelled(app, signed_in).await;
        }));
        cases.push(Case::new(format!("a sign-in that Logto refuses, {who}"), async move |app| {
            let mut visitor = app.visitor();
            if signed_in {
                visitor.sign_in("alice").await;
            }
            let state = state_of(&visitor.begin().await);
            let answer = visitor.open(&refused(app, &state, "invalid_scope")).await;
            if !signed_in {
                return offers_sign_in_of(&answer, "%2F");
            }
            assert!(answer.cookie("logto_sign_in_").is_removal());
            assert!(answer.text().contains("<h1>You are still signed in</h1>"));
            assert!(answer.text().contains("<a href=\"/\">Continue</a>"));
            assert!(answer.text().contains("invalid_scope"), "{}", answer.text());
            assert!(!answer.text().contains("Signing in did not work"));
            visitor.is_signed_in().await;
        }));
        let order = if signed_in { "last" } else { "first" };
        cases.push(Case::new(format!("two tabs, the first one back {order}"), async move |app| {
            two_tabs(app, signed_in).await;
        }));
    }
    cases
}

/// A callback of no sign-in: a user who is signed in goes on, anyone else is offered to sign in.
async fn leads_on(
    app: &RunningApp,
    signed_in: bool,
    callback: fn(&RunningApp) -> String,
    page: &str,
) {
    let mut visitor = app.visitor();
    if signed_in {
        visitor.sign_in("alice").await;
    }
    let answer = visitor.open(&callback(app)).await;
    answer.has_no_pending_cookies();
    answer.is_not_stored();
    if signed_in {
        assert_eq!((answer.status, answer.location().as_str()), (303, page));
        visitor.is_signed_in().await;
    } else {
        offers_sign_in(&answer, "%2F");
    }
}

async fn cancelled(app: &RunningApp, signed_in: bool) {
    let mut visitor = app.visitor();
    if signed_in {
        visitor.sign_in("alice").await;
    }
    let sent = visitor.open("/sign-in?return_to=/page").await;
    // On Logto's consent page a cancellation brings nothing at all.
    let bare = visitor.open("/callback").await;
    let state = state_of(&sent.location());
    let answer = visitor.open(&refused(app, &state, "access_denied")).await;
    assert!(answer.cookie("logto_sign_in_").is_removal());
    if signed_in {
        for answer in [bare, answer] {
            assert_eq!((answer.status, answer.location().as_str()), (303, "/page"));
        }
        visitor.is_signed_in().await;
    } else {
        offers_sign_in(&bare, "%2Fpage");
        offers_sign_in_of(&answer, "%2Fpage");
    }
}

async fn two_tabs(app: &RunningApp, reversed: bool) {
    let mut visitor = app.visitor();
    let mut back = Vec::new();
    for page in ["/page", "/nested/deep/page"] {
        let sent = visitor.open(&format!("/sign-in?return_to={page}")).await;
        back.push((app.at_logto(&sent.location(), "alice").await, page));
    }
    if reversed {
        back.reverse();
    }
    for (callback, page) in back {
        let answer = visitor.open(&callback).await;
        assert_eq!((answer.status, answer.location().as_str()), (303, page));
    }
    visitor.is_signed_in().await;
    assert_eq!(visitor.lasting_cookie_names(), ["logto_conformance"]);
}

fn offers_sign_in(answer: &Answer, page: &str) {
    answer.has_no_pending_cookies();
    shows_sign_in(answer, page);
}

/// The same for the end of a sign-in that the browser knows of.
fn offers_sign_in_of(answer: &Answer, page: &str) {
    assert!(answer.cookie("logto_sign_in_").is_removal());
    shows_sign_in(answer, page);
}

fn shows_sign_in(answer: &Answer, page: &str) {
    assert_eq!(answer.status, 400, "{}", answer.summary(""));
    answer.is_not_stored();
    let link = format!("href=\"/sign-in?return_to={page}\"");
    assert!(answer.text().contains(&link), "{}", answer.text());
    assert!(!answer.text().contains("<script"), "{}", answer.text());
}

pub(super) fn refused(app: &RunningApp, state: &str, error: &str) -> String {
    let issuer = app.tenant.issuer();
    format!("/callback?error={error}&state={state}&iss={issuer}")
}

pub(super) fn state_of(address: &str) -> String {
    let (_, state) = address.split_once("&state=").expect("a state");
    state.split('&').next().unwrap_or(state).to_owned()
}
