//! The authorization request that the app sends, and what Logto says to it.

use logto::Logto;
use logto::web::{Request, Route};
use url::Url;

use super::app::{App, out_of_order, parameter, unexpected};
use super::ask::Http;
use super::finding::{Finding, Outcome, Results};
use super::provider::Provider;
use super::unasked::unasked;

/// Where the app sends browsers.
pub(crate) struct Addresses {
    pub(crate) authorization: Url,
    pub(crate) end_session: Option<Url>,
}

impl Addresses {
    /// The running app's own request if it answers, or else the one that the SDK makes of the
    /// environment.
    pub(crate) async fn find(
        http: &Http,
        logto: &Logto,
        app: &App,
        results: &mut Results,
    ) -> Option<Self> {
        let target = logto.route_path(Route::SignIn);
        let reply = logto
            .handle(Route::SignIn, Request::new("GET", &target, [("accept", "text/html")]))
            .await;
        let ours = location(&reply)?;
        let origin = app.base_url.origin().ascii_serialization();
        let request = Request::new("POST", "/", [("origin", origin)]);
        let end_session = location(&logto.handle(Route::SignOut, request).await);

        let base = app.base_url.as_str().trim_end_matches('/');
        let address = Url::parse(&format!("{base}{target}")).ok()?;
        let (authorization, outcome) = match running(http, &address, &ours).await {
            Ok(theirs) => {
                let outcome = same_app(&theirs, &ours, &address);
                (theirs, outcome)
            }
            Err(outcome) => (ours, outcome),
        };
        results.add("running app", outcome);
        Some(Self { authorization, end_session })
    }

    /// Sends the request, as a browser without a session would.
    pub(crate) async fn check(&self, http: &Http, app: &App, results: &mut Results) {
        let uri = parameter(&self.authorization, "redirect_uri").unwrap_or_default();
        let answer = match http.get(&self.authorization).await {
            Ok(answer) => answer,
            Err(cause) => {
                return results.add("redirect URI", out_of_order("sign-in", &cause));
            }
        };
        let refusal = answer.redirect(&self.authorization).as_ref().and_then(refusal);
        let redirect_uri = match answer.text("error").as_str() {
            "invalid_redirect_uri" => app.unregistered("redirect URI", &uri, "A user who signs in"),
            "invalid_client" => app.see_above(),
            _ if (300..400).contains(&answer.status) => {
                Outcome::Passed(format!("{uri} is registered"))
            }
            _ => out_of_order("sign-in", &unexpected(&answer)),
        };
        results.add("redirect URI", redirect_uri);
        let resources = self.resources();
        match refusal {
            Some((error, _)) if error == "invalid_target" => {
                let unknown = self.unknown_resources(http, &resources).await;
                results.add("resources", unknown);
            }
            Some((error, description)) => {
                results.add("sign-in", refused(&error, &description));
            }
            // A request that was refused for its redirect URI says nothing about resources.
            None if resources.is_empty() || answer.location.is_none() => {}
            None => results.add("resources", Outcome::Passed(resources.join(", "))),
        }
    }

    pub(crate) fn resources(&self) -> Vec<String> {
        words(&self.authorization, "resource")
    }

    /// Logto does not say which one it does not know, so each is asked for alone.
    async fn unknown_resources(&self, http: &Http, resources: &[String]) -> Outcome {
        let mut findings = Vec::new();
        for resource in resources {
            let mut alone = self.authorization.clone();
            let others = self.authorization.query_pairs();
            alone.query_pairs_mut().clear().extend_pairs(
                others.filter(|(name, value)| name != "resource" || value == resource),
            );
            let answer = http.get(&alone).await.ok();
            let refusal = answer.and_then(|answer| refusal(&answer.redirect(&alone)?));
            if refusal.is_some_and(|(error, _)| error == "invalid_target") {
                findings.push(Finding::problem(
                    format!("the tenant has no API resource {resource}"),
                    "Logto refuses a sign-in that asks for it. The SDK begins again without it: users can sign in, and \
                     calls of that API fail.",
                    "Console → API resources → Create: use it as API identifier. Or correct LOGTO_RESOURCES.",
                ));
            }
        }
        Outcome::from_findings(findings, "known one by one, but not together")
    }

