//! A page that needs a recent sign-in.

use std::time::{Duration, UNIX_EPOCH};

use super::super::{Answer, Case, RunningApp, Setup, Visitor};
use super::callbacks::{refused, state_of};

type Header = (&'static str, &'static str);

const HTML: Header = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const PAGE: &str = "/fresh?a=b";
const NOTHING: Duration = Duration::ZERO;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TO_SIGN_IN: &str = "/sign-in?return_to=%2Ffresh%3Fa%3Db&max_age=300";

/// A page that needs a recent sign-in.
#[must_use]
pub fn freshness() -> Vec<Case> {
    let htmx = ("hx-request", "true");
    let fetch = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")];
    let frame = [HTML, ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")];
    let table: Vec<(&str, &str, Vec<Header>)> = vec![
        ("a script", "GET", vec![]),
        ("a fetch", "GET", fetch.to_vec()),
        ("HEAD of a script", "HEAD", vec![]),
        ("a script that posts", "POST", vec![("accept", "application/json")]),
        ("htmx", "GET", vec![htmx]),
        ("a form", "POST", vec![HTML]),
        ("a frame", "GET", frame.to_vec()),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(name, method, headers)| {
            Case::new(format!("an old sign-in, asked by {name}"), async move |app| {
                let mut visitor = app.visitor();
                visitor.sign_in("alice").await;
                let origin = app.setup.base_url;
                let page = format!("{origin}{PAGE}");
                let ask =
                    visitor.ask(method, PAGE).header("origin", origin).header("referer", page);
                is_told(&ask.headers(&headers).send().await, method, &headers);
                visitor.is_signed_in().await;
            })
        })
        .collect();
    cases.extend([
        Case::new("a recent sign-in, from no one", async |app| {
            let mut visitor = app.visitor();
            let refused = visitor.open(PAGE).await;
            refused.is_not_stored();
            assert_eq!((refused.status, refused.location().as_str()), (303, TO_SIGN_IN));
            let sent = visitor.open(&refused.location()).await;
            let address = sent.location();
            assert!(address.contains("&max_age=300"), "{address}");
            assert!(address.contains("prompt=consent"), "{address}");
            let callback = app.at_logto(&address, "alice").await;
            let back = visitor.open(&callback).await;
            assert_eq!((back.status, back.location().as_str()), (303, PAGE));
            is_let_in(&visitor.open(PAGE).await, app);
            let post = visitor.post("/fresh").body("a=b").send().await;
            is_let_in(&post, app);
            // A plain script without a session is told that there is none.
            let signed_out = app.visitor().get(PAGE).send().await;
            assert_eq!(signed_out.status, 401);
            assert!(signed_out.text().contains("\"unauthenticated\""), "{}", signed_out.text());
            assert!(signed_out.text().contains(TO_SIGN_IN), "{}", signed_out.text());
        }),
        Case::new("a recent sign-in, from a session that is there", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let refused = visitor.open(PAGE).await;
            assert_eq!((refused.status, refused.location().as_str()), (303, TO_SIGN_IN));
            let sent = visitor.open(&refused.location()).await;
            visitor.is_signed_in().await;
            let callback = app.at_logto(&sent.location(), "alice").await;
            assert_eq!(visitor.open(&callback).await.location(), PAGE);
            is_let_in(&visitor.open(PAGE).await, app);
            app.pass(Duration::from_secs(380));
            let again = visitor.open(PAGE).await;
            assert_eq!((again.status, again.location().as_str()), (303, TO_SIGN_IN));
            visitor.is_signed_in().await;
        }),
        Case::new("a recent sign-in, of someone else", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let refused = visitor.open(PAGE).await;
            let sent = visitor.open(&refused.location()).await;
            let callback = app.at_logto(&sent.location(), "carol").await;
            assert_eq!(visitor.open(&callback).await.location(), "/");
            let page = visitor.open("/page").await;
            assert_ne!(page.text(), format!("hello {}", app.alice()));
        }),
        Case::new("a recent sign-in, which a refresh does not renew", async |app| {
            let mut visitor = app.visitor();
            let sent = visitor.open(TO_SIGN_IN).await;
            let callback = app.at_logto(&sent.location(), "alice").await;
            visitor.open(&callback).await;
            is_let_in(&visitor.open(PAGE).await, app);
            visitor.let_the_token_end();
            // This page renews the tokens, and that is no sign-in.
            assert_eq!(visitor.open("/info").await.status, 200);
            let again = visitor.open(PAGE).await;
            assert_eq!((again.status, again.location().as_str()), (303, TO_SIGN_IN));
            visitor.is_signed_in().await;
        }),
        Case::new("a recent sign-in, cancelled", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let address = visitor.asked_again(TO_SIGN_IN).await;
            let cancelled = visitor.open("/callback").await;
            // Not to the page, which would ask again.
            assert_eq!((cancelled.status, cancelled.location().as_str()), (303, "/"));
            cancelled.is_not_stored();
            visitor.is_signed_in().await;
            let callback = refused(app, &state_of(&address), "access_denied");
            let answer = visitor.open(&callback).await;
            is_refused(&answer, TO_SIGN_IN);
            assert!(answer.text().contains("You are still signed in"), "{}", answer.text());
            visitor.is_signed_in().await;
        }),
        Case::new("a recent sign-in, at once", async |app| {
            let mut visitor = app.visitor();
            let address = visitor.asked_again(&asked_for("0")).await;
            assert!(address.contains("&max_age=0"), "{address}");
            let callback = app.at_logto(&address, "alice").await;
            let back = visitor.open(&callback).await;
            assert_eq!((back.status, back.location().as_str()), (303, PAGE));
            is_let_in(&visitor.open(PAGE).await, app);
            // It is good for once.
            assert_eq!(visitor.open(&callback).await.location(), "/");
            visitor.is_signed_in().await;
        }),
        Case::new("a recent sign-in, with the cookies of before", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let mut before = visitor.clone();
            let address = visitor.asked_again(TO_SIGN_IN).await;
            before.is_signed_in().await;
            let callback = app.at_logto(&address, "alice").await;
            assert_eq!(visitor.open(&callback).await.location(), PAGE);
            before.is_signed_out().await;
            visitor.is_signed_in().await;
        }),
        Case::new("a recent sign-in, which begins a session of its own", async |app| {
            let mut visitor = app.visitor();
            visitor.sign_in("alice").await;
            let mut before = visitor.clone();
            app.pass(DAY / 2);
            let address = visitor.asked_again(TO_SIGN_IN).await;
            let callback = app.at_logto(&address, "alice").await;
            assert_eq!(visitor.open(&callback).await.location(), PAGE);
            app.pass(DAY / 2 + Duration::from_secs(60));
            visitor.is_signed_in().await;
            before.is_signed_out().await;
        })
        .on(Setup { configure: |config| config.with_session_lifetime(DAY), ..Setup::default() }),
        Case::new("a recent sign-in, asked for with something else than a number", async |app| {
            for age in ["", "abc", "-1", "1&max_age=2"] {
                let answer = app.visitor().open(&format!("/sign-in?max_age={age}")).await;
                assert_eq!(answer.status, 400, "{age}");
                answer.has_no_pending_cookies();
            }
        }),
    ]);
    for age in ["300", "0"] {
        let name = |what: &str| format!("a sign-in within {age} seconds, {what}");
        cases.push(Case::new(name("which is too old"), async move |app| {
            // Three times, and never a redirect: a loop would have no end.
            let callbacks = ["", "&max_age=999999", "&max_age=300"];
            insists(app, age, [NOTHING, HOUR], "&max_age=999999", &callbacks).await;
        }));
        cases.push(Case::new(name("without a time"), async move |app| {
            insists(app, age, [NOTHING, HOUR], "", &[""]).await;
        }));
        cases.push(Case::new(name("in the future"), async move |app| {
            insists(app, age, [HOUR, NOTHING], "&max_age=999999", &[""]).await;
        }));
    }
    cases
}

