//! `logto doctor`: misconfigurations that the tenant itself tells of.

use std::time::{Duration, SystemTime};

use logto_local::LocalTenant;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::{Place, sign_in_of};
use crate::patient::Patient;

#[tokio::test]
async fn a_secret_that_has_expired() {
    let patient = Patient::healthy().await;
    let secrets = patient.management();
    let secrets = secrets.applications();
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let secret = secrets.add_secret(patient.tenant.app_id(), "old", Some(yesterday)).await.unwrap();
    let patient = patient.with("LOGTO_APP_SECRET", secret.value.expose_secret());
    patient.suffers_from("secret", "has expired").await;
}

#[tokio::test]
async fn a_secret_that_will_expire() {
    let patient = Patient::healthy().await;
    let secrets = patient.management();
    let secrets = secrets.applications();
    let soon = SystemTime::now() + Duration::from_secs(3 * 24 * 3600 + 60);
    let secret = secrets.add_secret(patient.tenant.app_id(), "next", Some(soon)).await.unwrap();
    let patient = patient.with("LOGTO_APP_SECRET", secret.value.expose_secret());
    patient.suffers_from("end of secret", "ends in 3 days").await;
}

#[tokio::test]
async fn a_connector_that_is_missing() {
    let patient = Patient::healthy().await;
    let connectors = patient.management();
    let connectors = connectors.connectors();
    for connector in connectors.list().await.unwrap() {
        connectors.delete(&connector.id).await.unwrap();
    }
    patient.suffers_from("connector", "no connector for huggingface").await;
    let patient = patient.with("LOGTO_M2M_APP_ID", "");
    patient.suffers_from("connector", "no button for huggingface").await;
    assert!(patient.findings(&["--connector", "none"]).await.is_empty());
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
        let patient = Patient::healthy().await;
        let management = patient.management();
        management.sign_in_experience().update(&change).await.unwrap();
        patient.suffers_from("connector", told).await;
        // From outside, too.
        patient.with("LOGTO_M2M_APP_ID", "").suffers_from("connector", told).await;
    }
}

#[tokio::test]
async fn machine_credentials_that_are_wrong() {
    let patient = Patient::healthy().await.with("LOGTO_M2M_APP_SECRET", "local-wrong");
    patient.suffers_from("inside", "the Management API cannot be used").await;
}

#[tokio::test]
async fn a_back_channel_that_leads_nowhere() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url).back_channel_logout(true);
    let patient = Patient::at(&place.base_url, tenant).await;
    let (tenant, base_url) = (&patient.tenant, place.base_url.clone());
    place.run_other_app(sign_in_of(tenant, &base_url, "consent", tenant.app_id()));
    patient.suffers_from("back-channel logout", "answers 404").await;
}

#[tokio::test]
async fn a_back_channel_of_another_address() {
    let patient = Patient::healthy().await;
    let other = Place::find().await;
    let management = patient.management();
    let app = management.applications().get(patient.tenant.app_id()).await.unwrap();
    let mut to = logto_management::ApplicationChanges::default();
    let mut addresses = app.oidc_client_metadata;
    let elsewhere = format!("{}/backchannel-logout", other.base_url);
    addresses.backchannel_logout_uri = Some(elsewhere.clone());
    to.oidc_client_metadata = Some(addresses);
    management.applications().update(&app.id, &to).await.unwrap();
    other.run_app(&patient.tenant);
    patient.suffers_from("back-channel logout", &elsewhere).await;
}

#[tokio::test]
async fn claims_that_do_not_fit_into_cookies_are_kept_in_the_store() {
    let scopes = "urn:logto:scope:organizations urn:logto:scope:organization_roles";
    let patient = Patient::idle().await.with("LOGTO_SCOPES", scopes);
    assert!(patient.findings(&[]).await.is_empty());
    let management = patient.management();
    for number in 0..450 {
        let body = json!({ "name": format!("Team {number}") });
        management.post(&["organizations"]).json(&body).done().await.unwrap();
    }
    assert!(patient.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn claims_of_any_size() {
    let patient = Patient::healthy().await;
    let management = patient.management();
    management.configs().set_id_token_claims(&["roles", "custom_data"]).await.unwrap();
    patient.suffers_from("cookie budget", "custom_data").await;
}

#[tokio::test]
async fn scopes_of_an_api_are_known_from_inside() {
    let patient = Patient::idle()
        .await
        .with("LOGTO_RESOURCES", "https://api.example.test")
        .with("LOGTO_SCOPES", "read:things");
    assert!(patient.findings(&[]).await.is_empty());
    let patient = patient.with("LOGTO_SCOPES", "read:things reed:things");
    patient.suffers_from("scopes", "reed:things").await;
}

#[tokio::test]
async fn an_account_center_that_does_not_show_what_the_app_asks_for() {
    let scopes = "identities urn:logto:scope:sessions";
    let patient = Patient::idle().await.with("LOGTO_SCOPES", scopes);
    let management = patient.management();
    let change = async |to: serde_json::Value| {
        management.account_center().update(&to).await.unwrap();
    };
    change(json!({ "enabled": false })).await;
    patient.suffers_from("account center", "the account center is off").await;
    change(json!({ "enabled": true, "fields": { "social": "Edit", "session": "Off" } })).await;
    patient.suffers_from("account center", "does not show the field session").await;
    change(json!({ "fields": { "social": "ReadOnly", "session": "Edit" } })).await;
    assert!(patient.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn webhooks_that_the_app_does_not_take() {
    let place = Place::find().await;
    let tenant = LocalTenant::builder().base_url(&place.base_url).webhooks(true);
    let patient = Patient::at(&place.base_url, tenant).await;
    // An app without the key, which refuses them.
    place.run_app(&patient.tenant);
    patient.suffers_from("webhooks", "does not have the signing key").await;
    let key = patient.tenant.webhook_signing_key().unwrap().to_owned();
    let patient = patient.with("LOGTO_WEBHOOK_SIGNING_KEY", format!("{},{key}", "a".repeat(32)));
    assert!(patient.findings(&[]).await.is_empty());

    let management = patient.management();
    let user = management.users().create(&logto_management::NewUser::default()).await.unwrap();
    management.users().delete(&user.id).await.unwrap();
    let hooks = management.hooks();
    let hook = hooks.list().all().await.unwrap().remove(0);
    while hooks.deliveries(&hook.id).all().await.unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    patient.suffers_from("webhooks", "2 of 2 webhooks of the last 24 hours were not taken").await;

    let mut change = logto_management::HookChanges::default();
    change.enabled = Some(false);
    hooks.update(&hook.id, &change).await.unwrap();
    let found = patient.findings(&[]).await;
    let told: Vec<_> = found.iter().map(|(_, finding)| finding["what"].as_str().unwrap()).collect();
    assert!(told[0].contains("is off"), "{told:?}");
}
