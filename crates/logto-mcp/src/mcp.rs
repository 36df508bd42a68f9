//! The configuration of a protected MCP server.

use std::io;
use std::sync::Arc;

use logto::resource_server::{Api, Policy};
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{SessionManager, StreamableHttpServerConfig};
use url::Url;

use crate::origins::Origins;
use crate::sessions::Sessions;
use crate::table::Table;
use crate::{Error, McpService};

/// The protection of an MCP server: which tool needs which permission.
///
/// A tool, prompt, resource or method that is not declared here cannot be used by anyone.
///
/// # Example
///
/// ```
/// use logto_mcp::{Api, ApiConfig, Caller, Mcp, Policy};
/// use rmcp::{tool, tool_router};
///
/// const READ: Policy = Policy::new().with_scopes(&["read:notes"]);
///
/// #[derive(Clone)]
/// struct Notes;
///
/// #[tool_router(server_handler)]
/// impl Notes {
///     #[tool(description = "Reads your notes")]
///     async fn read_notes(&self, caller: Caller) -> String {
///         format!("the notes of {}", caller.sub())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = ApiConfig::new("https://notes.example.com/mcp").with_resource_metadata(["read:notes"]);
/// let api = Api::new("https://my-tenant.logto.app", url)?;
/// let mcp = Mcp::new(&api)?.with_tool("read_notes", READ).service(|| Ok(Notes));
/// let app: axum::Router = axum::Router::new().fallback_service(mcp);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Mcp {
    pub(crate) api: Api,
    /// The path of the endpoint.
    pub(crate) path: String,
    pub(crate) table: Table,
    pub(crate) origins: Origins,
    pub(crate) sessions: Sessions,
}

