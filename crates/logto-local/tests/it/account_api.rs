//! Profile, verifications, sessions, grants and identities, by the answers that were recorded.

use logto_local::{LocalTenant, LocalTenantBuilder, TestUser};
use reqwest::Method;
use serde_json::{Value, json};

use crate::administrator::Administrator;
use crate::recorded::{assert_same_shape, load};
use crate::support::{auth_url, client, exchange, param, text, tokens};

const PASSWORD: &str = "Sup3r$ecretPw!";
const CALLBACK: &str = "http://localhost:3000/linked";
const SCOPES: &str =
    "openid offline_access profile email phone custom_data identities urn:logto:scope:sessions";

/// What a user asks with a token, compared with what Logto answered.
struct Asker<'a> {
    tenant: &'a LocalTenant,
    token: String,
    recorded: Value,
    verification: Option<String>,
}

impl<'a> Asker<'a> {
    async fn new(tenant: &'a LocalTenant, user: &str, scope: &str) -> Self {
        let url = auth_url(tenant, &[("scope", scope), ("resource", "")]);
        let callback = tenant.sign_in(&url, user).await.unwrap();
        let tokens = tokens(tenant, &exchange(&param(&callback, "code").unwrap())).await;
        let token = text(&tokens, "access_token").to_owned();
        Self { tenant, token, recorded: load("account.json"), verification: None }
    }

