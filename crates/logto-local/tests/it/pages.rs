//! What a person sees: choosing, declining, cancelling, two tabs.

use logto_local::{Browser, LocalTenant, Person, Stop};

use crate::support::{
    CALLBACK, auth_url, client, exchange, param, refused, signed_in, text, tokens, userinfo,
};

fn page(stop: Stop) -> (String, String) {
    match stop {
        Stop::Page { at, body, .. } => (at, body),
        stop => panic!("no page: {stop:?}"),
    }
}

/// From the sign-in page to Hugging Face: the path of the form and its `state`.
async fn to_hugging_face(tenant: &LocalTenant, browser: &mut Browser) -> (String, String) {
    let button = format!("{}/direct/social/huggingface", tenant.endpoint());
    let (at, body) = page(
        browser
            .submit(&button, &[("app_id", tenant.app_id())])
            .await
            .unwrap(),
    );
    let path = at.split('?').next().unwrap();
    let state = param(&format!("{}{at}", tenant.endpoint()), "state").unwrap();
    assert!(body.contains(&format!(r#"name="state" value="{state}""#)));
    (format!("{}{path}", tenant.endpoint()), state)
}

#[tokio::test]
async fn the_pages_say_what_they_are_and_have_stable_ids() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    let (at, body) = page(browser.open(&auth_url(&tenant, &[])).await.unwrap());
    assert!(at.starts_with("/sign-in?"), "{at}");
    assert!(body.contains("local stand-in, not Logto"));
    assert!(body.contains(r#"id="continue-with-hugging-face""#));
    assert!(!body.contains("<script"));
    let direct = auth_url(&tenant, &[("direct_sign_in", "social:huggingface")]);
    let (_, body) = page(browser.open(&direct).await.unwrap());
    assert!(body.contains("local stand-in, not Hugging Face"));
    for id in [
        "person-alice",
        "person-bob",
        "person-carol",
        "person-frank",
        "authorize",
        "decline",
    ] {
        assert!(body.contains(&format!(r#"id="{id}""#)), "{id}");
    }
}

#[tokio::test]
async fn declining_ends_on_the_sign_in_page_and_nothing_reaches_the_app() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[])).await.unwrap();
    let (form, state) = to_hugging_face(&tenant, &mut browser).await;
    let fields = [
        ("state", state.as_str()),
        ("person", "alice"),
        ("decision", "decline"),
    ];
    let (at, body) = page(browser.submit(&form, &fields).await.unwrap());
    assert_eq!(at, format!("/sign-in?app_id={}", tenant.app_id()));
    assert!(
        body.contains("The user&#39;s authorization process is unsuccessful."),
        "{body}"
    );

    // The sign-in still stands: a second try succeeds.
    let (form, state) = to_hugging_face(&tenant, &mut browser).await;
    let fields = [
        ("state", state.as_str()),
        ("person", "alice"),
        ("decision", "authorize"),
    ];
    match browser.submit(&form, &fields).await.unwrap() {
        Stop::App(url) => assert!(param(&url, "code").is_some()),
        stop => panic!("{stop:?}"),
    }
}

#[tokio::test]
async fn finishing_in_the_first_tab_returns_the_state_of_the_second() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser
        .open(&auth_url(&tenant, &[("state", "first")]))
        .await
        .unwrap();
    let (form, state) = to_hugging_face(&tenant, &mut browser).await;
    browser
        .open(&auth_url(&tenant, &[("state", "second")]))
        .await
        .unwrap();
    let fields = [
        ("state", state.as_str()),
        ("person", "alice"),
        ("decision", "authorize"),
    ];
    match browser.submit(&form, &fields).await.unwrap() {
        Stop::App(url) => assert_eq!(param(&url, "state").as_deref(), Some("second")),
        stop => panic!("{stop:?}"),
    }
}

#[tokio::test]
async fn a_hugging_face_state_works_once() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[])).await.unwrap();
    let callback = format!("{}/callback/huggingface0?code=x&state=y", tenant.endpoint());
    let (_, body) = page(browser.open(&callback).await.unwrap());
    assert!(body.contains("The authorization is invalid"), "{body}");
}

