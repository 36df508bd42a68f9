//! The pages, the same in all four examples. `crate::logto` is the core, which each adapter re-exports.

use crate::logto::web::User;
use crate::logto::{HuggingFaceProfile, UserInfo};
use askama::Template;
use serde_json::Value;

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
    claims: String,
    info: String,
}

#[derive(Template)]
#[template(path = "things.html")]
struct Things<'a> {
    user: Option<&'a User>,
    sentence: &'a str,
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

/// The profile page: the user at Logto, the Hugging Face profile stored there, and the current name at the Hub.
pub(crate) fn profile(user: &User, info: &UserInfo, hub: &Result<String, &'static str>) -> String {
    let pretty = |value: Value| format!("{value:#}");
    html(&Profile {
        user: Some(user),
        hugging_face: info.hugging_face(),
        hub,
        claims: user.claims().custom().map(pretty).unwrap_or_default(),
        info: info.custom().map(pretty).unwrap_or_default(),
    })
}

/// What the API says, in a sentence.
pub(crate) fn things(user: &User, sentence: &str) -> String {
    html(&Things { user: Some(user), sentence })
}

/// For an unknown address. It does not open the session.
pub(crate) fn not_found() -> String {
    html(&NotFound { user: None })
}

/// Rendering into memory fails only if a template is wrong.
fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| format!("This page cannot be shown: {error}"))
}
