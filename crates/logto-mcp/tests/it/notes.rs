//! The MCP server that is protected.

use std::borrow::Cow;
use std::sync::Arc;

use logto_mcp::{Api, Caller, Mcp, Policy};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::*;
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use tokio::sync::Notify;

const READ: Policy = Policy::new().with_scopes(&["read:notes"]);
const WRITE: Policy = Policy::new().with_scopes(&["read:notes", "write:notes"]);
const FOR_OTHERS: Policy = READ.with_delegation(1);
const FOR_SUPPORT: Policy = READ.with_delegation(1).with_actors(&["the support team"]);
const OF_ORGANIZATION: Policy = Policy::new().with_organization_in_header("x-organization");

#[derive(Clone, Default)]
pub(crate) struct Notes {
    /// When a subscription was cancelled.
    pub(crate) cancelled: Arc<Notify>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Note {
    text: String,
}

#[tool_router]
impl Notes {
    #[tool(description = "Who is signed in")]
    async fn whoami(&self, caller: Caller) -> String {
        format!("{} with {}", caller.sub(), caller.scopes().collect::<Vec<_>>().join(" "))
    }

    #[tool(description = "Reads")]
    async fn read_notes(&self, caller: Caller) -> String {
        format!("the notes of {}", caller.sub())
    }

    #[tool(description = "Writes")]
    async fn write_note(&self, Parameters(note): Parameters<Note>, caller: Caller) -> String {
        format!("{} wrote {}", caller.sub(), note.text)
    }

    #[tool(description = "Of an organization")]
    async fn organization_notes(&self) -> String {
        "of an organization".to_owned()
    }

    #[tool(description = "For users and those who act for them")]
    async fn for_others(&self, caller: Caller) -> String {
        format!("{:?} acts", caller.actor())
    }

    #[tool(description = "For the support team")]
    async fn for_support(&self) -> String {
        "for the support team".to_owned()
    }

    #[tool(description = "Is listed before it may be used")]
    async fn offered(&self) -> String {
        "offered".to_owned()
    }

    #[tool(description = "Has no policy")]
    async fn forgotten(&self) -> String {
        "not meant for callers".to_owned()
    }

    #[tool(description = "What the tool sees of the request")]
    async fn headers(&self, context: RequestContext<RoleServer>) -> String {
        let parts = context.extensions.get::<http::request::Parts>().expect("parts");
        format!("{:?}", parts.headers)
    }
}

#[tool_handler]
impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = ["summary", "forgotten"].map(|name| Prompt::new(name, None::<&str>, None));
        Ok(ListPromptsResult::with_all_items(prompts.to_vec()))
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(GetPromptResult::new(Vec::new()).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![Resource::new("note://1", "one")]))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let any = ResourceTemplate::new("note://{number}", "any");
        Ok(ListResourceTemplatesResult::with_all_items(vec![any]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = vec![ResourceContents::text("a note", request.uri)];
        Ok(ReadResourceResult::new(contents).into())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        context.cancelled().await;
        self.cancelled.notify_one();
        Ok(())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }
}

pub(crate) fn protected(api: &Api) -> Mcp {
    Mcp::new(api)
        .expect("the API has metadata")
        .with_tool("whoami", Policy::new())
        .with_tool("headers", Policy::new())
        .with_tool("read_notes", READ)
        .with_tool("write_note", WRITE)
        .with_listed_tool("offered", WRITE)
        .with_tool("organization_notes", OF_ORGANIZATION)
        .with_tool("for_others", FOR_OTHERS)
        .with_tool("for_support", FOR_SUPPORT)
        .with_prompt("summary", READ)
        .with_resources(READ)
        .with_method("subscriptions/listen", READ)
}
