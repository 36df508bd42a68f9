//! Whether the cookies of the running app reach browsers as the SDK sets them.

use std::collections::BTreeSet;

use logto::Logto;
use logto::web::{Request, Route};
use url::Url;

use super::ask::Http;
use super::finding::{Finding, Outcome};

/// Compares the cookie of the running app's sign-in, whose address is `sign_in`, with the one that
/// the SDK makes here.
pub(crate) async fn check(http: &Http, logto: &Logto, sign_in: &Url) -> Outcome {
    let request = Request::new("GET", &logto.route_path(Route::SignIn), [("accept", "text/html")]);
    let reply = logto.handle(Route::SignIn, request).await;
    let ours = reply.headers().find(|(name, _)| *name == "set-cookie").map(|(_, line)| line);
    let Some(ours) = ours else {
        return Outcome::Skipped("the SDK makes no sign-in request here, see above".to_owned());
    };
    let answer = match http.get(sign_in).await {
        Ok(answer) if answer.location.is_some() => answer,
        _ => return Outcome::Skipped("the app does not lead to Logto, see above".to_owned()),
    };
    // The last character tells cookies of several tabs apart.
    let (name, _) = ours.split_once('=').unwrap_or_default();
    let name = name.get(..name.len().saturating_sub(1)).unwrap_or_default();
    let Some(theirs) = answer.cookies.iter().find(|line| line.starts_with(name)) else {
        return Outcome::Skipped(format!(
            "the app's sign-in sets no cookie {name}…: a proxy takes it away, or the app is another one"
        ));
    };
    let (expected, found) = (attributes(ours), attributes(theirs));
    if expected == found {
        return Outcome::Passed(format!("{name}… arrives as it is set"));
    }
    let list = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let only: Vec<&str> = one.difference(other).map(String::as_str).collect();
        if only.is_empty() { "nothing".to_owned() } else { only.join("; ") }
    };
    let (found, expected) = (list(&found, &expected), list(&expected, &found));
    Finding::problem(
        format!(
            "the app's sign-in sets the cookie {name}… with {found} in place of {expected}"
        ),
        "A proxy changes the app's cookies. Browsers drop what does not fit its name, or do not send it when Logto \
         leads back: every sign-in ends with “This sign-in can no longer be completed”.",
        "Let the proxy pass Set-Cookie on as it is (nginx: no proxy_cookie_path and no \
         proxy_cookie_flags); docs/behind-a-proxy.md says more.",
    )
    .into()
}

/// What follows the value, without how long it is kept.
fn attributes(line: &str) -> BTreeSet<String> {
    let attributes = line.split(';').skip(1).map(|attribute| attribute.trim().to_ascii_lowercase());
    attributes.filter(|attribute| !attribute.starts_with("max-age=")).collect()
}
