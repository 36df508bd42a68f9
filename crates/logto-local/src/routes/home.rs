//! The tenant's own page: its users, its apps, and the latest requests.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::apps::{App, AppKind};
use crate::directory::text;
use crate::log::SeenRequest;
use crate::reply;
use crate::routes::hugging_face::Choice;
use crate::state::Shared;
use crate::store::Store;

/// How many requests the page shows.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    endpoint: &'a str,
    issuer: &'a str,
    users: Vec<Choice>,
    apps: Vec<Registered>,
    /// Addresses, and the codes that would have been mailed to them.
    codes: Vec<(String, String)>,
    requests: Vec<Asked>,
}

struct Registered {
    name: String,
    kind: &'static str,
    id: String,
    secret: String,
    addresses: Vec<(&'static str, String)>,
}

/// Names and results, never values: codes and tokens travel in those.
struct Asked {
    method: String,
    path: String,
    status: String,
    remark: String,
    refused: bool,
}

pub(crate) async fn page(State(tenant): State<Shared>) -> Response {
    let seen = tenant.log.seen();
    let of_interest = |request: &&SeenRequest| {
        let furniture = request.path == "/" || request.path.starts_with("/avatars/");
        !furniture && request.path != "/favicon.ico"
    };
    let requests = seen.iter().rev().filter(of_interest).take(SHOWN);
    let requests = requests.map(asked).collect();
    let (users, apps, codes) = {
        let store = tenant.store();
        let users = store.users.iter();
        (
            users.map(|one| Choice::new(one, &tenant.endpoint)).collect(),
            store.apps.iter().map(registered).collect(),
            codes(&store, tenant.clock.millis()),
        )
    };
    let home =
        Home { endpoint: &tenant.endpoint, issuer: &tenant.issuer, users, apps, codes, requests };
    reply::page(StatusCode::OK, &home)
}

/// The newest first.
fn codes(store: &Store, now_ms: u64) -> Vec<(String, String)> {
    let records = store.verifications.values().filter(|record| record.expires_ms > now_ms);
    let mut sent: Vec<_> = records.filter(|record| record.code.is_some()).collect();
    sent.sort_by_key(|record| std::cmp::Reverse(record.expires_ms));
    sent.iter().filter_map(|record| record.code.clone()).collect()
}

fn registered(app: &App) -> Registered {
    let redirects = app.redirect_uris.iter();
    let redirects = redirects.map(|uri| ("Redirect URI", uri.clone()));
    let after_sign_out = app.post_logout_redirect_uris.iter();
    let after_sign_out = after_sign_out.map(|uri| ("After sign-out", uri.clone()));
    let back_channel = app.back_channel.uri.iter();
    let back_channel = back_channel.map(|uri| ("Back-channel logout", uri.clone()));
    Registered {
        name: text(&app.about, "name").to_owned(),
        kind: match app.kind {
            AppKind::Web if app.third_party => "Third-party web app",
            AppKind::Web => "Web app",
            AppKind::Native => "Native app",
            AppKind::MachineToMachine => "Machine-to-machine app",
            AppKind::Document => "Client with a metadata document",
            AppKind::Other => "Other app",
        },
        id: app.id.clone(),
        secret: app.secrets.first().map(|one| one.value.clone()).unwrap_or_default(),
        addresses: redirects.chain(after_sign_out).chain(back_channel).collect(),
    }
}

fn asked(request: &SeenRequest) -> Asked {
    let parameters = request.query.iter().chain(&request.form);
    let names: Vec<&str> = parameters.map(|(name, _)| name.as_str()).collect();
    Asked {
        method: request.method.clone(),
        path: shortened(&request.path),
        status: request.status.map_or_else(|| "…".to_owned(), |status| status.to_string()),
        refused: request.refusal.is_some(),
        remark: request.refusal.clone().unwrap_or_else(|| names.join(" ")),
    }
}

/// The last part of `/oidc/auth/<uid>` and `/oidc/device/<uid>` resumes a sign-in.
fn shortened(path: &str) -> String {
    let flows = ["/oidc/auth/", "/oidc/device/"];
    match flows.iter().find(|flow| path.starts_with(**flow) && path != "/oidc/device/auth") {
        Some(flow) => format!("{flow}…"),
        None => path.to_owned(),
    }
}
