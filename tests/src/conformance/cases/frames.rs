//! An app in a frame of another site, as a Hugging Face Space is.
//!
//! Frame and window of one browser have jars of their own, so each is a visitor here.

use std::time::Duration;

use super::super::{Answer, Case, RunningApp, Setup, Visitor};

type Header = (&'static str, &'static str);

/// In place of `me-app.hf.space`: a local tenant sends users to this machine only.
const SPACE: &str = "https://me-app.localhost";
const AROUND: &str = "https://huggingface.co";
const FRAMED: [Header; 3] =
    [("accept", "text/html"), ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")];
const HERE: Header = ("sec-fetch-site", "same-origin");
const ELSEWHERE: Header = ("sec-fetch-site", "cross-site");
const ROUTE: &str = "/sign-in/frame";
const PAGE: &str = "/page?a=b";

/// An app in a frame of another site.
#[must_use]
pub fn frames() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a frame gets a session of its own", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            let taken = redeem(&mut frame, &code).await;
            assert_eq!((taken.status, taken.location().as_str()), (303, PAGE));
            let mut cookies = taken.cookies().into_iter();
            let cookie = cookies.find(|it| it.name == "__Host-logto_conformance_frame");
            let cookie = cookie.expect("a session");
            assert!(cookie.attributes.ends_with("HttpOnly; SameSite=None; Secure; Partitioned"));
            assert_eq!(frame.cookie_names(), ["__Host-logto_conformance_frame"]);
            let shown = shown_in_frame(&mut frame, PAGE).await;
            assert_eq!((shown.status, shown.text()), (200, format!("hello {}", app.alice())));
        }),
        Case::new("a frame renews its own cookie", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            signed_in(app, &mut window, &mut frame).await;
            window.let_the_token_end();
            let renewed = shown_in_frame(&mut frame, "/cookies").await;
            let cookie = renewed.cookie("__Host-logto_conformance_frame");
            assert!(cookie.attributes.contains("Partitioned"), "{cookie:?}");
        }),
        Case::new("a sign-out in a frame ends both and opens a window", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            signed_in(app, &mut window, &mut frame).await;
            let answer = frame.post("/sign-out").headers(&FRAMED).headers(&[HERE]).send().await;
            assert_eq!(answer.status, 200, "{}", answer.summary(""));
            assert!(link(&answer).contains("/oidc/session/end?client_id="));
            let cookie = answer.cookie("__Host-logto_conformance_frame");
            assert!(cookie.is_removal() && cookie.attributes.contains("Partitioned"));
            window.is_signed_out().await;
            frame.is_signed_out().await;
        }),
        Case::new("a link to sign in, in a frame", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let answer = shown_in_frame(&mut frame, "/sign-in?return_to=%2Fpage").await;
            assert_eq!(answer.status, 200);
            let code = code_at(app, &mut window, &link(&answer)).await;
            assert_eq!(redeem(&mut frame, &code).await.location(), "/page");
        }),
        Case::new("a window of a user who is signed in asks all the same", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            window.sign_in("alice").await;
            let link = link(&shown_in_frame(&mut frame, PAGE).await);
            let asked = open_window(&mut window, &link).await;
            assert_eq!(asked.status, 200);
            assert!(asked.text().contains(AROUND), "{}", asked.text());
            assert!(policy(&asked).ends_with("frame-ancestors 'none'"));
            let code = code_of(&confirm(&mut window, &link).await);
            assert_eq!(redeem(&mut frame, &code).await.status, 303);
        }),
        Case::new("a page that needs a recent sign-in, in a frame", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            window.sign_in("alice").await;
            let link = link(&shown_in_frame(&mut frame, "/fresh").await);
            let answer = open_window(&mut window, &link).await;
            assert!(answer.location().contains("max_age=300"), "{}", answer.location());
        }),
        Case::new("an app that no one may frame has no such route", async |app| {
            let mut visitor = app.visitor();
            let answer = shown_in_frame(&mut visitor, PAGE).await;
            assert_eq!(answer.status, 401);
            assert_eq!(link(&answer), PAGE);
            answer.has_no_pending_cookies();
        })
        .on(Setup { configure: |config| config, ..setup() }),
    ];
    cases.extend(attacks());
    cases.extend(requests_with_the_cookie());
    cases.into_iter().map(in_a_space).collect()
}

