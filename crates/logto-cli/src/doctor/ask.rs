//! The doctor's HTTP requests: bounded, without redirects.

use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, COOKIE, DATE, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use serde_json::Value;
use url::Url;

use crate::failure::Failure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer answers are cut: nothing of interest is that long.
const ANSWER_LIMIT: usize = 1024 * 1024;
/// `HTTP/1.1 303 See Other`, and the empty line at the end.
const STATUS_LINE: usize = 26;

pub(crate) struct Http(reqwest::Client);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// The `Set-Cookie` lines.
    pub(crate) cookies: Vec<String>,
    /// Of the status line and all headers, as HTTP/1.1 sends them.
    pub(crate) header_bytes: usize,
    /// How many seconds the clock of the other side is ahead of ours.
    pub(crate) ahead: Option<i64>,
    body: Vec<u8>,
}

impl Http {
    /// For `endpoint` and the app, never through a proxy if the endpoint is on this machine.
    pub(crate) fn new(endpoint: &Url) -> Result<Self, Failure> {
        let user_agent = concat!("logto-doctor/", env!("CARGO_PKG_VERSION"));
        let client = logto_http::client(endpoint, user_agent, CONNECT_TIMEOUT, REQUEST_TIMEOUT);
        let client = client.build().map_err(|error| {
            Failure::new(format_args!("the HTTP client cannot be set up: {error}"))
        })?;
        Ok(Self(client))
    }

    /// A GET as a browser sends it when a link is followed.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, String> {
        let request = self.0.get(url.clone());
        let page = "text/html,application/json;q=0.9,*/*;q=0.8";
        answer(request.header("accept", page)).await
    }

    /// A GET with these cookies.
    pub(crate) async fn get_with_cookies(
        &self,
        url: &Url,
        cookies: &str,
    ) -> Result<Answer, String> {
        let request = self.0.get(url.clone());
        answer(request.header("accept", "text/html").header(COOKIE, cookies)).await
    }

    pub(crate) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        app: Option<(&str, &str)>,
    ) -> Result<Answer, String> {
        let mut request = self.0.post(url.clone()).form(form);
        if let Some((id, secret)) = app {
            request =
                request.header(AUTHORIZATION, format!("Basic {}", logto_http::basic(id, secret)));
        }
        answer(request).await
    }
}

impl Answer {
    /// The body as JSON; `null` if it is something else.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A member of a JSON body.
    pub(crate) fn text(&self, name: &str) -> String {
        let json = self.json();
        let text = json.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// Where a redirect leads.
    pub(crate) fn redirect(&self, from: &Url) -> Option<Url> {
        let redirected = (300..400).contains(&self.status);
        let location = self.location.as_deref().filter(|_| redirected)?;
        from.join(location).ok()
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let asked = SystemTime::now();
    let mut response = request.send().await.map_err(explained)?;
    let header = |name| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let ahead = header(DATE).and_then(|date| {
        let there = httpdate::parse_http_date(&date).ok()?;
        Some(seconds_between(asked, SystemTime::now(), there))
    });
    let line = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let header_bytes = STATUS_LINE + response.headers().iter().map(line).sum::<usize>();
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    let cookies = cookies.filter_map(|line| Some(line.to_str().ok()?.to_owned())).collect();
    let (status, location) = (response.status().as_u16(), header(LOCATION));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(explained)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_LIMIT {
            break;
        }
    }
    Ok(Answer { status, location, cookies, header_bytes, ahead, body })
}

/// How far `there` is after the time between `asked` and `answered`, as far as that is sure.
fn seconds_between(asked: SystemTime, answered: SystemTime, there: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    // A date has whole seconds, cut off.
    let there_at_most = there + Duration::from_secs(1);
    match (there.duration_since(answered), asked.duration_since(there_at_most)) {
        (Ok(ahead), _) => seconds(ahead),
        (_, Ok(behind)) => -seconds(behind),
        _ => 0,
    }
}

/// What went wrong at the bottom, without the URL.
fn explained(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", REQUEST_TIMEOUT.as_secs());
    }
    let (why, cause, _) = logto_http::failure(error);
    cause.unwrap_or_else(|| why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_as_far_as_is_sure() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        for (asked, answered, there, ahead) in [
            (100_000, 100_500, 100_000, 0),
            (100_000, 103_000, 102_000, 0),
            (100_900, 100_950, 100_000, 0),
            (100_000, 100_500, 160_500, 60),
            (160_500, 160_900, 100_000, -59),
        ] {
            assert_eq!(seconds_between(at(asked), at(answered), at(there)), ahead);
        }
    }
}
