//! The pages, the same in all four examples; `crate::logto` is the core that an adapter re-exports.

use crate::hub::NotKnown;
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
    hub: &'a Result<String, NotKnown>,
    claims: String,
    info: String,
}

#[derive(Template)]
#[template(path = "things.html")]
struct Things<'a> {
    user: Option<&'a User>,
    answer: &'a str,
}

/// The home page.
pub(crate) fn home(user: Option<&User>) -> String {
    html(&Home { user })
}

/// The profile page: what Logto knows, what Hugging Face told it, and what the Hub says now.
pub(crate) fn profile(user: &User, info: &UserInfo, hub: &Result<String, NotKnown>) -> String {
    let pretty = |value: Value| format!("{value:#}");
    html(&Profile {
        user: Some(user),
        hugging_face: info.hugging_face(),
        hub,
        claims: user.claims().custom().map(pretty).unwrap_or_default(),
        info: info.custom().map(pretty).unwrap_or_default(),
    })
}

/// What the API answered.
pub(crate) fn things(user: &User, answer: &str) -> String {
    html(&Things { user: Some(user), answer })
}

/// Rendering into memory fails only for a template that is wrong.
fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| format!("This page cannot be shown: {error}"))
}
