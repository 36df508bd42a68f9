//! `logto doctor`: checks an app's configuration, from outside and inside.

mod account;
mod app;
mod ask;
mod back_channel;
mod button;
mod cookies;
mod finding;
mod headers;
mod inside;
mod provider;
mod refresh;
mod report;
mod scopes;
mod session_size;
mod sign_in;
mod store;
mod unasked;
mod webhooks;

use std::process::ExitCode;

use logto::web::Route;
use logto::{Logto, LogtoConfig};
use logto_management::{Application, Error, Management};
use url::Url;

use crate::arguments::Doctor;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::variables::{Variables, file_or_usual};
use app::App;
use ask::Http;
use finding::{Finding, Outcome, Results};
use provider::Provider;
use sign_in::Addresses;

pub(crate) async fn run(options: Doctor, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let variables = Variables::find(options.env_file.as_deref())?;
    let mut results = Results::default();
    if let Some(checked) = CheckedApp::from_variables(&options, &variables, &mut results)? {
        let what = format!("Checking the app {} at {}", checked.app.id, checked.endpoint);
        let checked = checked.check(&mut results);
        terminal.wait(&what, checked).await;
    }
    if options.json {
        report::as_json(&results, terminal);
    } else {
        report::as_text(&results, terminal);
    }
    Ok(match results.problems() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// A configuration that can be tried.
struct CheckedApp {
    endpoint: Url,
    app: App,
    logto: Logto,
    http: Http,
    /// The button that the app relies on.
    connector: Option<String>,
    management: Option<Management>,
    /// The variable that names a session store, as far as a variable does.
    store: Option<&'static str>,
    /// The signing keys of webhooks, separated by commas.
    webhook_keys: String,
}

impl CheckedApp {
    fn from_variables(
        options: &Doctor,
        variables: &Variables,
        results: &mut Results,
    ) -> Result<Option<Self>, Failure> {
        let config = LogtoConfig::from_variables(|name| variables.get(name))
            .map(|config| config.with_route_prefix(&options.route_prefix))
            .and_then(Logto::new);
        let logto = match config {
            Ok(logto) => logto,
            Err(wrong) => {
                let problems = wrong.problems().iter().map(ToString::to_string);
                let file = file_or_usual(options.env_file.as_deref()).display();
                let finding = |what: String| {
                    let why = "The app does not start with this configuration.";
                    let fix = if what.contains("is not set") {
                        format!(
                            "Set it in the environment, or in {file} (which the app itself does not read). \
                             No app yet? logto setup hugging-face writes it."
                        )
                    } else {
                        format!("Correct it in the environment or in {file}.")
                    };
                    Finding::problem(what, why, fix)
                };
                results.add("configuration", Outcome::Findings(problems.map(finding).collect()));
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
            route_prefix: options.route_prefix.clone(),
        };
        let mut seen = format!("the app {} at {}", app.id, app.base_url);
        if variables.is_in_file_only("LOGTO_APP_ID") {
            let file = file_or_usual(options.env_file.as_deref()).display();
            seen += &format!(", by {file}; the app itself reads its environment only");
        }
        results.add("configuration", Outcome::Passed(seen));
        let machine =
            (variables.get("LOGTO_M2M_APP_ID")).zip(variables.get("LOGTO_M2M_APP_SECRET"));
        let management = machine.map(|(id, secret)| {
            let mut builder = Management::builder(endpoint.as_str(), id, secret);
            if let Some(resource) = variables.get("LOGTO_MANAGEMENT_API") {
                builder = builder.resource(resource);
            }
            builder.build()
        });
        Ok(Some(Self {
            http: Http::new(&endpoint)?,
            endpoint,
            app,
            logto,
            connector: Some(options.connector.clone()).filter(|target| target != "none"),
            management: management.transpose()?,
            store: store::named_by(variables),
            webhook_keys: value("LOGTO_WEBHOOK_SIGNING_KEY"),
        }))
    }

    async fn check(&self, results: &mut Results) {
        let (http, app) = (&self.http, &self.app);
        let Some(provider) = provider::check(http, &self.endpoint, results).await else {
            return;
        };
        results.add("secret", app.secret(http, &provider).await);
        let Some(addresses) = Addresses::find(http, &self.logto, app, results).await else {
            let why = "the SDK makes no sign-in request of this discovery document".to_owned();
            return results.add("sign-in", Outcome::Skipped(why));
        };
        if let Ok(sign_in) = Url::parse(&app.address(&self.logto.route_path(Route::SignIn))) {
            results.add("cookies", cookies::check(http, &self.logto, &sign_in).await);
            results.add("header sizes", headers::check(http, &sign_in).await);
        }
        addresses.check(http, app, results).await;
        if let Some(address) = &addresses.end_session {
            results.add("sign-out URI", app.sign_out(http, address).await);
        }
        let application = self.enter(results).await;
        let refresh_token = refresh::check(&addresses, &provider, application.as_ref());
        results.add("refresh token", refresh_token);
        let management = self.management.as_ref().filter(|_| application.is_some());
        results.add("scopes", scopes::check(&addresses, &provider, management).await);
        if let Some(target) = &self.connector {
            results.add("connector", self.button(target, management).await);
        }
        results.add("session store", store::check(&app.base_url, &self.store));
        results.add("cookie budget", self.session_size(&addresses, &provider, management).await);
        if let Some(application) = &application {
            let expected = self.app.address(&self.logto.route_path(Route::BackChannelLogout));
            let outcome = back_channel::check(http, app, application, &self.endpoint, &expected);
            let outcome = outcome.await;
            results.add("back-channel logout", outcome);
        }
        if let Some(management) = management {
            let expected = self.app.address(&self.logto.route_path(Route::Webhooks));
            let outcome = webhooks::check(management, &expected, &self.webhook_keys).await;
            results.add("webhooks", or_skipped(outcome));
            let asked = account::asked(&addresses);
            if !asked.is_empty() {
                let outcome = account::check(management, &asked).await;
                results.add("account center", or_skipped(outcome));
            }
        }
    }

    /// What the tenant says about the app, if it may be asked.
    async fn enter(&self, results: &mut Results) -> Option<Application> {
        let Some(management) = &self.management else {
            let why = "LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET of a machine-to-machine app with the role “Logto \
                       Management API access” are not set";
            results.add("inside", Outcome::Skipped(why.to_owned()));
            return None;
        };
        let found = management.applications().get(&self.app.id).await;
        let application = match found {
            Ok(application) => application,
            Err(error) if error.code() == Some("entity.not_exists_with_id") => {
                results.add("inside", self.app.see_above());
                return None;
            }
            Err(error) => {
                results.add("inside", no_access(&error));
                return None;
            }
        };
        results.add("inside", inside::registration(&application));
        let secrets = management.applications().secrets(&self.app.id).await;
        let outcome = secrets.map(|secrets| inside::end_of_secret(&secrets, &self.app));
        results.add("end of secret", or_skipped(outcome));
        Some(application)
    }

    async fn button(&self, target: &str, management: Option<&Management>) -> Outcome {
        match management {
            Some(management) => or_skipped(button::from_inside(management, target).await),
            None => button::from_outside(&self.http, &self.endpoint, &self.app.id, target).await,
        }
    }

    async fn session_size(
        &self,
        addresses: &Addresses,
        provider: &Provider,
        management: Option<&Management>,
    ) -> Outcome {
        let (scopes, _) = addresses.scopes(provider);
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let room = match session_size::room_for_organizations(&scopes).await {
            Ok(room) => room,
            Err(cause) => return Outcome::Skipped(format!("it could not be tried out: {cause}")),
        };
        let Some(management) = management else {
            return session_size::judge(room, None, None);
        };
        let known = async {
            let organizations = inside::count_organizations(management).await?;
            let claims = management.configs().id_token_claims().await?;
            Ok(session_size::judge(
                room,
                Some(organizations),
                Some(&claims.enabled_extended_claims),
            ))
        };
        or_skipped(known.await)
    }
}

fn or_skipped(outcome: Result<Outcome, Error>) -> Outcome {
    outcome.unwrap_or_else(|error| Outcome::Skipped(error.to_string()))
}

fn no_access(error: &Error) -> Finding {
    Finding::problem(
        format!("the Management API cannot be used: {error}"),
        "The doctor sees the tenant from outside only; `logto setup` does not work at all.",
        "Check LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET; the app needs the role “Logto Management API access”.",
    )
}
