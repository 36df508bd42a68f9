//! `/oidc/auth`: validates authorization requests.

mod first_page;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::apps::App;
use crate::authorization_request::{AuthorizationRequest, Prompt, ResponseMode, ReturnPath};
use crate::call::{Call, Params};
use crate::documents;
use crate::problem::Problem;
use crate::routes::progress;
use crate::scopes;
use crate::state::{Shared, Tenant};
use crate::store::Store;
use first_page::{context, first_page};

/// How the address of a request begins that was pushed (RFC 9126).
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// Shown to the user as JSON, or sent back to the app.
enum Refusal {
    Shown(Problem),
    Returned(ReturnPath, Problem),
}

pub(crate) async fn authorize(State(tenant): State<Shared>, call: Call) -> Response {
    let params = call.params();
    let request = check(&tenant, params);
    match request {
        Ok(request) => progress::start(&tenant, &call, request),
        Err(Refusal::Shown(problem)) => {
            let problem = problem.for_authorization(params.once("state"), &tenant.issuer);
            crate::reply::no_store(problem.into_response())
        }
        Err(Refusal::Returned(back, problem)) => back.error(&problem, &tenant.issuer),
    }
}

fn check(tenant: &Tenant, params: &Params) -> Result<AuthorizationRequest, Refusal> {
    let mut store = tenant.store();
    if let Some(client_id) = params.get("client_id") {
        let now_ms = tenant.clock.millis();
        documents::read(&mut store, client_id, now_ms).map_err(Refusal::Shown)?;
    }
    let (app, redirect_uri) = who_and_where(&store, params).map_err(Refusal::Shown)?;
    let mut back = ReturnPath {
        redirect_uri,
        mode: ResponseMode::Query,
        state: params.once("state").map(str::to_owned),
    };
    if params.get("request_uri").is_some_and(|uri| uri.starts_with(PUSHED)) {
        // The parameters would be in the request that was pushed, and nothing can be pushed here.
        back.state = None;
    }
    let checked =
        choose_response_mode(params, &mut back).and_then(|()| details(&store, app, params));
    match checked {
        Ok(details) => Ok(AuthorizationRequest { back, ..details }),
        Err(problem) => Err(Refusal::Returned(back, problem)),
    }
}

/// Until both are known to be right, errors are shown and never sent anywhere.
fn who_and_where<'a>(store: &'a Store, params: &Params) -> Result<(&'a App, String), Problem> {
    if let Some(name @ ("client_id" | "redirect_uri")) = params.repeated() {
        return Err(given_twice(name));
    }
    let client_id = params.get("client_id").ok_or_else(|| Problem::missing("client_id"))?;
    let app = store.app(client_id).filter(|app| app.signs_users_in()).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_client",
            format!("invalid client {client_id}"),
        )
    })?;
    match (params.get("redirect_uri"), app.redirect_uris.as_slice()) {
        (Some(asked), _) if app.allows_redirect(asked) => Ok((app, asked.to_owned())),
        (Some(_), _) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_redirect_uri",
            "redirect_uri did not match any of the client's registered redirect_uris",
        )),
        (None, [only]) if app.allows_redirect(only) => Ok((app, only.clone())),
        (None, _) => Err(Problem::missing("redirect_uri")),
    }
}

fn given_twice(name: &str) -> Problem {
    Problem::invalid_request(format!("'{name}' parameter must not be provided twice"))
}

/// A type that ends in a token answers in the fragment unless another mode is asked for.
fn choose_response_mode(params: &Params, back: &mut ReturnPath) -> Result<(), Problem> {
    let implicit = params.get("response_type").is_some_and(|kind| kind.contains("token"));
    back.mode = match params.get("response_mode") {
        None if implicit => ResponseMode::Fragment,
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => {
            let status = StatusCode::BAD_REQUEST;
            return Err(Problem::new(
                status,
                "unsupported_response_mode",
                "unsupported response_mode requested",
            ));
        }
    };
    Ok(())
}

fn details(store: &Store, app: &App, params: &Params) -> Result<AuthorizationRequest, Problem> {
    if let Some(name) = params.repeated() {
        return Err(given_twice(name));
    }
    check_unsupported(params)?;
    check_response_type(params.get("response_type"))?;
    let asked: Vec<&str> = params.get("scope").unwrap_or_default().split_whitespace().collect();
    if params.get("nonce").is_some() && !asked.contains(&"openid") {
        return Err(Problem::invalid_request(
            "openid scope must be requested when using the nonce parameter",
        ));
    }
    let prompt = parse_prompt(params.get("prompt").unwrap_or_default())?;
    let challenge = check_pkce(app, params)?;
    let max_age = parse_max_age(params.get("max_age"))?;
    if params.get("id_token_hint").is_some_and(|hint| store.keys.verify(hint).is_err()) {
        return Err(Problem::invalid_request("could not validate id_token_hint"));
    }
    let resources = check_resources(store, params)?;
    let scopes = known_scopes(store, &asked, &resources, prompt);
    let scopes = documents::within_ceiling(store, app, &resources, scopes)?;
    Ok(AuthorizationRequest {
        app_id: app.id.clone(),
        back: ReturnPath { redirect_uri: String::new(), mode: ResponseMode::Query, state: None },
        scopes,
        resources,
        prompt,
        nonce: params.get("nonce").map(str::to_owned),
        challenge,
        max_age,
        page: first_page(&app.id, params),
        logto_cookie: context(&app.id, params),
        device: None,
    })
}