impl Mcp {
    /// The protection of the MCP server at the address that is the API's resource indicator. The
    /// scopes of the API's [metadata](logto::resource_server::ApiConfig::with_resource_metadata)
    /// are those that clients ask for when a user signs in for the first time: name as few as the
    /// server is of use with.
    ///
    /// # Errors
    ///
    /// [`Error::NoMetadata`] if the API has none; [`Error::NoRandomBytes`] if the system has none.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Api, ApiConfig, Error, Mcp};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // Clients ask for this scope first; others when a tool needs them.
    /// let config = ApiConfig::new("https://notes.example.com/mcp").with_resource_metadata(["read:notes"]);
    /// let mcp = Mcp::new(&Api::new("https://my-tenant.logto.app", config)?)?;
    ///
    /// let without_metadata = Api::new("https://my-tenant.logto.app", "https://notes.example.com/mcp")?;
    /// assert!(matches!(Mcp::new(&without_metadata), Err(Error::NoMetadata)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(api: &Api) -> Result<Self, Error> {
        // Only addresses have metadata.
        let url = Url::parse(api.resource()).map_err(|_| Error::NoMetadata)?;
        if api.metadata_path().is_none() {
            return Err(Error::NoMetadata);
        }
        Ok(Self {
            api: api.clone(),
            path: url.path().to_owned(),
            table: Table::default(),
            origins: Origins::new(&url),
            sessions: Sessions::new()?,
        })
    }

    /// Lets callers use the tool of that name whose token permits what `policy` asks for. Callers
    /// that may not use it do not see it in the list of tools.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Mcp, Policy};
    ///
    /// fn protect(mcp: Mcp) -> Mcp {
    ///     // Any token for this server may call the first one.
    ///     mcp.with_tool("search", Policy::new())
    ///         .with_tool("read_notes", Policy::new().with_scopes(&["read:notes"]))
    /// }
    /// ```
    pub fn with_tool(mut self, name: impl Into<String>, policy: Policy) -> Self {
        self.table.tools.insert(name.into(), policy);
        self
    }

    /// Lets callers use the tool as [`with_tool`](Self::with_tool) does, and shows it to every
    /// caller in the list: the client of a caller that lacks a scope
    /// asks the user for it when the tool is called (step-up). A tool that is not listed is not
    /// called by most clients, so no permission is asked.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Mcp, Policy};
    ///
    /// fn protect(mcp: Mcp) -> Mcp {
    ///     // Every caller sees it. The first call makes the client ask the user for `delete:notes`.
    ///     mcp.with_listed_tool("delete_note", Policy::new().with_scopes(&["delete:notes"]))
    /// }
    /// ```
    pub fn with_listed_tool(mut self, name: impl Into<String>, policy: Policy) -> Self {
        let name = name.into();
        self.table.listed.insert(name.clone());
        self.with_tool(name, policy)
    }

    /// As [`with_tool`](Self::with_tool), for a prompt.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Mcp, Policy};
    ///
    /// const READ: Policy = Policy::new().with_scopes(&["read:notes"]);
    ///
    /// fn protect(mcp: Mcp) -> Mcp {
    ///     mcp.with_tool("read_notes", READ).with_prompt("summarize_notes", READ).with_resources(READ)
    /// }
    /// ```
    pub fn with_prompt(mut self, name: impl Into<String>, policy: Policy) -> Self {
        self.table.prompts.insert(name.into(), policy);
        self
    }

    /// Lets callers list, read and subscribe to resources whose token permits what `policy` asks
    /// for. Whether a resource is the caller's own is for the server to find out, by the
    /// [`Caller`](crate::Caller).
    pub fn with_resources(mut self, policy: Policy) -> Self {
        self.table.resources = Some(policy);
        self
    }

    /// As [`with_tool`](Self::with_tool), for a method that rmcp has no name for, or that stands
    /// for something which one caller began and another one must not see: `tasks/get`,
    /// `tasks/update`, `tasks/cancel`, `skills/list`, `skills/get`, `resources/directory/read`,
    /// `subscriptions/listen`. The server has to compare the [`Caller`](crate::Caller) with the
    /// owner itself.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Mcp, Policy};
    ///
    /// fn protect(mcp: Mcp) -> Mcp {
    ///     let import = Policy::new().with_scopes(&["write:notes"]);
    ///     // The tool begins a task, which its caller asks about later.
    ///     mcp.with_tool("import", import).with_method("tasks/get", import).with_method("tasks/cancel", import)
    /// }
    /// ```
    pub fn with_method(mut self, method: impl Into<String>, policy: Policy) -> Self {
        self.table.methods.insert(method.into(), policy);
        self
    }

    /// Lets the pages of another origin, such as `https://inspector.example.com`, call the server
    /// from the browser. By default only those of its own do. A path after the origin does not
    /// count; what is not a URL is ignored and logged.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::Mcp;
    ///
    /// fn protect(mcp: Mcp) -> Mcp {
    ///     // The inspector in the browser, and a proxy that names this server otherwise.
    ///     mcp.with_origin("https://inspector.example.com").with_host("notes.internal:8000")
    /// }
    /// ```
    pub fn with_origin(mut self, origin: &str) -> Self {
        self.origins.add_origin(origin);
        self
    }

    /// Accepts another name in the `Host` header, with its port unless that is the usual one: for
    /// behind a proxy that puts its own there. By default only the host of the API's address is.
    pub fn with_host(mut self, host: &str) -> Self {
        self.origins.add_host(host);
        self
    }

    /// The MCP server behind this protection, for axum's `fallback_service` and any other server of
    /// tower services. `handler` makes the rmcp handler, one for each session or request.
    ///
    /// # Example
    ///
    /// On hyper, without a framework:
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use hyper::server::conn::http1;
    /// use hyper_util::rt::TokioIo;
    /// use hyper_util::service::TowerToHyperService;
    /// use logto_mcp::Mcp;
    /// use rmcp::ServerHandler;
    /// use tokio::net::TcpListener;
    ///
    /// async fn serve<H>(listener: TcpListener, mcp: Mcp, handler: H) -> io::Result<()>
    /// where
    ///     H: ServerHandler + Clone,
    /// {
    ///     let service = TowerToHyperService::new(mcp.service(move || Ok(handler.clone())));
    ///     loop {
    ///         let (connection, _) = listener.accept().await?;
    ///         let connection = TokioIo::new(connection);
    ///         tokio::spawn(http1::Builder::new().serve_connection(connection, service.clone()));
    ///     }
    /// }
    /// ```
    pub fn service<H: ServerHandler>(
        self,
        handler: impl Fn() -> io::Result<H> + Send + Sync + 'static,
    ) -> McpService<H> {
        let sessions = Arc::new(LocalSessionManager::default());
        self.service_with(handler, sessions, StreamableHttpServerConfig::default())
    }

    /// As [`service`](Self::service), with settings of rmcp: for example a smaller body, or a token
    /// that ends all streams when the server stops. Its lists of hosts and origins are not used.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use logto_mcp::{Mcp, McpService};
    /// use rmcp::ServerHandler;
    /// use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
    /// use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
    ///
    /// /// For several instances: no sessions, so that any of them answers any request.
    /// fn service<H: ServerHandler + Clone>(mcp: Mcp, handler: H) -> McpService<H> {
    ///     let mut config = StreamableHttpServerConfig::default();
    ///     config.legacy_session_mode = false;
    ///     let sessions = Arc::new(LocalSessionManager::default());
    ///     mcp.service_with(move || Ok(handler.clone()), sessions, config)
    /// }
    /// ```
    pub fn service_with<H: ServerHandler, M: SessionManager>(
        self,
        handler: impl Fn() -> io::Result<H> + Send + Sync + 'static,
        sessions: Arc<M>,
        config: StreamableHttpServerConfig,
    ) -> McpService<H, M> {
        McpService::new(self, handler, sessions, config)
    }

    /// The MCP server of [poem-mcpserver](https://docs.rs/poem-mcpserver) behind this protection, for
    /// poem. `server` makes the server of each session; its tools learn by
    /// [`Caller::current`](crate::Caller::current) who calls.
    ///
    /// That crate has sessions, tools, and the versions of the protocol before 2026-07-28. Prompts
    /// and resources it has none of.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime: poem-mcpserver has a task that ends sessions after five idle
    /// minutes.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Api, ApiConfig, Caller, Mcp, Policy};
    /// use poem::Route;
    /// use poem_mcpserver::content::Text;
    /// use poem_mcpserver::{McpServer, Tools};
    /// # use rmcp::schemars;
    ///
    /// const READ: Policy = Policy::new().with_scopes(&["read:notes"]);
    ///
    /// struct Notes;
    ///
    /// /// Notes
    /// #[Tools]
    /// impl Notes {
    ///     /// Reads your notes
    ///     async fn read_notes(&self) -> Result<Text<String>, logto_mcp::Error> {
    ///         Ok(Text(format!("the notes of {}", Caller::current()?.sub())))
    ///     }
    /// }
    ///
    /// fn app(api: &Api) -> Result<Route, logto_mcp::Error> {
    ///     let mcp = Mcp::new(api)?.with_tool("read_notes", READ);
    ///     Ok(Route::new().nest("/", mcp.endpoint(|| McpServer::new().tools(Notes))))
    /// }
    /// ```
    #[cfg(feature = "poem")]
    pub fn endpoint<T>(
        self,
        server: impl Fn() -> poem_mcpserver::McpServer<T> + Send + Sync + 'static,
    ) -> crate::McpEndpoint
    where
        T: poem_mcpserver::tool::Tools + Send + Sync + 'static,
    {
        crate::McpEndpoint::new(self, server)
    }
}
