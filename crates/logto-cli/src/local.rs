//! `logto local`: a tenant on this machine, until Ctrl-C or until the given command ends.

use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use logto_local::{LocalTenant, TestUser};
#[cfg(unix)]
use tokio::process::Child;
use tokio::process::Command;
use tokio::signal;
use tokio::time::timeout;
use url::Url;

use crate::arguments::Local;
use crate::env_file::quoted;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Public on purpose: what is sealed with it is worth nothing.
const COOKIE_SECRET: &str = "only-for-development-0123456789abcdef";
/// How long a command has for ending by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How long it has if it may have been asked already.
#[cfg(unix)]
const MOMENT: Duration = Duration::from_millis(200);

pub(crate) async fn run(options: Local, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let tenant = start(&options).await?;
    let variables = variables(&tenant, &options);
    let endpoint = tenant.endpoint();
    terminal.remark(format_args!(
        "A local tenant runs at {endpoint}: open it to see its users, apps and requests."
    ));
    if let [program, arguments @ ..] = options.command.as_slice() {
        let base_url = &options.base_url;
        terminal.remark(format_args!("Open your app at {base_url} once it runs."));
        let mut command = Command::new(program);
        command.args(arguments).envs(variables).kill_on_drop(true);
        return run_command(command, program).await;
    }
    let interrupted = interrupted();
    terminal.remark(if options.empty {
        "Paste these into another terminal, then run there: logto setup hugging-face. Ctrl-C ends the tenant.\n"
    } else {
        "Your app needs these; paste them into its terminal. Ctrl-C ends the tenant.\n"
    });
    for (name, value) in variables {
        terminal.line(format_args!("export {name}={}", quoted(&value)));
    }
    terminal.is_written()?;
    let _ = interrupted.await;
    Ok(ExitCode::SUCCESS)
}

/// Cookies are named after the app's id, and a browser sends those of one host to all of its ports.
fn app_id_of_this_directory() -> String {
    let mut hasher = DefaultHasher::new();
    env::current_dir().unwrap_or_default().hash(&mut hasher);
    format!("local-app-{:016x}", hasher.finish())
}

async fn start(options: &Local) -> Result<LocalTenant, Failure> {
    check_ports(options)?;
    let app_id = options.app_id.clone().unwrap_or_else(app_id_of_this_directory);
    let mut builder = LocalTenant::builder()
        .port(options.port)
        .base_url(&options.base_url)
        .app(&app_id, &options.app_secret)
        .back_channel_logout(options.back_channel_logout)
        .webhooks(options.webhooks)
        .third_party(options.third_party)
        .token_storage(options.token_storage)
        .account_center(!options.empty)
        .secret_vault(options.token_storage);
    if options.empty {
        builder = builder.empty();
    }
    for uri in &options.redirect_uris {
        builder = builder.redirect_uri(uri);
        if let Some(home) = uri.strip_suffix("/callback") {
            builder = builder.post_logout_redirect_uri(home);
        }
    }
    if let Some((identifier, permissions)) = options.api.split_first() {
        check_api(identifier, permissions)?;
        builder = builder.api(identifier, permissions);
    }
    for text in &options.users {
        builder = builder.user(user(text)?);
    }
    builder.start().await.map_err(|error| match error {
        logto_local::Error::Port { port, .. } => Failure::new(error).with_remedy(format_args!(
            "Choose another port: logto local --port {}",
            port.saturating_add(1000)
        )),
        logto_local::Error::InvalidUri(_)
        | logto_local::Error::NotLoopback(_)
        | logto_local::Error::SecretNotLocal => Failure::wrong_use(error),
        error => Failure::new(error),
    })
}

/// The tenant may be at any free port, but not the app: browsers have to find it.
fn check_ports(options: &Local) -> Result<(), Failure> {
    let has_port_0 = |address: &&String| Url::parse(address).is_ok_and(|url| url.port() == Some(0));
    let mut addresses = [&options.base_url].into_iter().chain(&options.redirect_uris);
    match addresses.find(has_port_0) {
        None => Ok(()),
        Some(address) => Err(Failure::wrong_use(format_args!(
            "{address} has the port 0, where no browser finds your app"
        ))
        .with_remedy("Name the port that your app listens on, for example: http://localhost:3000")),
    }
}

