//! Converts the core's replies into Rocket responses.

use std::io::Cursor;

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder, Response};

/// An answer of the SDK. Handlers return it for what [`Auth`](crate::Auth) gives them, and as the
/// error of whatever talks to Logto.
///
/// # Example
///
/// ```
/// use logto_rocket::{Reply, User};
/// use rocket::get;
///
/// #[get("/profile")]
/// async fn profile(user: User) -> Result<String, Reply> {
///     let info = user.fetch_user_info().await?;
///     Ok(format!("You are in {} organizations", info.organizations.len()))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing until it is returned"]
pub struct Reply(pub logto::web::Reply);

impl From<logto::web::Reply> for Reply {
    fn from(reply: logto::web::Reply) -> Self {
        Self(reply)
    }
}

impl From<logto::Error> for Reply {
    fn from(error: logto::Error) -> Self {
        Self(error.into())
    }
}

impl<'r> Responder<'r, 'static> for Reply {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::new();
        response.set_status(Status::new(self.0.status()));
        let (headers, body) = self.0.into_parts();
        // Rocket's shield adds this one itself, and would warn of ours on every page.
        for (name, value) in headers.filter(|(name, _)| *name != "x-content-type-options") {
            response.adjoin_raw_header(name, value);
        }
        response.set_sized_body(body.len(), Cursor::new(body));
        Ok(response)
    }
}
