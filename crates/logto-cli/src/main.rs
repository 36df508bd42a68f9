//! The `logto` command; see its `--help` and the README.

mod arguments;
mod connection_advice;
mod doctor;
mod env_file;
mod failure;
mod local;
mod login;
mod setup;
mod terminal;
mod variables;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Setup};
use terminal::Terminal;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new();
    let outcome = match arguments.command {
        Command::Local(options) => local::run(options, &terminal).await,
        Command::Doctor(options) => doctor::run(options, &terminal).await,
        Command::Setup(Setup::HuggingFace(options)) => {
            setup::hugging_face(options, &terminal).await
        }
        Command::Login(options) => login::login(options, &terminal).await,
        Command::Token(options) => login::token(options, &terminal).await,
        Command::Logout(options) => login::logout(options, &terminal).await,
    };
    let outcome = outcome.and_then(|code| terminal.is_written().map(|()| code));
    outcome.unwrap_or_else(|failure| {
        terminal.complain(&failure);
        failure.exit_code()
    })
}
