//! An API that is open to programs by access token and to the app's own pages by session.

use logto_tests::bearer::{BASE_URL, ORGANIZATION, RESOURCE, RunningApp};

const EVIL: (&str, &str) = ("origin", "https://evil.example");
const OURS: (&str, &str) = ("origin", BASE_URL);

async fn machine_token(app: &RunningApp) -> (String, String) {
    let token = app.machine.token(RESOURCE, "read:things").await.unwrap();
    let hello = format!("{} in none", app.tenant.machine_app().app_id);
    (format!("Bearer {}", token.as_str()), hello)
}

#[tokio::test]
async fn a_token_or_a_session_of_this_site_lets_in() {
    let app = RunningApp::of("alice").await;
    let alice = app.tenant.users().into_iter().find(|p| p.handle() == "alice");
    let alice = format!("{} in none", alice.unwrap().id());
    let (token, machine) = machine_token(&app).await;
    let cookie = ("cookie", app.cookie.as_str());
    let token = ("authorization", token.as_str());
    let forged = ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
    let (alice, machine) = (alice.as_str(), machine.as_str());
    let cross_site = ("sec-fetch-site", "cross-site");
    let sibling = ("sec-fetch-site", "same-site");
    let socket = ("upgrade", "websocket");
    let damaged = format!("logto_{}=damaged", app.tenant.app_id());
    let referer = ("referer", "https://evil.example/page");
    for (method, headers, status, body) in [
        ("GET", vec![cookie], 200, alice),
        ("GET", vec![token], 200, machine),
        ("GET", vec![cookie, token], 200, machine),
        // Other sites can make a browser send it, but not read what comes.
        ("GET", vec![cookie, EVIL], 200, alice),
        ("POST", vec![cookie, OURS], 200, alice),
        ("POST", vec![cookie], 200, alice),
        ("POST", vec![cookie, EVIL], 403, ""),
        ("POST", vec![cookie, ("origin", "null")], 403, ""),
        ("POST", vec![cookie, cross_site], 403, ""),
        ("POST", vec![cookie, referer], 403, ""),
        // A page of another host can read and write what it opens, and a browser of a sibling
        // sends the cookie with it.
        ("GET", vec![cookie, OURS, socket], 200, alice),
        ("GET", vec![cookie, socket], 200, alice),
        ("GET", vec![cookie, EVIL, socket], 403, ""),
        ("GET", vec![cookie, ("origin", "null"), socket], 403, ""),
        ("GET", vec![cookie, sibling, socket], 403, ""),
        ("GET", vec![token, EVIL, socket], 200, machine),
        // No browser sends a token by itself.
        ("POST", vec![token, EVIL], 200, machine),
        ("POST", vec![cookie, token, EVIL], 200, machine),
        // A bad token is not helped by a good session.
        ("GET", vec![cookie, forged], 401, ""),
        ("GET", vec![cookie, token, token], 400, ""),
        ("GET", vec![], 401, ""),
        ("POST", vec![OURS], 401, ""),
        ("GET", vec![("cookie", damaged.as_str())], 401, ""),
    ] {
        let (seen, challenge, text) = app.ask(method, "/read", &headers).await;
        let name = format!("{method} {headers:?}");
        assert_eq!(seen, status, "{name}: {challenge} {text}");
        assert!(body.is_empty() || text == body, "{name}: {text}");
        let challenged = challenge.starts_with("Bearer realm=");
        assert_eq!(challenged, matches!(status, 400 | 401), "{name}: {challenge}");
    }
}

#[tokio::test]
async fn a_user_who_opens_a_page_is_sent_to_sign_in() {
    let app = RunningApp::of("alice").await;
    let page = ("accept", "text/html");
    let damaged = format!("logto_{}=damaged", app.tenant.app_id());
    let forged = ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
    for (headers, status) in [
        (vec![page], 303),
        (vec![page, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], 303),
        (vec![page, ("cookie", damaged.as_str())], 303),
        (vec![page, ("cookie", app.cookie.as_str())], 200),
        (vec![page, forged], 401),
        (vec![page, ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], 401),
        (vec![page, ("x-requested-with", "XMLHttpRequest")], 401),
    ] {
        assert_eq!(app.ask("GET", "/read", &headers).await.0, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_script_without_a_session_learns_where_to_sign_in() {
    let app = RunningApp::of("alice").await;
    let page = format!("{BASE_URL}/notes?page=2");
    let fetch = [
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("accept", "*/*"),
        ("referer", page.as_str()),
    ];
    let (status, challenge, body) = app.ask("POST", "/read", &fetch).await;
    assert_eq!(status, 401, "{body}");
    assert!(challenge.contains("scope=\"read:things\""), "{challenge}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"], "missing_token");
    assert_eq!(body["sign_in_url"], "/sign-in?return_to=%2Fnotes%3Fpage%3D2");
}

#[tokio::test]
async fn a_session_is_judged_by_the_permissions_of_its_user() {
    let things = format!("/organizations/{ORGANIZATION}/things");
    let app = RunningApp::of("alice").await;
    let cookie = ("cookie", app.cookie.as_str());
    let (status, _, body) = app.ask("GET", "/read-and-write", &[cookie]).await;
    assert_eq!(status, 200, "{body}");
    let (status, _, body) = app.ask("GET", &things, &[cookie]).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.ends_with(ORGANIZATION), "{body}");
    let elsewhere = "/organizations/elsewhere/things";
    assert_eq!(app.ask("GET", elsewhere, &[cookie]).await.0, 403);

    // Frank may only read, and is in no organization.
    let app = RunningApp::of("frank").await;
    let cookie = ("cookie", app.cookie.as_str());
    assert_eq!(app.ask("GET", "/read", &[cookie]).await.0, 200);
    let (status, challenge, _) = app.ask("GET", "/read-and-write", &[cookie]).await;
    assert_eq!(status, 403);
    assert!(challenge.contains("scope=\"read:things write:things\""), "{challenge}");
    let page = [cookie, ("accept", "text/html")];
    let (status, challenge, body) = app.ask("GET", "/read-and-write", &page).await;
    assert_eq!((status, challenge.as_str()), (403, ""), "{body}");
    assert!(body.contains("Your account has no access to this."), "{body}");
    assert!(body.contains("Use another account"), "{body}");
    let frame = [cookie, ("accept", "text/html"), ("turbo-frame", "box")];
    let (status, _, body) = app.ask("GET", "/read-and-write", &frame).await;
    assert_eq!((status, body.contains("<turbo-frame id=\"box\">")), (403, true), "{body}");
    assert_eq!(app.ask("GET", &things, &[cookie]).await.0, 403);
}
