//! A browser that visits the test app.

use std::time::Duration;

use super::RunningApp;
use super::answer::Answer;
use super::wire::{Connection, Wire};

/// What browsers send when a user opens a page.
const NAVIGATION: [(&str, &str); 3] = [
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
];

/// A browser with cookies. Two tabs of one browser are one visitor.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    app: &'a RunningApp,
    jar: Vec<(String, String)>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(app: &'a RunningApp) -> Self {
        Self { app, jar: Vec::new() }
    }

    /// Begins a request for a path as the browser sees it, or for a full address of the app.
    pub fn ask(&mut self, method: &str, address: &str) -> Ask<'_, 'a> {
        let setup = &self.app.setup;
        let target = address.strip_prefix(&setup.origin()).unwrap_or(address);
        let target = match setup.proxy_strips {
            true => target.strip_prefix(&setup.base_path()).unwrap_or(target),
            false => target,
        };
        let target = target.to_owned();
        self.raw(method, &target)
    }

    /// Begins a `GET` with exactly this target, whatever it is.
    pub fn aim(&mut self, target: &str) -> Ask<'_, 'a> {
        self.raw("GET", target)
    }

    fn raw(&mut self, method: &str, target: &str) -> Ask<'_, 'a> {
        let setup = &self.app.setup;
        let mut headers = vec![("host".to_owned(), setup.host().as_bytes().to_vec())];
        if !self.jar.is_empty() {
            headers.push(("cookie".to_owned(), self.cookies().into_bytes()));
        }
        let wire = Wire {
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            body: Vec::new(),
        };
        Ask { visitor: self, wire }
    }

    /// A plain `GET`, as `curl` sends it.
    pub fn get(&mut self, address: &str) -> Ask<'_, 'a> {
        self.ask("GET", address)
    }

    /// A user opens a page.
    pub async fn open(&mut self, address: &str) -> Answer {
        self.get(address).navigating().send().await
    }

    /// A `POST` from a page of the app.
    pub fn post(&mut self, address: &str) -> Ask<'_, 'a> {
        let origin = self.app.setup.origin();
        self.ask("POST", address).header("origin", origin)
    }

    /// Opens the sign-in route; the answer leads to Logto.
    pub async fn begin(&mut self) -> String {
        let answer = self.open(&self.app.route("/sign-in")).await;
        assert_eq!(answer.status, 303, "{}", answer.summary(""));
        answer.location()
    }

    /// Signs someone in, from the sign-in route to the answer to the callback.
    pub async fn sign_in(&mut self, user: &str) -> Answer {
        let at_logto = self.begin().await;
        let callback = self.app.at_logto(&at_logto, user).await;
        let answer = self.open(&callback).await;
        assert_eq!(answer.status, 303, "{}", answer.summary(""));
        answer
    }

    /// Lets the access token end, so that the next request that needs it renews it.
    pub fn let_the_token_end(&self) {
        self.app.pass(Duration::from_secs(3601));
    }

    /// What the browser sends as `Cookie`.
    #[must_use]
    pub fn cookies(&self) -> String {
        let pairs = self.jar.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The names of the cookies that outlive a minute, in which sign-ins are counted.
    #[must_use]
    pub fn lasting_cookie_names(&self) -> Vec<&str> {
        let mut names = self.cookie_names();
        names.retain(|name| !name.contains("logto_signed_in_"));
        names
    }

    /// The names of the cookies that the browser has.
    #[must_use]
    pub fn cookie_names(&self) -> Vec<&str> {
        self.jar.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Puts a cookie of someone else into the browser.
    pub fn give_cookie(&mut self, name: &str, value: &str) {
        self.jar.push((name.to_owned(), value.to_owned()));
    }

    /// Asserts who the app thinks this is: `page` says so to a signed-in user.
    pub async fn is_signed_in(&mut self) {
        let answer = self.get(&self.app.path("/page")).send().await;
        assert_eq!(answer.status, 200, "{}", answer.summary(""));
        assert_eq!(answer.text(), format!("hello {}", self.app.alice()));
    }

    /// Asserts that the app knows no one.
    pub async fn is_signed_out(&mut self) {
        let answer = self.get(&self.app.path("/hello")).send().await;
        assert_eq!((answer.status, answer.text()), (200, "signed out".into()));
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            self.jar.retain(|(name, _)| *name != cookie.name);
            if !cookie.is_removal() {
                self.jar.push((cookie.name, cookie.value));
            }
        }
    }
}

/// A request in the making.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Ask<'v, 'a> {
    visitor: &'v mut Visitor<'a>,
    wire: Wire,
}

impl<'v, 'a> Ask<'v, 'a> {
    /// Adds a header; a second one of the same name is a second line.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.wire.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds several headers.
    pub fn headers(mut self, headers: &[(&str, &str)]) -> Self {
        for (name, value) in headers {
            self = self.header(name, *value);
        }
        self
    }

    /// Removes what was there under that name.
    pub fn without(mut self, name: &str) -> Self {
        self.wire.headers.retain(|(held, _)| held != name);
        self
    }

    /// Makes it the request of a user who opens a page.
    pub fn navigating(self) -> Self {
        self.headers(&NAVIGATION)
    }

    /// Gives it a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.wire.body = body.into();
        self
    }

    /// Sends it, reads the whole answer, keeps its cookies and puts it on record.
    pub async fn send(self) -> Answer {
        let (answer, visitor) = self.whole().await;
        visitor.app.record(&answer);
        answer
    }

    /// The same off the record, for what a framework answers in its own way.
    pub async fn send_off_record(self) -> Answer {
        let (answer, visitor) = self.whole().await;
        visitor.app.forget();
        answer
    }

    async fn whole(mut self) -> (Answer, &'v mut Visitor<'a>) {
        if !self.has("connection") {
            self = self.header("connection", "close");
        }
        let method = self.wire.method.clone();
        let (connection, head, visitor) = self.exchange().await;
        let answer = Answer { body: connection.body(&method).await, ..head };
        (answer, visitor)
    }

    /// Sends it and reads the head of the answer only; the connection stays open.
    pub async fn hold(self) -> (Answer, Connection) {
        let (connection, head, visitor) = self.exchange().await;
        visitor.app.record(&head);
        (head, connection)
    }

    fn has(&self, name: &str) -> bool {
        self.wire.headers.iter().any(|(held, _)| held == name)
    }

    async fn exchange(mut self) -> (Connection, Answer, &'v mut Visitor<'a>) {
        let has_body = !self.wire.body.is_empty() || self.wire.method == "POST";
        if has_body && !self.has("transfer-encoding") && !self.has("content-length") {
            let length = self.wire.body.len().to_string();
            self = self.header("content-length", length);
        }
        let app = self.visitor.app;
        app.asked(&format!("{} {}", self.wire.method, self.wire.target));
        let connection = Connection::open(app.address(), &self.wire).await;
        let head = Answer {
            status: connection.status,
            headers: connection.headers.clone(),
            body: Vec::new(),
        };
        self.visitor.keep(&head);
        (connection, head, self.visitor)
    }
}
