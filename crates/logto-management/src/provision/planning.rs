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
