//! Converts the core's replies into Actix Web responses.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};

/// An answer of the SDK. Handlers return it for what [`Auth`](crate::Auth) gives them, and as the
/// error of whatever talks to Logto.
///
/// # Example
///
/// ```
/// use logto_actix_web::{Reply, User};
///
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

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

impl ResponseError for Reply {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in self.0.headers() {
            // One that cannot be sent would turn the whole answer into an error.
            if let Ok(value) = HeaderValue::from_str(value) {
                response.append_header((name, value));
            }
        }
        response.body(self.0.clone().into_body())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer of the Logto SDK: {}", self.status_code())
    }
}
