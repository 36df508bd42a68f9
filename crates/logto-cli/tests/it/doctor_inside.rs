//! `logto doctor`: misconfigurations that the tenant itself tells of.

use std::time::{Duration, SystemTime};

use logto_local::LocalTenant;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::{ReservedPort, sign_in_of};
use crate::checked_app::CheckedApp;

#[tokio::test]
async fn a_secret_that_has_expired() {
    let checked = CheckedApp::healthy().await;
    let secrets = checked.management();
    let secrets = secrets.applications();
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let secret = secrets.add_secret(checked.tenant.app_id(), "old", Some(yesterday)).await.unwrap();
    let checked = checked.with("LOGTO_APP_SECRET", secret.value.expose_secret());
    checked.suffers_from("secret", "has expired").await;
}

#[tokio::test]
async fn a_secret_that_will_expire() {
    let checked = CheckedApp::healthy().await;
    let secrets = checked.management();
    let secrets = secrets.applications();
    let soon = SystemTime::now() + Duration::from_secs(3 * 24 * 3600 + 60);
    let secret = secrets.add_secret(checked.tenant.app_id(), "next", Some(soon)).await.unwrap();
    let checked = checked.with("LOGTO_APP_SECRET", secret.value.expose_secret());
    checked.suffers_from("end of secret", "ends in 3 days").await;
}

#[tokio::test]
async fn a_connector_that_is_missing() {
    let checked = CheckedApp::healthy().await;
    let connectors = checked.management();
    let connectors = connectors.connectors();
    for connector in connectors.list().await.unwrap() {
        connectors.delete(&connector.id).await.unwrap();
    }
    checked.suffers_from("connector", "no connector for huggingface").await;
    let checked = checked.with("LOGTO_M2M_APP_ID", "");
    checked.suffers_from("connector", "no button for huggingface").await;
    assert!(checked.findings(&["--connector", "none"]).await.is_empty());
}

#[tokio::test]
async fn sign_in_settings_that_are_wrong() {
    for (change, told) in [
        (json!({ "socialSignInConnectorTargets": ["google"] }), "no button for huggingface"),
        (
            json!({ "socialSignIn": { "automaticAccountLinking": true, "skipRequiredIdentifiers": true } }),
            "automatic account linking is on",
        ),
        (json!({ "socialSignIn": {} }), "must first enter: username"),
        (json!({ "signInMode": "SignIn" }), "registration is closed"),
    ] {
        let checked = CheckedApp::healthy().await;
        let management = checked.management();
        management.sign_in_experience().update(&change).await.unwrap();
        checked.suffers_from("connector", told).await;
        // From outside, too.
        checked.with("LOGTO_M2M_APP_ID", "").suffers_from("connector", told).await;
    }
}

#[tokio::test]
async fn machine_credentials_that_are_wrong() {
    let checked = CheckedApp::healthy().await.with("LOGTO_M2M_APP_SECRET", "local-wrong");
    checked.suffers_from("inside", "the Management API cannot be used").await;
}

#[tokio::test]
async fn a_back_channel_that_leads_nowhere() {
    let port = ReservedPort::new().await;
    let tenant = LocalTenant::builder().base_url(&port.base_url).back_channel_logout(true);
    let checked = CheckedApp::at(&port.base_url, tenant).await;
    let (tenant, base_url) = (&checked.tenant, port.base_url.clone());
    port.run_other_app(sign_in_of(tenant, &base_url, "consent", tenant.app_id()));
    checked.suffers_from("back-channel logout", "answers 404").await;
}

#[tokio::test]
async fn a_back_channel_of_another_address() {
    let checked = CheckedApp::healthy().await;
    let other = ReservedPort::new().await;
    let management = checked.management();
    let app = management.applications().get(checked.tenant.app_id()).await.unwrap();
    let mut to = logto_management::ApplicationChanges::default();
    let mut addresses = app.oidc_client_metadata;
    let elsewhere = format!("{}/backchannel-logout", other.base_url);
    addresses.backchannel_logout_uri = Some(elsewhere.clone());
    to.oidc_client_metadata = Some(addresses);
    management.applications().update(&app.id, &to).await.unwrap();
    other.run_app(&checked.tenant);
    checked.suffers_from("back-channel logout", &elsewhere).await;
}

