//! The arguments of the command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

/// Logto for your app: a local tenant to develop against, a check-up, and the Hugging Face button.
#[derive(Parser)]
#[command(name = "logto", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Local(Local),
    Doctor(Doctor),
    /// Set up a tenant for an app
    #[command(subcommand)]
    Setup(Setup),
    Login(Login),
    Token(Token),
    Logout(Logout),
}

#[derive(Subcommand)]
pub(crate) enum Setup {
    HuggingFace(HuggingFace),
}

/// Run a Logto tenant on this machine, for development and tests.
///
/// Simulates Logto and Hugging Face with test users. Needs no account; discards all data when it
/// exits. It prints what your app needs as `export` lines; with a command after `--` it starts that
/// command with them in its environment, and ends with it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  logto local
  logto local --base-url http://localhost:8080 --redirect-uri http://localhost:8080/auth/callback
  logto local --api http://localhost:8000/mcp read:notes write:notes
  logto local --user dora --user emil:things-reader -- npm start")]
pub(crate) struct Local {
    /// The port to listen on; 0 is any free one
    #[arg(long, default_value_t = 3001)]
    pub(crate) port: u16,
    /// Where your app runs, on this machine (behind a proxy, for example https://localhost or
    /// https://app.localhost); /callback, / after sign-out and /backchannel-logout below it are
    /// registered
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000")]
    pub(crate) base_url: String,
    /// One more redirect URI, exactly as your app sends it; can be repeated. Before /callback it is
    /// also registered for sign-outs
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(crate) redirect_uris: Vec<String>,
    /// An API resource with its permissions: alice has all of them, frank the first one, and
    /// a role of the same name gives a user one of them
    #[arg(long, num_args = 2.., value_names = ["IDENTIFIER", "PERMISSION"], action = ArgAction::Set)]
    pub(crate) api: Vec<String>,
    /// Another user who can sign in, with roles after colons if wanted: things-reader,
    /// things-editor, or the name of a permission; any other role is shown in tokens and permits
    /// nothing. Can be repeated
    #[arg(long = "user", value_name = "NAME[:ROLE…]")]
    pub(crate) users: Vec<String>,
    /// Tell your app at /backchannel-logout when a session ends
    #[arg(long)]
    pub(crate) back_channel_logout: bool,
    /// Tell your app at /webhooks/logto what happens in the tenant
    #[arg(long)]
    pub(crate) webhooks: bool,
    /// Make your app a third-party app, whose users see a consent page
    #[arg(long)]
    pub(crate) third_party: bool,
    /// Keep users' Hugging Face tokens; with --empty, be able to: for `logto setup …
    /// --with-token-storage`
    #[arg(long)]
    pub(crate) token_storage: bool,
    /// The app's id; by default derived from the current directory, so that projects on one host
    /// keep their cookies apart
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// The app's secret; it begins with local-
    #[arg(long, value_name = "SECRET", default_value = "local-secret")]
    pub(crate) app_secret: String,
    /// Start as Logto does, without app and button: for trying `logto setup`
    #[arg(long, conflicts_with_all = ["app_id", "app_secret", "redirect_uris", "back_channel_logout", "third_party"])]
    pub(crate) empty: bool,
    /// A command to run with the tenant in its environment
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Find what is wrong with an app's configuration, from outside and inside.
///
/// It reads the app's own variables (LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET,
/// LOGTO_COOKIE_SECRET, BASE_URL, LOGTO_SCOPES, LOGTO_RESOURCES) from the environment or else from
/// the .env file, and asks Logto what the app would ask. If the app runs at BASE_URL, its own
/// sign-in request is checked. With LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET it looks into the
/// tenant, too. Nothing is changed anywhere.
#[derive(Args)]
#[command(after_help = "Exit status: 0 no problem, 1 problems found, 2 wrong use.")]
pub(crate) struct Doctor {
    /// The file with variables that are not in the environment [default: .env, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// The prefix of the SDK's routes, if the app has one, such as /auth
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub(crate) route_prefix: String,
    /// The provider whose button the app relies on; none to leave it out
    #[arg(long, value_name = "TARGET", default_value = "huggingface")]
    pub(crate) connector: String,
    /// One line of JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Take a tenant from nothing to the button “Continue with Hugging Face”.
///
/// Creates the application, or adopts the one named by LOGTO_APP_ID or by its name, and adds its
/// addresses; creates the connector; shows the button; writes what the app needs into the .env
/// file. Nothing that is there is taken away, and no value in the file that it did not write itself
/// is changed. Run it again whenever you like: a second run changes nothing, and one that failed
/// half-way goes on.
///
/// Every option can also come from the environment or the .env file, by the name in its
/// description; secrets preferably do, because command lines are seen by others on the machine.
#[derive(Args)]
#[command(after_help = "\
Examples:
  logto setup hugging-face --dry-run
  logto setup hugging-face --base-url https://app.example.com --app-name \"My app\"

Exit status: 0 set up, 1 stopped by something, 2 wrong use.")]
pub(crate) struct HuggingFace {
    /// The tenant [LOGTO_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// A machine-to-machine app with the role “Logto Management API access” [LOGTO_M2M_APP_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) m2m_app_id: Option<String>,
    /// Its secret [LOGTO_M2M_APP_SECRET]
    #[arg(long, value_name = "SECRET")]
    pub(crate) m2m_app_secret: Option<String>,
    /// The client ID of the OAuth app at Hugging Face [HUGGING_FACE_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) hugging_face_client_id: Option<String>,
    /// Its client secret [HUGGING_FACE_CLIENT_SECRET]
    #[arg(long, value_name = "SECRET")]
    pub(crate) hugging_face_client_secret: Option<String>,
    /// Where browsers reach your app [BASE_URL, or else http://localhost:3000]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The prefix of the SDK's routes, if the app has one, such as /auth
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub(crate) route_prefix: String,
    /// The app's name in the console, by which it is found again [LOGTO_APP_NAME, or else My app]
    #[arg(long, value_name = "NAME")]
    pub(crate) app_name: Option<String>,
    /// The resource of the Management API, for a custom domain of Logto Cloud
    /// [LOGTO_MANAGEMENT_API]
    #[arg(long, value_name = "URL")]
    pub(crate) management_api: Option<String>,
    /// Let new users sign up without a user name; applies to every social button of the tenant.
    /// Default without a terminal
    #[arg(long)]
    pub(crate) skip_user_name: bool,
    /// Leave it to the tenant whether new users have to choose a user name
    #[arg(long, conflicts_with = "skip_user_name")]
    pub(crate) keep_user_name: bool,
    /// Keep users' Hugging Face tokens, by a connector of the kind that can
    #[arg(long)]
    pub(crate) with_token_storage: bool,
    /// Let users see and change their account in your app: switch the account center on and open
    /// its fields
    #[arg(long)]
    pub(crate) with_account_api: bool,
    /// Create what the examples of the SDK ask for: the API resource https://api.example.test with the permission
    /// read:things, and a role with it that every new user gets
    #[arg(long)]
    pub(crate) with_example_api: bool,
    /// Have Logto tell your app at /webhooks/logto what happens to users, and write the signing
    /// key into the file
    #[arg(long)]
    pub(crate) with_webhooks: bool,
    /// Show the plan as a diff and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// One line of JSON for programs; what users read goes to standard error
    #[arg(long)]
    pub(crate) json: bool,
    /// The file for the app's variables
    #[arg(long, value_name = "FILE", default_value = ".env")]
    pub(crate) env_file: PathBuf,
}

/// The app that users sign in to on this machine.
#[derive(Args)]
pub(crate) struct NativeApp {
    /// The tenant [LOGTO_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// An application of the type “Native” [LOGTO_NATIVE_APP_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// The file with variables that are not in the environment [default: .env, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

/// Sign in on this machine, to call your APIs by hand or from scripts.
///
/// Shows an address and a code for the browser of any device. The credentials stay in a file that
/// only you can read.
#[derive(Args)]
#[command(after_help = "\
Example:
  logto login --resource https://api.example.com --scope read:things
  curl -H \"Authorization: Bearer $(logto token https://api.example.com)\" https://api.example.com/things

Exit status: 0 signed in, 1 not, 2 wrong use.")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) app: NativeApp,
    /// An API to get tokens for later; can be repeated
    #[arg(long = "resource", value_name = "URL")]
    pub(crate) resources: Vec<String>,
    /// A permission of these APIs, or another scope; can be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Sign in in the browser of this machine; the app needs the redirect URI http://127.0.0.1/callback
    #[arg(long)]
    pub(crate) browser: bool,
}

/// Print an access token for an API, from the credentials of `logto login`
#[derive(Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) app: NativeApp,
    /// The API
    #[arg(value_name = "URL")]
    pub(crate) resource: String,
}

/// Delete the credentials of `logto login`, and revoke them at Logto
#[derive(Args)]
pub(crate) struct Logout {
    #[command(flatten)]
    pub(crate) app: NativeApp,
}
