//! Browser and device of a session, as its user agent names them.

/// What a user agent tells, as far as a user recognizes their session by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Device {
    browser: u8,
    platform: u8,
}

/// How it is kept, what the user agent says, and what users call it. Browsers name others too: the
/// first one that is found counts.
type Names = [(u8, &'static str, &'static str)];

const BROWSERS: &Names = &[
    (1, "Edg", "Edge"),
    (2, "OPR/", "Opera"),
    (3, "SamsungBrowser/", "Samsung Internet"),
    (4, "Vivaldi/", "Vivaldi"),
    (5, "Firefox/", "Firefox"),
    (5, "FxiOS/", "Firefox"),
    (6, "Chrome/", "Chrome"),
    (6, "CriOS/", "Chrome"),
    (7, "Safari/", "Safari"),
];

const PLATFORMS: &Names = &[
    (1, "iPhone", "iPhone"),
    (2, "iPad", "iPad"),
    (3, "Android", "Android"),
    (4, "CrOS", "ChromeOS"),
    (5, "Windows", "Windows"),
    (6, "Macintosh", "Mac"),
    (7, "Linux", "Linux"),
];

impl Device {
    pub(crate) fn from_user_agent(user_agent: &str) -> Self {
        let code = |names: &Names| {
            let found = names.iter().find(|(_, said, _)| user_agent.contains(said));
            found.map_or(0, |(code, ..)| *code)
        };
        Self { browser: code(BROWSERS), platform: code(PLATFORMS) }
    }

    pub(crate) fn browser(self) -> Option<&'static str> {
        name(BROWSERS, self.browser)
    }

    pub(crate) fn platform(self) -> Option<&'static str> {
        name(PLATFORMS, self.platform)
    }

    pub(super) fn to_bytes(self) -> [u8; 2] {
        [self.browser, self.platform]
    }

    pub(super) fn from_bytes([browser, platform]: [u8; 2]) -> Self {
        Self { browser, platform }
    }
}

fn name(names: &Names, code: u8) -> Option<&'static str> {
    names.iter().find(|(known, ..)| *known == code).map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_browsers_are_recognized() {
        let rows = [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox",
                "Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari",
                "Mac",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.7204.33 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0",
                "Opera",
                "ChromeOS",
            ),
        ];
        for (user_agent, browser, platform) in rows {
            let device = Device::from_user_agent(user_agent);
            let device = Device::from_bytes(device.to_bytes());
            assert_eq!((device.browser(), device.platform()), (Some(browser), Some(platform)));
        }
        assert_eq!(Device::from_user_agent("curl/8.14.1"), Device::default());
        assert_eq!(Device::from_bytes([200, 201]).browser(), None);
    }
}
