//! What the tenant shows: its own page, its buttons, pictures; and never what another user wrote
//! as markup.

use logto_local::{LocalTenant, TestUser};

use crate::pages::page;
use crate::support::{CALLBACK, auth_url, client, decode, form, signed_in, text};

#[tokio::test]
async fn the_tenants_own_page_lists_users_apps_and_requests_without_their_values() {
    let tenant = LocalTenant::builder().user(TestUser::new("dora")).start().await.unwrap();
    let home = async || {
        let answer = client().get(tenant.endpoint()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let before = home().await;
    for shown in ["Alice Example", "Dora Example", tenant.app_id(), CALLBACK] {
        assert!(before.contains(shown), "{shown}");
    }
    assert!(before.contains("No requests yet"));

    let tokens = signed_in(&tenant, "alice").await;
    let wrong = auth_url(&tenant, &[("redirect_uri", "http://localhost:3000/other")]);
    client().get(wrong).send().await.unwrap();
    let unknown = auth_url(&tenant, &[("resource", "https://unknown.example.test")]);
    client().get(unknown).send().await.unwrap();
    let after = home().await;
    for shown in [
        "/oidc/token",
        "redirect_uri did not match any",
        "resource indicator is missing, or unknown",
    ] {
        assert!(after.contains(shown), "{shown}");
    }
    for token in ["access_token", "refresh_token", "id_token"] {
        assert!(!after.contains(text(&tokens, token)), "{token}");
    }
    for hidden in ["the-state", "the-nonce", "<td>GET</td><td><code>/</code>"] {
        assert!(!after.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn the_list_of_buttons_is_public() {
    for (tenant, buttons) in [(LocalTenant::builder(), 1), (LocalTenant::builder().empty(), 0)] {
        let tenant = tenant.start().await.unwrap();
        let address = format!("{}/api/.well-known/sign-in-exp", tenant.endpoint());
        let answer = client().get(address).send().await.unwrap();
        let settings: serde_json::Value = answer.json().await.unwrap();
        let shown = settings["socialConnectors"].as_array().unwrap();
        assert_eq!(shown.len(), buttons);
        assert!(shown.iter().all(|button| button["target"] == "huggingface"));
        assert!(!settings.to_string().contains("clientSecret"));
    }
}

#[tokio::test]
async fn a_picture_is_served_by_the_tenant() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    let picture = decode(&answer["id_token"]).1["picture"].as_str().unwrap().to_owned();
    assert!(picture.starts_with(tenant.endpoint()));
    let response = client().get(picture).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/svg+xml");
    let unknown =
        client().get(format!("{}/avatars/nobody.svg", tenant.endpoint())).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn nothing_a_request_says_becomes_markup() {
    let evil = r#""><script>alert(1)</script>"#;
    let mallory = TestUser::new("mallory").with_name(Some(evil));
    let tenant = LocalTenant::builder().user(mallory).start().await.unwrap();
    let pages = [
        auth_url(&tenant, &[("login_hint", evil)]),
        auth_url(&tenant, &[("direct_sign_in", "social:huggingface")]),
        auth_url(&tenant, &[("response_mode", "form_post"), ("prompt", "none"), ("state", evil)]),
        auth_url(&tenant, &[("ui_locales", "x; domain=evil")]),
        format!("{}/unknown-session?app_id={}", tenant.endpoint(), form(&[("", evil)])),
        format!("{}/hugging-face/oauth/authorize?state={}", tenant.endpoint(), form(&[("", evil)])),
    ];
    for url in pages {
        let (_, body) = page(tenant.browser().open(&url).await.unwrap());
        assert!(!body.contains("<script>alert"), "{url}: {body}");
    }
    let response =
        client().get(auth_url(&tenant, &[("ui_locales", "x; domain=evil")])).send().await.unwrap();
    let cookie = response.headers().get("set-cookie").unwrap().to_str().unwrap();
    assert!(cookie.ends_with("; path=/; samesite=lax") && !cookie.contains("; domain"), "{cookie}");
}
