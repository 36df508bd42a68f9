//! A stand-in for Hugging Face: choose an account, authorize or decline.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use url::form_urlencoded;

use crate::call::Call;
use crate::directory::{HUGGING_FACE, text};
use crate::problem::Problem;
use crate::random;
use crate::reply;
use crate::routes::progress::current_interaction;
use crate::state::Shared;
use crate::store::{INTERACTION_LIFE, Linked, SocialLeg, Store};
use crate::users::TestUser;
use crate::vault::{KeptToken, TOKEN_LIFE};

const DECLINED: &str = "The user's authorization process is unsuccessful.";
const UNKNOWN: &str = "The social account has not been registered yet.";
const INVALID: &str = "The authorization is invalid";

#[derive(Template)]
#[template(path = "hugging_face.html")]
struct ChooseUser<'a> {
    state: &'a str,
    users: &'a [Choice],
}

/// A user as a page shows them.
pub(crate) struct Choice {
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) picture: Option<String>,
    pub(crate) initial: String,
}

impl Choice {
    pub(crate) fn new(user: &TestUser, endpoint: &str) -> Self {
        let initial = user.display_name().chars().next().unwrap_or('?');
        Self {
            handle: user.handle().to_owned(),
            name: user.display_name().to_owned(),
            about: user.about().to_owned(),
            picture: user.picture_url(endpoint),
            initial: initial.to_uppercase().to_string(),
        }
    }
}

/// `/direct/social/huggingface`, or the button of the sign-in page.
pub(crate) async fn begin(
    State(tenant): State<Shared>,
    Path(target): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    if current_interaction(&tenant, &call).is_none() {
        return Ok(reply::see_other("/unknown-session"));
    }
    let mut store = tenant.store();
    let button = store.directory.button(HUGGING_FACE);
    let Some(connector) = button.filter(|_| target == "social/huggingface") else {
        return Ok(reply::see_other("/sign-in"));
    };
    let state = random::token()?;
    let callback = format!("{}/callback/{}", tenant.endpoint, connector.id);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", text(&connector.config, "clientId"))
        .append_pair("scope", text(&connector.config, "scope"))
        .append_pair("redirect_uri", &callback)
        .append_pair("state", &state)
        .finish();
    let leg = SocialLeg {
        connector: connector.id.clone(),
        callback,
        code: random::token()?,
        token: format!("hf_oauth_{}", random::token()?),
        user: None,
        expires: tenant.clock.seconds() + INTERACTION_LIFE,
    };
    store.social.insert(state, leg);
    Ok(reply::see_other(&format!("/hugging-face/oauth/authorize?{query}")))
}

pub(crate) async fn page(State(tenant): State<Shared>, call: Call) -> Response {
    let choice = |user| Choice::new(user, &tenant.endpoint);
    let store = tenant.store();
    let users = store.users.iter().filter(|one| one.has_hugging_face());
    let users: Vec<Choice> = users.map(choice).collect();
    let template = ChooseUser { state: call.query.get("state").unwrap_or_default(), users: &users };
    reply::page(StatusCode::OK, &template)
}

