//! Links to the pages of Logto's own account center.

use super::Account;

/// A page of Logto's account center, for what an app need not build: the user signs in there by
/// single sign-on and verifies who they are.
///
/// # Example
///
/// ```
/// use logto::web::{AccountPage, User};
///
/// /// The links of a settings page.
/// fn links(user: &User) -> Vec<String> {
///     let pages = [AccountPage::Email, AccountPage::Password, AccountPage::Passkeys];
///     pages.map(|page| user.account().page_url(page, "/settings")).to_vec()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountPage {
    /// The overview.
    Home,
    /// Second factors, linked accounts, sessions; in newer versions of Logto.
    Security,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// User name.
    Username,
    /// Password.
    Password,
    /// Adding a passkey.
    AddPasskey,
    /// All passkeys.
    Passkeys,
    /// Adding an authenticator app.
    AuthenticatorApp,
    /// New backup codes.
    NewBackupCodes,
    /// Backup codes.
    BackupCodes,
}

impl AccountPage {
    fn path(self) -> &'static [&'static str] {
        match self {
            Self::Home => &[],
            Self::Security => &["security"],
            Self::Email => &["email"],
            Self::Phone => &["phone"],
            Self::Username => &["username"],
            Self::Password => &["password"],
            Self::AddPasskey => &["passkey", "add"],
            Self::Passkeys => &["passkey", "manage"],
            Self::AuthenticatorApp => &["authenticator-app"],
            Self::NewBackupCodes => &["backup-codes", "generate"],
            Self::BackupCodes => &["backup-codes", "manage"],
        }
    }
}

impl Account {
    /// The address of a page of Logto's account center, which comes back to `return_to`, a path of
    /// this app. Pages that the tenant's version does not have lead to the overview.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{AccountPage, User};
    ///
    /// fn link(user: &User) -> String {
    ///     user.account().page_url(AccountPage::Password, "/settings")
    /// }
    /// ```
    #[must_use]
    pub fn page_url(&self, page: AccountPage, return_to: &str) -> String {
        let mut url = self.context.engine().settings.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("account").extend(page.path());
        }
        let back = self.context.url(return_to);
        url.query_pairs_mut().append_pair("redirect", &back);
        url.into()
    }
}
