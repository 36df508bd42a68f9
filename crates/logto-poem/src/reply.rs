//! Converts the core's replies into poem responses.

use std::error::Error;
use std::fmt;

use poem::error::ResponseError;
use poem::http::{self, StatusCode};
use poem::{IntoResponse, Response};

/// An answer of the SDK. Handlers return it for what [`Auth`](crate::Auth) gives them, and as the
/// error of whatever talks to Logto.
///
/// # Example
///
/// ```
/// use logto_poem::{Reply, User};
/// use poem::handler;
///
/// #[handler]
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

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let (parts, body) = http::Response::<String>::from(self.0).into_parts();
        let mut response = Response::default();
        response.set_status(parts.status);
        *response.headers_mut() = parts.headers;
        response.set_body(body);
        response
    }
}

impl ResponseError for Reply {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

impl Error for Reply {}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer of the Logto SDK: {}", self.status())
    }
}
