//! The users who can sign in.

pub(crate) mod built_in;

use aws_lc_rs::digest;
use serde_json::{Value, json};

use crate::random;

/// A user with a made-up Hugging Face account, who can sign in to the tenant.
///
/// # Example
///
/// ```
/// use logto_local::{LocalTenant, TestUser};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), logto_local::Error> {
/// let dora = TestUser::new("dora").with_role("things-reader").with_membership("dorasclub000", "Dora's club", "org-admin");
/// let tenant = LocalTenant::builder().user(dora).start().await?;
/// assert!(tenant.users().iter().any(|user| user.handle() == "dora"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestUser {
    handle: String,
    id: String,
    hugging_face_id: String,
    name: Option<String>,
    email: Option<String>,
    hugging_face_email_verified: bool,
    picture: bool,
    about: String,
    roles: Vec<String>,
    memberships: Vec<Membership>,
    /// Whom an administrator created has no account there.
    at_hugging_face: bool,
    password: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) role: String,
}

impl TestUser {
    /// A user with a name, a picture and a verified e-mail address made from the handle,
    /// without roles or organizations. The ids follow from the handle: they are equal in every run.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::TestUser;
    ///
    /// let dora = TestUser::new("dora");
    /// assert_eq!(dora.handle(), "dora");
    /// // The same in every run.
    /// assert_eq!(dora.id(), TestUser::new("dora").id());
    /// ```
    #[must_use]
    pub fn new(handle: impl Into<String>) -> Self {
        let handle = handle.into();
        let hash = hash_of(&handle);
        let (user, hugging_face) = hash.as_ref().split_at(12);
        let mut letters = handle.chars();
        let capital =
            letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Self {
            id: random::lower_case(user),
            hugging_face_id: random::hex(hugging_face.get(..12).unwrap_or_default()),
            name: Some(format!("{capital}{} Example", letters.as_str())),
            email: Some(format!("{handle}@example.test")),
            hugging_face_email_verified: true,
            picture: true,
            about: "Added by your code".to_owned(),
            roles: Vec::new(),
            memberships: Vec::new(),
            at_hugging_face: true,
            password: None,
            handle,
        }
    }

    /// A user whom an administrator created, known by their user id.
    pub(crate) fn created(id: &str, name: Option<&str>, email: Option<&str>) -> Self {
        let mut user = Self::new(id).with_name(name).with_email(email);
        user.id = id.to_owned();
        user.picture = false;
        user.at_hugging_face = false;
        "Created by an administrator".clone_into(&mut user.about);
        user
    }

    /// Replaces the name; `None` is a Hugging Face account without one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::TestUser;
    ///
    /// // An app has to get by without a name and an address.
    /// let carol = TestUser::new("carol").with_name(None).with_email(None);
    /// let renamed = TestUser::new("dora").with_name(Some("Dora D.")).with_email(Some("d@example.test"));
    /// ```
    #[must_use]
    pub fn with_name(mut self, name: Option<&str>) -> Self {
        self.name = name.map(str::to_owned);
        self
    }

    /// Replaces the e-mail address; `None` is a Hugging Face account that does not share one.
    #[must_use]
    pub fn with_email(mut self, email: Option<&str>) -> Self {
        self.email = email.map(str::to_owned);
        self
    }

    /// Gives the user a password at the tenant. They sign in with Hugging Face all the same; it
    /// is what the Account API asks for.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::TestUser;
    ///
    /// let dora = TestUser::new("dora").with_password("correct horse battery staple");
    /// ```
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Adds a role: `things-editor` may read and write `https://api.example.test`,
    /// `things-reader` may only read it; other names are shown in tokens and permit nothing.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::TestUser;
    ///
    /// // May read the API, and is shown as `beta` in the app.
    /// let dora = TestUser::new("dora").with_role("things-reader").with_role("beta");
    /// ```
    #[must_use]
    pub fn with_role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// Makes the user a member of an organization, with one role in it: `org-admin`
    /// (members and things, everything) or `org-viewer` (reads members).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::TestUser;
    ///
    /// let dora = TestUser::new("dora")
    ///     .with_membership("dorasclub000", "Dora's club", "org-admin")
    ///     .with_membership("wpmklpcc20gc", "Acme", "org-viewer");
    /// ```
    #[must_use]
    pub fn with_membership(mut self, id: &str, name: &str, role: &str) -> Self {
        self.memberships.push(Membership {
            id: id.to_owned(),
            name: name.to_owned(),
            description: None,
            role: role.to_owned(),
        });
        self
    }