    /// Whether the request has that word in that parameter.
    pub(crate) fn asks(&self, name: &str, word: &str) -> bool {
        let words = words(&self.authorization, name);
        words.iter().any(|one| one == word)
    }

    /// Scopes that are Logto's own, and others: each of those has to belong to a resource that is
    /// asked for.
    pub(crate) fn scopes(&self, provider: &Provider) -> (Vec<String>, Vec<String>) {
        let known = provider.list("scopes_supported");
        let scopes = words(&self.authorization, "scope").into_iter();
        scopes.partition(|scope| known.contains(&scope.as_str()))
    }
}

fn location(reply: &logto::web::Reply) -> Option<Url> {
    let mut headers = reply.headers();
    let (_, value) = headers.find(|(name, _)| *name == "location")?;
    Url::parse(value).ok()
}

/// The authorization request of the app at `address`, if it runs and has the SDK's routes.
async fn running(http: &Http, address: &Url, ours: &Url) -> Result<Url, Outcome> {
    let answer = http.get(address).await.map_err(|cause| unasked(address, &cause))?;
    let to = answer.redirect(address).filter(|to| to.path() == ours.path());
    to.filter(|to| parameter(to, "client_id").is_some()).ok_or_else(|| {
        let status = answer.status;
        let hint =
            if status == 404 { "; for routes below a prefix, use --route-prefix" } else { "" };
        Outcome::Skipped(format!("{address} does not lead to Logto, it answers {status}{hint}"))
    })
}

fn same_app(theirs: &Url, ours: &Url, address: &Url) -> Outcome {
    let origin = |url: &Url| Some(url.origin().ascii_serialization());
    let names = ["client_id", "redirect_uri"];
    let values = names.map(|name| (name, parameter(theirs, name), parameter(ours, name)));
    let values = [("users to", origin(theirs), origin(ours))].into_iter().chain(values);
    let differences = values.filter(|(_, theirs, ours)| theirs != ours);
    let differences = differences.map(|(name, theirs, ours)| {
        let value = |value: Option<String>| value.unwrap_or_default();
        let (theirs, ours) = (value(theirs), value(ours));
        format!("sends {name} {theirs}; this configuration says {ours}")
    });
    let missing = ["scope", "resource"].into_iter().filter_map(|name| {
        let theirs = words(theirs, name);
        let missing: Vec<_> =
            words(ours, name).into_iter().filter(|word| !theirs.contains(word)).collect();
        let listed = missing.join(" ");
        (!missing.is_empty())
            .then(|| format!("does not ask for the {name} {listed}; this configuration does"))
    });
    let findings = differences.chain(missing).map(|what| {
        Finding::problem(
            format!("the app at {address} {what}"),
            "The doctor and the app read different configurations.",
            "Start the app again with these variables, or run the doctor with the app's.",
        )
    });
    Outcome::from_findings(
        findings.collect(),
        format!("{address} sends what this configuration says"),
    )
}

/// The words of every parameter of that name.
fn words(url: &Url, name: &str) -> Vec<String> {
    let values = url.query_pairs().filter(|(key, _)| key == name);
    let words = values.flat_map(|(_, value)| {
        let words = value.split_whitespace().map(str::to_owned);
        words.collect::<Vec<_>>()
    });
    words.collect()
}

/// The error that a redirect to the app carries, in the query or the fragment.
fn refusal(to: &Url) -> Option<(String, String)> {
    let mut query = to.clone();
    if let Some(fragment) = to.fragment() {
        query.set_query(Some(fragment));
    }
    let error = parameter(&query, "error")?;
    Some((error, parameter(&query, "error_description").unwrap_or_default()))
}

fn refused(error: &str, description: &str) -> Finding {
    let fix = match error {
        "invalid_scope" => {
            "Console → Applications → your app → Permissions: allow the scopes that it asks for."
        }
        "access_denied" => "Console → Applications → your app: see who may use it.",
        _ => "Correct what the app asks for; LOGTO_SCOPES and LOGTO_RESOURCES add to it.",
    };
    Finding::problem(
        format!("Logto refuses the sign-in that the app asks for: {error}, {description}"),
        "Every sign-in ends with this error.",
        fix,
    )
}
