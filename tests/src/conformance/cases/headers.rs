//! Request headers as they really come: not always text, not always once.

use super::super::{Case, RunningApp, Visitor};

/// Request headers that are not text, that come twice, or that are not to be believed.
#[must_use]
pub fn headers() -> Vec<Case> {
    let mut cases = vec![
        Case::new("several cookie headers", async |app| {
            let (mut visitor, session) = signed_in(app).await;
            let ask = visitor.get("/page").without("cookie");
            let ask = ask.header("cookie", "a=1").header("cookie", session);
            let answer = ask.header("cookie", "b=2").send().await;
            assert_eq!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("a cookie header that is not text beside ours", async |app| {
            let (mut visitor, session) = signed_in(app).await;
            let ask = visitor.get("/page").without("cookie");
            let ask = ask.header("cookie", b"a=caf\xe9").header("cookie", session);
            let answer = ask.send().await;
            assert_eq!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("a foreign cookie that is not text in our header", async |app| {
            let (mut visitor, session) = signed_in(app).await;
            let header = [b"a=caf\xe9; ", session.as_bytes(), b"; b=\xff"].concat();
            let ask = visitor.get("/page").without("cookie").header("cookie", header);
            let answer = ask.send().await;
            assert_eq!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("Logto's own cookies, which are raw JSON", async |app| {
            let (mut visitor, session) = signed_in(app).await;
            let logto = "_interaction={\"a\":\"b=c\",\"d\":\"e\"}; _logto={\"appId\":\"x\"}";
            let ask = visitor.get("/page").without("cookie");
            let ask = ask.header("cookie", format!("{logto}; {session}; broken"));
            let answer = ask.send().await;
            assert_eq!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("two cookies of our name, the first not ours", async |app| {
            let (mut visitor, session) = signed_in(app).await;
            let ask = visitor.get("/page").without("cookie");
            let header = format!("logto_conformance=1garbage; {session}");
            let answer = ask.header("cookie", header).send().await;
            assert_eq!(answer.text(), format!("hello {}", app.alice()));
        }),
        Case::new("an origin that is not text signs no one out", async |app| {
            let (mut visitor, _) = signed_in(app).await;
            let ask = visitor.ask("POST", "/sign-out");
            let answer = ask.header("origin", b"http://localhost:3000\xff").send().await;
            assert_eq!(answer.status, 403);
            visitor.is_signed_in().await;
        }),
        Case::new("htmx on a page that is not text", async |app| {
            let mut visitor = app.visitor();
            let ask = visitor.get("/page").header("hx-request", "true");
            let shown = b"http://localhost:3000/caf\xe9";
            let answer = ask.header("hx-current-url", shown).send().await;
            let hx_redirect = answer.header("hx-redirect");
            assert_eq!(hx_redirect.as_deref(), Some("/sign-in?return_to=%2F"));
        }),
        Case::new("what the request says of the host is not believed", async |app| {
            let mut visitor = app.visitor();
            let ask = visitor.get("/sign-in").navigating().without("host").headers(&[
                ("host", "evil.example"),
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-prefix", "/evil"),
                ("forwarded", "host=evil.example;proto=https"),
            ]);
            let sent = ask.send().await;
            let redirect_uri = "redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback";
            assert!(sent.location().contains(redirect_uri), "{}", sent.location());
            assert!(!sent.location().contains("evil.example"), "{}", sent.location());
            assert!(!sent.location().contains("%2Fevil"), "{}", sent.location());
            assert!(!sent.cookie("logto_sign_in_").attributes.contains("Secure"));
        }),
    ];
    for (name, accept, status) in [
        ("an Accept that is not text", &b"\xff\xfe"[..], 401),
        ("an Accept that is text for the most part", b"text/html, \xff", 303),
        ("an empty Accept", b"", 401),
    ] {
        cases.push(Case::new(name, async move |app| {
            let answer = app.visitor().get("/page").header("accept", accept).send().await;
            assert_eq!(answer.status, status);
        }));
    }
    for name in ["x-anything", "authorization", "referer", "user-agent", "sec-fetch-mode"] {
        cases.push(Case::new(format!("a {name} that is not text"), async move |app| {
            let (mut visitor, _) = signed_in(app).await;
            let answer = visitor.get("/page").header(name, b"\x80\xff").send().await;
            assert_eq!(answer.status, 200, "{}", answer.summary(""));
        }));
    }
    cases
}

async fn signed_in(app: &RunningApp) -> (Visitor<'_>, String) {
    let mut visitor = app.visitor();
    visitor.sign_in("alice").await;
    let session = visitor.cookies();
    (visitor, session)
}
