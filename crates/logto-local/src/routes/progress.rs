//! Interactions: from an authorization request to a code, by way of the sign-in page, the consent
//! page, and `/oidc/auth/<uid>` after each; for a device, `/oidc/device/<uid>`, and no code.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::apps::AppKind;
use crate::authorization_request::{AuthorizationRequest, ReturnPath};
use crate::call::Call;
use crate::cookies::{Cookies, interaction_of};
use crate::directory::{row, text};
use crate::problem::Problem;
use crate::random;
use crate::reply;
use crate::routes::end_session;
use crate::routes::management::users::shown;
use crate::state::{Shared, Tenant};
use crate::store::{
    Account, Authorized, CODE_LIFE, Code, DeviceState, INTERACTION_LIFE, Interaction, Progress,
    SESSION_LIFE, Session, Store,
};
use crate::webhooks::tell;

/// Where the request stands.
enum Next {
    /// A page of the tenant, and the interaction that waits there.
    Page {
        location: String,
        uid: String,
        request: Box<AuthorizationRequest>,
    },
    /// A device is approved.
    Device,
    Answer {
        back: ReturnPath,
        code: Result<String, Problem>,
    },
}

/// A fresh authorization request: a user with a session and consent goes straight through.
pub(crate) fn start(tenant: &Tenant, call: &Call, request: AuthorizationRequest) -> Response {
    let cookie = call.cookie("_session");
    let next = next_step(tenant, cookie, request, Progress::default());
    respond(tenant, call, next, None)
}

/// `/oidc/auth/<uid>`: the way on from the sign-in page or from consent.
pub(crate) async fn resume(
    State(tenant): State<Shared>,
    Path(uid): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    let not_found = |why| Problem::session_not_found(why, &tenant.issuer);
    if call.cookie("_interaction_resume") != Some(uid.as_str()) {
        return Err(not_found("authorization request has expired"));
    }
    let now = tenant.clock.seconds();
    let cookie = call.cookie("_session");
    let interaction = {
        let mut store = tenant.store();
        let waiting = store.interaction(&uid, now).cloned();
        let waiting = waiting.ok_or_else(|| not_found("interaction session not found"))?;
        if let Some(cookie) =
            cookie.filter(|cookie| belongs_to_another(&store, cookie, &waiting, now))
        {
            let path = waiting.request.resume_path(&uid);
            let back_here = Url::parse(&format!("{}{path}", tenant.endpoint)).ok();
            return end_session::form(&tenant, &mut store, cookie, back_here);
        }
        store.interactions.remove(&uid);
        waiting
    };
    let new_session = match &interaction.signed_in_as {
        Some(user) => Some(sign_in(&tenant, &call, user, &interaction.request, &uid)?),
        None => None,
    };
    let cookie = new_session.as_deref().or(cookie);
    let next = next_step(&tenant, cookie, interaction.request, interaction.progress);
    Ok(respond(&tenant, &call, next, new_session.as_deref()))
}

fn belongs_to_another(store: &Store, cookie: &str, waiting: &Interaction, now: u64) -> bool {
    let session = store.live_session(cookie, now);
    waiting.signed_in_as.is_some()
        && session.is_some_and(|session| session.user != waiting.signed_in_as)
}

/// Puts a user into the browser's session, which goes on under a new cookie.
fn sign_in(
    tenant: &Shared,
    call: &Call,
    user: &str,
    request: &AuthorizationRequest,
    interaction: &str,
) -> Result<String, Problem> {
    let now = tenant.clock.seconds();
    let now_ms = tenant.clock.millis();
    let (value, uid) = (random::token()?, random::token()?);
    let mut store = tenant.store();
    let is_new = !store.accounts.contains_key(user);
    let account = store.open_account(
        user,
        Account { created_ms: now_ms, app_id: Some(request.app_id.clone()), ..Account::default() },
    );
    account.updated_ms = now_ms;
    account.signed_in_ms = Some(now_ms);
    let before = call.cookie("_session").and_then(|cookie| store.sessions.remove(cookie));
    let before = before.filter(|session| session.user.as_deref() == Some(user)).unwrap_or_default();
    let session = Session {
        uid: if before.uid.is_empty() { uid } else { before.uid },
        user: Some(user.to_owned()),
        signed_in_at: now,
        expires: now + SESSION_LIFE,
        authorizations: before.authorizations,
        logout: None,
        app_id: request.app_id.clone(),
        user_agent: call.header("user-agent").unwrap_or_default().to_owned(),
    };
    store.sessions.insert(value.clone(), session);
    let visit = Visit { app_id: &request.app_id, interaction, is_new };
    visit.tell(tenant, &store, user);
    Ok(value)
}