/// What must give no one a session.
fn attacks() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a code works once", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            let mut before = frame.clone();
            assert_eq!(redeem(&mut frame, &code).await.status, 303);
            gets_nothing(&mut before, &code).await;
        }),
        Case::new("a code works in its own frame alone", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            let mut other = app.visitor();
            gets_nothing(&mut other, &code).await;
            shown_in_frame(&mut other, PAGE).await;
            gets_nothing(&mut other, &code).await;
        }),
        Case::new("a code has its time", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            app.pass(Duration::from_secs(61));
            gets_nothing(&mut frame, &code).await;
        }),
        Case::new("a code of a session that has ended", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            window.post("/sign-out").send().await;
            gets_nothing(&mut frame, &code).await;
        }),
        Case::new("a code that another site sends", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            let code = code_for(app, &mut window, &mut frame).await;
            let ask = frame.ask("POST", ROUTE).headers(&FRAMED).headers(&[ELSEWHERE]);
            let ask = ask.header("origin", AROUND).body(format!("code={code}"));
            assert_eq!(ask.send().await.status, 400);
            frame.is_signed_out().await;
        }),
        Case::new("a request is no code", async |app| {
            let mut frame = app.visitor();
            let link = link(&shown_in_frame(&mut frame, PAGE).await);
            let (_, request) = link.split_once("request=").expect("a request");
            gets_nothing(&mut frame, request).await;
        }),
        Case::new("a window that began in another browser", async |app| {
            // The attacker's frame and window, up to the way back from Logto; then the victim.
            let (mut attacker, mut frame) = (app.visitor(), app.visitor());
            let link = link(&shown_in_frame(&mut frame, PAGE).await);
            assert_eq!(open_window(&mut attacker, &link).await.status, 303);
            let mut victim = app.visitor();
            victim.sign_in("alice").await;
            let answer = victim.get(&link).navigating().headers(&[ELSEWHERE]).send().await;
            asks_for_nothing(&answer);
            asks_for_nothing(&confirm(&mut victim, &link).await);
        }),
        Case::new("a click that was not meant", async |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            window.sign_in("alice").await;
            let link = link(&shown_in_frame(&mut frame, PAGE).await);
            assert_eq!(open_window(&mut window, &link).await.status, 200);
            for headers in [
                vec![("origin", AROUND), ELSEWHERE],
                vec![ELSEWHERE],
                vec![],
                vec![("origin", SPACE), HERE, ("sec-fetch-dest", "iframe")],
            ] {
                asks_for_nothing(&window.ask("POST", &link).headers(&headers).send().await);
            }
        }),
    ];
    for (name, headers) in [
        ("a window that another site opens", vec![ELSEWHERE]),
        ("a window of a sibling app", vec![("sec-fetch-site", "same-site")]),
        ("a window of a link in a message", vec![("sec-fetch-site", "none")]),
        ("a window of an old browser that says nothing", vec![]),
        ("a window in a frame", vec![HERE, ("sec-fetch-dest", "iframe")]),
    ] {
        cases.push(Case::new(name, async move |app| {
            let (mut window, mut frame) = (app.visitor(), app.visitor());
            window.sign_in("alice").await;
            let link = link(&shown_in_frame(&mut frame, PAGE).await);
            let ask = window.get(&link).headers(&FRAMED[..1]).headers(&headers);
            asks_for_nothing(&ask.send().await);
        }));
    }
    cases
}

/// With a cookie that comes along from everywhere, the request has to say where it comes from.
fn requests_with_the_cookie() -> Vec<Case> {
    let evil: Header = ("origin", "https://evil.example");
    let navigates: Header = ("sec-fetch-mode", "navigate");
    let table: Vec<(&str, &str, &str, Vec<Header>, u16)> = vec![
        ("a form of this app", "POST", "/echo", vec![("origin", SPACE)], 200),
        (
            "a form of this app that hides its origin",
            "POST",
            "/echo",
            vec![("origin", "null"), HERE],
            200,
        ),
        (
            "a form of an old browser",
            "POST",
            "/echo",
            vec![("referer", "https://me-app.localhost/")],
            200,
        ),
        ("a form of another site", "POST", "/echo", vec![evil, navigates, ELSEWHERE], 401),
        ("a form that says nothing", "POST", "/echo", vec![], 401),
        ("a form that hides where it is", "POST", "/echo", vec![("origin", "null")], 401),
        ("an old sign-in's form of another site", "POST", "/fresh", vec![evil], 401),
        ("a page", "GET", "/page", vec![navigates, ELSEWHERE], 200),
        ("a page of an old browser", "GET", "/page", vec![], 200),
        ("a script of this app", "GET", "/page", vec![HERE, ("sec-fetch-mode", "cors")], 200),
        (
            "a script of another site",
            "GET",
            "/page",
            vec![ELSEWHERE, ("sec-fetch-mode", "no-cors")],
            401,
        ),
        ("a script of another site in an old browser", "GET", "/page", vec![evil], 401),
        ("a sign-out by another site", "POST", "/sign-out", vec![evil], 403),
        ("a sign-out that says nothing", "POST", "/sign-out", vec![], 403),
        ("a sign-out that hides where it is", "POST", "/sign-out", vec![("origin", "null")], 403),
    ];
    let case =
        |(name, method, path, headers, status): (&str, &'static str, &'static str, _, u16)| {
            Case::new(format!("in a frame, {name}"), async move |app| {
                let headers: &Vec<Header> = &headers;
                let (mut window, mut frame) = (app.visitor(), app.visitor());
                signed_in(app, &mut window, &mut frame).await;
                let answer = frame.ask(method, path).headers(headers).send().await;
                assert_eq!(answer.status, status, "{}", answer.summary(""));
                frame.is_signed_in().await;
            })
        };
    table.into_iter().map(case).collect()
}

