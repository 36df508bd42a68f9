//! What Logto's sign-in page does with a one-time token in its address.

use axum::response::Response;
use serde_json::Value;

use crate::call::Call;
use crate::directory::{text, texts};
use crate::random;
use crate::reply;
use crate::routes::management::one_time_tokens::spend;
use crate::routes::progress::current_interaction;
use crate::state::Tenant;
use crate::store::Store;
use crate::users::TestUser;

const INVALID: &str = "This link was used already, is too old, or is for another address.";
const UNKNOWN: &str = "No account has this e-mail address.";

/// Signs in the owner of the address, who becomes a user if they are none. If the token is not
/// good, the user stays on the page, as at Logto: nothing reaches the app.
pub(super) fn follow(tenant: &Tenant, call: &Call) -> Option<Response> {
    let token = call.query.get("one_time_token")?;
    let email = call.query.get("login_hint").unwrap_or_default();
    let (uid, interaction) = current_interaction(tenant, call)?;
    let spent = spend(tenant, email, token);
    let mut store = tenant.store();
    let owner = match &spent {
        Ok(token) => owner(&mut store, email, token).ok_or(UNKNOWN),
        Err(_) => Err(INVALID),
    };
    let app_id = interaction.request.app_id;
    if owner.as_ref().is_ok_and(|owner| store.suspended.contains(owner)) {
        return Some(reply::see_other(&format!("/account-suspended?app_id={app_id}")));
    }
    let waiting = store.interactions.get_mut(&uid)?;
    match owner {
        Ok(owner) => {
            waiting.signed_in_as = Some(owner);
            waiting.progress.signed_in = true;
            let path = waiting.request.resume_path(&uid);
            Some(reply::see_other(&format!("{}{path}", tenant.endpoint)))
        }
        Err(why) => {
            waiting.notice = Some(why);
            None
        }
    }
}

/// Logto registers newcomers if they can sign up by e-mail, into the organizations of the token.
fn owner(store: &mut Store, email: &str, token: &crate::directory::Row) -> Option<String> {
    if let Some(known) = store.users.iter().find(|user| user.has_email(email)) {
        return Some(known.handle().to_owned());
    }
    let sign_up = store.directory.sign_in_experience.get("signUp").and_then(Value::as_object);
    let by_email =
        sign_up.is_some_and(|sign_up| texts(sign_up, "identifiers").any(|it| it == "email"));
    if store.directory.is_closed() || !by_email {
        return None;
    }
    let mut newcomer = TestUser::created(&random::id(12).ok()?, None, Some(text(token, "email")));
    let context = token.get("context").and_then(Value::as_object);
    for organization in context.into_iter().flat_map(|it| texts(it, "jitOrganizationIds")) {
        if let Some(membership) = store.membership_in(organization) {
            newcomer.join(membership);
        }
    }
    let handle = newcomer.handle().to_owned();
    store.users.push(newcomer);
    Some(handle)
}