/// A visit to the sign-in page that ended well.
struct Visit<'a> {
    app_id: &'a str,
    interaction: &'a str,
    is_new: bool,
}

impl Visit<'_> {
    fn tell(&self, tenant: &Shared, store: &Store, handle: &str) {
        let Some(user) = store.user(handle) else {
            return;
        };
        let mut shown = shown(tenant, store, user).map(row).unwrap_or_default();
        let app = store.app(self.app_id);
        let application = json!({
            "id": self.app_id, "type": "Traditional", "description": null,
            "name": app.map(|app| text(&app.about, "name")).unwrap_or_default(),
        });
        let kind = if self.is_new { "Register" } else { "SignIn" };
        let (agent, ip) = ("logto-local", "127.0.0.1");
        if self.is_new {
            let created = row(json!({
                "interactionEvent": kind, "applicationId": self.app_id, "ip": ip, "userAgent": agent,
                "sessionId": self.interaction, "application": application, "data": shown,
            }));
            tell(tenant, store, "User.Created", &created);
        }
        shown.remove("hasPassword");
        let members = row(json!({
            "interactionEvent": kind, "sessionId": self.interaction, "userAgent": agent,
            "userId": user.id(), "userIp": ip, "user": shown, "application": application,
        }));
        tell(tenant, store, if self.is_new { "PostRegister" } else { "PostSignIn" }, &members);
    }
}

fn next_step(
    tenant: &Tenant,
    cookie: Option<&str>,
    request: AuthorizationRequest,
    progress: Progress,
) -> Result<Next, Problem> {
    let now = tenant.clock.seconds();
    let mut store = tenant.store();
    let session = cookie.and_then(|cookie| store.live_session(cookie, now).cloned());
    let refuse = |request: AuthorizationRequest, error, description| {
        let problem = Problem::new(StatusCode::BAD_REQUEST, error, description);
        Ok(Next::Answer { back: request.back, code: Err(problem) })
    };

    let too_old = |session: &Session| {
        request
            .max_age
            .is_some_and(|limit| now.saturating_sub(session.signed_in_at) > limit || limit == 0)
    };
    let fresh_enough =
        |session: &&Session| progress.signed_in || !(request.prompt.login || too_old(session));
    let (Some(session), Some(cookie)) = (session.as_ref().filter(fresh_enough), cookie) else {
        if request.prompt.none {
            let why = match session {
                Some(_) => "End-User authentication could not be obtained",
                None => "End-User authentication is required",
            };
            return refuse(request, "login_required", why);
        }
        let location = request.page.clone();
        return wait(&mut store, request, location, Progress::default(), now);
    };

    let granted = store.has_granted(session, &request.app_id, &request.scopes, now);
    // These have no consent that lasts.
    let app = store.app(&request.app_id);
    let always_asks = app.is_some_and(|app| app.kind == AppKind::Document);
    if !progress.consented && (request.prompt.consent || !granted || always_asks) {
        if request.prompt.none {
            return refuse(request, "consent_required", "requested scopes not granted");
        }
        let app_id = byte_serialize(request.app_id.as_bytes()).collect::<String>();
        let location = format!("/consent?app_id={app_id}");
        return wait(&mut store, request, location, progress, now);
    }
    if let Some(device) = &request.device {
        let authorized = authorize(&mut store, cookie, session, &request, now)?;
        if let Some(device) = store.devices.get_mut(device) {
            device.state = DeviceState::Granted(Box::new(authorized));
        }
        return Ok(Next::Device);
    }
    let back = request.back.clone();
    let code = issue_code(&mut store, cookie, session, request, now)?;
    Ok(Next::Answer { back, code: Ok(code) })
}

