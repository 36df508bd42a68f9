//! Prints what setup did.

use logto_management::provision::{Change, Plan, Warning};
use serde_json::{Value, json};

use super::env_values::{EnvValues, how_to_load};
use crate::arguments::HuggingFace;
use crate::env_file::{EnvFile, Written, quoted};
use crate::terminal::{Terminal, Tone, indented, printable};

pub(crate) struct Report {
    redirect_uris: [String; 2],
    warnings: Vec<Warning>,
    changes: Vec<Change>,
    dry_run: bool,
    /// What has to be done first, by hand.
    pub(crate) remaining: Option<String>,
    pub(crate) env: Option<EnvValues>,
}

impl Report {
    pub(crate) fn new(plan: &Plan, dry_run: bool) -> Self {
        Self {
            redirect_uris: plan.hugging_face_redirect_uris(),
            warnings: plan.warnings.clone(),
            changes: plan.changes.clone(),
            dry_run,
            remaining: None,
            env: None,
        }
    }

    pub(crate) fn show_warnings(&self, terminal: &Terminal) {
        for warning in &self.warnings {
            let mark = terminal.paint(Tone::Careful, "!");
            terminal.line(format_args!("{mark} {}", printable(&warning.to_string())));
            if matches!(warning, Warning::RequiredIdentifiers(_)) {
                terminal.line(
                    "  --skip-user-name lets them in without; it holds for every social button.",
                );
            }
            if matches!(warning, Warning::AutomaticAccountLinking) {
                terminal.line("  Console → Sign-in & account → Sign-up and sign-in → Social sign-in: switch it off.");
            }
        }
    }

    /// The changes as a diff.
    pub(crate) fn show_plan(&self, terminal: &Terminal) {
        for change in &self.changes {
            terminal.line(terminal.paint(Tone::Strong, printable(&change.title)));
            for one in &change.differences {
                if let Some(before) = &one.before {
                    let text = format!("  - {}: {before}", one.name);
                    terminal.line(terminal.paint(Tone::Bad, printable(&text)));
                }
                let text = format!("  + {}: {}", one.name, one.after);
                terminal.line(terminal.paint(Tone::Good, printable(&text)));
            }
        }
    }

    /// What became of the file, and what to do next.
    pub(crate) fn finish(&self, options: &HuggingFace, terminal: &Terminal) {
        let file = options.env_file.display();
        let (written, kept) = (self.names(Written::Now), self.names(Written::Never));
        if !written.is_empty() {
            let mark = terminal.paint(Tone::Good, if self.dry_run { "+" } else { "✓" });
            terminal.line(format_args!("{mark} write {} into {file}", written.join(", ")));
        }
        if !kept.is_empty() {
            let (mark, kept) = (terminal.paint(Tone::Careful, "!"), kept.join(", "));
            terminal.line(format_args!(
                "{mark} {kept} in {file} was edited and stays as it is; take it out to have it written anew"
            ));
        }
        if !self.dry_run && EnvFile::is_open_to_others(&options.env_file) {
            let mark = terminal.paint(Tone::Careful, "!");
            let path = quoted(&options.env_file.to_string_lossy());
            terminal.line(format_args!(
                "{mark} {file} holds secrets, and other users of this machine may read it: chmod 600 {path}"
            ));
        }
        let nothing = self.changes.is_empty() && written.is_empty();
        let as_wanted = if kept.is_empty() { ": everything is as wanted." } else { "." };
        terminal.line(match (nothing, self.dry_run) {
            (true, true) => format!("Nothing would change{as_wanted}"),
            (true, false) => format!("Nothing changed{as_wanted}"),
            (false, true) => "\nThis is the plan; nothing was changed.".to_owned(),
            (false, false) => format!(
                "\nReady. Take the values into your terminal and start your app:\n  {}\nIf something does not \
                 work: logto doctor\n{file} holds secrets: keep it out of version control.",
                how_to_load(&options.env_file)
            ),
        });
        if let Some(remaining) = &self.remaining {
            terminal.line(format_args!(
                "\nIt needs an OAuth app at Hugging Face first:\n{}",
                indented(remaining)
            ));
        }
        if options.json {
            terminal.json(&self.to_json(options));
        }
    }

    fn names(&self, wanted: Written) -> Vec<&'static str> {
        let values = self.env.as_ref();
        values.map_or_else(Vec::new, |values| values.names(wanted))
    }

    fn to_json(&self, options: &HuggingFace) -> Value {
        let changes = self.changes.iter().map(|change| {
            let differences = change
                .differences
                .iter()
                .map(|one| json!({ "name": one.name, "before": one.before, "after": one.after }));
            json!({ "title": change.title, "differences": differences.collect::<Vec<_>>() })
        });
        let warnings = self.warnings.iter().map(ToString::to_string);
        json!({
            "dry_run": self.dry_run,
            "redirect_uris": self.redirect_uris,
            "warnings": warnings.collect::<Vec<_>>(),
            "changes": changes.collect::<Vec<_>>(),
            "remaining": self.remaining,
            "env_file": options.env_file,
            "written": self.names(Written::Now),
            "kept": self.names(Written::Never),
        })
    }
}

/// They come first: they may have to be registered.
pub(crate) fn show_redirect_uris(plan: &Plan, terminal: &Terminal) {
    let [sign_in, linking] = plan.hugging_face_redirect_uris();
    terminal.line("Redirect URIs of the OAuth app at Hugging Face:");
    terminal.line(format_args!("  {}", terminal.paint(Tone::Strong, sign_in)));
    terminal.line(format_args!("  {linking} (to link an account in Logto's account pages)\n"));
}

pub(crate) fn done(change: &Change, terminal: &Terminal) {
    terminal.interrupt_wait();
    let mark = terminal.paint(Tone::Good, "✓");
    terminal.line(format_args!("{mark} {}", printable(&change.title)));
}
