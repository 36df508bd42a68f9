//! Chromium.

mod tab;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use chromiumoxide::cdp::browser_protocol::network::Cookie;
use chromiumoxide::{BrowserConfig, Handler};
use futures::StreamExt;
use logto_servers::eventually;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub use tab::{Answer, Tab};

/// A Chromium of its own, without a window, with an empty profile.
#[derive(Debug)]
pub struct Browser {
    chromium: chromiumoxide::Browser,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium: the program that `CHROME` names, or the installed one.
    pub async fn launch() -> Self {
        Self::launch_with(&[]).await
    }

    /// The same with more arguments, without the dashes before them.
    pub async fn launch_with(arguments: &[&str]) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser profile");
        let config = BrowserConfig::builder()
            .chrome_executable(executable())
            .new_headless_mode()
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(1000, 800)
            .viewport(None)
            .request_timeout(Duration::from_secs(10))
            // The tests use this machine alone: no look-ups and no updates.
            .args([
                "disable-gpu",
                "disable-quic",
                "disable-component-update",
                "no-default-browser-check",
            ])
            .args(arguments.iter().copied())
            .build()
            .expect("the browser settings are valid");
        let (chromium, handler) = chromiumoxide::Browser::launch(config)
            .await
            .unwrap_or_else(|error| panic!("Chromium could not be started: {error}"));
        Self { chromium, events: tokio::spawn(pump(handler)), _profile: profile }
    }

    /// Opens an empty tab. All tabs of a browser share their cookies.
    pub async fn new_tab(&self) -> Tab {
        let page = self.chromium.new_page("about:blank").await.expect("Chromium opens a tab");
        Tab::new(page)
    }

    /// The tab with a page below this address, once there is one: for windows that pages open.
    pub async fn tab_at(&self, address: &str) -> Tab {
        let page = eventually(address, async || {
            for page in self.chromium.pages().await.ok()? {
                let url = page.url().await.ok().flatten().unwrap_or_default();
                if url.starts_with(address) {
                    return Some(page);
                }
            }
            None
        });
        Tab::new(page.await)
    }

    /// Every cookie that the browser holds, of every port of localhost.
    pub async fn cookies(&self) -> Vec<Cookie> {
        self.chromium.get_cookies().await.expect("Chromium tells its cookies")
    }

    /// Ends Chromium and waits until it has.
    pub async fn close(mut self) {
        // If it cannot be asked to close, it is killed when `self` is dropped.
        if self.chromium.close().await.is_ok() {
            let _ = self.chromium.wait().await;
        }
        self.events.abort();
    }
}

async fn pump(mut handler: Handler) {
    // An error here is a message of a newer Chromium that is not understood.
    while handler.next().await.is_some() {}
}

fn executable() -> PathBuf {
    if let Some(path) = env::var_os("CHROME") {
        return path.into();
    }
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .iter()
        .map(Path::new)
        .find(|path| path.exists())
        .unwrap_or_else(|| {
            panic!(
                "the browser tests need Chromium: install it (Debian: `apt-get install chromium`) \
                 or set CHROME to the program"
            )
        })
        .to_owned()
}