#[tokio::test]
async fn a_spent_address_of_the_tenant_is_not_found() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser
        .sign_in(&auth_url(&tenant, &[]), "alice")
        .await
        .unwrap();
    let spent = tenant
        .requests()
        .into_iter()
        .rfind(|request| request.path.starts_with("/oidc/auth/"))
        .unwrap();
    let url = format!("{}{}", tenant.endpoint(), spent.path);
    let Stop::Page { status, body, .. } = browser.open(&url).await.unwrap() else {
        panic!("no page")
    };
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (400, &"session.not_found".into()));
    assert_eq!(body["error_description"], "interaction session not found");
    let Stop::Page { body, .. } = tenant.browser().open(&url).await.unwrap() else {
        panic!("no page")
    };
    assert!(body.contains("authorization request has expired"));
}

#[tokio::test]
async fn cancelling_at_a_third_party_app_goes_to_the_bare_redirect_uri() {
    let tenant = LocalTenant::builder()
        .third_party(true)
        .start()
        .await
        .unwrap();
    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[])).await.unwrap();
    let (form, state) = to_hugging_face(&tenant, &mut browser).await;
    let fields = [
        ("state", state.as_str()),
        ("person", "alice"),
        ("decision", "authorize"),
    ];
    let (at, body) = page(browser.submit(&form, &fields).await.unwrap());
    assert!(
        at.starts_with("/consent?") && body.contains(r#"id="cancel""#),
        "{at}"
    );
    let consent = format!("{}/consent", tenant.endpoint());
    let stop = browser
        .submit(
            &consent,
            &[("app_id", tenant.app_id()), ("decision", "cancel")],
        )
        .await
        .unwrap();
    assert_eq!(stop, Stop::App(CALLBACK.to_owned()));
    let callback = tenant
        .sign_in(&auth_url(&tenant, &[]), "alice")
        .await
        .unwrap();
    assert!(param(&callback, "code").is_some());
}

#[tokio::test]
async fn a_suspended_person_loses_everything_and_stays_outside() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    tenant.suspend("alice").unwrap();
    assert_eq!(
        userinfo(&tenant, &answer["access_token"]).await.status(),
        401
    );
    let error = tenant
        .sign_in(&auth_url(&tenant, &[]), "alice")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/account-suspended"), "{error}");
    tenant
        .sign_in(&auth_url(&tenant, &[]), "bob")
        .await
        .unwrap();
    assert!(tenant.suspend("nobody").is_err());
}

#[tokio::test]
async fn revoking_grants_kills_tokens_and_leaves_the_session() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    let answer = crate::support::signed_in_with(&tenant, &mut browser, "alice").await;
    tenant.revoke_grants("alice").unwrap();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&answer, "refresh_token")),
    ];
    assert_eq!(
        refused(&tenant, &refresh).await,
        (400, "invalid_grant".to_owned())
    );
    tenant.clear_requests();
    browser
        .sign_in(&auth_url(&tenant, &[]), "alice")
        .await
        .unwrap();
    assert!(
        tenant
            .requests()
            .iter()
            .all(|request| request.path != "/sign-in")
    );
}

