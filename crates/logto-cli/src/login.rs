//! `logto login`, `logto token`, `logto logout`: the user of this machine, signed in.

use std::error::Error as _;
use std::process::ExitCode;

use logto_native::{Error, ErrorKind, FileStore, NativeApp, NativeConfig};

use crate::arguments;
use crate::connection_advice;
use crate::failure::Failure;
use crate::terminal::{Terminal, printable};
use crate::variables::Variables;

/// The folder of the credentials.
const PROGRAM: &str = "logto";

pub(crate) async fn login(
    options: arguments::Login,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let config = config(options.app)?;
    let app = app(config.with_resources(options.resources).with_scopes(options.scopes))?;
    let user = if options.browser {
        let sign_in = app.begin_browser_sign_in().await.map_err(failed)?;
        terminal.remark("Open this address in a browser of this machine:");
        terminal.remark(sign_in.url());
        sign_in.finish().await
    } else {
        let sign_in = app.begin_device_sign_in().await.map_err(failed)?;
        let code = printable(sign_in.user_code());
        terminal
            .remark(format_args!("Open {} and enter the code {code}", sign_in.verification_uri()));
        if let Some(complete) = sign_in.verification_uri_complete() {
            terminal.remark(format_args!("or open {complete} and compare the code"));
        }
        sign_in.finish().await
    };
    let user = user.map_err(failed)?;
    let name = user.name.or(user.username).unwrap_or(user.sub);
    terminal.line(format_args!("Signed in as {}", printable(&name)));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn token(
    options: arguments::Token,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let app = app(config(options.app)?.with_resources([&options.resource]))?;
    let token = app.access_token(&options.resource).await.map_err(failed)?;
    terminal.line(token.as_str());
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn logout(
    options: arguments::Logout,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let (endpoint, app_id) = target(options.app)?;
    let app = app(NativeConfig::new(&endpoint, &app_id))?;
    let user = app.user().await.map_err(failed)?;
    app.sign_out().await.map_err(failed)?;
    if user.is_none() {
        let none = format!("no one is signed in to the app {app_id} at {endpoint}");
        return Err(Failure::new(printable(&none))
            .with_remedy("Check LOGTO_ENDPOINT and LOGTO_NATIVE_APP_ID."));
    }
    terminal.line("Signed out");
    Ok(ExitCode::SUCCESS)
}

fn config(app: arguments::NativeApp) -> Result<NativeConfig, Failure> {
    let (endpoint, app_id) = target(app)?;
    Ok(NativeConfig::new(endpoint, app_id))
}

/// The tenant's endpoint, and the app's id.
fn target(app: arguments::NativeApp) -> Result<(String, String), Failure> {
    let variables = Variables::find(app.env_file.as_deref())?;
    let needed = |given: Option<String>, name: &str| {
        let missing = || Failure::wrong_use(format_args!("{name} is not set"));
        given.or_else(|| variables.get(name)).ok_or_else(missing)
    };
    let endpoint = needed(app.endpoint, "LOGTO_ENDPOINT")?;
    Ok((endpoint, needed(app.app_id, "LOGTO_NATIVE_APP_ID")?))
}

fn app(config: NativeConfig) -> Result<NativeApp, Failure> {
    let store = FileStore::for_program(PROGRAM).map_err(Failure::new)?;
    NativeApp::new(config, store).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: Error) -> Failure {
    let mut text = error.to_string();
    // The path, and what the system said.
    if let (ErrorKind::Store, Some(reason)) = (error.kind(), error.source()) {
        text = format!("{text}: {reason}");
    }
    let failure = match error.kind() {
        ErrorKind::InvalidRequest => Failure::wrong_use(&text),
        _ => Failure::new(&text),
    };
    match (error.kind(), error.code()) {
        (ErrorKind::Store, _) => {
            failure.with_remedy("The folder has to be yours, on a disk that can be written.")
        }
        (ErrorKind::SignInRequired, _) => failure.with_remedy("Run logto login."),
        (_, Some("invalid_target")) => failure.with_remedy(
            "Logto gives tokens only for the APIs that the sign-in asked for: logto login --resource <URL>",
        ),
        (_, Some("invalid_client")) => failure.with_remedy("Check LOGTO_NATIVE_APP_ID."),
        (_, Some("invalid_request")) => failure.with_remedy(
            "The device flow needs an application that was created for it. For another one: logto login --browser",
        ),
        (ErrorKind::Unreachable, _) => {
            let usual = "Check LOGTO_ENDPOINT, or try again in a moment.";
            failure.with_remedy(connection_advice::remedy(&text).unwrap_or(usual))
        }
        _ => failure,
    }
}
