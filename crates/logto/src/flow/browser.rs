//! The browser that makes a request.

/// What flows need to know of the browser that makes a request.
#[derive(Clone, Copy)]
pub(crate) struct Browser<'a> {
    /// The origin at which it reaches the app.
    pub(crate) origin: &'a str,
    /// Its `Cookie` header.
    pub(crate) cookies: &'a str,
}
