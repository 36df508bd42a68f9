//! Wraps the app's handler and filters its lists by what the caller may use.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::table::{Requester, Table};

/// An rmcp handler whose lists hold what the caller may use. [`McpService`](crate::McpService) puts
/// it around the app's own.
pub(crate) struct Restricted<H> {
    inner: H,
    table: Arc<Table>,
}

impl<H> Restricted<H> {
    pub(crate) fn new(inner: H, table: Arc<Table>) -> Self {
        Self { inner, table }
    }
}

type Context = RequestContext<RoleServer>;
type Page = Option<PaginatedRequestParams>;
type Answer<T> = Result<T, ErrorData>;

/// Passes calls on as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(
            #[allow(deprecated, reason = "older clients call them")]
            fn $name(
                &self,
                $($argument: $type),*
            ) -> impl Future<Output = $answer> + Send + '_ {
                self.inner.$name($($argument),*)
            }
        )*
    };
}

impl<H: ServerHandler> ServerHandler for Restricted<H> {
    async fn list_tools(&self, page: Page, context: Context) -> Answer<ListToolsResult> {
        let extensions = context.extensions.clone();
        let mut list = self.inner.list_tools(page, context).await?;
        let requester = Requester::from_extensions(&extensions);
        list.tools.retain(|tool| self.table.lists_tool(&tool.name, &requester));
        list.cache_scope = Some(CacheScope::Private);
        Ok(list)
    }

    async fn list_prompts(&self, page: Page, context: Context) -> Answer<ListPromptsResult> {
        let extensions = context.extensions.clone();
        let mut list = self.inner.list_prompts(page, context).await?;
        let requester = Requester::from_extensions(&extensions);
        list.prompts.retain(|prompt| self.table.lists_prompt(&prompt.name, &requester));
        list.cache_scope = Some(CacheScope::Private);
        Ok(list)
    }

    async fn list_resources(&self, page: Page, context: Context) -> Answer<ListResourcesResult> {
        if !self.table.lists_resources(&Requester::from_extensions(&context.extensions)) {
            return Ok(ListResourcesResult::default());
        }
        let mut list = self.inner.list_resources(page, context).await?;
        list.cache_scope = Some(CacheScope::Private);
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        page: Page,
        context: Context,
    ) -> Answer<ListResourceTemplatesResult> {
        if !self.table.lists_resources(&Requester::from_extensions(&context.extensions)) {
            return Ok(ListResourceTemplatesResult::default());
        }
        let mut list = self.inner.list_resource_templates(page, context).await?;
        list.cache_scope = Some(CacheScope::Private);
        Ok(list)
    }

    pass_on! {
        ping(context: Context) -> Answer<()>;
        initialize(request: InitializeRequestParams, context: Context) -> Answer<InitializeResult>;
        discover(context: Context) -> Answer<DiscoverResult>;
        complete(request: CompleteRequestParams, context: Context) -> Answer<CompleteResult>;
        set_level(request: SetLevelRequestParams, context: Context) -> Answer<()>;
        get_prompt(request: GetPromptRequestParams, context: Context) -> Answer<GetPromptResponse>;
        read_resource(
            request: ReadResourceRequestParams,
            context: Context
        ) -> Answer<ReadResourceResponse>;
        listen(context: SubscriptionContext) -> Answer<()>;
        subscribe(request: SubscribeRequestParams, context: Context) -> Answer<()>;
        unsubscribe(request: UnsubscribeRequestParams, context: Context) -> Answer<()>;
        call_tool(request: CallToolRequestParams, context: Context) -> Answer<CallToolResponse>;
        on_custom_request(request: CustomRequest, context: Context) -> Answer<CustomResult>;
        on_cancelled(
            notification: CancelledNotificationParam,
            context: NotificationContext<RoleServer>
        ) -> ();
        on_progress(
            notification: ProgressNotificationParam,
            context: NotificationContext<RoleServer>
        ) -> ();
        on_initialized(context: NotificationContext<RoleServer>) -> ();
        on_roots_list_changed(context: NotificationContext<RoleServer>) -> ();
        on_custom_notification(
            notification: CustomNotification,
            context: NotificationContext<RoleServer>
        ) -> ();
        get_task(request: GetTaskParams, context: Context) -> Answer<GetTaskResult>;
        update_task(request: UpdateTaskParams, context: Context) -> Answer<()>;
        cancel_task(request: CancelTaskParams, context: Context) -> Answer<()>;
        list_skills(page: Page, context: Context) -> Answer<ListSkillsResult>;
        get_skill(request: GetSkillRequestParams, context: Context) -> Answer<GetSkillResult>;
        read_resource_directory(
            request: ReadResourceDirectoryRequestParams,
            context: Context
        ) -> Answer<ReadResourceDirectoryResult>;
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Answer<InitializeResult> {
        self.inner.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.inner.accepted_subscription_filter(requested)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        self.inner.get_info()
    }
}

impl<H> fmt::Debug for Restricted<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restricted").finish_non_exhaustive()
    }
}
