//! Tokens for tokens (RFC 8693), by a machine that may exchange them.

use std::time::Duration;

use logto_local::{AppCredentials, LocalTenant};
use serde_json::{Value, json};

use crate::support::{THINGS, client, decode, form, signed_in, text, userinfo};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";
const IMPERSONATION: &str = "urn:logto:token-type:impersonation_token";
const ORGANIZATION: &str = "wpmklpcc20gc";

async fn tenant() -> LocalTenant {
    let tenant = LocalTenant::builder().token_exchange(true);
    tenant.start().await.unwrap()
}

async fn ask(tenant: &LocalTenant, app: &AppCredentials, fields: &[(&str, &str)]) -> (u16, Value) {
    let request = client().post(format!("{}/oidc/token", tenant.endpoint()));
    let request = request.basic_auth(&app.app_id, Some(&app.app_secret));
    let kind = "application/x-www-form-urlencoded";
    let request = request.header("content-type", kind).body(form(fields));
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

async fn exchange(
    tenant: &LocalTenant,
    subject: (&str, &str),
    more: &[(&str, &str)],
) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", GRANT),
        ("subject_token", subject.0),
        ("subject_token_type", subject.1),
    ];
    fields.extend(more);
    ask(tenant, tenant.machine_app(), &fields).await
}

/// By the Management API.
async fn subject_token(tenant: &LocalTenant, user_id: &str) -> String {
    let fields = [
        ("grant_type", "client_credentials"),
        ("resource", "https://default.logto.app/api"),
        ("scope", "all"),
    ];
    let (_, token) = ask(tenant, tenant.machine_app(), &fields).await;
    let request = client().post(format!("{}/api/subject-tokens", tenant.endpoint()));
    let request = request.bearer_auth(text(&token, "access_token"));
    let request = request.header("content-type", "application/json");
    let body = json!({ "userId": user_id }).to_string();
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(answer["expiresIn"], 600);
    text(&answer, "subjectToken").to_owned()
}

fn id_of(tenant: &LocalTenant, handle: &str) -> String {
    let users = tenant.users();
    let user = users.iter().find(|user| user.handle() == handle);
    user.unwrap().id().to_owned()
}

const READ: [(&str, &str); 2] = [("resource", THINGS), ("scope", "read:things")];

#[tokio::test]
async fn a_personal_access_token_is_exchanged_until_it_is_deleted() {
    let tenant = tenant().await;
    let token = tenant.create_personal_access_token("frank").unwrap();
    assert!(token.starts_with("pat_"));
    let (status, answer) = exchange(
        &tenant,
        (&token, PERSONAL),
        &[("resource", THINGS), ("scope", "openid read:things write:things")],
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let expected = ["access_token", "expires_in", "scope", "token_type"];
    assert_eq!(members, expected);
    // Frank may not write.
    assert_eq!(answer["scope"], "read:things");
    let (header, claims) = decode(&answer["access_token"]);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["sub"], id_of(&tenant, "frank"));
    assert_eq!(claims["client_id"], tenant.machine_app().app_id);
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(THINGS), &json!("read:things")));

    assert_eq!(exchange(&tenant, (&token, PERSONAL), &READ).await.0, 200);
    for kind in [ACCESS, IMPERSONATION, "of another kind"] {
        let (status, answer) = exchange(&tenant, (&token, kind), &READ).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"), "{kind}");
    }
    tenant.delete_personal_access_token(&token);
    let (status, answer) = exchange(&tenant, (&token, PERSONAL), &READ).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_subject_token_is_good_once_and_for_ten_minutes() {
    let tenant = tenant().await;
    signed_in(&tenant, "alice").await;
    let alice = id_of(&tenant, "alice");
    for kind in [IMPERSONATION, ACCESS] {
        let token = subject_token(&tenant, &alice).await;
        // What is refused does not consume it.
        let unknown = [("resource", "https://unknown.example")];
        let (_, answer) = exchange(&tenant, (&token, kind), &unknown).await;
        assert_eq!(text(&answer, "error"), "invalid_target");
        let (status, answer) = exchange(&tenant, (&token, kind), &READ).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(decode(&answer["access_token"]).1["sub"], alice);
        let (_, answer) = exchange(&tenant, (&token, kind), &READ).await;
        assert_eq!(text(&answer, "error"), "invalid_grant", "{kind}, again");
    }
    let token = subject_token(&tenant, &alice).await;
    tenant.clock().advance(Duration::from_secs(601));
    let (_, answer) = exchange(&tenant, (&token, IMPERSONATION), &READ).await;
    assert_eq!(text(&answer, "error"), "invalid_grant");
}

