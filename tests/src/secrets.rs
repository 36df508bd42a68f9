//! Values that must not be found in a log.

use std::collections::BTreeSet;

/// Values that no log may show. Those too short to be told from ordinary words
/// are not kept.
#[derive(Debug, Default)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Remembers a value.
    pub fn add(&mut self, value: &str) {
        if value.len() < 16 {
            return;
        }
        self.0.insert(value.to_owned());
    }

    /// # Panics
    ///
    /// If `log` has one of the values, showing the line without it.
    pub fn assert_absent_from(&self, log: &str) {
        for secret in &self.0 {
            if let Some(line) = log.lines().find(|line| line.contains(telling(secret))) {
                let start = secret.get(..4).unwrap_or_default();
                let line = self.hide_in(line);
                panic!("the log shows a secret that starts with {start}: {line}");
            }
        }
    }

    fn hide_in(&self, line: &str) -> String {
        self.0
            .iter()
            .fold(line.to_owned(), |line, secret| line.replace(telling(secret), "[secret]"))
    }
}

/// Half a secret is a secret too; the rest may have been cut off.
fn telling(secret: &str) -> &str {
    secret.get(..32).unwrap_or(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789";

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add(SECRET);
        secrets.add("short");
        secrets
    }

    #[test]
    fn a_harmless_log_passes() {
        secrets().assert_absent_from("a short line\nand 0123456789abcdef");
    }

    #[test]
    #[should_panic(expected = "starts with 0123: token [secret]")]
    fn a_secret_is_found_even_if_it_is_cut_off() {
        secrets().assert_absent_from("fine\ntoken 0123456789abcdef0123456789abcdef");
    }
}
