//! Claims about a user, typed as Logto sends them.
//!
//! Logto sends `null` where it knows nothing, and milliseconds in `created_at` and `updated_at`. A
//! claim of an unexpected type is treated like an absent one, so that one odd custom value does
//! not lock a user out; the raw value stays reachable through `custom`.

mod hugging_face;
mod id_token;
mod shown;
mod user_info;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::from_millis;

pub use hugging_face::{HuggingFaceOrganization, HuggingFaceProfile};
pub use id_token::IdTokenClaims;
pub(crate) use id_token::{OneOrMany, seconds};
pub(crate) use shown::Shown;
pub use user_info::UserInfo;

/// The claims that an ID token and the userinfo endpoint share.
///
/// Which of them are filled depends on the scopes asked for: `profile` is always asked for,
/// `email`, `phone`, `address`, `custom_data`, `identities`, `roles`,
/// `urn:logto:scope:organizations` and `urn:logto:scope:organization_roles` on request. Logto puts
/// `custom_data`, `identities`, `sso_identities` and `organization_data` into userinfo only, unless
/// the tenant says otherwise.
///
/// # Example
///
/// ```
/// use logto::Claims;
///
/// fn greeting(claims: &Claims) -> String {
///     let name = claims.name.as_deref().or(claims.username.as_deref());
///     match claims.roles.iter().any(|role| role == "admin") {
///         true => format!("Hello {}, administrator", name.unwrap_or(&claims.sub)),
///         false => format!("Hello {}", name.unwrap_or(&claims.sub)),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default)]
pub struct Claims {
    /// The user's id in Logto.
    pub sub: String,
    /// Full name.
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Given name.
    #[serde(deserialize_with = "lenient")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(deserialize_with = "lenient")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(deserialize_with = "lenient")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(deserialize_with = "lenient")]
    pub nickname: Option<String>,
    /// The name the user wants to be called by; not unique.
    #[serde(deserialize_with = "lenient")]
    pub preferred_username: Option<String>,
    /// Address of the user's profile page.
    #[serde(deserialize_with = "lenient")]
    pub profile: Option<String>,
    /// Address of the user's picture.
    #[serde(deserialize_with = "lenient")]
    pub picture: Option<String>,
    /// Address of the user's own site.
    #[serde(deserialize_with = "lenient")]
    pub website: Option<String>,
    /// Gender.
    #[serde(deserialize_with = "lenient")]
    pub gender: Option<String>,
    /// Birthday, as ISO 8601 date.
    #[serde(deserialize_with = "lenient")]
    pub birthdate: Option<String>,
    /// Time zone, for example `Europe/Paris`.
    #[serde(deserialize_with = "lenient")]
    pub zoneinfo: Option<String>,
    /// Locale, as BCP 47 tag.
    #[serde(deserialize_with = "lenient")]
    pub locale: Option<String>,
    /// The user's user name in Logto; unique in the tenant.
    #[serde(deserialize_with = "lenient")]
    pub username: Option<String>,
    /// E-mail address.
    #[serde(deserialize_with = "lenient")]
    pub email: Option<String>,
    /// Whether Logto takes the e-mail address for verified. It does so whenever there is one, also
    /// where Hugging Face said that it is not.
    #[serde(deserialize_with = "lenient")]
    pub email_verified: Option<bool>,
    /// Phone number.
    #[serde(deserialize_with = "lenient")]
    pub phone_number: Option<String>,
    /// Whether the phone number was verified.
    #[serde(deserialize_with = "lenient")]
    pub phone_number_verified: Option<bool>,
    /// Postal address.
    #[serde(deserialize_with = "lenient")]
    pub address: Option<Value>,
    /// When the account was made.
    #[serde(with = "millis")]
    pub created_at: Option<SystemTime>,
    /// When the account changed last.
    #[serde(with = "millis")]
    pub updated_at: Option<SystemTime>,
    /// Names of the user's global roles.
    #[serde(deserialize_with = "lenient")]
    pub roles: Vec<String>,
    /// Ids of the user's organizations.
    #[serde(deserialize_with = "lenient")]
    pub organizations: Vec<String>,
    /// Roles in organizations, each written `<organization id>:<role name>`.
    #[serde(deserialize_with = "lenient")]
    pub organization_roles: Vec<String>,
    /// Names and descriptions of the organizations.
    #[serde(deserialize_with = "lenient")]
    pub organization_data: Vec<OrganizationData>,
    /// Social identities by connector target, for example `huggingface`.
    #[serde(deserialize_with = "lenient")]
    pub identities: BTreeMap<String, Identity>,
    /// Enterprise identities.
    #[serde(deserialize_with = "lenient")]
    pub sso_identities: Vec<Value>,
    /// What the tenant keeps about the user.
    #[serde(deserialize_with = "lenient")]
    pub custom_data: Option<Value>,
}

