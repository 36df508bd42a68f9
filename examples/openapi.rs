//! The OpenAPI document, the same in the examples with utoipa. The one with poem uses poem-openapi.

use utoipa::OpenApi;
use utoipa::openapi::security::{OpenIdConnect, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document};

use crate::logto::resource_server::Api;

#[derive(OpenApi)]
#[openapi(paths(crate::api_things), info(title = "Things"))]
struct Things;

/// The document with the URL of the tenant, which only the running app knows.
pub(crate) fn document(api: &Api) -> Document {
    let how = format!("Ask for the resource `{}`", api.resource());
    let scheme = OpenIdConnect::with_description(api.discovery_url(), how);
    let mut document = Things::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("logto", SecurityScheme::OpenIdConnect(scheme));
    document
}
