//! What was measured, as Markdown.

use crate::harness::Measured;

#[derive(Default)]
pub struct Report {
    goals: Vec<[String; 5]>,
}

impl Report {
    /// A table of one group: each case beside the first.
    pub fn table(&self, title: &str, measured: &Measured) {
        let first = measured.names().next().expect("a group has cases");
        println!("\n### {title}\n\n| case | time | ratio |\n|---|---:|---:|");
        for name in measured.names() {
            let ratio = measured.median(name) / measured.median(first);
            let time = nanoseconds(measured.median(name));
            println!("| {name} | {time} | {ratio:.2} |");
        }
    }

    /// A table of pages: what each takes, and what it takes more than the page without a session.
    pub fn added(&self, title: &str, measured: &Measured, added: impl Fn(&'static str) -> f64) {
        println!("\n### {title}\n\n| case | time | added |\n|---|---:|---:|");
        for name in measured.names() {
            let time = nanoseconds(measured.median(name));
            let added = match name.ends_with("hello") {
                true => String::new(),
                false => nanoseconds(added(name)),
            };
            println!("| {name} | {time} | {added} |");
        }
    }

    /// A table of texts.
    pub fn rows<const N: usize>(&self, title: &str, head: [&str; N], rows: &[[String; N]]) {
        println!("\n### {title}\n\n| {} |", head.join(" | "));
        println!("|{}", "---|".repeat(N));
        for row in rows {
            println!("| {} |", row.join(" | "));
        }
    }

    /// A goal that a number stays below.
    pub fn at_most(&mut self, id: &str, what: &str, measured: f64, goal: f64, unit: Unit) {
        let [shown, limit] = [measured, goal].map(|number| unit.show(number));
        self.goal(id, what, shown, format!("≤ {limit}"), measured <= goal);
    }

    /// A goal that a number reaches.
    pub fn at_least(&mut self, id: &str, what: &str, measured: f64, goal: f64, unit: Unit) {
        let [shown, limit] = [measured, goal].map(|number| unit.show(number));
        self.goal(id, what, shown, format!("≥ {limit}"), measured >= goal);
    }

    fn goal(&mut self, id: &str, what: &str, measured: String, goal: String, met: bool) {
        let met = if met { "yes" } else { "**no**" };
        self.goals.push([id.into(), what.into(), measured, goal, met.into()]);
    }

    pub fn print_goals(&self) {
        println!("\n### Goals\n\n| | what | measured | goal | met |\n|---|---|---:|---:|---|");
        for row in &self.goals {
            println!("| {} |", row.join(" | "));
        }
    }
}

#[derive(Clone, Copy)]
pub enum Unit {
    Nanoseconds,
    Bytes,
    Count,
    Times,
}

impl Unit {
    fn show(self, number: f64) -> String {
        match self {
            Self::Nanoseconds => nanoseconds(number),
            Self::Bytes => format!("{number:.0} bytes"),
            Self::Count => format!("{number:.0}"),
            Self::Times => format!("{number:.2} ×"),
        }
    }
}

pub fn nanoseconds(number: f64) -> String {
    if number < 1000.0 { format!("{number:.0} ns") } else { format!("{:.2} µs", number / 1000.0) }
}
