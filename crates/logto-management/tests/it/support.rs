//! A tenant without anything, and a client for it.

use logto_local::{LocalTenant, LocalTenantBuilder};
use logto_management::Management;
use logto_management::provision::HuggingFaceSetup;

pub(crate) const BASE: &str = "http://localhost:3000";

pub(crate) async fn empty() -> (LocalTenant, Management) {
    start(LocalTenant::builder().empty()).await
}

pub(crate) async fn start(builder: LocalTenantBuilder) -> (LocalTenant, Management) {
    let tenant = builder.start().await.unwrap();
    let management = client(&tenant);
    (tenant, management)
}

pub(crate) fn client(tenant: &LocalTenant) -> Management {
    let machine = tenant.machine_app();
    Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap()
}

pub(crate) fn setup() -> HuggingFaceSetup {
    HuggingFaceSetup::new(BASE)
        .with_app_name("demo")
        .with_credentials("hf-client-id", "hf-client-secret")
        .with_skip_required_identifiers(true)
}

/// An authorization URL of an app.
pub(crate) fn sign_in_url(tenant: &LocalTenant, app_id: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", app_id)
        .append_pair("redirect_uri", &format!("{BASE}/callback"))
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile email")
        .finish();
    format!("{}/oidc/auth?{query}", tenant.endpoint())
}
