//! Applies a plan, step by step.

use secrecy::SecretString;
use serde_json::json;

use super::change::Step;
use super::{ApplyError, Change, Plan, account, api, application, sign_in, webhook};
use crate::error::{Error, ErrorKind};
use crate::{ApplicationChanges, ConnectorChanges, Hook, Management, NewConnector};

/// What an application needs to know to sign users in.
///
/// # Example
///
/// ```
/// use logto_management::provision::Provisioned;
/// use secrecy::ExposeSecret;
///
/// /// What goes into the `.env` file of the app.
/// fn lines(ready: &Provisioned) -> String {
///     let secret = ready.app_secret.expose_secret();
///     let mut lines = format!("LOGTO_APP_ID={}\nLOGTO_APP_SECRET={secret}\n", ready.app_id);
///     if let Some(key) = &ready.webhook_signing_key {
///         lines += &format!("LOGTO_WEBHOOK_SIGNING_KEY={}\n", key.expose_secret());
///     }
///     lines
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provisioned {
    /// The client id.
    pub app_id: String,
    /// The client secret.
    pub app_secret: SecretString,
    /// The connector, whose id is part of the redirect URI at Hugging Face.
    pub connector_id: String,
    /// The key that signs webhooks, if they were asked for.
    pub webhook_signing_key: Option<SecretString>,
}

impl Plan {
    /// Makes every change, tells `progress` of each that is made, and reads the application's
    /// secret. What was added to the tenant since the plan was made stays.
    ///
    /// # Errors
    ///
    /// At the first change that fails; the error tells which were made. They stay: plan again to go
    /// on.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().empty().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// let setup = HuggingFaceSetup::new("http://localhost:3000")
    ///     .with_credentials("id of the OAuth app at Hugging Face", "its secret");
    /// let plan = setup.plan(&management).await?;
    /// let ready = plan.apply(&management, |change| println!("done: {}", change.title)).await?;
    /// println!("LOGTO_APP_ID={}", ready.app_id);
    /// // A second plan has nothing to do.
    /// assert!(setup.plan(&management).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn apply(
        mut self,
        management: &Management,
        mut progress: impl FnMut(&Change) + Send,
    ) -> Result<Provisioned, ApplyError> {
        let mut done = Vec::new();
        if self.credentials_missing {
            let why = "id and secret of an OAuth app at Hugging Face are missing";
            let error = Error::new(ErrorKind::InvalidRequest, why);
            return Err(ApplyError::new(done, None, error));
        }
        for change in std::mem::take(&mut self.changes) {
            if let Err(error) = self.make(&change.step, management).await {
                return Err(ApplyError::new(done, Some(change), error));
            }
            progress(&change);
            done.push(change);
        }
        match self.result(management).await {
            Ok(ready) => Ok(ready),
            Err(error) => Err(ApplyError::new(done, None, error)),
        }
    }

    async fn make(&mut self, step: &Step, management: &Management) -> Result<(), Error> {
        match step {
            Step::CreateApplication(new) => {
                let created = management.applications().create(new).await?;
                self.app_id = Some(created.id);
            }
            Step::RegisterAddresses => {
                let now = management.applications().get(self.app()?).await?;
                let merged = application::merge(&now.oidc_client_metadata, &self.addresses);
                let to = ApplicationChanges {
                    oidc_client_metadata: Some(merged),
                    ..ApplicationChanges::default()
                };
                management.applications().update(&now.id, &to).await?;
            }
            Step::AddSecret => {
                let app = self.app()?;
                let taken = management.applications().secrets(app).await?.len();
                let name = format!("Secret {}", taken + 1);
                management.applications().add_secret(app, &name, None).await?;
            }
            Step::CreateConnector(new) => drop(management.connectors().create(new).await?),
            Step::UpdateConnector(to) => {
                management.connectors().update(&self.connector_id, to).await?;
            }
            Step::ReplaceConnector(new) => replace(management, &self.connector_id, new).await?,
            Step::ShowButton => show_button(management).await?,
            Step::SkipRequiredIdentifiers => {
                let mut social = management.sign_in_experience().get().await?.social_sign_in;
                social.skip_required_identifiers = Some(true);
                let change = json!({ "socialSignIn": social });
                management.sign_in_experience().update(&change).await?;
            }
            Step::SetUnknownSessionUrl(url) => {
                let change = json!({ "unknownSessionRedirectUrl": url });
                management.sign_in_experience().update(&change).await?;
            }
            Step::ChangeAccountCenter { opens_fields } => {
                let now = management.account_center().get().await?;
                let changes = account::changes(now, *opens_fields);
                management.account_center().update(&changes).await?;
            }
            Step::CreateResource(wanted) => api::create_resource(management, wanted).await?,
            Step::AddPermission(wanted) => api::add_permission(management, wanted).await?,
            Step::CreateRole(wanted) => api::create_role(management, wanted).await?,
            Step::ExtendRole(wanted) => api::extend_role(management, wanted).await?,
            Step::CreateHook(new) => drop(management.hooks().create(new).await?),
            Step::UpdateHook => {
                if let Some(hook) = self.hook(management).await?
                    && let Some(changes) = webhook::changes(&hook)
                {
                    management.hooks().update(&hook.id, &changes).await?;
                }
            }
        }
        Ok(())
    }

    async fn hook(&self, management: &Management) -> Result<Option<Hook>, Error> {
        match &self.webhook_url {
            Some(url) => webhook::find(management, url).await,
            None => Ok(None),
        }
    }

    fn app(&self) -> Result<&str, Error> {
        let missing = || Error::new(ErrorKind::InvalidRequest, "the plan has no application");
        self.app_id.as_deref().ok_or_else(missing)
    }

    async fn result(self, management: &Management) -> Result<Provisioned, Error> {
        let secrets = management.applications().secrets(self.app()?).await?;
        let secret = application::usable(&secrets).ok_or_else(|| {
            let why = "the application has no secret that has not ended";
            Error::new(ErrorKind::InvalidResponse, why)
        })?;
        let hook = self.hook(management).await?;
        Ok(Provisioned {
            webhook_signing_key: hook.map(|hook| hook.signing_key),
            app_id: self.app()?.to_owned(),
            app_secret: secret.value.clone(),
            connector_id: self.connector_id,
        })
    }
}