fn setup() -> Setup {
    Setup {
        base_url: SPACE,
        configure: |config| config.with_frame_ancestors([AROUND]).with_partitioned_cookies(),
        ..Setup::default()
    }
}

/// Cases that have no setup of their own are about an app in a Space.
fn in_a_space(case: Case) -> Case {
    match case.setup.base_url == SPACE {
        true => case,
        false => case.on(setup()),
    }
}

async fn shown_in_frame(frame: &mut Visitor<'_>, path: &str) -> Answer {
    let ask = frame.get(path).headers(&FRAMED).headers(&[ELSEWHERE]);
    ask.header("referer", format!("{AROUND}/")).send().await
}

/// Where the button that opens a window leads.
fn link(answer: &Answer) -> String {
    let text = answer.text();
    let (_, rest) = text.split_once("<a href=\"").expect("a link");
    let (address, rest) = rest.split_once('"').expect("an address");
    assert!(rest.starts_with(" target=\"_blank\">"), "{text}");
    assert!(policy(answer).ends_with("frame-ancestors https://huggingface.co") || !is_ours(answer));
    address.replace("&amp;", "&")
}

fn is_ours(answer: &Answer) -> bool {
    answer.text().contains("<script>")
}

fn policy(answer: &Answer) -> String {
    answer.header("content-security-policy").expect("a policy")
}

async fn open_window(window: &mut Visitor<'_>, link: &str) -> Answer {
    window.get(link).navigating().headers(&[HERE]).send().await
}

async fn confirm(window: &mut Visitor<'_>, link: &str) -> Answer {
    window.post(link).navigating().headers(&[HERE]).send().await
}

fn code_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.summary(""));
    let text = answer.text();
    let (_, rest) = text.split_once("const code = \"").expect("a code");
    rest.split_once('"').expect("its end").0.to_owned()
}

/// Through the window, from the link to the code.
async fn code_at(app: &RunningApp, window: &mut Visitor<'_>, link: &str) -> String {
    let sent = open_window(window, link).await;
    let callback = app.at_logto(&sent.location(), "alice").await;
    let back = window.get(&callback).navigating().headers(&[ELSEWHERE]).send().await;
    assert_eq!((back.status, back.location().as_str()), (303, link));
    let asked = window.get(link).navigating().headers(&[ELSEWHERE]).send().await;
    assert!(asked.text().contains("<form method=\"post\""), "{}", asked.summary(""));
    code_of(&confirm(window, link).await)
}

/// A frame that needs a user, and the code for it.
async fn code_for(app: &RunningApp, window: &mut Visitor<'_>, frame: &mut Visitor<'_>) -> String {
    let refused = shown_in_frame(frame, PAGE).await;
    assert_eq!(refused.status, 401);
    assert!(policy(&refused).contains("script-src 'sha256-"), "{}", policy(&refused));
    let key = refused.cookie("__Host-logto_conformance_frame_key");
    assert!(key.attributes.ends_with("HttpOnly; SameSite=None; Secure; Partitioned"));
    code_at(app, window, &link(&refused)).await
}

async fn redeem(frame: &mut Visitor<'_>, code: &str) -> Answer {
    let ask = frame.post(ROUTE).headers(&FRAMED).headers(&[HERE]);
    let ask = ask.header("content-type", "application/x-www-form-urlencoded");
    ask.body(format!("code={code}")).send().await
}

async fn signed_in(app: &RunningApp, window: &mut Visitor<'_>, frame: &mut Visitor<'_>) {
    let code = code_for(app, window, frame).await;
    assert_eq!(redeem(frame, &code).await.status, 303);
}

async fn gets_nothing(frame: &mut Visitor<'_>, code: &str) {
    let answer = redeem(frame, code).await;
    assert_eq!(answer.status, 400, "{}", answer.summary(""));
    assert_eq!(shown_in_frame(frame, PAGE).await.status, 401);
}

/// A page without a code and without a button.
fn asks_for_nothing(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.summary(""));
    assert!(!answer.text().contains("<form") && !answer.text().contains("<script"));
    answer.has_no_pending_cookies();
}
