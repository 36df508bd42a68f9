//! Chooses the page that a sign-in begins with.

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::call::Params;

/// The page that a browser without a session sees first. An unknown `first_screen` is the sign-in
/// page.
pub(super) fn first_page(app_id: &str, params: &Params) -> String {
    let screen = match (params.get("first_screen"), params.get("interaction_mode")) {
        (Some("register"), _) | (None, Some("signUp")) => "register",
        (Some("reset_password"), _) => "reset-password",
        (Some("identifier:sign_in"), _) => "identifier-sign-in",
        (Some("identifier:register"), _) => "identifier-register",
        (Some("single_sign_on"), _) => "single-sign-on",
        _ => "sign-in",
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("app_id", app_id);
    for name in ["organization_id", "one_time_token", "login_hint", "identifier", "ui_locales"] {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    match params.get("direct_sign_in") {
        Some(target) => {
            query.append_pair("fallback", screen);
            let path = form_urlencoded::byte_serialize(target.as_bytes())
                .collect::<String>()
                .replace("%3A", "/");
            format!("/direct/{path}?{}", query.finish())
        }
        None => format!("/{screen}?{}", query.finish()),
    }
}

/// What the pages should know of the request, as JSON.
pub(super) fn context(app_id: &str, params: &Params) -> String {
    let mut context = Map::new();
    context.insert("appId".to_owned(), app_id.into());
    for (parameter, member) in [("organization_id", "organizationId"), ("ui_locales", "uiLocales")]
    {
        if let Some(value) = params.get(parameter) {
            context.insert(member.to_owned(), value.into());
        }
    }
    Value::Object(context).to_string()
}
