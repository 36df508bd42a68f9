//! Makes a plan: each part of the tenant adds what it would change.

use super::{HuggingFaceSetup, Plan, account, api, application, connector, sign_in, webhook};
use crate::{Error, Management};

impl HuggingFaceSetup {
    /// Reads what the tenant has and says what would change. Nothing is changed.
    ///
    /// # Errors
    ///
    /// If the tenant cannot be read, if it has no such application or several of that name, or if
    /// this Logto cannot make a connector for Hugging Face.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let setup = HuggingFaceSetup::new("http://localhost:3000").with_account_api(true);
    /// let plan = setup.plan(&management).await?;
    /// for change in &plan.changes {
    ///     println!("{change}");
    /// }
    /// for warning in &plan.warnings {
    ///     println!("warning: {warning}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan(&self, management: &Management) -> Result<Plan, Error> {
        let mut plan = Plan::new(management, self.addresses()?);
        application::plan(self, management, &mut plan).await?;
        connector::plan(self, management, &mut plan).await?;
        sign_in::plan(self, management, &mut plan).await?;
        account::plan(self, management, &mut plan).await?;
        api::plan(self, management, &mut plan).await?;
        webhook::plan(self, management, &mut plan).await?;
        Ok(plan)
    }
}
