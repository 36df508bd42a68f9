//! Runs cases against adapters and compares what they answer.

use std::any::Any;
use std::sync::PoisonError;
use std::thread;

use super::adapter::Driver;
use super::case::Case;
use super::running_app::{RunningApp, Transcript};

/// Runs every case against every adapter.
///
/// # Panics
///
/// If there is any [complaint](complaints), with all of them.
pub fn check(drivers: &[Driver], cases: &[Case]) {
    let complaints = complaints(drivers, cases);
    let (count, all) = (complaints.len(), complaints.join("\n\n"));
    assert!(complaints.is_empty(), "{count} complaints:\n\n{all}");
}

/// Everything that is wrong: each adapter that does not do what a case asks for, and each case that
/// adapters answer differently, with their answers.
#[must_use]
pub fn complaints(drivers: &[Driver], cases: &[Case]) -> Vec<String> {
    let all = cases.iter().map(|case| check_case(drivers, case));
    all.collect::<Vec<_>>().concat()
}

/// What is wrong in one case.
fn check_case(drivers: &[Driver], case: &Case) -> Vec<String> {
    let mut outcomes: Vec<Outcome> = thread::scope(|scope| {
        let running: Vec<_> =
            drivers.iter().map(|driver| scope.spawn(move || perform(*driver, case))).collect();
        running.into_iter().map(|thread| thread.join().expect("failures are caught")).collect()
    });
    let mut complaints: Vec<String> =
        outcomes.iter().filter_map(|outcome| outcome.complaint(case)).collect();
    outcomes.retain(|outcome| !outcome.excused);
    complaints.extend(difference(case, &outcomes));
    complaints
}

/// What came of a case with one adapter.
struct Outcome {
    name: &'static str,
    exchanges: Vec<(String, String)>,
    failure: Option<String>,
    excused: bool,
}

impl Outcome {
    fn complaint(&self, case: &Case) -> Option<String> {
        let Self { name, failure, excused, .. } = self;
        match (failure, excused) {
            (Some(failure), false) => Some(format!("{name} fails ‘{}’: {failure}", case.name)),
            (None, true) => Some(format!("{name} is excused from ‘{}’ and passes it", case.name)),
            _ => None,
        }
    }
}

/// Everything of the run lives in a thread of its own and ends with it.
fn perform(driver: Driver, case: &Case) -> Outcome {
    let transcript = Transcript::default();
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let app = RunningApp::start(driver, case.setup, transcript.clone()).await;
            case.run.run(&app).await;
        });
        runtime.shutdown_background();
    };
    let failure = thread::scope(|scope| scope.spawn(run).join().err());
    let exchanges = transcript.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Outcome {
        name: driver.name,
        excused: driver.excused.contains(&case.name.as_str()),
        exchanges,
        failure: failure.map(|panic| words_of(panic.as_ref())),
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// The first exchange that is not the same everywhere, with every answer and who gave it.
fn difference(case: &Case, outcomes: &[Outcome]) -> Option<String> {
    let most = outcomes.iter().map(|outcome| outcome.exchanges.len()).max()?;
    (0..most).find_map(|at| {
        let mut answers: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut asked = "";
        for outcome in outcomes {
            // Where a case failed, it went no further.
            let Some((what, answer)) = outcome.exchanges.get(at) else {
                continue;
            };
            asked = what;
            match answers.iter_mut().find(|(known, _)| known == answer) {
                Some((_, names)) => names.push(outcome.name),
                None => answers.push((answer, vec![outcome.name])),
            }
        }
        (answers.len() > 1).then(|| describe(case, asked, &answers))
    })
}

fn describe(case: &Case, asked: &str, answers: &[(&str, Vec<&str>)]) -> String {
    let who: Vec<String> = answers.iter().map(|(_, names)| names.join(", ")).collect();
    let mut text = format!("{} differ in ‘{}’, {asked}:", who.join(" and "), case.name);
    for (who, (answer, _)) in who.iter().zip(answers) {
        let answer = answer.replace('\n', "\n    ");
        text.push_str(&format!("\n  {who}:\n    {answer}"));
    }
    text
}
