//! The tenant's sign-in pages.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::call::Call;
use crate::directory::{HUGGING_FACE, text};
use crate::reply;
use crate::routes::magic_link;
use crate::routes::progress::current_interaction;
use crate::routes::templates::Message;
use crate::state::{Shared, Tenant};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    heading: &'a str,
    app_id: &'a str,
    hugging_face: bool,
    login_hint: Option<&'a str>,
    notice: Option<&'a str>,
}

pub(crate) async fn page(State(tenant): State<Shared>, call: Call) -> Response {
    let Some((uid, _)) = current_interaction(&tenant, &call) else {
        return unknown_session(&tenant);
    };
    if let Some(reply) = magic_link::follow(&tenant, &call) {
        return reply;
    }
    let notice = {
        let mut store = tenant.store();
        store.interactions.get_mut(&uid).and_then(|interaction| interaction.notice.take())
    };
    let heading = match call.path.as_str() {
        "/register" | "/identifier-register" => "Create your account",
        "/reset-password" => "Reset your password",
        "/single-sign-on" => "Single sign-on",
        _ => "Sign in to your account",
    };
    let template = SignIn {
        heading,
        hugging_face: tenant.store().directory.button(HUGGING_FACE).is_some(),
        app_id: call.query.get("app_id").unwrap_or_default(),
        login_hint: call.query.get("login_hint"),
        notice,
    };
    reply::page(StatusCode::OK, &template)
}

/// What a page answers where no sign-in is under way.
pub(super) fn unknown_session(tenant: &Tenant) -> Response {
    let store = tenant.store();
    match text(&store.directory.sign_in_experience, "unknownSessionRedirectUrl") {
        "" => reply::see_other("/unknown-session"),
        url => reply::see_other(url),
    }
}

pub(crate) async fn unknown_session_page() -> Response {
    let text = "Session not found. Please go back and sign in again.";
    reply::page(StatusCode::OK, &Message { heading: "404 Not Found", text })
}

pub(crate) async fn account_suspended() -> Response {
    let text = "This account has been suspended. Please contact the administrator for assistance.";
    reply::page(StatusCode::OK, &Message { heading: "Account suspended", text })
}
