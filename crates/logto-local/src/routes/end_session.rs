//! `/oidc/session/end`: sign-out, in two steps and with a form between them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use crate::call::{Call, Params};
use crate::cookies::Cookies;
use crate::keys::NotOurs;
use crate::problem::Problem;
use crate::random;
use crate::reply;
use crate::routes::back_channel;
use crate::routes::templates::{AutoSubmit, Message};
use crate::state::{Shared, Tenant};
use crate::store::{Logout, SESSION_LIFE, Session, Store};

/// The first step is a page that submits itself: a browser needs JavaScript or one click.
pub(crate) async fn ask(State(tenant): State<Shared>, call: Call) -> Result<Response, Problem> {
    let mut store = tenant.store();
    let then = where_to(&store, call.params())?;
    let value = random::token()?;
    let now = tenant.clock.seconds();
    let known = call
        .cookie("_session")
        .filter(|cookie| store.sessions.contains_key(*cookie))
        .map(str::to_owned);
    let cookie = known.unwrap_or_else(|| {
        store
            .sessions
            .insert(value.clone(), Session { expires: now + SESSION_LIFE, ..Session::default() });
        value
    });
    let mut response = form(&tenant, &mut store, &cookie, then)?;
    Cookies { key: &tenant.cookie_key, response: &mut response }.session(&cookie);
    Ok(response)
}

/// The form that ends a session. Logto also shows it to a user who signs in over the session of
/// another.
pub(crate) fn form(
    tenant: &Tenant,
    store: &mut Store,
    cookie: &str,
    then: Option<Url>,
) -> Result<Response, Problem> {
    let xsrf = random::hex(&random::bytes::<24>()?);
    if let Some(session) = store.sessions.get_mut(cookie) {
        session.logout = Some(Logout { xsrf: xsrf.clone(), then });
    }
    let action = format!("{}/oidc/session/end/confirm", tenant.endpoint);
    let fields = [("xsrf", xsrf.as_str()), ("logout", "yes")];
    Ok(reply::page(StatusCode::OK, &AutoSubmit { action: &action, fields: &fields }))
}

/// Where the browser goes afterwards. Without a client the URI is ignored, not refused.
fn where_to(store: &Store, params: &Params) -> Result<Option<Url>, Problem> {
    let client_id = match params.get("id_token_hint") {
        Some(hint) => Some(client_of_hint(store, hint, params.get("client_id"))?),
        None => params.get("client_id").map(str::to_owned),
    };
    let (Some(client_id), Some(uri)) = (client_id, params.get("post_logout_redirect_uri")) else {
        return Ok(None);
    };
    let app = store.app(&client_id).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_client",
            format!("invalid client {client_id}"),
        )
    })?;
    if !app.allows_post_logout(uri) {
        return Err(Problem::invalid_request("post_logout_redirect_uri not registered"));
    }
    let mut then = Url::parse(uri)
        .map_err(|_| Problem::invalid_request("post_logout_redirect_uri not registered"))?;
    if let Some(state) = params.get("state") {
        then.query_pairs_mut().append_pair("state", state);
    }
    Ok(Some(then))
}

/// An expired hint is as good as a fresh one.
fn client_of_hint(store: &Store, hint: &str, client_id: Option<&str>) -> Result<String, Problem> {
    let claims = store.keys.verify(hint).map_err(|why| {
        Problem::invalid_request(match why {
            NotOurs::Undecodable => "could not decode id_token_hint",
            NotOurs::Unverifiable => "could not validate id_token_hint",
        })
    })?;
    let audience = claims.get("aud").and_then(|aud| aud.as_str()).unwrap_or_default();
    match client_id {
        Some(client_id) if client_id != audience => {
            Err(Problem::invalid_request("client_id does not match the provided id_token_hint"))
        }
        _ => Ok(audience.to_owned()),
    }
}

/// The second step ends the session and tells its apps before it redirects.
pub(crate) async fn confirm(State(tenant): State<Shared>, call: Call) -> Result<Response, Problem> {
    let cookie = call.cookie("_session").unwrap_or_default().to_owned();
    let (logout, ended) = end(&tenant, &cookie, &call.form)?;
    if let Some(session) = &ended {
        back_channel::tell_everyone(&tenant, session).await;
    }
    let success = || format!("{}/oidc/session/end/success", tenant.endpoint);
    let mut response = reply::see_other(&logout.then.map_or_else(success, String::from));
    if ended.is_some() {
        Cookies { key: &tenant.cookie_key, response: &mut response }.end_session();
    }
    Ok(response)
}

fn end(tenant: &Tenant, cookie: &str, form: &Params) -> Result<(Logout, Option<Session>), Problem> {
    let mut store = tenant.store();
    let logout = store.sessions.get_mut(cookie).and_then(|session| session.logout.clone());
    let logout = logout.ok_or_else(|| Problem::invalid_request("could not find logout details"))?;
    if form.get("xsrf") != Some(logout.xsrf.as_str()) {
        return Err(Problem::invalid_request("xsrf token invalid"));
    }
    let ended = form.get("logout").and_then(|_| store.end_session(cookie));
    Ok((logout, ended))
}

pub(crate) async fn success() -> Response {
    let text = "You have successfully signed out.";
    reply::page(StatusCode::OK, &Message { heading: "Signed out", text })
}
