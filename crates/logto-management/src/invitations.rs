//! Invitations to organizations.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::time::millis;
use crate::{Error, Management};

/// The calls about invitations; see [`Management::invitations`].
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn revoke_all(management: &Management, organization_id: &str) -> Result<(), Error> {
///     let invitations = management.invitations();
///     for invitation in invitations.list(organization_id).await? {
///         invitations.revoke(&invitation.id).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Invitations<'a>(&'a Management);

/// An invitation to an organization.
///
/// # Example
///
/// ```
/// use logto_management::Invitation;
///
/// /// The link in the mail that your app sends.
/// fn link(invitation: &Invitation) -> String {
///     format!("https://app.example.com/invitations/{}", invitation.id)
/// }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Invitation {
    /// The id.
    pub id: String,
    /// The e-mail address of the invited user.
    pub invitee: String,
    /// The organization.
    pub organization_id: String,
    /// What became of it.
    pub status: InvitationStatus,
    /// When it ends.
    #[serde(with = "millis")]
    pub expires_at: SystemTime,
}

/// What became of an invitation.
///
/// # Example
///
/// ```
/// use logto_management::{Invitation, InvitationStatus};
///
/// /// Those that a list of the organization's members shows behind the members.
/// fn open(invitations: &[Invitation]) -> Vec<&str> {
///     let open = invitations.iter().filter(|it| it.status == InvitationStatus::Pending);
///     open.map(|invitation| invitation.invitee.as_str()).collect()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum InvitationStatus {
    /// Not answered yet.
    Pending,
    /// The invited user is a member.
    Accepted,
    /// It expired unanswered.
    Expired,
    /// An administrator took it back.
    Revoked,
    /// A status that this version of the crate does not know.
    #[serde(untagged)]
    Other(String),
}

/// An invitation to write.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use logto_management::{InvitationStatus, NewInvitation, NewOrganization};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::builder().start().await?;
/// # let app = tenant.machine_app();
/// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
/// # let organization = management.organizations().create(&NewOrganization::new("Acme")).await?.id;
/// // Your app sends the mail itself, with the id in its link.
/// let in_a_week = SystemTime::now() + Duration::from_secs(7 * 24 * 3600);
/// let new = NewInvitation::new("dave@example.com", organization, in_a_week);
/// let invitation = management.invitations().create(&new).await?;
/// assert_eq!(invitation.status, InvitationStatus::Pending);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewInvitation {
    /// The e-mail address of the invited user.
    pub invitee: String,
    /// The organization.
    pub organization_id: String,
    /// When it ends.
    #[serde(with = "millis")]
    pub expires_at: SystemTime,
    /// The roles that the member will have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organization_role_ids: Vec<String>,
    /// Members of the e-mail template, or `false` if Logto should send nothing.
    pub message_payload: Value,
}

impl NewInvitation {
    /// An invitation that your app sends itself.
    #[must_use]
    pub fn new(
        invitee: impl Into<String>,
        organization_id: impl Into<String>,
        expires_at: SystemTime,
    ) -> Self {
        Self {
            invitee: invitee.into(),
            organization_id: organization_id.into(),
            expires_at,
            organization_role_ids: Vec::new(),
            message_payload: Value::Bool(false),
        }
    }
}

impl Management {
    /// The calls about invitations to organizations. See [`Invitations`] for an example.
    #[must_use]
    pub fn invitations(&self) -> Invitations<'_> {
        Invitations(self)
    }
}

impl Invitations<'_> {
    /// An invitation.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    pub async fn get(&self, id: &str) -> Result<Invitation, Error> {
        self.0.get(&["organization-invitations", id]).send().await
    }

    /// Every invitation to an organization, the newest first.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use logto_management::{Error, InvitationStatus, Management};
    ///
    /// /// Deletes invitations that no one can accept any more.
    /// async fn tidy(management: &Management, organization: &str) -> Result<(), Error> {
    ///     let invitations = management.invitations();
    ///     for invitation in invitations.list(organization).await? {
    ///         if invitation.status != InvitationStatus::Pending || invitation.expires_at < SystemTime::now() {
    ///             invitations.delete(&invitation.id).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn list(&self, organization_id: &str) -> Result<Vec<Invitation>, Error> {
        let request = self.0.get(&["organization-invitations"]);
        request.query("organizationId", organization_id).send().await
    }

    /// Invites a user.
    ///
    /// # Errors
    ///
    /// A 422 if they are a member, or have a pending invitation.
    pub async fn create(&self, new: &NewInvitation) -> Result<Invitation, Error> {
        let request = self.0.post(&["organization-invitations"]);
        request.json(new).send().await
    }

    /// Makes the invited user a member.
    ///
    /// # Errors
    ///
    /// A 422 if the invitation has ended, or is for another e-mail address.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use logto_management::{Error, InvitationStatus, Management};
    ///
    /// /// A user opened the link while signed in. Logto checks that the address is theirs.
    /// async fn join(management: &Management, id: &str, user: &str) -> Result<&'static str, Error> {
    ///     let invitation = management.invitations().get(id).await?;
    ///     let is_open = invitation.status == InvitationStatus::Pending;
    ///     if !is_open || invitation.expires_at < SystemTime::now() {
    ///         return Ok("The invitation has ended. Please ask for another one.");
    ///     }
    ///     management.invitations().accept(id, user).await?;
    ///     Ok("Welcome!")
    /// }
    /// ```
    pub async fn accept(&self, id: &str, user_id: &str) -> Result<Invitation, Error> {
        let body = json!({ "status": "Accepted", "acceptedUserId": user_id });
        self.set_status(id, &body).await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// A 422 if it has ended.
    pub async fn revoke(&self, id: &str) -> Result<Invitation, Error> {
        self.set_status(id, &json!({ "status": "Revoked" })).await
    }

    async fn set_status(&self, id: &str, body: &Value) -> Result<Invitation, Error> {
        let request = self.0.put(&["organization-invitations", id, "status"]);
        request.json(body).send().await
    }

    /// Deletes an invitation.
    ///
    /// # Errors
    ///
    /// A 404 if there is none of that id.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let path = ["organization-invitations", id];
        self.0.delete(&path).done().await
    }
}
