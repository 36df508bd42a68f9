//! The page on which a new user chooses a user name.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::call::Call;
use crate::reply;
use crate::routes::management::users::is_user_name;
use crate::routes::progress::current_interaction;
use crate::state::Shared;
use crate::store::Account;

const INVALID: &str =
    "Username should contain only letters, numbers, and underscores, and not begin with a number.";
const TAKEN: &str = "This username is already in use.";

#[derive(Template)]
#[template(path = "user_name.html")]
struct UserName<'a> {
    app_id: &'a str,
    notice: Option<&'a str>,
}

pub(crate) async fn page(call: Call) -> Response {
    let app_id = call.query.get("app_id").unwrap_or_default();
    let notice = None;
    reply::page(StatusCode::OK, &UserName { app_id, notice })
}

/// The submitted form: on to the app, or back to the page.
pub(crate) async fn decide(State(tenant): State<Shared>, call: Call) -> Response {
    let Some((uid, interaction)) = current_interaction(&tenant, &call) else {
        return reply::see_other("/unknown-session");
    };
    let Some(user) = interaction.newcomer else {
        return reply::see_other("/sign-in");
    };
    let name = call.form.get("username").unwrap_or_default();
    let mut store = tenant.store();
    let mut accounts = store.accounts.values();
    let notice = if !is_user_name(name) {
        Some(INVALID)
    } else if accounts.any(|one| one.user_name.as_deref() == Some(name)) {
        Some(TAKEN)
    } else {
        None
    };
    if notice.is_some() {
        let app_id = &interaction.request.app_id;
        return reply::page(StatusCode::OK, &UserName { app_id, notice });
    }
    let account = Account {
        created_ms: tenant.clock.millis(),
        user_name: Some(name.to_owned()),
        app_id: Some(interaction.request.app_id),
        ..Account::default()
    };
    store.open_account(&user, account);
    if let Some(waiting) = store.interactions.get_mut(&uid) {
        waiting.newcomer = None;
        waiting.signed_in_as = Some(user);
        waiting.progress.signed_in = true;
        let path = waiting.request.resume_path(&uid);
        return reply::see_other(&format!("{}{path}", tenant.endpoint));
    }
    reply::see_other("/unknown-session")
}
