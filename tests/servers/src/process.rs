//! Child processes, and what they print.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::{env, thread};

use crate::eventually;

/// A child process whose output is kept, and which ends with this value.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<String>>,
    collectors: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`, which sees none of the `LOGTO_*` variables around it
    /// but those that it sets. `name` is for the message if it cannot be started.
    pub fn start(name: &str, command: &mut Command) -> Self {
        for (variable, _) in env::vars_os() {
            let outside = variable.to_string_lossy().starts_with("LOGTO_");
            let set = command.get_envs().any(|(name, _)| name == variable);
            if outside && !set {
                command.env_remove(variable);
            }
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}"));
        let output = Arc::default();
        let collectors = [
            child.stdout.take().map(|stream| collect(stream, &output)),
            child.stderr.take().map(|stream| collect(stream, &output)),
        ];
        Self {
            name: name.to_owned(),
            child,
            output,
            collectors: collectors.into_iter().flatten().collect(),
        }
    }

    /// Everything printed so far, on either stream.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns when it has printed `text`.
    ///
    /// # Panics
    ///
    /// If it ends before that, or takes too long.
    pub async fn wait_for_output(&mut self, text: &str) {
        eventually(&format!("{} to print {text}", self.name), async || {
            if let Some(status) = self.exit_status() {
                panic!("{} ended with {status}:\n{}", self.name, self.output());
            }
            self.output().contains(text).then_some(())
        })
        .await;
    }

    /// Does what Ctrl-C in a terminal does to one process.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Does what an orchestrator does that wants it to stop.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Stops it and its children where they are; connections to them stay open.
    pub fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, signal: &str) {
        self.signal(signal);
        let parent = self.child.id().to_string();
        // It fails if there are no children.
        let _ = Command::new("pkill").args([&format!("-{signal}"), "-P", &parent]).status();
    }

    /// Sends a signal that ends it, and waits until it has.
    pub(crate) fn end_with(mut self, signal: &str) {
        self.signal(signal);
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits until it has; nothing if it has ended.
    pub(crate) fn terminate_and_wait(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }

    fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let signal = format!("-{signal}");
        let status = Command::new("kill").args([&signal, &process]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill failed");
    }

    /// How it ended, if it did and all of its output is here.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten()?;
        let complete = self.collectors.iter().all(JoinHandle::is_finished);
        complete.then_some(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: impl Read + Send + 'static, output: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&line);
            output.push('\n');
        }
    })
}

/// The first of these programs that is installed.
pub(crate) fn first_that_runs<'a>(programs: &[&'a str]) -> Option<&'a str> {
    let runs = |program: &&str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    programs.iter().copied().find(runs)
}

/// What a program prints that must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
