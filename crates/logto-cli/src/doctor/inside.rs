//! Checks the tenant from inside, by the Management API.

use std::time::{Duration, SystemTime};

use logto_management::{Application, ApplicationSecret, ApplicationType, Error, Management};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::app::App;
use super::finding::{Finding, Outcome};

/// A secret that ends within this time is mentioned.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Deserialize)]
struct Resource {
    id: String,
    indicator: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What the tenant says about the app itself.
pub(crate) fn registration(app: &Application) -> Outcome {
    if app.kind != ApplicationType::Traditional {
        return Finding::problem(
            format!("the app {} is not of the type “Traditional web”", app.id),
            "Other types have no secret that a web server could keep, or sign no user in.",
            "Console → Applications → Create application → Traditional web. Or: logto setup hugging-face",
        )
        .into();
    }
    Outcome::Passed(format!("{:?}, Traditional web", app.name))
}

/// Until when the secret that the app uses is valid.
pub(crate) fn end_of_secret(secrets: &[ApplicationSecret], app: &App) -> Outcome {
    let ours = |secret: &&ApplicationSecret| secret.value.expose_secret() == app.secret;
    let Some(secret) = secrets.iter().find(ours) else {
        return Outcome::Skipped("it is none of the app's secrets".to_owned());
    };
    let Some(end) = secret.expires_at else {
        return Outcome::Passed(format!("{:?} never ends", secret.name));
    };
    let Ok(left) = end.duration_since(SystemTime::now()) else {
        return Outcome::Skipped(format!("{:?} has ended, see above", secret.name));
    };
    let days = left.as_secs() / (24 * 3600);
    if left > SOON {
        return Outcome::Passed(format!("{:?} is valid for {days} days", secret.name));
    }
    Finding::advice(
        format!("the secret {:?} ends in {days} days", secret.name),
        "From then on every sign-in fails at the callback.",
        "Console → Applications → your app → App secrets: create another and put it into LOGTO_APP_SECRET.",
    )
    .into()
}

/// Of these scopes, those that none of the resources has.
pub(crate) async fn unknown_scopes(
    management: &Management,
    scopes: Vec<String>,
    resources: &[String],
) -> Result<Vec<String>, Error> {
    let mut known = Vec::new();
    let all: Vec<Resource> = management.get(&["resources"]).pages().all().await?;
    for resource in all.iter().filter(|one| resources.contains(&one.indicator)) {
        let path = ["resources", resource.id.as_str(), "scopes"];
        let of_it: Vec<Named> = management.get(&path).pages().all().await?;
        known.extend(of_it.into_iter().map(|scope| scope.name));
    }
    let of_organizations: Vec<Named> =
        management.get(&["organization-scopes"]).pages().all().await?;
    known.extend(of_organizations.into_iter().map(|scope| scope.name));
    Ok(scopes.into_iter().filter(|scope| !known.contains(scope)).collect())
}

pub(crate) async fn count_organizations(management: &Management) -> Result<usize, Error> {
    let all = management.get(&["organizations"]).pages::<serde::de::IgnoredAny>();
    Ok(all.all().await?.len())
}
