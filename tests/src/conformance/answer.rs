//! A whole answer, and the form in which it is compared.

/// An answer that has arrived.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What servers say of themselves and of the connection. In Rocket it is the shield that forbids
/// sniffing, which the test app has switched off.
const SERVERS_OWN: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
    "x-content-type-options",
];

impl Answer {
    /// The only header of that name. Two of them are a fault.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut found = self.headers.iter().filter(|(held, _)| held == name);
        let (_, value) = found.next()?;
        assert!(found.next().is_none(), "{name} was sent twice: {self:?}");
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// `Location`, which there has to be.
    #[must_use]
    pub fn location(&self) -> String {
        let location = self.header("location");
        location.unwrap_or_else(|| panic!("no Location: {}", self.summary("")))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The `Set-Cookie` lines.
    #[must_use]
    pub fn cookies(&self) -> Vec<SetCookie> {
        let lines = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        lines.map(|(_, line)| SetCookie::parse(&String::from_utf8_lossy(line))).collect()
    }

    /// The cookie whose name begins like this; there has to be one, and no more.
    #[must_use]
    pub fn cookie(&self, name: &str) -> SetCookie {
        let mut found: Vec<_> =
            self.cookies().into_iter().filter(|cookie| cookie.name.starts_with(name)).collect();
        assert_eq!(found.len(), 1, "one cookie {name}: {}", self.summary(""));
        found.remove(0)
    }

    /// Asserts that nothing is set by the SDK.
    pub fn has_no_pending_cookies(&self) {
        let ours = |cookie: &SetCookie| cookie.name.contains("logto_");
        assert!(!self.cookies().iter().any(ours), "{}", self.summary(""));
    }

    /// Asserts that no cache keeps it.
    pub fn is_not_stored(&self) {
        let cache_control = self.header("cache-control");
        assert_eq!(cache_control.as_deref(), Some("no-store"), "{}", self.summary(""));
    }

    /// Everything that has to be the same everywhere; `logto` is the address of the tenant.
    #[must_use]
    pub fn summary(&self, logto: &str) -> String {
        let mut lines: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !SERVERS_OWN.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value);
                let value = match name.as_str() {
                    "set-cookie" => SetCookie::parse(&value).summary(),
                    _ => tidy(&value, logto),
                };
                format!("{name}: {value}")
            })
            .collect();
        lines.sort();
        let body = tidy(&String::from_utf8_lossy(&self.body), logto);
        format!("{}\n{}\n\n{body}", self.status, lines.join("\n"))
    }
}

/// A `Set-Cookie` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Everything after the first `;`.
    pub attributes: String,
}

impl SetCookie {
    fn parse(line: &str) -> Self {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            attributes: attributes.trim().to_owned(),
        }
    }

    /// Whether the browser is told to forget it.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        self.max_age() == Some(0)
    }

    /// `Max-Age` in seconds.
    #[must_use]
    pub fn max_age(&self) -> Option<u64> {
        let mut attributes = self.attributes.split(';').map(str::trim);
        attributes.find_map(|attribute| attribute.strip_prefix("Max-Age=")?.parse().ok())
    }

    /// Random values hidden, ages in minutes.
    fn summary(&self) -> String {
        let ours = self.name.contains("logto_");
        // These end with a name of the app, which each framework's tenant makes up.
        let of_app = ["logto_sign_in_", "logto_signed_in_"];
        let name = of_app.iter().find_map(|name| {
            let (prefix, _) = self.name.split_once(name)?;
            Some(format!("{prefix}{name}{{app}}"))
        });
        let name = name.unwrap_or_else(|| self.name.clone());
        let value = match self.value.as_str() {
            value if value.is_empty() || !ours => value,
            _ => "{sealed}",
        };
        let attributes = match self.max_age() {
            Some(age) => {
                let minutes = (age + 30) / 60;
                self.attributes.replace(&format!("Max-Age={age}"), &format!("Max-Age={minutes}min"))
            }
            None => self.attributes.clone(),
        };
        format!("{name}={value}; {attributes}")
    }
}

/// Text without what is new in every run.
pub(super) fn tidy(text: &str, logto: &str) -> String {
    let mut text = match logto {
        "" => text.to_owned(),
        logto => text.replace(logto, "{logto}"),
    };
    for name in ["state", "nonce", "code_challenge", "code", "request"] {
        for before in ["?", "&"] {
            hide(&mut text, &format!("{before}{name}="), name);
        }
    }
    hide(&mut text, "const code = \"", "code");
    hide(&mut text, "'sha256-", "hash");
    text
}

/// Hides what stands behind `start`.
fn hide(text: &mut String, start: &str, name: &str) {
    if let Some(at) = text.find(start).map(|at| at + start.len()) {
        let end = text[at..].find(['&', '"', '\'', ' ']).map_or(text.len(), |length| at + length);
        text.replace_range(at..end, &format!("{{{name}}}"));
    }
}