/// Leaves the request with the tenant until the user has done something on a page.
fn wait(
    store: &mut Store,
    request: AuthorizationRequest,
    location: String,
    progress: Progress,
    now: u64,
) -> Result<Next, Problem> {
    let uid = random::token()?;
    let interaction = Interaction {
        request: request.clone(),
        progress,
        signed_in_as: None,
        newcomer: None,
        notice: None,
        expires: now + INTERACTION_LIFE,
    };
    store.interactions.insert(uid.clone(), interaction);
    Ok(Next::Page { location, uid, request: Box::new(request) })
}

/// What the user lets the app do.
fn authorize(
    store: &mut Store,
    cookie: &str,
    session: &Session,
    request: &AuthorizationRequest,
    now: u64,
) -> Result<Authorized, Problem> {
    let authorization = store.extend_grant(cookie, &request.app_id, &request.scopes, now)?;
    let lost = || Problem::invalid_request("the session ended during the request");
    let authorization = authorization.ok_or_else(lost)?;
    let with_sid = store.app(&request.app_id).is_some_and(|app| app.back_channel.session_required);
    let with_auth_time = request.prompt.login || request.max_age.is_some();
    Ok(Authorized {
        actor: None,
        app_id: request.app_id.clone(),
        user: session.user.clone().unwrap_or_default(),
        grant_id: authorization.grant_id,
        session_uid: Some(session.uid.clone()),
        sid: with_sid.then_some(authorization.sid),
        scopes: request.scopes.clone(),
        resources: request.resources.clone(),
        nonce: request.nonce.clone(),
        auth_time: with_auth_time.then_some(session.signed_in_at),
    })
}

fn issue_code(
    store: &mut Store,
    cookie: &str,
    session: &Session,
    request: AuthorizationRequest,
    now: u64,
) -> Result<String, Problem> {
    let authorized = authorize(store, cookie, session, &request, now)?;
    let value = random::token()?;
    let code = Code {
        authorized,
        challenge: request.challenge,
        redirect_uri: request.back.redirect_uri,
        expires: now + CODE_LIFE,
        used: false,
    };
    store.codes.insert(value.clone(), code);
    Ok(value)
}

fn respond(
    tenant: &Tenant,
    call: &Call,
    next: Result<Next, Problem>,
    new_session: Option<&str>,
) -> Response {
    let (mut response, interaction) = match next {
        Ok(Next::Page { location, uid, request }) => {
            (reply::see_other(&location), Some((uid, request)))
        }
        Ok(Next::Device) => (reply::redirect(StatusCode::FOUND, "/device/success"), None),
        Ok(Next::Answer { back, code: Ok(code) }) => (back.code(&code, &tenant.issuer), None),
        Ok(Next::Answer { back, code: Err(problem) }) => {
            (back.error(&problem, &tenant.issuer), None)
        }
        Err(problem) => (problem.into_response(), None),
    };
    let mut cookies = Cookies { key: &tenant.cookie_key, response: &mut response };
    if let Some((uid, request)) = interaction {
        cookies.interaction(call.cookie("_interaction"), &uid, &request);
    }
    if let Some(value) = new_session {
        cookies.session(value);
    }
    response
}

/// The interaction that the browser's cookie points to. With two tabs that is the second tab's.
pub(crate) fn current_interaction(tenant: &Tenant, call: &Call) -> Option<(String, Interaction)> {
    let app_id = call.query.get("app_id").or_else(|| call.form.get("app_id"));
    let uid = interaction_of(call.cookie("_interaction")?, app_id)?;
    let interaction = tenant.store().interaction(&uid, tenant.clock.seconds())?.clone();
    Some((uid, interaction))
}