#[tokio::test]
async fn nothing_a_request_says_becomes_markup() {
    let evil = r#""><script>alert(1)</script>"#;
    let mallory = Person::new("mallory").name(Some(evil));
    let tenant = LocalTenant::builder()
        .person(mallory)
        .start()
        .await
        .unwrap();
    let pages = [
        auth_url(&tenant, &[("login_hint", evil)]),
        auth_url(&tenant, &[("direct_sign_in", "social:huggingface")]),
        auth_url(
            &tenant,
            &[
                ("response_mode", "form_post"),
                ("prompt", "none"),
                ("state", evil),
            ],
        ),
        auth_url(&tenant, &[("ui_locales", "x; domain=evil")]),
        format!(
            "{}/sign-in?app_id={}",
            tenant.endpoint(),
            crate::support::form(&[("", evil)])
        ),
        format!(
            "{}/hugging-face/oauth/authorize?state={}",
            tenant.endpoint(),
            crate::support::form(&[("", evil)])
        ),
    ];
    for url in pages {
        let (_, body) = page(tenant.browser().open(&url).await.unwrap());
        assert!(!body.contains("<script>alert"), "{url}: {body}");
    }
    let response = client()
        .get(auth_url(&tenant, &[("ui_locales", "x; domain=evil")]))
        .send()
        .await
        .unwrap();
    let cookie = response
        .headers()
        .get("set-cookie")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        cookie.ends_with("; path=/; samesite=lax") && !cookie.contains("; domain"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_picture_is_served_by_the_tenant() {
    let tenant = LocalTenant::start().await.unwrap();
    let answer = signed_in(&tenant, "alice").await;
    let picture = crate::support::decode(&answer["id_token"]).1["picture"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(picture.starts_with(tenant.endpoint()));
    let response = client().get(picture).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/svg+xml");
    let unknown = client()
        .get(format!("{}/avatars/nobody.svg", tenant.endpoint()))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn coming_back_with_a_wrong_code_signs_nobody_in() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser.open(&auth_url(&tenant, &[])).await.unwrap();
    let (form, state) = to_hugging_face(&tenant, &mut browser).await;
    let fields = [
        ("state", state.as_str()),
        ("person", "alice"),
        ("decision", "authorize"),
    ];
    // Somebody else's browser submits the form: the state is answered, and not with this browser's cookies.
    page(tenant.browser().submit(&form, &fields).await.unwrap());
    let callback = format!(
        "{}/callback/huggingface0?code=wrong&state={state}",
        tenant.endpoint()
    );
    let (_, body) = page(browser.open(&callback).await.unwrap());
    assert!(body.contains("The authorization is invalid"), "{body}");
}

#[tokio::test]
async fn signing_out_needs_the_value_of_the_form() {
    let tenant = LocalTenant::start().await.unwrap();
    let mut browser = tenant.browser();
    browser
        .sign_in(&auth_url(&tenant, &[]), "alice")
        .await
        .unwrap();
    browser
        .open(&format!("{}/oidc/session/end", tenant.endpoint()))
        .await
        .unwrap();
    let confirm = format!("{}/oidc/session/end/confirm", tenant.endpoint());
    let stop = browser
        .submit(&confirm, &[("xsrf", "guessed"), ("logout", "yes")])
        .await
        .unwrap();
    assert!(matches!(stop, Stop::Page { status: 400, .. }), "{stop:?}");
    let silent = browser
        .sign_in(&auth_url(&tenant, &[("prompt", "none")]), "alice")
        .await
        .unwrap();
    assert!(param(&silent, "code").is_some(), "{silent}");
}

#[tokio::test]
async fn without_offline_access_tokens_die_with_the_session() {
    let tenant = LocalTenant::start().await.unwrap();
    let online = auth_url(&tenant, &[("scope", "openid profile"), ("prompt", "")]);
    // Alone in its session, and next to an offline grant of the same app.
    for with_offline_grant in [false, true] {
        let mut browser = tenant.browser();
        let offline = match with_offline_grant {
            true => Some(crate::support::signed_in_with(&tenant, &mut browser, "alice").await),
            false => None,
        };
        let callback = browser.sign_in(&online, "alice").await.unwrap();
        let answer = tokens(&tenant, &exchange(&param(&callback, "code").unwrap())).await;
        assert!(answer.get("refresh_token").is_none());
        assert_eq!(
            userinfo(&tenant, &answer["access_token"]).await.status(),
            200
        );
        browser
            .sign_out(&format!("{}/oidc/session/end", tenant.endpoint()))
            .await
            .unwrap();
        assert_eq!(
            userinfo(&tenant, &answer["access_token"]).await.status(),
            401
        );
        if let Some(offline) = offline {
            assert_eq!(
                userinfo(&tenant, &offline["access_token"]).await.status(),
                200
            );
        }
    }
}

#[tokio::test]
async fn a_walk_starts_at_the_tenant() {
    let tenant = LocalTenant::start().await.unwrap();
    let error = tenant
        .sign_in("http://localhost:3000/sign-in", "alice")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("not an address of this tenant"),
        "{error}"
    );
}

#[tokio::test]
async fn the_tenants_own_page_lists_people_apps_and_requests_without_their_values() {
    let tenant = LocalTenant::builder()
        .person(Person::new("dora"))
        .start()
        .await
        .unwrap();
    let home = async || {
        let answer = client().get(tenant.endpoint()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let before = home().await;
    for shown in ["Alice Example", "Dora Example", tenant.app_id(), CALLBACK] {
        assert!(before.contains(shown), "{shown}");
    }
    assert!(before.contains("None yet"));

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
async fn anybody_may_read_which_buttons_there_are() {
    for (tenant, buttons) in [
        (LocalTenant::builder(), 1),
        (LocalTenant::builder().empty(), 0),
    ] {
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
