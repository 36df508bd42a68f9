//! `logto doctor`: looks at an app's configuration from outside and inside.

mod app;
mod ask;
mod finding;
mod provider;
mod report;
mod scopes;
mod sign_in;

use std::process::ExitCode;

use logto::{Logto, LogtoConfig};
use url::Url;

use crate::arguments::Doctor;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::variables::Variables;
use app::App;
use ask::Http;
use finding::{Examination, Finding, Outcome};
use sign_in::Addresses;

pub(crate) async fn run(options: Doctor, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let variables = Variables::read(&options.env_file)?;
    let mut examination = Examination::default();
    if let Some(patient) = Patient::admit(&options, &variables, &mut examination)? {
        let what = format!(
            "Examining the app {} at {}",
            patient.app.id, patient.endpoint
        );
        let examined = patient.examine(&mut examination);
        terminal.wait(&what, examined).await;
    }
    if options.json {
        report::as_json(&examination, terminal);
    } else {
        report::as_text(&examination, terminal);
    }
    Ok(match examination.problems() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// A configuration that can be tried.
struct Patient {
    endpoint: Url,
    app: App,
    logto: Logto,
    http: Http,
}

impl Patient {
    fn admit(
        options: &Doctor,
        variables: &Variables,
        examination: &mut Examination,
    ) -> Result<Option<Self>, Failure> {
        let config = LogtoConfig::from_variables(|name| variables.get(name))
            .map(|config| config.with_route_prefix(&options.route_prefix))
            .and_then(Logto::new);
        let logto = match config {
            Ok(logto) => logto,
            Err(wrong) => {
                let problems = wrong.problems().iter().map(ToString::to_string);
                let finding = |what| {
                    let why = "The app does not start with this configuration.";
                    let mend = format!(
                        "Set it in the environment, or in {}.",
                        options.env_file.display()
                    );
                    Finding::problem(what, why, mend)
                };
                examination.add(
                    "configuration",
                    Outcome::Findings(problems.map(finding).collect()),
                );
                return Ok(None);
            }
        };
        let value = |name| variables.get(name).unwrap_or_default();
        let endpoint = value("LOGTO_ENDPOINT");
        let endpoint = Url::parse(&endpoint)
            .map_err(|error| Failure::new(format_args!("LOGTO_ENDPOINT {endpoint}: {error}")))?;
        let app = App {
            id: value("LOGTO_APP_ID"),
            secret: value("LOGTO_APP_SECRET"),
            base_url: logto.base_url().clone(),
        };
        let seen = format!("the app {} at {}", app.id, app.base_url);
        examination.add("configuration", Outcome::Passed(seen));
        Ok(Some(Self {
            http: Http::new(&endpoint)?,
            endpoint,
            app,
            logto,
        }))
    }

    async fn examine(&self, examination: &mut Examination) {
        let (http, app) = (&self.http, &self.app);
        let Some(provider) = provider::examine(http, &self.endpoint, examination).await else {
            return;
        };
        examination.add("secret", app.secret(http, &provider).await);
        let Some(addresses) = Addresses::find(http, &self.logto, app, examination).await else {
            let why = "the SDK makes no sign-in request of this discovery document".to_owned();
            return examination.add("sign-in", Outcome::Skipped(why));
        };
        addresses.examine(http, app, examination).await;
        if let Some(address) = &addresses.end_session {
            examination.add("sign-out URI", app.sign_out(http, address).await);
        }
        examination.add("refresh token", addresses.refresh_token());
        examination.add("scopes", scopes::examine(&addresses, &provider));
    }
}
