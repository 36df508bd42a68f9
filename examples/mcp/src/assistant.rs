//! The tools.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use logto_mcp::Caller;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{schemars, tool, tool_router};

use crate::hub::Hub;

/// Bookmarks of one user, and users with bookmarks.
const MAX_BOOKMARKS: usize = 100;
const MAX_USERS: usize = 10_000;

/// The assistant. It is cloned for each request, so what it keeps is shared.
#[derive(Clone)]
pub(crate) struct Assistant {
    hub: Hub,
    /// By the user id, so that no one reaches those of someone else.
    bookmarks: Arc<Mutex<HashMap<String, BTreeSet<String>>>>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Model {
    /// The name of the model, for example `openai-community/gpt2`.
    model: String,
}

#[tool_router(server_handler)]
impl Assistant {
    pub(crate) fn new(hub: Hub) -> Self {
        Self { hub, bookmarks: Arc::default() }
    }

    #[tool(
        description = "Tells who is signed in, through which client, and with which permissions"
    )]
    async fn whoami(&self, caller: Caller) -> String {
        let scopes = caller.scopes().collect::<Vec<_>>().join(", ");
        format!("User {} through client {}, with: {scopes}", caller.sub(), caller.client_id())
    }

    #[tool(description = "Lists the signed-in user's models on Hugging Face")]
    async fn list_my_models(&self, caller: Caller) -> Result<String, String> {
        let models = self.hub.models(caller.token()).await?;
        Ok(if models.is_empty() { "No models yet.".to_owned() } else { models.join("\n") })
    }

    #[tool(description = "Bookmarks a model and lists all bookmarks")]
    async fn bookmark_model(
        &self,
        Parameters(Model { model }): Parameters<Model>,
        caller: Caller,
    ) -> Result<String, String> {
        if model.len() > 200 {
            return Err("A model's name is not that long.".to_owned());
        }
        let mut everybody = self.bookmarks.lock().unwrap_or_else(PoisonError::into_inner);
        if everybody.len() >= MAX_USERS && !everybody.contains_key(caller.sub()) {
            return Err("There is no room for more bookmarks.".to_owned());
        }
        let bookmarks = everybody.entry(caller.sub().to_owned()).or_default();
        if bookmarks.len() >= MAX_BOOKMARKS {
            return Err(format!("You have {MAX_BOOKMARKS} bookmarks already."));
        }
        bookmarks.insert(model);
        Ok(bookmarks.iter().map(String::as_str).collect::<Vec<_>>().join("\n"))
    }
}