impl Claims {
    /// The user's roles in one organization.
    ///
    /// # Example
    ///
    /// ```
    /// # fn show(claims: &logto::Claims) {
    /// let admin = claims.roles_in("wpmklpcc20gc").any(|role| role == "org-admin");
    /// # }
    /// ```
    pub fn roles_in<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = &'a str> {
        self.organization_roles
            .iter()
            .filter_map(|entry| entry.split_once(':'))
            .filter_map(move |(id, role)| (id == organization).then_some(role))
    }

    /// What Hugging Face told Logto about the user; needs the scope `identities` and is usually
    /// in userinfo only.
    ///
    /// # Example
    ///
    /// ```
    /// # fn main() -> Result<(), serde_json::Error> {
    /// # let json = r#"{"sub":"8s8claa1vi9z","identities":{"huggingface":{"userId":"62a1","details":
    /// #     {"rawData":{"preferred_username":"alice-hf"}}}}}"#;
    /// let claims: logto::Claims = serde_json::from_str(json)?;
    /// let name = claims.hugging_face().and_then(|profile| profile.preferred_username());
    /// assert_eq!(name, Some("alice-hf"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn hugging_face(&self) -> Option<HuggingFaceProfile<'_>> {
        self.identities.get("huggingface").map(HuggingFaceProfile::new)
    }
}

/// One social identity: who the user is at the other service.
///
/// # Example
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// # let json = r#"{"sub":"8s8claa1vi9z","identities":{"github":{"userId":"583231","details":
/// #     {"rawData":{"userInfo":{"login":"octocat"}}}}}}"#;
/// let claims: logto::Claims = serde_json::from_str(json)?;
/// let github = claims.identities.get("github");
/// // Ids do not change; names do.
/// assert_eq!(github.map(|github| github.user_id.as_str()), Some("583231"));
/// let login = github.and_then(|github| github.details.pointer("/rawData/userInfo/login"));
/// assert_eq!(login.and_then(|login| login.as_str()), Some("octocat"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Identity {
    /// The user's id at that service.
    #[serde(deserialize_with = "lenient")]
    pub user_id: String,
    /// What the service said at the first sign-in; Logto does not refresh it.
    #[serde(deserialize_with = "lenient")]
    pub details: Value,
}

/// One organization, as `organization_data` lists it.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// /// Values and labels of a menu of the user's organizations.
/// async fn menu(user: &User) -> Result<Vec<(String, String)>, logto::Error> {
///     let info = user.fetch_user_info().await?;
///     Ok(info.organization_data.iter().map(|it| (it.id.clone(), it.name.clone())).collect())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default)]
pub struct OrganizationData {
    /// Id of the organization.
    #[serde(deserialize_with = "lenient")]
    pub id: String,
    /// Name of the organization.
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    /// Description of the organization.
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
}

/// Times that Logto sends in milliseconds since the Unix epoch.
mod millis {
    use super::*;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        lenient(deserializer).map(|millis: Option<u64>| millis.and_then(from_millis))
    }

    pub(super) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.and_then(|since| u64::try_from(since.as_millis()).ok()).serialize(serializer)
    }
}

/// The value, or the default where it is `null` or of another type.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// JSON claims as Logto sent them, with those that have no field of ours.
pub(crate) fn serialize_all<S: Serializer>(json: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let claims: Map<String, Value> = serde_json::from_slice(json)
        .map_err(|_| serde::ser::Error::custom("the claims cannot be read"))?;
    claims.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Carol of the recordings: Logto knows nothing about her and says so with `null`.
    #[test]
    fn null_is_absent() {
        let claims: Claims = serde_json::from_str(
            r#"{"sub":"q3x2n0486a6r","name":null,"picture":null,"updated_at":1795342520924,
                "username":null,"created_at":1795342520721,"email":null,"email_verified":false,
                "phone_number":null,"roles":null,"organizations":[],"custom_data":null}"#,
        )
        .unwrap();
        assert_eq!(claims.sub, "q3x2n0486a6r");
        assert_eq!(claims.name, None);
        assert_eq!(claims.created_at, from_millis(1_795_342_520_721));
        assert_eq!(claims.email_verified, Some(false));
        assert!(claims.roles.is_empty());
    }

    #[test]
    fn a_claim_of_another_type_does_not_spoil_the_rest() {
        let claims: Claims =
            serde_json::from_str(r#"{"sub":"a","name":7,"roles":"admin","email":"a@b.c"}"#)
                .unwrap();
        assert_eq!(claims.name, None);
        assert!(claims.roles.is_empty());
        assert_eq!(claims.email.as_deref(), Some("a@b.c"));
        assert!(serde_json::from_str::<Claims>(r#"{"sub":7}"#).is_err());
    }

    #[test]
    fn claims_can_be_read_into_a_type_of_the_app() {
        #[derive(Deserialize)]
        struct Custom {
            plan: String,
            #[serde(flatten)]
            claims: Claims,
        }
        let custom: Custom =
            serde_json::from_str(r#"{"sub":"a","name":null,"email":"a@b.c","plan":"pro"}"#)
                .unwrap();
        assert_eq!((custom.plan.as_str(), custom.claims.email.as_deref()), ("pro", Some("a@b.c")));
    }

    #[test]
    fn roles_are_told_apart_by_organization() {
        let claims = Claims {
            organization_roles: ["a:admin", "b:viewer", "a:billing:manager", "odd"]
                .map(String::from)
                .to_vec(),
            ..Claims::default()
        };
        assert_eq!(claims.roles_in("a").collect::<Vec<_>>(), ["admin", "billing:manager"]);
    }
}
