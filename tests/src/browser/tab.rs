//! One tab of Chromium: what a user does in it and sees.

use std::path::{Path, PathBuf};

use chromiumoxide::Page;
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use chromiumoxide::page::ScreenshotParams;
use serde_json::{Value, json};

use logto_servers::{eventually, soon};

/// One tab, used as a user would: open, look, click.
#[derive(Debug)]
pub struct Tab {
    page: Page,
}

/// What a request made by a page's script was answered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u64,
    /// The body, as JSON if it is JSON, else as a string.
    pub body: Value,
}

impl Tab {
    pub(crate) fn new(page: Page) -> Self {
        Self { page }
    }

    /// Opens an address and waits until the page is loaded, redirects included.
    pub async fn goto(&self, url: &str) {
        soon(url, self.page.goto(url))
            .await
            .unwrap_or_else(|error| panic!("{url} could not be opened: {error}"));
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        soon("the page to load again", self.page.reload())
            .await
            .unwrap_or_else(|error| panic!("the page could not be loaded again: {error}"));
    }

    /// Waits until an element that matches `css` is in the page.
    pub async fn wait_for(&self, css: &str) {
        let script = in_whole_page(&format!("document.querySelector({}) !== null", json!(css)));
        self.eventually(css, async || (self.script(&script).await? == true).then_some(())).await;
    }

    /// Turns to this tab and clicks on the element that matches `css`, once it is there, as if a
    /// user had: a click of the mouse may miss an element that moves while the page is laid
    /// out.
    pub async fn click(&self, css: &str) {
        self.wait_for(css).await;
        // A tab in the background is slowed down.
        soon("the tab to come to the front", self.page.bring_to_front())
            .await
            .unwrap_or_else(|error| panic!("the tab did not come to the front: {error}"));
        self.eventually(css, async || {
            let clicked = self.page.execute(by_a_user(&click_on(css))).await.ok()?;
            (clicked.result.result.value? == true).then_some(())
        })
        .await;
    }

    /// The text of the element that matches `css`, once it is there.
    pub async fn text(&self, css: &str) -> String {
        let script = in_whole_page(&format!("document.querySelector({})?.innerText", json!(css)));
        self.eventually(css, async || self.script(&script).await?.as_str().map(str::to_owned)).await
    }

    /// Waits until the element that matches `css` has this text: after a click, the page before may
    /// still be there, with an element of its own.
    pub async fn shows(&self, css: &str, text: &str) {
        self.eventually(&format!("{css}` with the text `{text}"), async || {
            (self.text(css).await == text).then_some(())
        })
        .await;
    }

    /// Whether an element matches `css` now, in a page that is loaded.
    pub async fn has(&self, css: &str) -> bool {
        let script = in_whole_page(&format!("document.querySelector({}) !== null", json!(css)));
        self.eventually(css, async || self.script(&script).await?.as_bool()).await
    }

    /// An attribute of the element that matches `css`, once it is there.
    pub async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.wait_for(css).await;
        let script =
            format!("document.querySelector({})?.getAttribute({})", json!(css), json!(name));
        self.script(&script).await.and_then(|value| value.as_str().map(str::to_owned))
    }

    /// The address of the page that is shown, once all of it is there.
    pub async fn current_url(&self) -> String {
        let script = "document.readyState === 'complete' ? location.href : null";
        self.eventually("a loaded page", async || {
            self.script(script).await?.as_str().map(str::to_owned)
        })
        .await
    }

    /// Asks for `path` by a script of the page, as a single-page app does.
    pub async fn fetch(&self, path: &str) -> Answer {
        let script = format!(
            "fetch({}).then(async answer => [answer.status, await answer.text()])",
            json!(path)
        );
        let answer = soon(path, self.script(&script))
            .await
            .unwrap_or_else(|| panic!("{path} could not be fetched"));
        let text = answer[1].as_str().unwrap_or_default();
        Answer {
            status: answer[0].as_u64().unwrap_or_default(),
            body: serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        }
    }

    /// Runs a script in the page as a developer's console does: the page's policy does not concern
    /// it.
    pub async fn run(&self, script: &str) {
        let result = self.page.execute(by_a_user(script)).await;
        let thrown = result.map(|answer| answer.result.exception_details.clone());
        assert!(matches!(thrown, Ok(None)), "the script does not run: {thrown:?}");
    }

    /// Saves what the tab shows as `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        let file = folder.join(name).with_extension("png");
        let parameters = ScreenshotParams::builder().full_page(true).build();
        soon("a screenshot", self.page.save_screenshot(parameters, &file))
            .await
            .expect("Chromium takes a screenshot");
        file
    }

    /// The text of an element in the page's frame, once it is there.
    pub async fn text_in_frame(&self, css: &str) -> String {
        let script = in_whole_page(&format!("document.querySelector({})?.innerText", json!(css)));
        self.eventually(css, async || {
            self.script_in_frame(&script).await?.as_str().map(str::to_owned)
        })
        .await
    }

    /// Clicks on an element in the page's frame, once it is there.
    pub async fn click_in_frame(&self, css: &str) {
        let script = click_on(css);
        self.eventually(css, async || (self.script_in_frame(&script).await? == true).then_some(()))
            .await;
    }

    /// The value of a script in the only frame of the page, as if a user had begun it.
    async fn script_in_frame(&self, script: &str) -> Option<Value> {
        let main = self.page.mainframe().await.ok()??;
        let frames = self.page.frames().await.ok()?;
        let frame = frames.into_iter().find(|frame| *frame != main)?;
        let context = self.page.frame_execution_context(frame).await.ok()??;
        let mut parameters = by_a_user(script);
        parameters.context_id = Some(context);
        self.page.execute(parameters).await.ok()?.result.result.value
    }

    /// The value of a script, or nothing while the page is being replaced.
    async fn script(&self, script: &str) -> Option<Value> {
        let parameters = EvaluateParams::builder()
            .expression(script)
            .await_promise(true)
            .return_by_value(true)
            .build()
            .expect("an expression is given");
        let result = self.page.execute(parameters).await.ok()?.result;
        match result.exception_details {
            None => result.result.value,
            Some(_) => None,
        }
    }

    /// Like [`eventually`], and says which page was open if it gives up.
    async fn eventually<T>(&self, what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
        let url = self.page.url().await.ok().flatten().unwrap_or_default();
        eventually(&format!("`{what}` in the tab that was at {url}"), condition).await
    }
}

/// The value of `expression` in a page that has arrived as a whole, else nothing: an element can be
/// there before its text, and a form before its last field.
fn in_whole_page(expression: &str) -> String {
    format!("document.readyState === 'loading' ? null : ({expression})")
}

/// A script that clicks on an element, and tells whether it is there.
fn click_on(css: &str) -> String {
    let css = json!(css);
    in_whole_page(&format!(
        "(element => element && (element.click(), true))(document.querySelector({css}))"
    ))
}

/// Runs a script as if a user had begun it.
fn by_a_user(script: &str) -> EvaluateParams {
    EvaluateParams::builder()
        .expression(script)
        .user_gesture(true)
        .return_by_value(true)
        .build()
        .expect("an expression is given")
}