/// What a device asks for. There `offline_access` needs no prompt, and the user always consents.
pub(crate) fn for_device(
    store: &Store,
    app: &App,
    params: &Params,
    device_code: String,
) -> Result<AuthorizationRequest, Problem> {
    let asked: Vec<&str> = params.get("scope").unwrap_or_default().split_whitespace().collect();
    let resources = check_resources(store, params)?;
    let prompt = Prompt { consent: true, ..Prompt::default() };
    Ok(AuthorizationRequest {
        app_id: app.id.clone(),
        back: ReturnPath { redirect_uri: String::new(), mode: ResponseMode::Query, state: None },
        scopes: known_scopes(store, &asked, &resources, prompt),
        resources,
        prompt,
        nonce: None,
        challenge: None,
        max_age: None,
        page: first_page(&app.id, &Params::default()),
        logto_cookie: "{}".to_owned(),
        device: Some(device_code),
    })
}

fn check_unsupported(params: &Params) -> Result<(), Problem> {
    let bad = |error, description| Problem::new(StatusCode::BAD_REQUEST, error, description);
    let unsupported = |error| Err(bad(error, "").without_description());
    match params.get("request_uri") {
        _ if params.get("request").is_some() => unsupported("request_not_supported"),
        Some(uri) if uri.starts_with(PUSHED) => {
            let why = "request_uri is invalid, expired, or was already used";
            Err(bad("invalid_request_uri", why))
        }
        Some(_) => unsupported("request_uri_not_supported"),
        None if params.get("registration").is_some() => unsupported("registration_not_supported"),
        None => Ok(()),
    }
}

fn check_response_type(response_type: Option<&str>) -> Result<(), Problem> {
    match response_type {
        None => Err(Problem::missing("response_type")),
        Some("code") => Ok(()),
        Some("id_token" | "code id_token" | "none") => {
            Err(Problem::invalid_request("requested response_type is not allowed for this client"))
        }
        Some(_) => {
            let status = StatusCode::BAD_REQUEST;
            Err(Problem::new(
                status,
                "unsupported_response_type",
                "unsupported response_type requested",
            ))
        }
    }
}

fn parse_prompt(text: &str) -> Result<Prompt, Problem> {
    let mut prompt = Prompt::default();
    for word in text.split_whitespace() {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => {
                return Err(Problem::invalid_request("unsupported prompt value requested"));
            }
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(Problem::invalid_request("prompt none must only be used alone"));
    }
    Ok(prompt)
}

/// A traditional web app may leave PKCE out, a public one may not; `plain` is refused.
fn check_pkce(app: &App, params: &Params) -> Result<Option<String>, Problem> {
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) if app.is_public() => Err(Problem::invalid_request(
            "Authorization Server policy requires PKCE to be used for this request",
        )),
        (None, None) => Ok(None),
        (_, Some(method)) if method != "S256" => {
            Err(Problem::invalid_request("not supported value of code_challenge_method"))
        }
        (None, Some(_)) => Err(Problem::invalid_request(
            "code_challenge must be provided with code_challenge_method",
        )),
        (Some(_), None) => Err(Problem::invalid_request(
            "plain code_challenge_method fallback disabled, code_challenge_method must be provided",
        )),
        (Some(challenge), Some(_)) if challenge.len() < 43 => Err(Problem::invalid_request(
            "code_challenge must be a string with a minimum length of 43 characters",
        )),
        (Some(challenge), Some(_)) => Ok(Some(challenge.to_owned())),
    }
}

fn parse_max_age(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let parse = |text: &str| {
        text.parse().map_err(|_| Problem::invalid_request("invalid max_age parameter value"))
    };
    text.map(parse).transpose()
}

fn check_resources(store: &Store, params: &Params) -> Result<Vec<String>, Problem> {
    let resources = params.resources();
    for resource in &resources {
        if Url::parse(resource).is_err() {
            return Err(Problem::invalid_target("resource indicator must be an absolute URI"));
        }
        if store.directory.permissions(resource).is_none() {
            return Err(Problem::unknown_resource());
        }
    }
    Ok(resources)
}

/// `offline_access` needs `prompt=consent`; without it Logto drops the scope and says nothing.
fn known_scopes(
    store: &Store,
    asked: &[&str],
    resources: &[String],
    prompt: Prompt,
) -> Vec<String> {
    let of_a_resource = |scope: &str| {
        let mut known =
            resources.iter().filter_map(|resource| store.directory.permissions(resource)).flatten();
        known.any(|one| one == scope)
    };
    let keep = |scope: &&&str| match **scope {
        "offline_access" => prompt.consent,
        scope => scopes::is_oidc(scope) || of_a_resource(scope),
    };
    let mut kept: Vec<String> = Vec::new();
    for scope in asked.iter().filter(keep) {
        if !kept.iter().any(|known| known == scope) {
            kept.push((*scope).to_owned());
        }
    }
    kept
}