    /// The short name by which tests and pages know this user: `alice`.
    #[must_use]
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// The Logto user id, which is `sub` in tokens.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.handle)
    }

    pub(crate) fn about(&self) -> &str {
        &self.about
    }

    pub(crate) fn claimed_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn claimed_email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(email))
    }

    pub(crate) fn roles(&self) -> &[String] {
        &self.roles
    }

    pub(crate) fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// Renames one of the roles, or takes it away.
    pub(crate) fn replace_role(&mut self, role: &str, new: Option<&str>) {
        self.roles.retain_mut(|known| match new {
            _ if known != role => true,
            Some(new) => {
                new.clone_into(known);
                true
            }
            None => false,
        });
    }

    /// The same in all organizations; an empty name is none.
    pub(crate) fn replace_organization_role(&mut self, role: &str, new: &str) {
        for membership in self.memberships.iter_mut().filter(|one| one.role == role) {
            new.clone_into(&mut membership.role);
        }
    }

    /// The same user where there are neither roles nor organizations.
    pub(crate) fn without_access(mut self) -> Self {
        self.roles.clear();
        self.memberships.clear();
        self
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub(crate) fn has_hugging_face(&self) -> bool {
        self.at_hugging_face
    }

    /// Whether the user did not have the role.
    pub(crate) fn add_role(&mut self, role: &str) -> bool {
        let new = self.roles.iter().all(|known| known != role);
        if new {
            self.roles.push(role.to_owned());
        }
        new
    }

    /// Becomes a member; those who are members already stay as they are.
    pub(crate) fn join(&mut self, membership: Membership) {
        if self.memberships.iter().all(|one| one.id != membership.id) {
            self.memberships.push(membership);
        }
    }

    pub(crate) fn leave(&mut self, organization: &str) {
        self.memberships.retain(|one| one.id != organization);
    }

    pub(crate) fn take_role(&mut self, organization: &str, role: &str) {
        let of_it = |one: &&mut Membership| one.id == organization;
        for membership in self.memberships.iter_mut().filter(of_it) {
            role.clone_into(&mut membership.role);
        }
    }

    pub(crate) fn picture_url(&self, endpoint: &str) -> Option<String> {
        self.picture.then(|| format!("{endpoint}/avatars/{}.svg", self.handle))
    }

    /// The `identities` claim: what Logto keeps of the Hugging Face account.
    pub(crate) fn identities(&self, endpoint: &str) -> Value {
        let picture = self.picture_url(endpoint);
        let mut details =
            json!({ "id": self.hugging_face_id, "rawData": self.hugging_face_profile(endpoint) });
        if let Some(details) = details.as_object_mut() {
            let known = [("name", &self.name), ("email", &self.email), ("avatar", &picture)];
            for (key, value) in known {
                if let Some(value) = value {
                    details.insert(key.to_owned(), value.as_str().into());
                }
            }
        }
        json!({ "huggingface": { "userId": self.hugging_face_id, "details": details } })
    }

    fn hugging_face_name(&self) -> String {
        format!("{}-hf", self.handle)
    }

    /// What the Hub's who-am-I answers, without its organizations and its word about the token.
    pub(crate) fn who_am_i(&self, endpoint: &str) -> Value {
        let name = self.hugging_face_name();
        json!({
            "type": "user", "id": self.hugging_face_id, "fullname": self.name.as_ref().unwrap_or(&name),
            "email": self.email, "emailVerified": self.hugging_face_email_verified, "canPay": false,
            "periodEnd": null, "isPro": false, "avatarUrl": self.picture_url(endpoint), "orgs": [],
            "name": name,
        })
    }

    /// What Hugging Face's userinfo endpoint answers.
    fn hugging_face_profile(&self, endpoint: &str) -> Value {
        let orgs: Vec<Value> =
            if self.handle == "alice" { vec![example_org(endpoint)] } else { Vec::new() };
        let username = self.hugging_face_name();
        let mut profile = json!({
            "sub": self.hugging_face_id, "name": self.name, "orgs": orgs, "email": self.email, "isPro": false,
            "picture": self.picture_url(endpoint), "profile": format!("https://huggingface.co/{username}"),
            "email_verified": self.hugging_face_email_verified, "preferred_username": username,
        });
        if let (Some(profile), true) = (profile.as_object_mut(), self.handle == "alice") {
            profile.insert("website".to_owned(), "https://alice.example.test".into());
        }
        profile
    }
}

/// Ids are made of it, so that they are equal in every run.
fn hash_of(text: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, text.as_bytes())
}

fn example_org(endpoint: &str) -> Value {
    json!({
        "sub": "5e67bdd61009063689407479", "name": "Example Org", "canPay": false,
        "picture": format!("{endpoint}/avatars/example-org.svg"), "roleInOrg": "admin", "missingMFA": false,
        "pendingSSO": false, "isEnterprise": false, "preferred_username": "example-org",
    })
}