/// The submitted form: on to the callback with a code, or with `access_denied`.
pub(crate) async fn decide(State(tenant): State<Shared>, call: Call) -> Response {
    let state = call.form.get("state").unwrap_or_default();
    let mut store = tenant.store();
    let user = call
        .form
        .get("person")
        .and_then(|handle| store.user(handle))
        .filter(|user| user.has_hugging_face());
    let user = user.map(|user| user.handle().to_owned());
    let Some(leg) = store.social.get_mut(state) else {
        return reply::see_other("/sign-in");
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    match (user, call.form.get("decision")) {
        (Some(user), Some("authorize")) => {
            leg.user = Some(user);
            query.append_pair("code", &leg.code);
        }
        _ => {
            query.append_pair("error", "access_denied").append_pair(
                "error_description",
                "The resource owner or authorization server denied the request.",
            );
        }
    }
    let location = format!("{}?{}", leg.callback, query.append_pair("state", state).finish());
    reply::redirect(StatusCode::FOUND, &location)
}

/// Back from Hugging Face. The interaction is the one of the cookie, whichever tab this is.
pub(crate) async fn callback(
    State(tenant): State<Shared>,
    Path(connector): Path<String>,
    call: Call,
) -> Response {
    let Some((uid, interaction)) = current_interaction(&tenant, &call) else {
        return reply::see_other("/sign-in");
    };
    let now = tenant.clock.seconds();
    let app_id = &interaction.request.app_id;
    let mut store = tenant.store();
    let leg = call
        .query
        .get("state")
        .and_then(|state| store.social.remove(state))
        .filter(|leg| leg.expires > now && leg.connector == connector);
    let (account, token) = leg
        .filter(|leg| call.query.get("code") == Some(&leg.code))
        .map_or((None, String::new()), |leg| (leg.user, leg.token));
    // An account that is linked to another user signs that one in.
    let signed_in_as =
        account.as_ref().map(|account| store.links.get(account).unwrap_or(account).clone());
    if signed_in_as.as_ref().is_some_and(|user| store.suspended.contains(user)) {
        return reply::see_other(&format!("/account-suspended?app_id={app_id}"));
    }
    let is_new = |user: &String| !store.accounts.contains_key(user);
    let newcomer = signed_in_as.clone().filter(is_new);
    let closed = newcomer.is_some() && store.directory.is_closed();
    if let (Some(user), Some(account), false) = (&signed_in_as, account, closed) {
        let scope = scope_of(&store, &connector);
        let connector = connector.clone();
        keep_token(&mut store, user, Linked { connector, account, token, scope }, now);
    }
    let stopped = newcomer.filter(|_| store.directory.requires_user_name());
    let Some(waiting) = store.interactions.get_mut(&uid) else {
        return reply::see_other("/unknown-session");
    };
    if signed_in_as.is_none() || closed {
        waiting.notice = Some(match call.query.get("error") {
            _ if closed => UNKNOWN,
            Some(_) => DECLINED,
            None => INVALID,
        });
        return reply::see_other(&format!("/sign-in?app_id={app_id}"));
    }
    if stopped.is_some() {
        waiting.newcomer = stopped;
        let query = format!("link_social={connector}&app_id={app_id}");
        return reply::see_other(&format!("/continue/username?{query}"));
    }
    waiting.signed_in_as = signed_in_as;
    waiting.progress.signed_in = true;
    let path = waiting.request.resume_path(&uid);
    reply::see_other(&format!("{}{path}", tenant.endpoint))
}

fn scope_of(store: &Store, connector: &str) -> String {
    let mut connectors = store.directory.connectors.iter();
    let connector = connectors.find(|one| one.id == connector);
    connector.map_or("", |connector| text(&connector.config, "scope")).to_owned()
}

/// Keeps the user's token if the connector is set up for that, and says whether it is.
pub(super) fn keep_token(store: &mut Store, user: &str, linked: Linked, now: u64) -> bool {
    let mut connectors = store.directory.connectors.iter();
    let is_set_up = connectors.any(|one| one.id == linked.connector && one.token_storage);
    if is_set_up {
        let Linked { connector, account, token, scope } = linked;
        let token = KeptToken { account, connector, token, scope, expires: now + TOKEN_LIFE };
        store.vault.keep(user, token);
    }
    is_set_up
}

/// The Hub's `/api/whoami-v2`, for the tokens that the tenant keeps.
pub(crate) async fn who_am_i(State(tenant): State<Shared>, call: Call) -> Response {
    let store = tenant.store();
    match owner(&tenant, &store, &call) {
        Some(user) => reply::json(StatusCode::OK, &user.who_am_i(&tenant.endpoint)),
        None => unauthorized(),
    }
}

/// The Hub's `/api/models`: everyone has made one.
pub(crate) async fn models(State(tenant): State<Shared>, call: Call) -> Response {
    let store = tenant.store();
    if owner(&tenant, &store, &call).is_none() {
        return unauthorized();
    }
    let author = call.query.get("author").unwrap_or_default();
    let model = format!("{author}/first-model");
    reply::json(StatusCode::OK, &json!([{ "id": model, "modelId": model, "private": false }]))
}

fn owner<'a>(tenant: &Shared, store: &'a Store, call: &Call) -> Option<&'a TestUser> {
    let token = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "))?;
    let handle = store.vault.owner(token, tenant.clock.seconds())?;
    store.user(handle)
}

fn unauthorized() -> Response {
    let refused = json!({ "error": "Invalid credentials in Authorization header" });
    reply::json(StatusCode::UNAUTHORIZED, &refused)
}
