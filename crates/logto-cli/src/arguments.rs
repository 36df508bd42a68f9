//! What the command line asks for.

use clap::{Args, Parser, Subcommand};

/// Logto for your app: a local tenant to develop against, a check-up, and the Hugging Face button.
#[derive(Debug, Parser)]
#[command(name = "logto", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Local(Local),
}

/// Run a Logto tenant on this machine, for development and tests.
///
/// It plays Logto and Hugging Face with made-up people, needs no account, and forgets everything when it ends.
/// It prints what your app needs as `export` lines; with a command after `--` it starts that command with them
/// in its environment, and ends with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  logto local
  logto local --base-url http://localhost:8080 --redirect-uri http://localhost:8080/auth/callback
  logto local --person dora --person emil:things-reader -- npm start")]
pub(crate) struct Local {
    /// The port to listen on; 0 is any free one
    #[arg(long, default_value_t = 3001)]
    pub(crate) port: u16,
    /// Where your app runs; /callback, / after sign-out and /backchannel-logout below it are registered
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000")]
    pub(crate) base_url: String,
    /// One more redirect URI, exactly as your app sends it; can be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(crate) redirect_uris: Vec<String>,
    /// Somebody else who can sign in, with roles after colons if wanted; can be repeated
    #[arg(long = "person", value_name = "NAME[:ROLE…]")]
    pub(crate) people: Vec<String>,
    /// Tell your app at /backchannel-logout when a session ends
    #[arg(long)]
    pub(crate) back_channel_logout: bool,
    /// Make your app a third-party app, whose users see a consent page
    #[arg(long)]
    pub(crate) third_party: bool,
    /// The app's id
    #[arg(long, value_name = "ID", default_value = "local-app")]
    pub(crate) app_id: String,
    /// The app's secret; it begins with local-
    #[arg(long, value_name = "SECRET", default_value = "local-secret")]
    pub(crate) app_secret: String,
    /// A command to run with the tenant in its environment
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}