    async fn ask(&self, request: &str, body: Value) -> (u16, Value) {
        let (method, path) = request.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let request = client()
            .request(method, format!("{}/api{path}", self.tenant.endpoint()))
            .bearer_auth(&self.token);
        let request = match &self.verification {
            Some(id) => request.header("logto-verification-id", id),
            None => request,
        };
        let request = match body {
            Value::Null => request,
            body => request.header("content-type", "application/json").body(body.to_string()),
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    /// The answer, which is shaped like the recorded one.
    async fn like(&self, note: &str, request: &str, body: Value) -> Value {
        let (status, mut ours) = self.ask(request, body).await;
        let answer = ours.clone();
        let recorded = &self.recorded[note];
        assert_eq!(recorded["status"], status, "{note}: {ours}");
        let mut recorded = recorded["response"].clone();
        assert_eq!(recorded["code"], ours["code"], "{note}: {ours}");
        if note != "GET /my-account with identities" {
            // Everyone here comes from Hugging Face, as those of the recordings did not.
            for body in [&mut recorded, &mut ours].into_iter().filter_map(Value::as_object_mut) {
                body.remove("identities");
            }
        }
        for session in ours["sessions"].as_array_mut().into_iter().flatten() {
            session["lastSubmission"].as_object_mut().unwrap().remove("verificationRecords");
            without_names(&mut session["payload"]["authorizations"]);
        }
        for session in recorded["sessions"].as_array_mut().into_iter().flatten() {
            without_names(&mut session["payload"]["authorizations"]);
        }
        if recorded["profile"] == json!({}) {
            // Empty or not, as the user has it.
            recorded["profile"] = ours["profile"].clone();
        }
        for text in ["name", "username", "avatar", "primaryEmail"] {
            // `null` or not, as the user has it.
            if recorded.get(text).is_some_and(|value| value.is_null() != ours[text].is_null()) {
                recorded[text] = ours[text].clone();
            }
        }
        assert_same_shape(&recorded, &ours, note);
        answer
    }

    async fn verify_password(&mut self) {
        let body = json!({ "password": PASSWORD });
        let note = "POST /verifications/password right";
        let answer = self.like(note, "POST /verifications/password", body).await;
        self.verification = Some(text(&answer, "verificationRecordId").to_owned());
    }

    /// Goes to Hugging Face and back: the record, and what the app hands on.
    async fn walk(&self, account: &str) -> Value {
        let body = json!({
            "connectorId": "huggingface0", "state": "NUIY09Qf", "redirectUri": CALLBACK,
        });
        let note = "link huggingface: POST /verifications/social";
        let begun = self.like(note, "POST /verifications/social", body).await;
        let address = text(&begun, "authorizationUri");
        let decision = format!("{}/hugging-face/oauth/authorize", self.tenant.endpoint());
        let state = param(address, "state").unwrap();
        let form = [("state", state.as_str()), ("person", account), ("decision", "authorize")];
        let there = client().post(decision).form(&form).send().await.unwrap();
        let back = there.headers()["location"].to_str().unwrap().to_owned();
        assert!(back.starts_with(CALLBACK), "{back}");
        let data = json!({
            "code": param(&back, "code"), "state": param(&back, "state"), "redirectUri": CALLBACK,
        });
        json!({ "verificationRecordId": begun["verificationRecordId"], "connectorData": data })
    }

    /// A record that an account at Hugging Face is theirs.
    async fn linked(&self, account: &str) -> Value {
        let body = self.walk(account).await;
        let note = "link huggingface: POST /verifications/social/verify";
        let verified = self.like(note, "POST /verifications/social/verify", body).await;
        verified["verificationRecordId"].clone()
    }
}

fn without_names(authorizations: &mut Value) {
    let first = authorizations.as_object().unwrap().values().next().unwrap().clone();
    *authorizations = first;
}

fn builder() -> LocalTenantBuilder {
    let user = TestUser::new("pm").with_password(PASSWORD);
    LocalTenant::builder().account_center(true).token_storage(true).user(user)
}

async fn tenant() -> LocalTenant {
    builder().start().await.unwrap()
}

#[tokio::test]
async fn fields_and_scopes_decide_what_is_seen_and_changed() {
    let admin = Administrator::of(tenant().await).await;
    let mut me = Asker::new(&admin.tenant, "pm", SCOPES).await;
    me.like("GET /my-account (all scopes, all fields)", "GET /my-account", Value::Null).await;
    let some = Asker::new(&admin.tenant, "pm", "openid profile").await;
    let note = "GET /my-account with scope openid profile only";
    some.like(note, "GET /my-account", Value::Null).await;

    let mut none = Asker::new(&admin.tenant, "pm", "openid").await;
    none.verification = Some("x".to_owned());
    let note = "scope openid only: ";
    for (request, body) in [
        ("GET /my-account", Value::Null),
        ("PATCH /my-account", json!({ "name": "X" })),
        ("PATCH /my-account/profile", json!({ "nickname": "x" })),
        ("GET /my-account/sessions", Value::Null),
        ("DELETE /my-account/identities/huggingface", Value::Null),
        ("POST /verifications/password", json!({ "password": PASSWORD })),
    ] {
        none.like(&format!("{note}{request}"), request, body).await;
    }

    let fields = json!({ "enabled": true, "fields": { "name": "ReadOnly", "email": "Off" } });
    admin.call(Method::PATCH, "/api/account-center", fields).await;
    me.verification = None;
    for (note, request, body) in [
        ("fields name ReadOnly, others absent: GET /my-account", "GET /my-account", Value::Null),
        ("fields name ReadOnly: PATCH name", "PATCH /my-account", json!({ "name": "X" })),
        (
            "field avatar absent: PATCH avatar",
            "PATCH /my-account",
            json!({ "avatar": "https://x.test/a.png" }),
        ),
        (
            "field profile absent: PATCH /profile",
            "PATCH /my-account/profile",
            json!({ "nickname": "x" }),
        ),
        (
            "field social absent: DELETE identity",
            "DELETE /my-account/identities/huggingface",
            Value::Null,
        ),
        ("field session absent: GET sessions", "GET /my-account/sessions", Value::Null),
        ("field session absent: GET grants", "GET /my-account/grants", Value::Null),
    ] {
        me.like(note, request, body).await;
    }
    admin.call(Method::PATCH, "/api/account-center", json!({ "enabled": false })).await;
    me.like("account center off: GET /my-account", "GET /my-account", Value::Null).await;
}

#[tokio::test]
async fn users_change_their_profile() {
    let tenant = tenant().await;
    let taken = Asker::new(&tenant, "alice", SCOPES).await;
    let mut me = Asker::new(&tenant, "pm", SCOPES).await;
    let account = "PATCH /my-account";
    let all = json!({ "name": "New", "avatar": "https://x.test/a.png", "username": "pmx" });
    me.like("PATCH name, avatar, username", account, all.clone()).await;
    me.like("PATCH username bad", account, json!({ "username": "9 bad" })).await;
    me.like("PATCH avatar not a url", account, json!({ "avatar": "nope" })).await;
    let dark = json!({ "customData": { "theme": "dark" } });
    me.like("PATCH customData", account, dark).await;
    let note = "PATCH customData again (merged or replaced?)";
    let answer = me.like(note, account, json!({ "customData": { "lang": "de" } })).await;
    assert_eq!(answer["customData"], json!({ "lang": "de" }));
    let answer = me.like("PATCH name null", account, json!({ "name": null })).await;
    assert_eq!(answer["name"], Value::Null);
    me.like("PATCH empty", account, json!({})).await;
    me.like("PATCH unknown field", account, json!({ "primaryEmail": "x@y.test" })).await;

    let details = "PATCH /my-account/profile";
    let body = json!({
        "nickname": "Nick", "website": "https://w.test", "address": { "locality": "Paris" },
        "zoneinfo": "Europe/Paris",
    });
    me.like("PATCH /profile", details, body).await;
    me.like("PATCH /profile again", details, json!({ "nickname": "Nick2" })).await;
    let answer = me.like("PATCH /profile unknown key", details, json!({ "nope": "x" })).await;
    assert_eq!(answer["nickname"], "Nick2");

    me.ask(account, json!({ "customData": {} })).await;
    me.verify_password().await;
    let answer = me.like("PATCH name, avatar, username, with verification", account, all).await;
    assert_eq!(
        (&answer["name"], &answer["avatar"], &answer["username"]),
        (&json!("New"), &json!("https://x.test/a.png"), &json!("pmx"))
    );
    // alice has no password, and a record of pm is none of hers.
    let mut alice = taken;
    alice.verification.clone_from(&me.verification);
    let (status, refused) = alice.ask(account, json!({ "username": "pmx" })).await;
    assert_eq!((status, text(&refused, "code")), (401, "verification_record.permission_denied"));
    let code = Asker::new(&tenant, "alice", SCOPES).await.by_code("alice@example.test").await;
    alice.verification = Some(code);
    let note = "PATCH username taken, with verification";
    alice.like(note, account, json!({ "username": "pmx" })).await;
}

impl Asker<'_> {
    /// A record by a code for the own address.
    async fn by_code(&self, email: &str) -> String {
        let identifier = json!({ "type": "email", "value": email });
        let note = "POST /verifications/verification-code own e-mail (identity verification)";
        let path = "POST /verifications/verification-code";
        let begun = self.like(note, path, json!({ "identifier": identifier })).await;
        let id = &begun["verificationRecordId"];
        let path = "POST /verifications/verification-code/verify";
        let with =
            |code: &str| json!({ "identifier": identifier, "verificationId": id, "code": code });
        self.like("verification-code/verify wrong code", path, with("x")).await;
        let code = self.tenant.verification_code(email).unwrap();
        self.like("own e-mail: verify", path, with(&code)).await;
        id.as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn sessions_and_grants_take_a_verification() {
    let tenant = tenant().await;
    let mut me = Asker::new(&tenant, "pm", SCOPES).await;
    let other = Asker::new(&tenant, "pm", SCOPES).await;
    let path = "POST /verifications/password";
    let wrong = json!({ "password": "wrong" });
    me.like("POST /verifications/password wrong", path, wrong).await;
    let list = "GET /my-account/sessions";
    me.like("GET /my-account/sessions without verification", list, Value::Null).await;
    let phone = json!({ "identifier": { "type": "phone", "value": "15550100" } });
    let path = "POST /verifications/verification-code";
    me.like("phone code without an SMS connector", path, phone).await;
    me.verification = Some(me.by_code("pm@example.test").await);
    let note = "sessions with the e-mail code record as verification";
    me.like(note, list, Value::Null).await;

    me.verify_password().await;
    let note = "GET /my-account/sessions with verification";
    let sessions = me.like(note, list, Value::Null).await;
    let sessions = sessions["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let uid = |is_current: bool| {
        let session = sessions.iter().find(|one| one["isCurrent"] == is_current).unwrap();
        text(&session["payload"], "uid").to_owned()
    };
    let grants = me.like("GET /my-account/grants", "GET /my-account/grants", Value::Null).await;
    assert_eq!(grants["grants"].as_array().unwrap().len(), 2);
    let third = "GET /my-account/grants?appType=thirdParty";
    me.like(third, third, Value::Null).await;
    me.like("DELETE unknown session", "DELETE /my-account/sessions/nope", Value::Null).await;
    me.like("DELETE unknown grant", "DELETE /my-account/grants/nope", Value::Null).await;

    let end = format!("DELETE /my-account/sessions/{}", uid(false));
    me.like("DELETE another session of mine", &end, Value::Null).await;
    // Its tokens live on: only the session is gone.
    assert_eq!(other.ask("GET /my-account", Value::Null).await.0, 200);
    let end = format!("DELETE /my-account/sessions/{}?revokeGrantsTarget=all", uid(true));
    me.like("DELETE the current session", &end, Value::Null).await;
    let note = "after deleting the current session with all grants: GET /my-account";
    me.like(note, "GET /my-account", Value::Null).await;
}

#[tokio::test]
async fn accounts_elsewhere_are_linked_and_unlinked() {
    let tenant = tenant().await;
    let _alice = Asker::new(&tenant, "alice", SCOPES).await;
    let mut me = Asker::new(&tenant, "pm", SCOPES).await;
    let (add, remove) =
        ("POST /my-account/identities", "DELETE /my-account/identities/huggingface");
    me.like("DELETE identity without verification", remove, Value::Null).await;
    me.verify_password().await;
    me.like("DELETE identity", remove, Value::Null).await;
    me.like("DELETE identity again", remove, Value::Null).await;

    let mut wrong = me.walk("bob").await;
    wrong["connectorData"]["code"] = json!("x");
    let path = "POST /verifications/social/verify";
    me.like("social/verify with a wrong code", path, wrong).await;
    let record = |id: Value| json!({ "newIdentifierVerificationRecordId": id });
    let of_alice = record(me.linked("alice").await);
    let note = "POST /my-account/identities: account linked to somebody else";
    me.like(note, add, of_alice).await;
    let of_bob = record(me.linked("bob").await);
    let verification = me.verification.take();
    let note = "POST /my-account/identities without identity verification";
    me.like(note, add, of_bob.clone()).await;
    me.verification = verification;
    me.like("POST /my-account/identities", add, of_bob.clone()).await;
    me.like("POST /my-account/identities the same record again", add, of_bob).await;
    let token = "GET /my-account/identities/huggingface/access-token";
    me.like("third-party token huggingface", token, Value::Null).await;

    let of_carol = record(me.linked("carol").await);
    let replace = "PUT /my-account/identities";
    me.like("PUT /my-account/identities (replace)", replace, of_carol).await;
    let of_frank = record(me.linked("frank").await);
    me.like("PUT /my-account/identities (replace)", replace, of_frank).await;
    let (_, account) = me.ask("GET /my-account", Value::Null).await;
    let recorded = &me.recorded["GET /my-account with identities"]["response"]["identities"];
    let (recorded, ours) = (&recorded["huggingface"], &account["identities"]["huggingface"]);
    assert_eq!(
        recorded.as_object().unwrap().keys().collect::<Vec<_>>(),
        ours.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    // The account signs its new owner in.
    let frank = Asker::new(&tenant, "frank", SCOPES).await;
    let (_, signed_in) = frank.ask("GET /my-account", Value::Null).await;
    assert_eq!(signed_in["id"], account["id"]);
}

#[tokio::test]
async fn a_third_party_may_look_and_not_touch() {
    let tenant = builder().third_party(true).start().await.unwrap();
    let url = auth_url(&tenant, &[("scope", SCOPES), ("resource", "")]);
    assert!(tenant.sign_in(&url, "pm").await.is_ok());
    let them = Asker::new(&tenant, "pm", SCOPES).await;
    assert_eq!(them.ask("GET /my-account", Value::Null).await.0, 200);
    for (note, request, body) in [
        ("PATCH /my-account", "PATCH /my-account", json!({ "name": "x" })),
        (
            "POST /verifications/password",
            "POST /verifications/password",
            json!({ "password": PASSWORD }),
        ),
        ("PATCH /profile", "PATCH /my-account/profile", json!({ "nickname": "x" })),
    ] {
        them.like(&format!("third-party token: {note}"), request, body).await;
    }
}

#[tokio::test]
async fn who_has_neither_password_nor_address_is_asked_for_neither() {
    let tenant = tenant().await;
    let carol = Asker::new(&tenant, "carol", SCOPES).await;
    let (status, sessions) = carol.ask("GET /my-account/sessions", Value::Null).await;
    assert_eq!((status, sessions["sessions"].as_array().unwrap().len()), (200, 1));
    let (_, account) = carol.ask("GET /my-account", Value::Null).await;
    assert_eq!(account["hasSecurityVerificationMethod"], false);
    // It is the only way in.
    let remove = "DELETE /my-account/identities/huggingface";
    let (status, refused) = carol.ask(remove, Value::Null).await;
    assert_eq!((status, text(&refused, "code")), (400, "user.last_sign_in_method_required"));
}
