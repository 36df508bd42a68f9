//! What users see: results on standard output, everything else on standard error.
//!
//! Colour and a line that changes are for terminals; a log of continuous integration gets plain
//! lines.

use std::env;
use std::fmt::Display;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;

const FRAMES: [&str; 4] = ["⠋", "⠙", "⠸", "⠴"];
const FRAME: Duration = Duration::from_millis(120);
/// To the beginning of the line, and wipe it.
const WIPE: &str = "\r\x1b[2K";

#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Bad,
    Careful,
    Quiet,
    Strong,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Careful => "33",
            Self::Quiet => "2",
            Self::Strong => "1",
        }
    }
}

pub(crate) struct Terminal {
    color_out: bool,
    color_err: bool,
    /// Whether the last line of standard error may be drawn again.
    live: bool,
    /// Whether standard output is for one JSON document.
    for_programs: bool,
    /// What came in the way of the result.
    lost: Arc<OnceLock<io::Error>>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let able = env::var_os("TERM").is_none_or(|kind| kind != "dumb");
        let color = able && !set("NO_COLOR");
        let error_is_terminal = io::stderr().is_terminal();
        Self {
            color_out: color && io::stdout().is_terminal(),
            color_err: color && error_is_terminal,
            live: able && error_is_terminal && !set("CI"),
            for_programs: false,
            lost: Arc::default(),
        }
    }

    /// The same terminal; lines of the result make way for a JSON document if there will be one.
    pub(crate) fn for_programs(&self, for_programs: bool) -> Self {
        Self {
            color_out: if for_programs { self.color_err } else { self.color_out },
            for_programs,
            lost: Arc::clone(&self.lost),
            ..*self
        }
    }

    /// Text for standard output.
    pub(crate) fn paint(&self, tone: Tone, text: impl Display) -> String {
        paint(self.color_out, tone, text)
    }

    /// A line of the result.
    pub(crate) fn line(&self, text: impl Display) {
        if self.for_programs {
            return self.remark(text);
        }
        self.print(text);
    }

    /// The result, for programs.
    pub(crate) fn json(&self, document: &Value) {
        self.print(document);
    }

    fn print(&self, text: impl Display) {
        let mut stream = io::stdout().lock();
        if let Err(error) = writeln!(stream, "{text}").and_then(|()| stream.flush()) {
            self.lose(error);
        }
    }

    fn lose(&self, error: io::Error) {
        // A reader who closed the pipe has what it wanted.
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _ = self.lost.set(error);
        }
    }

    /// Whether all of the result so far was written.
    pub(crate) fn is_written(&self) -> Result<(), Failure> {
        match self.lost.get() {
            None => Ok(()),
            Some(error) => {
                Err(Failure::new(format_args!("standard output cannot be written: {error}")))
            }
        }
    }

    /// A line that is not part of the result.
    pub(crate) fn remark(&self, text: impl Display) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    pub(crate) fn complain(&self, failure: &Failure) {
        let mark = paint(self.color_err, Tone::Bad, "error:");
        self.remark(format_args!("{mark} {failure}"));
        if let Some(remedy) = failure.remedy() {
            self.remark(indented(remedy));
        }
    }

    /// Whether there is a user to ask.
    pub(crate) fn can_ask(&self) -> bool {
        self.live && io::stdin().is_terminal()
    }

    /// Yes or no. Just Enter is yes, the end of input is no.
    pub(crate) fn ask(&self, question: &str) -> bool {
        show(&format!("{question} [Y/n] "));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).unwrap_or_default();
        read > 0 && !answer.trim().to_ascii_lowercase().starts_with('n')
    }

    /// Makes room for a line in the middle of [`wait`](Self::wait).
    pub(crate) fn interrupt_wait(&self) {
        if self.live {
            show(WIPE);
        }
    }

    /// Says what is waited for: in a line that moves and goes away, or in one plain line.
    pub(crate) async fn wait<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        if !self.live {
            self.remark(format_args!("{what} …"));
            return work.await;
        }
        let mut work = pin!(work);
        let mut frames = FRAMES.iter().cycle();
        let mut ticks = interval(FRAME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut work => break outcome,
                _ = ticks.tick() => {
                    let frame = frames.next().copied().unwrap_or_default();
                    let mark = paint(self.color_err, Tone::Quiet, frame);
                    show(&format!("{WIPE}{mark} {what}"));
                }
            }
        };
        show(WIPE);
        outcome
    }
}

fn paint(color: bool, tone: Tone, text: impl Display) -> String {
    if color { format!("\x1b[{}m{text}\x1b[0m", tone.code()) } else { text.to_string() }
}

fn show(text: &str) {
    let mut stream = io::stderr().lock();
    let _ = write!(stream, "{text}").and_then(|()| stream.flush());
}

/// Text of another party, without what would command the terminal, break the line or turn the
/// direction of the text around it.
pub(crate) fn printable(text: &str) -> String {
    logto_http::printable(text, '\u{fffd}', usize::MAX)
}

/// Every line two steps in.
pub(crate) fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(paint(true, Tone::Bad, "x"), "\x1b[31mx\x1b[0m");
        assert_eq!(paint(false, Tone::Bad, "x"), "x");
    }

    #[test]
    fn foreign_text_cannot_control_the_terminal() {
        let text = printable("issuer \x1b]0;title\x07\r\n… \u{202e}\u{2028}");
        assert_eq!(text, "issuer \u{fffd}]0;title\u{fffd}\u{fffd}\u{fffd}… \u{fffd}\u{fffd}");
    }

    #[test]
    fn a_result_is_lost_unless_its_reader_went_away() {
        let terminal = Terminal::new();
        terminal.for_programs(true).lose(io::ErrorKind::BrokenPipe.into());
        terminal.is_written().unwrap();
        terminal.for_programs(true).lose(io::ErrorKind::StorageFull.into());
        terminal.is_written().unwrap_err();
    }

    #[test]
    fn every_line_is_indented() {
        assert_eq!(indented("a\nb"), "  a\n  b");
    }
}
