//! Consent: a first-party app passes without a page, a third-party app shows one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::call::Call;
use crate::reply;
use crate::routes::progress::current_interaction;
use crate::routes::sign_in::unknown_session;
use crate::state::{Shared, Tenant};

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    app_id: &'a str,
    redirect_uri: &'a str,
    scopes: &'a [String],
}

pub(crate) async fn page(State(tenant): State<Shared>, call: Call) -> Response {
    let Some((uid, interaction)) = current_interaction(&tenant, &call) else {
        return unknown_session(&tenant);
    };
    let request = &interaction.request;
    let third_party = tenant.store().app(&request.app_id).is_some_and(|app| app.third_party);
    if third_party {
        let redirect_uri = &request.back.redirect_uri;
        return reply::page(
            StatusCode::OK,
            &Consent { app_id: &request.app_id, redirect_uri, scopes: &request.scopes },
        );
    }
    allow(&tenant, &uid)
}

/// Cancelling sends the browser to the bare redirect URI: no error, no state.
pub(crate) async fn decide(State(tenant): State<Shared>, call: Call) -> Response {
    match current_interaction(&tenant, &call) {
        None => reply::see_other("/unknown-session"),
        Some((uid, _)) if call.form.get("decision") == Some("authorize") => allow(&tenant, &uid),
        Some((_, interaction)) => reply::see_other(&interaction.request.back.redirect_uri),
    }
}

fn allow(tenant: &Tenant, uid: &str) -> Response {
    let mut store = tenant.store();
    let Some(waiting) = store.interactions.get_mut(uid) else {
        return reply::see_other("/unknown-session");
    };
    waiting.progress.consented = true;
    let path = waiting.request.resume_path(uid);
    reply::redirect(StatusCode::FOUND, &format!("{}{path}", tenant.endpoint))
}