/// Deletes the built-in connector only if this Logto can keep tokens: asked to do so with the
/// built-in one, it refuses for another reason where it cannot keep any.
async fn replace(management: &Management, id: &str, new: &NewConnector) -> Result<(), Error> {
    let connectors = management.connectors();
    let keep = ConnectorChanges { enable_token_storage: Some(true), ..ConnectorChanges::default() };
    match connectors.update(id, &keep).await {
        // A newer Logto, whose built-in connector keeps tokens.
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some("connector.token_storage_not_supported") => {}
        Err(error) => return Err(error),
    }
    let before = connectors.get(id).await?;
    connectors.delete(id).await?;
    // Deleting the connector took its button away.
    let Err(error) = connectors.create(new).await else {
        return show_button(management).await;
    };
    // Users can go on signing in, and the next run finds id and secret of the OAuth app.
    let mut back = NewConnector::new(before.connector_id, before.config);
    back.id = Some(before.id);
    back.sync_profile = Some(before.sync_profile);
    if connectors.create(&back).await.is_ok() {
        show_button(management).await?;
    }
    Err(error)
}

async fn show_button(management: &Management) -> Result<(), Error> {
    let now = management.sign_in_experience().get().await?;
    let targets = sign_in::with_button(&now.social_sign_in_connector_targets);
    let change = json!({ "socialSignInConnectorTargets": targets });
    management.sign_in_experience().update(&change).await.map(drop)
}
