//! From nothing to the button, again, half-way, and around what is there already.

use std::time::UNIX_EPOCH;

use logto_local::{Endpoint, Fault};
use logto_management::provision::{HuggingFaceSetup, Plan, Warning};
use logto_management::{
    ApplicationChanges, ApplicationType, ConnectorConfig, ErrorKind, HookChanges, Management,
    NewApplication, NewConnector,
};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{BASE, empty, setup, sign_in_url};

pub(crate) async fn apply(setup: &HuggingFaceSetup, management: &Management) -> Plan {
    let plan = setup.plan(management).await.unwrap();
    plan.clone().apply(management, |_| {}).await.unwrap();
    plan
}

pub(crate) fn titles(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.title.as_str()).collect()
}

#[tokio::test]
async fn an_internal_endpoint_is_asked_and_addresses_name_the_public_one() {
    let (tenant, _) = empty().await;
    let (public, machine) = (tenant.endpoint(), tenant.machine_app());
    let internal = public.replace("localhost", "127.0.0.1");
    let management = Management::builder(public, &machine.app_id, &machine.app_secret)
        .internal_endpoint(&internal)
        .build()
        .unwrap();
    let plan = apply(&setup(), &management).await;
    assert!(plan.hugging_face_redirect_uris().iter().all(|uri| uri.starts_with(public)));
    let host = internal.strip_prefix("http://");
    let requests = tenant.requests();
    assert!(requests.len() > 10);
    assert!(requests.iter().all(|request| request.header("host") == host));
}

#[tokio::test]
async fn an_empty_tenant_is_set_up_and_users_sign_in_with_no_other_step() {
    let (tenant, management) = empty().await;
    let plan = setup().plan(&management).await.unwrap();
    assert_eq!(
        titles(&plan),
        [
            "create the application demo",
            "create the connector for Hugging Face",
            "show the Hugging Face button",
            "let new users from social connectors sign up without a user name",
        ]
    );
    let mut done = Vec::new();
    let ready =
        plan.clone().apply(&management, |change| done.push(change.title.clone())).await.unwrap();
    assert_eq!(done, titles(&plan));
    assert!(ready.app_secret.expose_secret().starts_with("local-"));
    let url = sign_in_url(&tenant, &ready.app_id);
    let callback = tenant.sign_in(&url, "carol").await.unwrap();
    assert!(callback.starts_with("http://localhost:3000/callback?code="), "{callback}");
    let redirect_uri = format!("{}/callback/{}", tenant.endpoint(), ready.connector_id);
    assert_eq!(plan.hugging_face_redirect_uris()[0], redirect_uri);
    let asked_hugging_face = tenant.requests().into_iter().any(|request| {
        request.path == "/hugging-face/oauth/authorize"
            && request.param("redirect_uri") == Some(&redirect_uri)
            && request.param("client_id") == Some("hf-client-id")
    });
    assert!(asked_hugging_face);
}

#[tokio::test]
async fn a_browser_comes_back_from_signing_out_to_the_base_url_as_it_is_written() {
    let (_tenant, management) = empty().await;
    for (base_url, home) in [
        ("https://app.example.com", "https://app.example.com/"),
        ("https://app.example.com/", "https://app.example.com/"),
        ("https://app.example.com/shop", "https://app.example.com/shop"),
        ("https://app.example.com/shop/", "https://app.example.com/shop/"),
    ] {
        let plan = HuggingFaceSetup::new(base_url).plan(&management).await.unwrap();
        let shown = plan.changes[0].to_string();
        let lines = shown.lines().filter(|line| line.contains("post sign-out redirect URI"));
        let expected = format!("  + post sign-out redirect URI: {home}");
        assert_eq!(lines.collect::<Vec<_>>(), [expected], "{base_url}");
    }
}

/// The id of the application that was set up.
async fn plan_of_app(management: &Management) -> String {
    let applications = management.applications().list().all().await.unwrap();
    applications.into_iter().find(|one| one.name == "demo").unwrap().id
}

