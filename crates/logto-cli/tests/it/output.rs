//! Results that cannot be written.

use std::fs::File;
use std::process::Stdio;

use crate::checked_app::CheckedApp;
use crate::fixture::Fixture;
use crate::login::{API, Machine};
use crate::support::{Run, logto, run};

/// A device that is always full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn is_told(run: &Run) {
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.err.contains("standard output cannot be written"), "{run:?}");
}

#[tokio::test]
async fn a_token_that_is_lost_is_a_failure() {
    let machine = Machine::new().await;
    machine.sign_in().await;
    let mut command = machine.command(&["token", API]);
    command.stdout(full());
    is_told(&run(command).await);
}

#[tokio::test]
async fn a_report_that_is_lost_is_a_failure() {
    let checked = CheckedApp::healthy().await;
    for arguments in [&["doctor"][..], &["doctor", "--json"]] {
        let mut command = logto(checked.folder.path(), arguments);
        command.envs(checked.variables.iter().cloned()).stdout(full());
        is_told(&run(command).await);
    }
    let fixture = Fixture::empty().await;
    for arguments in [&["--dry-run"][..], &["--dry-run", "--json"]] {
        let mut command = fixture.command(arguments);
        command.stdout(full());
        is_told(&run(command).await);
    }
}

/// Nothing could be started with it.
#[tokio::test]
async fn a_tenant_whose_variables_are_lost_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = logto(folder.path(), &["local", "--port", "0"]);
    command.stdout(full());
    is_told(&run(command).await);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let machine = Machine::new().await;
    machine.sign_in().await;
    let mut command = machine.command(&["token", API]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    let run = run(command).await;
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{run:?}");
}
