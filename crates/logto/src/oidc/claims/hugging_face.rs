//! The Hugging Face profile inside `identities`.

use serde_json::Value;

use super::Identity;

/// A typed view of what Hugging Face told Logto about a user.
///
/// It is a snapshot of the first sign-in: Logto never refreshes it. Everything is optional,
/// because users may hide it and because it depends on the connector.
///
/// # Example
///
/// ```
/// fn greet(info: &logto::UserInfo) -> String {
///     match info.hugging_face().and_then(|profile| profile.preferred_username()) {
///         Some(name) => format!("huggingface.co/{name}"),
///         None => "no Hugging Face account".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HuggingFaceProfile<'a> {
    identity: &'a Identity,
}

/// One organization of a user on Hugging Face.
///
/// # Example
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// # let json = r#"{"sub":"8s8claa1vi9z","identities":{"huggingface":{"userId":"62a1","details":{"rawData":
/// #     {"orgs":[{"name":"Example Org","preferred_username":"example-org","roleInOrg":"admin"}]}}}}}"#;
/// let claims: logto::Claims = serde_json::from_str(json)?;
/// let profile = claims.hugging_face();
/// let organizations = profile.iter().flat_map(|profile| profile.organizations());
/// let lines: Vec<_> = organizations
///     .filter_map(|it| Some(format!("{}: {}", it.preferred_username()?, it.role()?)))
///     .collect();
/// assert_eq!(lines, ["example-org: admin"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HuggingFaceOrganization<'a>(&'a Value);

impl<'a> HuggingFaceProfile<'a> {
    pub(crate) fn new(identity: &'a Identity) -> Self {
        Self { identity }
    }

    /// The user's id at Hugging Face.
    #[must_use]
    pub fn id(&self) -> &'a str {
        &self.identity.user_id
    }

    /// The user's user name, as in `huggingface.co/<user name>`.
    #[must_use]
    pub fn preferred_username(&self) -> Option<&'a str> {
        self.text("preferred_username")
    }

    /// Full name.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.text("name").or_else(|| self.detail("name"))
    }

    /// Address of the picture.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::HuggingFaceProfile;
    ///
    /// /// Name and picture for a page, whose template escapes both. Only the id is always there.
    /// fn shown<'a>(profile: &HuggingFaceProfile<'a>) -> (&'a str, &'a str) {
    ///     let name = profile.name().or(profile.preferred_username()).unwrap_or(profile.id());
    ///     (name, profile.picture().unwrap_or("/unknown.svg"))
    /// }
    /// ```
    #[must_use]
    pub fn picture(&self) -> Option<&'a str> {
        self.text("picture").or_else(|| self.detail("avatar"))
    }

    /// Address of the profile page.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::HuggingFaceProfile;
    ///
    /// /// Where a name in your app links to.
    /// fn link<'a>(profile: &HuggingFaceProfile<'a>) -> Option<&'a str> {
    ///     profile.profile().or(profile.website())
    /// }
    /// ```
    #[must_use]
    pub fn profile(&self) -> Option<&'a str> {
        self.text("profile")
    }

    /// The user's own site.
    #[must_use]
    pub fn website(&self) -> Option<&'a str> {
        self.text("website")
    }

    /// E-mail address, if the connector asks for it.
    #[must_use]
    pub fn email(&self) -> Option<&'a str> {
        self.text("email").or_else(|| self.detail("email"))
    }

    /// Whether Hugging Face has verified the e-mail address. Logto's own `email_verified` does not
    /// look at this.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::HuggingFaceProfile;
    ///
    /// fn confirmed_email<'a>(profile: &HuggingFaceProfile<'a>) -> Option<&'a str> {
    ///     profile.email().filter(|_| profile.email_verified() == Some(true))
    /// }
    /// ```
    #[must_use]
    pub fn email_verified(&self) -> Option<bool> {
        self.raw("email_verified")?.as_bool()
    }

    /// Whether the user has a PRO subscription.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::HuggingFaceProfile;
    ///
    /// fn badge(profile: &HuggingFaceProfile<'_>) -> &'static str {
    ///     match (profile.is_pro(), profile.can_pay()) {
    ///         (Some(true), _) => "PRO",
    ///         (_, Some(true)) => "can pay",
    ///         _ => "",
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_pro(&self) -> Option<bool> {
        self.raw("isPro")?.as_bool()
    }

    /// Whether the user has a payment method set up.
    #[must_use]
    pub fn can_pay(&self) -> Option<bool> {
        self.raw("canPay")?.as_bool()
    }

    /// The user's organizations.
    pub fn organizations(&self) -> impl Iterator<Item = HuggingFaceOrganization<'a>> {
        self.raw("orgs")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(HuggingFaceOrganization)
    }

    fn raw(&self, key: &str) -> Option<&'a Value> {
        self.identity.details.get("rawData")?.get(key)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.raw(key)?.as_str()
    }

    fn detail(&self, key: &str) -> Option<&'a str> {
        self.identity.details.get(key)?.as_str()
    }
}

