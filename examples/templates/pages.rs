//! The pages, the same in all four examples. `crate::logto` is the core, which each adapter
//! re-exports.

use crate::account::AtLogto;
use crate::logto::web::{AccountPage, User};
use crate::logto::{HuggingFaceProfile, SessionInfo, UserInfo};
use askama::Template;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    user: Option<&'a User>,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile<'a> {
    user: Option<&'a User>,
    hugging_face: Option<HuggingFaceProfile<'a>>,
    hub: &'a Result<String, &'static str>,
    /// The organization that the user works in.
    current: Option<&'a str>,
    info: &'a UserInfo,
    claims: String,
    all_info: String,
}

#[derive(Template)]
#[template(path = "things.html")]
struct Things<'a> {
    user: Option<&'a User>,
    sentence: &'a str,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions<'a> {
    user: Option<&'a User>,
    rows: Vec<SessionRow<'a>>,
    logto: &'a AtLogto,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    user: Option<&'a User>,
    signed_in: String,
    account_center: String,
}

#[derive(Template)]
#[template(path = "magic_link.html")]
struct MagicLink<'a> {
    user: Option<&'a User>,
}

struct SessionRow<'a> {
    session: &'a SessionInfo,
    signed_in: String,
    last_used: String,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    user: Option<&'a User>,
}

/// The home page.
pub(crate) fn home(user: Option<&User>) -> String {
    html(&Home { user })
}

/// The profile page: the user at Logto, the organizations to switch between, the Hugging Face
/// profile stored there, and the current name at the Hub.
pub(crate) fn profile(user: &User, info: &UserInfo, hub: &Result<String, &'static str>) -> String {
    let pretty = |value: Value| format!("{value:#}");
    html(&Profile {
        user: Some(user),
        hugging_face: info.hugging_face(),
        hub,
        current: user.current_organization_id(),
        info,
        claims: user.claims().custom().map(pretty).unwrap_or_default(),
        all_info: info.custom().map(pretty).unwrap_or_default(),
    })
}

/// What the API says, in a sentence.
pub(crate) fn things(user: &User, sentence: &str) -> String {
    html(&Things { user: Some(user), sentence })
}

/// The sessions of the user here and at Logto, which they can end.
pub(crate) fn sessions(user: &User, sessions: &[SessionInfo], logto: &AtLogto) -> String {
    let rows = sessions.iter().map(|session| SessionRow {
        session,
        signed_in: ago(session.started_at),
        last_used: ago(session.last_used_at),
    });
    html(&Sessions { user: Some(user), rows: rows.collect(), logto })
}

/// When the user signed in, and the way to Logto's own pages about the account.
pub(crate) fn account(user: &User) -> String {
    html(&Account {
        user: Some(user),
        signed_in: user.authenticated_at().map(ago).unwrap_or_default(),
        account_center: user.account().page_url(AccountPage::Security, "/account"),
    })
}

/// Where the link of an e-mail leads: the button spends its one-time token.
pub(crate) fn magic_link() -> String {
    html(&MagicLink { user: None })
}

/// How long ago a time in seconds since the Unix epoch is.
fn ago(time: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match now.saturating_sub(time) / 60 {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..1440 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}

/// For an unknown address. It does not open the session.
pub(crate) fn not_found() -> String {
    html(&NotFound { user: None })
}

/// Rendering into memory fails only if a template is wrong.
fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| format!("This page cannot be shown: {error}"))
}
