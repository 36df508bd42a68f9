//! Page templates that several endpoints share.

use askama::Template;

/// A page that submits its only form by itself; also the sign-out page.
#[derive(Template)]
#[template(path = "auto_submit.html")]
pub(crate) struct AutoSubmit<'a> {
    pub(crate) action: &'a str,
    pub(crate) fields: &'a [(&'a str, &'a str)],
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message<'a> {
    pub(crate) heading: &'a str,
    pub(crate) text: &'a str,
}