#[tokio::test]
async fn claims_that_do_not_fit_into_cookies_are_kept_in_the_store() {
    let scopes = "urn:logto:scope:organizations urn:logto:scope:organization_roles";
    let checked = CheckedApp::idle().await.with("LOGTO_SCOPES", scopes);
    assert!(checked.findings(&[]).await.is_empty());
    let management = checked.management();
    for number in 0..450 {
        let body = json!({ "name": format!("Team {number}") });
        management.post(&["organizations"]).json(&body).done().await.unwrap();
    }
    assert!(checked.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn claims_of_any_size() {
    let checked = CheckedApp::healthy().await;
    let management = checked.management();
    management.configs().set_id_token_claims(&["roles", "custom_data"]).await.unwrap();
    checked.suffers_from("cookie budget", "custom_data").await;
}

#[tokio::test]
async fn scopes_of_an_api_are_known_from_inside() {
    let checked = CheckedApp::idle()
        .await
        .with("LOGTO_RESOURCES", "https://api.example.test")
        .with("LOGTO_SCOPES", "read:things");
    assert!(checked.findings(&[]).await.is_empty());
    let checked = checked.with("LOGTO_SCOPES", "read:things reed:things");
    checked.suffers_from("scopes", "reed:things").await;
}

#[tokio::test]
async fn an_account_center_that_does_not_show_what_the_app_asks_for() {
    let scopes = "identities urn:logto:scope:sessions";
    let checked = CheckedApp::idle().await.with("LOGTO_SCOPES", scopes);
    let management = checked.management();
    let change = async |to: serde_json::Value| {
        management.account_center().update(&to).await.unwrap();
    };
    change(json!({ "enabled": false })).await;
    checked.suffers_from("account center", "the account center is off").await;
    change(json!({ "enabled": true, "fields": { "social": "Edit", "session": "Off" } })).await;
    checked.suffers_from("account center", "does not show the field session").await;
    change(json!({ "fields": { "social": "ReadOnly", "session": "Edit" } })).await;
    assert!(checked.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn webhooks_that_the_app_does_not_take() {
    let port = ReservedPort::new().await;
    let tenant = LocalTenant::builder().base_url(&port.base_url).webhooks(true);
    let checked = CheckedApp::at(&port.base_url, tenant).await;
    // An app without the key, which refuses them.
    port.run_app(&checked.tenant);
    checked.suffers_from("webhooks", "does not have the signing key").await;
    let key = checked.tenant.webhook_signing_key().unwrap().to_owned();
    let checked = checked.with("LOGTO_WEBHOOK_SIGNING_KEY", format!("{},{key}", "a".repeat(32)));
    assert!(checked.findings(&[]).await.is_empty());

    let management = checked.management();
    let user = management.users().create(&logto_management::NewUser::default()).await.unwrap();
    let hooks = management.hooks();
    let hook = hooks.list().all().await.unwrap().remove(0);
    let delivered = async |count: usize| {
        while hooks.deliveries(&hook.id).all().await.unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    };
    // The SDK does nothing about a new user.
    delivered(1).await;
    let told =
        "1 of 1 webhooks of the last 24 hours were not taken: the latest of them, User.Created";
    let finding = checked.suffers_from("webhooks", told).await;
    assert_eq!(finding["severity"], "advice", "{finding}");

    management.users().delete(&user.id).await.unwrap();
    delivered(2).await;
    management.users().create(&logto_management::NewUser::default()).await.unwrap();
    delivered(3).await;
    let told = "3 of 3 webhooks of the last 24 hours were not taken: the latest of them that the SDK acts on, User.Deleted";
    let finding = checked.suffers_from("webhooks", told).await;
    assert_eq!(finding["severity"], "problem", "{finding}");

    let mut change = logto_management::HookChanges::default();
    change.enabled = Some(false);
    hooks.update(&hook.id, &change).await.unwrap();
    let found = checked.findings(&[]).await;
    let told: Vec<_> = found.iter().map(|(_, finding)| finding["what"].as_str().unwrap()).collect();
    assert!(told[0].contains("is off"), "{told:?}");
}