#[tokio::test]
async fn users_of_a_stale_sign_in_page_come_back_to_the_only_app_of_a_tenant() {
    let (_tenant, management) = empty().await;
    let setup = HuggingFaceSetup::new("https://app.example.com/shop/")
        .with_app_name("demo")
        .with_credentials("hf-client-id", "hf-client-secret");
    let title = "send users of a stale sign-in page back to the application";
    let plan = apply(&setup, &management).await;
    assert!(titles(&plan).contains(&title), "{:?}", titles(&plan));
    let url = async || {
        let now = management.sign_in_experience().get().await.unwrap();
        now.unknown_session_redirect_url
    };
    assert_eq!(url().await.as_deref(), Some("https://app.example.com/shop/"));
    assert!(setup.plan(&management).await.unwrap().is_empty());

    // Found by its id as well.
    let none = json!({ "unknownSessionRedirectUrl": null });
    management.sign_in_experience().update(&none).await.unwrap();
    let by_id = setup.clone().with_app_id(plan_of_app(&management).await);
    assert_eq!(titles(&apply(&by_id, &management).await), [title]);

    // What the tenant's owner chose stays.
    let own = json!({ "unknownSessionRedirectUrl": "https://www.example.com/" });
    management.sign_in_experience().update(&own).await.unwrap();
    assert!(setup.plan(&management).await.unwrap().is_empty());

    // There is one address for all applications.
    management.sign_in_experience().update(&none).await.unwrap();
    let other = NewApplication::new("another", ApplicationType::Spa);
    management.applications().create(&other).await.unwrap();
    assert!(setup.plan(&management).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let (tenant, management) = empty().await;
    let first = apply(&setup(), &management).await;
    tenant.clear_requests();
    let second = setup().plan(&management).await.unwrap();
    assert!(second.is_empty(), "{:?}", titles(&second));
    assert_eq!(second.warnings, []);
    assert_eq!(second.connector_id(), first.connector_id());
    second.apply(&management, |_| {}).await.unwrap();
    let sent = tenant.requests();
    let writes = sent.iter().filter(|one| one.path.starts_with("/api/") && one.method != "GET");
    assert_eq!(writes.count(), 0);
}

#[tokio::test]
async fn the_plan_is_a_diff_without_secrets() {
    let (_tenant, management) = empty().await;
    let plan = setup().plan(&management).await.unwrap();
    let shown: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
    let id = plan.connector_id();
    assert_eq!(
        shown.join("\n"),
        format!(
            "create the application demo
  + redirect URI: http://localhost:3000/callback
  + post sign-out redirect URI: http://localhost:3000/
  + back-channel logout URI: http://localhost:3000/backchannel-logout
create the connector for Hugging Face
  + id: {id}
  + kind: huggingface-universal
  + client id: hf-client-id
  + scope: profile email
show the Hugging Face button
  + buttons: huggingface
let new users from social connectors sign up without a user name
  - required of new users: username
  + required of new users: nothing"
        )
    );
    assert!(!format!("{plan:?}").contains("hf-client-secret"));
}

#[tokio::test]
async fn the_redirect_uri_is_known_before_hugging_face_gave_a_client_id() {
    let (tenant, management) = empty().await;
    let without = HuggingFaceSetup::new(BASE).with_app_name("demo");
    let plan = without.plan(&management).await.unwrap();
    assert!(plan.needs_hugging_face_credentials());
    let uris = plan.hugging_face_redirect_uris();
    tenant.clear_requests();
    let error = plan.apply(&management, |_| {}).await.unwrap_err();
    assert_eq!(error.error().kind(), ErrorKind::InvalidRequest);
    assert!(tenant.requests().is_empty(), "something was sent");
    let applied = apply(&setup(), &management).await;
    assert_eq!(applied.hugging_face_redirect_uris(), uris);
    let again = without.plan(&management).await.unwrap();
    assert!(!again.needs_hugging_face_credentials() && again.is_empty());
}

#[tokio::test]
async fn what_is_there_is_adopted_and_kept() {
    let (_tenant, management) = empty().await;
    let mut app = NewApplication::new("demo", ApplicationType::Traditional);
    let addresses = json!({
        "redirectUris": ["http://localhost:8080/callback"], "postLogoutRedirectUris": [],
        "backchannelLogoutUri": "http://localhost:8080/bye", "somethingNew": 1,
    });
    app.oidc_client_metadata = Some(serde_json::from_value(addresses).unwrap());
    let app = management.applications().create(&app).await.unwrap();
    let config =
        json!({ "clientId": "old", "clientSecret": "old secret", "scope": "profile email orgs" });
    let config: ConnectorConfig = serde_json::from_value(config).unwrap();
    let connector = NewConnector::new("huggingface-universal", config);
    let connector = management.connectors().create(&connector).await.unwrap();
    let experience =
        json!({ "socialSignIn": { "automaticAccountLinking": true }, "signInMode": "SignIn" });
    management.sign_in_experience().update(&experience).await.unwrap();

    let plan = apply(&setup(), &management).await;
    assert_eq!(plan.connector_id(), connector.id);
    assert_eq!(
        plan.warnings,
        [
            Warning::OtherBackchannelLogoutUri("http://localhost:8080/bye".to_owned()),
            Warning::AutomaticAccountLinking,
            Warning::RegistrationClosed,
        ]
    );
    let app = management.applications().get(&app.id).await.unwrap();
    let now = app.oidc_client_metadata;
    assert_eq!(
        now.redirect_uris,
        ["http://localhost:8080/callback", "http://localhost:3000/callback"]
    );
    assert_eq!(now.backchannel_logout_uri.as_deref(), Some("http://localhost:8080/bye"));
    assert_eq!(now.other["somethingNew"], 1);
    let connector = management.connectors().get(&connector.id).await.unwrap();
    assert_eq!(connector.config.text("clientId"), Some("hf-client-id"));
    assert_eq!(connector.config.text("clientSecret"), Some("hf-client-secret"));
    assert_eq!(connector.config.text("scope"), Some("profile email orgs"));
    let social = management.sign_in_experience().get().await.unwrap().social_sign_in;
    assert_eq!(social.automatic_account_linking, Some(true));
    assert_eq!(social.skip_required_identifiers, Some(true));
    assert!(setup().plan(&management).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_half_way_tells_what_was_done_and_the_next_run_goes_on() {
    let (tenant, management) = empty().await;
    let plan = setup().plan(&management).await.unwrap();
    let faults = tenant.faults().clone();
    let outcome = plan.apply(&management, move |_| {
        faults.set_times(Endpoint::ManagementApi, Fault::Status(503), 1);
    });
    let error = outcome.await.unwrap_err();
    let done: Vec<&str> = error.done().iter().map(|change| change.title.as_str()).collect();
    assert_eq!(done, ["create the application demo"]);
    assert_eq!(error.failed().unwrap().title, "create the connector for Hugging Face");
    assert!(error.error().is_retryable());
    assert!(error.to_string().starts_with("cannot create the connector"), "{error}");
    let rest = apply(&setup(), &management).await;
    assert_eq!(rest.changes.len(), 3, "{:?}", titles(&rest));
    assert_eq!(management.applications().list().all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn without_the_option_new_users_are_stopped_and_a_warning_says_so() {
    let (tenant, management) = empty().await;
    let setup = setup().with_skip_required_identifiers(false);
    let plan = apply(&setup, &management).await;
    let expected = Warning::RequiredIdentifiers(vec!["username".to_owned()]);
    assert_eq!(plan.warnings, [expected]);
    let apps = management.applications().list().all().await.unwrap();
    let app = apps.iter().find(|app| app.name == "demo").unwrap();
    let stopped = tenant.sign_in(&sign_in_url(&tenant, &app.id), "alice").await;
    assert!(stopped.unwrap_err().to_string().contains("/continue/username"));
}

#[tokio::test]
async fn an_ended_secret_is_followed_by_another() {
    let (_tenant, management) = empty().await;
    apply(&setup(), &management).await;
    let apps = management.applications().list().all().await.unwrap();
    let app = &apps.iter().find(|app| app.name == "demo").unwrap().id;
    let applications = management.applications();
    applications.add_secret(app, "old", Some(UNIX_EPOCH)).await.unwrap();
    applications.delete_secret(app, "Default secret").await.unwrap();
    let plan = setup().plan(&management).await.unwrap();
    assert_eq!(titles(&plan), ["add a secret to the application demo"]);
    let ready = plan.apply(&management, |_| {}).await.unwrap();
    let secrets = applications.secrets(app).await.unwrap();
    assert_eq!(secrets[1].value.expose_secret(), ready.app_secret.expose_secret());
}

#[tokio::test]
async fn several_applications_of_a_name_have_to_be_told_apart() {
    let (_tenant, management) = empty().await;
    let new = NewApplication::new("demo", ApplicationType::Traditional);
    let one = management.applications().create(&new).await.unwrap();
    let other = management.applications().create(&new).await.unwrap();
    let error = setup().plan(&management).await.unwrap_err();
    assert!(error.to_string().contains(&one.id) && error.to_string().contains(&other.id));
    let plan = setup().with_app_id(&one.id).plan(&management).await.unwrap();
    assert_eq!(titles(&plan)[0], "register addresses of the application demo");
    let spa = NewApplication::new("spa", ApplicationType::Spa);
    let spa = management.applications().create(&spa).await.unwrap();
    let error = setup().with_app_id(&spa.id).plan(&management).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn what_changed_between_plan_and_apply_is_merged_too() {
    let (_tenant, management) = empty().await;
    let new = NewApplication::new("demo", ApplicationType::Traditional);
    let app = management.applications().create(&new).await.unwrap();
    let plan = setup().plan(&management).await.unwrap();
    let mut to = ApplicationChanges::default();
    let mut addresses = app.oidc_client_metadata;
    addresses.redirect_uris.push("http://localhost:8080/callback".to_owned());
    to.oidc_client_metadata = Some(addresses);
    management.applications().update(&app.id, &to).await.unwrap();
    plan.apply(&management, |_| {}).await.unwrap();
    let app = management.applications().get(&app.id).await.unwrap();
    assert_eq!(app.oidc_client_metadata.redirect_uris.len(), 2);
}

#[tokio::test]
async fn an_app_without_the_role_hears_which_role_it_needs() {
    let (tenant, management) = empty().await;
    let new = NewApplication::new("powerless", ApplicationType::MachineToMachine);
    let app = management.applications().create(&new).await.unwrap();
    let secrets = management.applications().secrets(&app.id).await.unwrap();
    let secret = secrets[0].value.expose_secret();
    let powerless = Management::new(tenant.endpoint(), &app.id, secret).unwrap();
    let error = setup().plan(&powerless).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAccess);
    assert!(error.to_string().contains("Logto Management API access"), "{error}");
    let wrong = Management::new(tenant.endpoint(), &app.id, "wrong").unwrap();
    let error = setup().plan(&wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAccess);
}

#[tokio::test]
async fn a_webhook_is_created_once_and_completed_without_losing_anything() {
    let (_tenant, management) = empty().await;
    let setup = setup().with_webhooks(true);
    let ready = setup.plan(&management).await.unwrap().apply(&management, |_| {}).await.unwrap();
    let [hook] = &management.hooks().list().all().await.unwrap()[..] else {
        panic!("one webhook");
    };
    assert_eq!(hook.config.url, "http://localhost:3000/webhooks/logto");
    let key = ready.webhook_signing_key.unwrap();
    assert_eq!(key.expose_secret(), hook.signing_key.expose_secret());
    assert!(hook.enabled && hook.events.iter().any(|event| event == "User.Deleted"));
    assert!(setup.plan(&management).await.unwrap().is_empty());

    // By hand an event was taken away, another and a header added, and the webhook switched off.
    let mut config = hook.config.clone();
    config.headers = Some([("x-mine".to_owned(), "abc".to_owned())].into());
    let mut changes = HookChanges::default();
    changes.events = Some(vec!["Role.Created".to_owned(), "User.Created".to_owned()]);
    changes.config = Some(config.clone());
    changes.enabled = Some(false);
    management.hooks().update(&hook.id, &changes).await.unwrap();
    let plan = apply(&setup, &management).await;
    assert_eq!(titles(&plan), ["complete the webhook"]);
    let after = management.hooks().list().all().await.unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].config, config);
    assert!(after[0].enabled && after[0].events[0] == "Role.Created");
    assert!(after[0].events.iter().any(|event| event == "User.Deleted"));
    assert_eq!(after[0].signing_key.expose_secret(), key.expose_secret());
    assert!(setup.plan(&management).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_account_api_is_opened_and_never_closed() {
    let (_tenant, management) = empty().await;
    apply(&setup(), &management).await;
    let before = json!({ "fields": { "email": "Edit", "name": "ReadOnly", "mfa": "ReadOnly" } });
    management.account_center().update(&before).await.unwrap();
    let setup = setup().with_account_api(true);
    let plan = apply(&setup, &management).await;
    assert_eq!(titles(&plan), ["let users see and change their account in apps"]);
    let told = plan.changes[0].to_string();
    for (field, is_changed) in [("name", true), ("session", true), ("email", false), ("mfa", false)]
    {
        let is_told = plan.changes[0].differences.iter().any(|one| one.name == field);
        assert_eq!(is_told, is_changed, "{field}: {told}");
    }
    let now = management.account_center().get().await.unwrap();
    assert!(now.enabled);
    for (field, level) in
        [("email", "Edit"), ("mfa", "ReadOnly"), ("name", "Edit"), ("session", "Edit")]
    {
        assert_eq!(now.fields[field], level, "{field}");
    }
    assert!(setup.plan(&management).await.unwrap().is_empty());
}