/// Logto signs Alice in, by a clock that is ahead, and some time after that is asked for a sign-in
/// that need not be so recent: it answers with the one that it has. The callback comes with each of
/// these at its end, and brings nothing.
async fn insists(
    app: &RunningApp,
    age: &str,
    [ahead, passes]: [Duration; 2],
    sent: &str,
    more: &[&str],
) {
    let mut visitor = app.visitor();
    visitor.sign_in("alice").await;
    let mut browser = app.tenant.browser();
    app.tenant.clock().advance(ahead);
    let elsewhere = app.visitor().begin().await;
    browser.sign_in(&elsewhere, "alice").await.expect("a session at Logto");
    app.tenant.clock().set(UNIX_EPOCH + Duration::from_secs(app.now()));
    app.pass(passes);
    for more in more {
        let address = visitor.asked_again(&asked_for(age)).await;
        let asked = format!("&max_age={age}");
        assert!(address.contains(&asked), "{address}");
        let callback = browser.sign_in(&address.replace(&asked, sent), "alice").await;
        let callback = callback.expect("no page of Logto");
        is_refused(&visitor.open(&format!("{callback}{more}")).await, &asked_for(age));
        visitor.is_signed_in().await;
        assert_eq!(visitor.open(PAGE).await.location(), TO_SIGN_IN);
    }
}

fn asked_for(age: &str) -> String {
    TO_SIGN_IN.replace("300", age)
}

impl Visitor<'_> {
    /// Goes to sign in where a page asks for it; the answer leads to Logto.
    async fn asked_again(&mut self, address: &str) -> String {
        let sent = self.open(address).await;
        assert_eq!(sent.status, 303, "{}", sent.summary(""));
        sent.location()
    }
}

/// A page with the way to try again.
fn is_refused(answer: &Answer, again: &str) {
    assert_eq!(answer.status, 400, "{}", answer.summary(""));
    answer.is_not_stored();
    assert!(answer.text().contains(&again.replace('&', "&amp;")), "{}", answer.text());
}

fn is_let_in(answer: &Answer, app: &RunningApp) {
    assert_eq!((answer.status, answer.text()), (200, format!("hello {}", app.alice())));
    answer.is_not_stored();
}

fn is_told(answer: &Answer, method: &str, headers: &[Header]) {
    answer.is_not_stored();
    answer.has_no_pending_cookies();
    assert_eq!((answer.status, answer.header("location")), (401, None));
    assert_eq!(
        answer.header("www-authenticate").as_deref(),
        Some(
            "Bearer realm=\"http://localhost:3000\", error=\"insufficient_user_authentication\", \
             error_description=\"This needs a more recent sign-in.\", max_age=\"300\""
        )
    );
    let is_htmx = headers.iter().any(|(name, _)| *name == "hx-request");
    assert_eq!(answer.header("hx-redirect").as_deref(), is_htmx.then_some(TO_SIGN_IN));
    let kind = answer.header("content-type");
    if headers.contains(&HTML) {
        assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
        assert!(answer.text().contains("<h1>") && answer.text().contains("<a href="));
        return;
    }
    assert_eq!(kind.as_deref(), Some("application/json"));
    if method != "HEAD" {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(body["error"], "insufficient_user_authentication");
        assert_eq!(body["max_age"], 300);
        assert_eq!(body["sign_in_url"], TO_SIGN_IN);
    }
}