/// What Logto's console would not take (RFC 8707, section 2; RFC 6749, section 3.3).
fn check_api(identifier: &str, permissions: &[String]) -> Result<(), Failure> {
    if !Url::parse(identifier).is_ok_and(|url| url.fragment().is_none()) {
        return Err(Failure::wrong_use(format_args!(
            "{identifier:?} is not an identifier of an API: that is an absolute URI without #"
        ))
        .with_remedy("For example: --api http://localhost:8000/mcp read:notes"));
    }
    let is_word = |name: &&String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
    };
    match permissions.iter().find(|name| !is_word(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::wrong_use(format_args!(
            "{name:?} is not a permission: that is one word, such as read:notes"
        ))),
    }
}

/// `dora`, or `dora:things-editor`.
fn user(text: &str) -> Result<TestUser, Failure> {
    let mut parts = text.split(':');
    let handle = parts.next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if handle.is_empty() || !handle.chars().all(plain) {
        return Err(Failure::wrong_use(format_args!("{handle:?} is not a valid user name"))
            .with_remedy("Use letters, digits, - and _, for example: --user dora"));
    }
    Ok(parts.fold(TestUser::new(handle), TestUser::with_role))
}

fn variables(tenant: &LocalTenant, options: &Local) -> Vec<(&'static str, String)> {
    let machine = tenant.machine_app();
    let of_the_app = [
        ("LOGTO_APP_ID", tenant.app_id()),
        ("LOGTO_APP_SECRET", tenant.app_secret()),
        ("LOGTO_COOKIE_SECRET", COOKIE_SECRET),
    ];
    // Instead of an app: what the setup makes one with.
    let for_setup = [
        ("HUGGING_FACE_CLIENT_ID", "made-up-client-id"),
        ("HUGGING_FACE_CLIENT_SECRET", "local-made-up-secret"),
    ];
    let always = [
        ("LOGTO_ENDPOINT", tenant.endpoint()),
        ("BASE_URL", options.base_url.as_str()),
        ("LOGTO_M2M_APP_ID", machine.app_id.as_str()),
        ("LOGTO_M2M_APP_SECRET", machine.app_secret.as_str()),
    ];
    let some = if options.empty { &for_setup[..] } else { &of_the_app[..] };
    let all = always.iter().chain(some);
    let mut all: Vec<_> = all.map(|(name, value)| (*name, (*value).to_owned())).collect();
    if let Some(key) = tenant.webhook_signing_key() {
        all.push(("LOGTO_WEBHOOK_SIGNING_KEY", key));
    }
    if options.token_storage {
        // Where users' tokens are good, by the name that Hugging Face's own tools know.
        all.push(("HF_ENDPOINT", format!("{}/hugging-face", tenant.endpoint())));
    }
    all
}

/// The tenant lives as long as the command, and this program ends as it did.
async fn run_command(mut command: Command, program: &str) -> Result<ExitCode, Failure> {
    let failed = |error| Failure::new(format_args!("{program} could not be started: {error}"));
    let interrupted = interrupted();
    let mut child = command.spawn().map_err(failed)?;
    tokio::select! {
        status = child.wait() => Ok(exit_code(status.map_err(failed)?)),
        by = interrupted => {
            // Ctrl-C goes to every program of the terminal, the other signal to this one alone, or
            // to both: one that has ended by itself hears nothing of it.
            #[cfg(unix)]
            if by == Interruption::Terminate && timeout(MOMENT, child.wait()).await.is_err() {
                terminate(&child);
            }
            let _ = by;
            // Dropping the child ends it if it stays.
            let _ = timeout(GRACE, child.wait()).await;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The command's own, or what shells make of the signal that ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// What asked this program to end.
#[derive(PartialEq, Eq)]
enum Interruption {
    CtrlC,
    #[cfg(unix)]
    Terminate,
}

/// Listens from now on, not only when it is awaited: who has seen a line of this program may ask it
/// to end.
#[cfg(unix)]
fn interrupted() -> impl Future<Output = Interruption> {
    use std::future;

    use signal::unix::{Signal, SignalKind, signal};

    let listen = |kind| signal(kind).ok();
    let (interrupt, terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    let comes = async |listener: Option<Signal>| match listener {
        Some(mut listener) => _ = listener.recv().await,
        None => future::pending().await,
    };
    async move {
        tokio::select! {
            () = comes(interrupt) => Interruption::CtrlC,
            () = comes(terminate) => Interruption::Terminate,
        }
    }
}

#[cfg(not(unix))]
async fn interrupted() -> Interruption {
    let _ = signal::ctrl_c().await;
    Interruption::CtrlC
}

/// Asks the command to end, as this program was asked.
#[cfg(unix)]
fn terminate(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};

    let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    // One that has ended needs no signal.
    let _ = id.map(|id| kill_process(id, Signal::TERM));
}
