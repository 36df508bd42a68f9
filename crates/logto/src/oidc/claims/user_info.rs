//! The response of the userinfo endpoint.

use std::fmt;
use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::{Claims, serialize_all};
use crate::error::{Error, ErrorKind};

/// The answer of the userinfo endpoint (OpenID Connect Core, section 5.3), fresh from Logto.
///
/// Derefs to [`Claims`].
///
/// # Example
///
/// ```
/// use logto::web::User;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct CustomData {
///     theme: Option<String>,
/// }
///
/// #[derive(Deserialize)]
/// struct WithTheme {
///     custom_data: CustomData,
/// }
///
/// async fn theme(user: &User) -> Result<String, logto::Error> {
///     let info = user.fetch_user_info().await?;
///     println!("{} has the address {:?}", info.sub, info.email);
///     Ok(info.custom::<WithTheme>()?.custom_data.theme.unwrap_or_default())
/// }
/// ```
#[derive(Clone)]
pub struct UserInfo {
    claims: Claims,
    raw: Box<[u8]>,
}

impl UserInfo {
    /// Reads the answer and compares its `sub` with the session's, as section 5.3.4 demands.
    pub(crate) fn parse(body: &[u8], sub: &str) -> Result<Self, Error> {
        let claims: Claims = serde_json::from_slice(body).map_err(|error| {
            Error::malformed(ErrorKind::InvalidResponse, "the userinfo answer", &error)
        })?;
        if claims.sub != sub {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "the userinfo response is about another user than the session",
            ));
        }
        Ok(Self { claims, raw: body.into() })
    }

    /// The answer as a type of your own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if the answer does not fit the type.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::User;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Plan {
    ///     custom_data: std::collections::BTreeMap<String, serde_json::Value>,
    /// }
    ///
    /// async fn plan(user: &User) -> Result<Option<String>, logto::Error> {
    ///     let Plan { mut custom_data } = user.fetch_user_info().await?.custom()?;
    ///     Ok(custom_data.remove("plan").and_then(|plan| plan.as_str().map(str::to_owned)))
    /// }
    /// ```
    pub fn custom<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.raw).map_err(|error| {
            Error::malformed(ErrorKind::InvalidResponse, "the userinfo answer", &error)
        })
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("sub", &self.claims.sub).finish_non_exhaustive()
    }
}

/// All claims as Logto sent them.
impl Serialize for UserInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_all(&self.raw, serializer)
    }
}

impl Deref for UserInfo {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_serialized_as_it_was_sent() {
        let body = r#"{"sub":"alice","name":null,"plan":{"seats":3}}"#;
        let info = UserInfo::parse(body.as_bytes(), "alice").unwrap();
        let sent: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(serde_json::to_value(&info).unwrap(), sent);
    }

    #[test]
    fn the_answer_must_be_about_the_same_user() {
        assert!(UserInfo::parse(br#"{"sub":"alice","name":"Alice"}"#, "alice").is_ok());
        for body in [r#"{"sub":"bob"}"#, r#"{"name":"Alice"}"#, r#"{"sub":null}"#, "<html>"] {
            let error = UserInfo::parse(body.as_bytes(), "alice").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
        }
    }
}
