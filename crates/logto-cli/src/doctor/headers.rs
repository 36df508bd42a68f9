//! How large headers may be on the way between browsers and the app, in both directions.

use url::Url;

use super::ask::{Answer, Http};
use super::finding::{Finding, Outcome};

/// What all cookies of the SDK may take in a request: a session, and sign-ins in progress.
const REQUEST: usize = 6 * 1024;
/// The longest page to return to makes the largest response that can be had without signing in.
const PAGE: usize = 1000;
/// A callback's response: session cookies of 2 KiB, a page to return to, and what every response
/// has.
const LARGEST_RESPONSE: usize = 3500;

/// Asks the running app for its sign-in with cookies as large, and for a response as large, as the
/// SDK makes them. `sign_in` is the address of the route.
pub(crate) async fn check(http: &Http, sign_in: &Url) -> Outcome {
    let usual = match http.get(sign_in).await {
        Ok(usual) if usual.location.is_some() => usual,
        Ok(_) => return Outcome::Skipped("the app does not lead to Logto, see above".to_owned()),
        Err(_) => return Outcome::Skipped("the app cannot be asked, see above".to_owned()),
    };
    let mut findings = Vec::new();
    let cookies = format!("logto-doctor={}", "x".repeat(REQUEST));
    if !answers_alike(&http.get_with_cookies(sign_in, &cookies).await, &usual) {
        findings.push(Finding::problem(
            format!("a request with {REQUEST} bytes of cookies does not get through to the app"),
            "Users in several organizations, or with several tabs that sign in, get an error of the proxy.",
            "Raise your proxy's limit for request headers (nginx: large_client_header_buffers).",
        ));
    }
    let mut large = sign_in.clone();
    large.query_pairs_mut().append_pair("return_to", &format!("/{}", "x".repeat(PAGE)));
    let response = http.get(&large).await;
    let bytes = response.as_ref().map_or(0, |response| response.header_bytes);
    if !answers_alike(&response, &usual) {
        findings.push(Finding::problem(
            "a response with a few kilobytes of headers does not get back from the app",
            "Signing in ends with 502 for users whose session is large.",
            "Raise your proxy's limit for response headers (nginx: proxy_buffer_size); docs/behind-a-proxy.md \
             lists others.",
        ));
    }
    Outcome::from_findings(
        findings,
        format!(
            "{REQUEST} bytes of cookies get in and {bytes} bytes of headers get out; a sign-in may need \
             {LARGEST_RESPONSE}, and what your app adds"
        ),
    )
}

/// Whether the app itself answered, and not a proxy in its place.
fn answers_alike(answer: &Result<Answer, String>, usual: &Answer) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.status == usual.status && answer.location.is_some())
}