impl<'a> HuggingFaceOrganization<'a> {
    /// Id of the organization.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.text("sub")
    }

    /// Display name.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.text("name")
    }

    /// The name in `huggingface.co/<name>`.
    #[must_use]
    pub fn preferred_username(&self) -> Option<&'a str> {
        self.text("preferred_username")
    }

    /// Address of the picture.
    #[must_use]
    pub fn picture(&self) -> Option<&'a str> {
        self.text("picture")
    }

    /// The user's role: `admin`, `write`, `contributor` or `read`.
    #[must_use]
    pub fn role(&self) -> Option<&'a str> {
        self.text("roleInOrg")
    }

    /// Whether it is an Enterprise organization.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::HuggingFaceProfile;
    ///
    /// /// The ids of organizations for which the app has a plan of its own.
    /// fn enterprise_ids(profile: &HuggingFaceProfile<'_>) -> Vec<String> {
    ///     let organizations = profile.organizations().filter(|it| it.is_enterprise() == Some(true));
    ///     organizations.filter_map(|it| it.id().map(str::to_owned)).collect()
    /// }
    /// ```
    #[must_use]
    pub fn is_enterprise(&self) -> Option<bool> {
        self.0.get("isEnterprise")?.as_bool()
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use crate::oidc::claims::Claims;

    /// Alice of the recordings.
    #[test]
    fn the_recorded_profile_is_read() {
        let claims: Claims = serde_json::from_str(
            r#"{"sub":"8s8claa1vi9z","identities":{"huggingface":{"userId":"62a1f0c4d5e6f7a8b9c0d1e2",
            "details":{"id":"62a1f0c4d5e6f7a8b9c0d1e2","name":"Alice Example","avatar":"https://huggingface.co/avatars/alice.svg",
            "rawData":{"sub":"62a1f0c4d5e6f7a8b9c0d1e2","orgs":[{"sub":"5e67bdd61009063689407479","name":"Example Org",
            "roleInOrg":"admin","isEnterprise":false,"preferred_username":"example-org"}],"isPro":false,
            "email_verified":true,"preferred_username":"alice-hf"}}}}}"#,
        )
        .unwrap();
        let profile = claims.hugging_face().unwrap();
        assert_eq!(profile.id(), "62a1f0c4d5e6f7a8b9c0d1e2");
        assert_eq!(profile.preferred_username(), Some("alice-hf"));
        assert_eq!(profile.name(), Some("Alice Example"));
        assert_eq!(profile.picture(), Some("https://huggingface.co/avatars/alice.svg"));
        assert_eq!(profile.is_pro(), Some(false));
        assert_eq!(profile.can_pay(), None);
        let organization = profile.organizations().next().unwrap();
        assert_eq!(organization.preferred_username(), Some("example-org"));
        assert_eq!(organization.role(), Some("admin"));
    }

    #[test]
    fn every_member_is_read_from_its_own_claim() {
        let claims: Claims = serde_json::from_str(
            r#"{"sub":"a","identities":{"huggingface":{"userId":"x","details":{"rawData":{
            "name":"N","picture":"P","profile":"F","website":"W","email":"E","email_verified":false,
            "isPro":true,"canPay":true,
            "orgs":[{"sub":"1","name":"O","picture":"Q","isEnterprise":true},{"isEnterprise":false}]}}}}}"#,
        )
        .unwrap();
        let profile = claims.hugging_face().unwrap();
        let texts = [
            profile.name(),
            profile.picture(),
            profile.profile(),
            profile.website(),
            profile.email(),
        ];
        assert_eq!(texts, ["N", "P", "F", "W", "E"].map(Some));
        let facts = [profile.email_verified(), profile.is_pro(), profile.can_pay()];
        assert_eq!(facts, [false, true, true].map(Some));
        let [first, second] =
            <[_; 2]>::try_from(profile.organizations().collect::<Vec<_>>()).unwrap();
        assert_eq!([first.id(), first.name(), first.picture()], ["1", "O", "Q"].map(Some));
        assert_eq!([first.is_enterprise(), second.is_enterprise()], [true, false].map(Some));
        assert_eq!([second.id(), second.name(), second.picture()], [None; 3]);
    }

    #[test]
    fn a_bare_identity_is_fine() {
        let claims: Claims = serde_json::from_str(
            r#"{"sub":"a","identities":{"huggingface":{"userId":"x","details":null}}}"#,
        )
        .unwrap();
        let profile = claims.hugging_face().unwrap();
        assert_eq!((profile.name(), profile.organizations().count()), (None, 0));
        assert_eq!([profile.profile(), profile.website(), profile.email()], [None; 3]);
        assert_eq!([profile.email_verified(), profile.is_pro(), profile.can_pay()], [None; 3]);
    }
}
