//! Finds out what became of users while no webhook told.

use std::collections::HashSet;

use crate::{Error, Users};

/// A user who may not be signed in any more.
///
/// # Example
///
/// ```
/// use logto::Logto;
/// use logto_management::{EndedUser, UserEnd};
///
/// /// Signs a user out of this app, whatever became of them.
/// async fn end(logto: &Logto, user: &EndedUser) -> Result<(), logto::Error> {
///     logto.sign_out_everywhere(&user.id).await?;
///     if user.end == UserEnd::Deleted {
///         println!("delete the rows of {}", user.id);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedUser {
    /// The user's id.
    pub id: String,
    /// What became of them.
    pub end: UserEnd,
}

/// Why a user may not be signed in any more.
///
/// # Example
///
/// ```
/// use logto_management::{EndedUser, UserEnd};
///
/// fn what_to_do(user: &EndedUser) -> &'static str {
///     match user.end {
///         UserEnd::Deleted => "sign out, and delete the rows",
///         UserEnd::Suspended => "sign out, and keep the rows",
///         _ => "sign out",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserEnd {
    /// There is no such user.
    Deleted,
    /// The user may not sign in.
    Suspended,
}

impl Users<'_> {
    /// Which of the users that your app knows were deleted or suspended.
    ///
    /// Logto sends each webhook once. What it sent while your app was down is lost; this finds it,
    /// if the app keeps a list of its users. It reads the list of all users, a hundred in a
    /// request, and asks for each known one that is not in it.
    ///
    /// It sees what is, not what was: a user who was suspended and is not any more is not found,
    /// nor is a new password, a role, or a membership. Access tokens that say too much end
    /// within their hour.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`](crate::ErrorKind) lists them.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// async fn catch_up(management: &Management, known: Vec<String>) -> Result<(), Error> {
    ///     for user in management.users().find_ended(known).await? {
    ///         println!("{} is to be signed out: {:?}", user.id, user.end);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn find_ended<S: Into<String>>(
        &self,
        known: impl IntoIterator<Item = S>,
    ) -> Result<Vec<EndedUser>, Error> {
        let mut unseen: HashSet<String> = known.into_iter().map(Into::into).collect();
        let mut ended = Vec::new();
        let mut end = |id, end| ended.push(EndedUser { id, end });
        let mut users = self.list();
        while let Some(user) = users.try_next().await? {
            if unseen.remove(&user.id) && user.is_suspended {
                end(user.id, UserEnd::Suspended);
            }
        }
        // Pages shift while others create and delete users: one that was not seen may be there.
        for id in unseen {
            match self.get(&id).await {
                Ok(user) if user.is_suspended => end(id, UserEnd::Suspended),
                Ok(_) => {}
                Err(error) if error.status() == Some(404) => end(id, UserEnd::Deleted),
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }
}