#[tokio::test]
async fn an_access_token_is_exchanged_for_another_target() {
    let tenant = tenant().await;
    let opaque = signed_in(&tenant, "alice").await;
    let opaque = text(&opaque, "access_token");
    let (_, jwt) = exchange(&tenant, (opaque, ACCESS), &READ).await;
    let jwt = text(&jwt, "access_token");
    for subject in [opaque, jwt, jwt] {
        let within = [("organization_id", ORGANIZATION), ("scope", "read:members")];
        let (status, answer) = exchange(&tenant, (subject, ACCESS), &within).await;
        assert_eq!(status, 200, "{answer}");
        let (_, claims) = decode(&answer["access_token"]);
        assert_eq!(claims["aud"], format!("urn:logto:organization:{ORGANIZATION}"));
        assert_eq!(claims["scope"], "read:members");
    }
    // Without a target it is one for the tenant's own endpoints.
    let (_, answer) = exchange(&tenant, (jwt, ACCESS), &[("scope", "openid profile")]).await;
    let info = userinfo(&tenant, &answer["access_token"]).await;
    let info: Value = serde_json::from_str(&info.text().await.unwrap()).unwrap();
    assert_eq!(info["sub"], id_of(&tenant, "alice"));

    let elsewhere = [("organization_id", "elsewhere")];
    let (status, answer) = exchange(&tenant, (jwt, ACCESS), &elsewhere).await;
    assert_eq!((status, text(&answer, "error")), (403, "access_denied"));
    tenant.clock().advance(Duration::from_secs(3600));
    for subject in [opaque, jwt] {
        let (_, answer) = exchange(&tenant, (subject, ACCESS), &READ).await;
        assert_eq!(text(&answer, "error"), "invalid_grant");
    }
}

/// Since 1.43: what a client of others was given is not exchanged.
#[tokio::test]
async fn a_token_of_a_third_party_app_is_not_exchanged() {
    let tenant =
        LocalTenant::builder().token_exchange(true).third_party(true).start().await.unwrap();
    let tokens = signed_in(&tenant, "alice").await;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("resource", THINGS),
    ];
    let jwt = crate::support::tokens(&tenant, &refresh).await;
    for subject in [text(&tokens, "access_token"), text(&jwt, "access_token")] {
        let (status, answer) = exchange(&tenant, (subject, ACCESS), &READ).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"));
    }
}

/// As recorded: an opaque token with `openid` says who acts, and nothing else does.
#[tokio::test]
async fn a_token_says_who_acts_for_its_subject() {
    let tenant = tenant().await;
    signed_in(&tenant, "alice").await;
    let actor = signed_in(&tenant, "frank").await;
    let subject = subject_token(&tenant, &id_of(&tenant, "alice")).await;
    let opaque = text(&actor, "access_token");
    let (_, jwt) = exchange(&tenant, (opaque, ACCESS), &READ).await;
    for (actor, kind) in [
        (opaque, None),
        (opaque, Some(IMPERSONATION)),
        ("x", Some(ACCESS)),
        (text(&jwt, "access_token"), Some(ACCESS)),
    ] {
        let mut more = READ.to_vec();
        more.push(("actor_token", actor));
        more.extend(kind.map(|kind| ("actor_token_type", kind)));
        let (status, answer) = exchange(&tenant, (&subject, ACCESS), &more).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_grant"), "{kind:?}");
    }
    let acts = [("actor_token", opaque), ("actor_token_type", ACCESS)];
    let (status, answer) = exchange(&tenant, (&subject, ACCESS), &[READ, acts].concat()).await;
    assert_eq!(status, 200, "{answer}");
    let (_, claims) = decode(&answer["access_token"]);
    assert_eq!(claims["sub"], id_of(&tenant, "alice"));
    assert_eq!(claims["act"], json!({ "sub": id_of(&tenant, "frank") }));
}

#[tokio::test]
async fn who_may_not_exchange_or_is_suspended_gets_nothing() {
    let tenant = tenant().await;
    let token = tenant.create_personal_access_token("alice").unwrap();
    let fields = [
        ("grant_type", GRANT),
        ("subject_token", token.as_str()),
        ("subject_token_type", PERSONAL),
    ];
    let web = tenant.add_app("http://localhost:4000").unwrap();
    let (status, answer) = ask(&tenant, &web, &fields).await;
    assert_eq!((status, text(&answer, "error")), (400, "invalid_request"));
    for missing in 1..3 {
        let mut fields = fields.to_vec();
        fields.remove(missing);
        let (_, answer) = ask(&tenant, tenant.machine_app(), &fields).await;
        assert_eq!(text(&answer, "error"), "invalid_request");
    }
    tenant.suspend("alice").unwrap();
    let (_, answer) = ask(&tenant, tenant.machine_app(), &fields).await;
    assert_eq!(text(&answer, "error"), "invalid_grant");
}
