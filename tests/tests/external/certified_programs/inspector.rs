//! MCP Inspector's command line as the client of the example MCP server: sign-in, calls, and a
//! scope that is missing.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

use logto_local::LocalTenant;
use logto_tests::{ExampleApp, eventually, free_base_url, mcp_inspector};
use tempfile::TempDir;

/// The server, its tenant, and what the client keeps between its runs.
struct Fixture {
    tenant: LocalTenant,
    app: ExampleApp,
    callback: String,
    home: TempDir,
}

impl Fixture {
    async fn start() -> Self {
        let base_url = free_base_url();
        let address = free_base_url().replace("localhost", "127.0.0.1");
        let callback = format!("{address}/oauth/callback");
        let tenant = LocalTenant::builder()
            .base_url(&base_url)
            .redirect_uri(&callback)
            .api(format!("{base_url}/mcp"), ["read:models", "write:bookmarks"])
            .token_storage(true)
            .token_exchange(true);
        let tenant = tenant.start().await.unwrap();
        let own = tenant.machine_app();
        let hub = format!("{}/hugging-face", tenant.endpoint());
        let environment = [
            ("LOGTO_ENDPOINT", tenant.endpoint()),
            ("LOGTO_APP_ID", &own.app_id),
            ("LOGTO_APP_SECRET", &own.app_secret),
            ("HF_ENDPOINT", &hub),
        ];
        let app = ExampleApp::start_mcp(&base_url, &environment).await;
        Self { tenant, app, callback, home: tempfile::tempdir().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = mcp_inspector();
        command
            .arg(format!("{}/mcp", self.app.base_url()))
            .args(["--client-id", self.tenant.app_id()])
            .args(["--client-secret", self.tenant.app_secret()])
            .args(["--callback-url", &self.callback])
            .args(arguments)
            .env("HOME", self.home.path())
            .env("MCP_STORAGE_DIR", self.home.path())
            .env("MCP_INSPECTOR_SECRET_STORE", "file")
            // It says where to sign in only if it may open a browser: here that is the test.
            .env("MCP_AUTO_OPEN_ENABLED", "true")
            .env("PATH", self.home.path());
        Run::start(&mut command, self.home.path())
    }

    /// A user signs in where the client says.
    async fn sign_in(&self, run: &mut Run, user: &str) {
        let start = format!("{}/oidc/auth", self.tenant.endpoint());
        let url = eventually("the address of the sign-in", async || {
            let told = run.told();
            let rest = told.rsplit_once(start.as_str()).map(|(_, rest)| rest.to_owned());
            assert!(run.child.try_wait().unwrap().is_none(), "it ended: {told}");
            let query =
                rest?.split(|c: char| c.is_whitespace() || c.is_control()).next()?.to_owned();
            Some(format!("{start}{query}"))
        })
        .await;
        let callback = self.tenant.sign_in(&url, user).await.unwrap();
        assert!(callback.starts_with(&self.callback), "{callback}");
        assert_eq!(reqwest::get(callback).await.unwrap().status(), 200);
    }
}

/// A run of the client.
struct Run {
    child: Child,
    stdin: ChildStdin,
    files: [std::path::PathBuf; 2],
}

impl Run {
    fn start(command: &mut Command, folder: &std::path::Path) -> Self {
        let files = ["out", "err"].map(|name| folder.join(name));
        let [out, err] = files.each_ref().map(|file| std::fs::File::create(file).unwrap());
        let mut child = command.stdin(Stdio::piped()).stdout(out).stderr(err).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        Self { child, stdin, files }
    }

    /// What it told the user.
    fn told(&self) -> String {
        std::fs::read_to_string(&self.files[1]).unwrap()
    }

    /// What it printed, once it has ended well.
    async fn printed(mut self) -> String {
        let status = eventually("the client to end", async || self.child.try_wait().unwrap()).await;
        let printed = std::fs::read_to_string(&self.files[0]).unwrap();
        assert!(status.success(), "{status}: {printed}\n{}", self.told());
        printed
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn its_user_signs_in_lists_calls_and_steps_up() {
    let fixture = Fixture::start().await;
    let mut list = fixture.run(&["--method", "tools/list"]);
    fixture.sign_in(&mut list, "alice").await;
    let tools = list.printed().await;
    for tool in ["whoami", "list_my_models", "bookmark_model"] {
        assert!(tools.contains(tool), "{tools}");
    }

    // From here on it has a token.
    let call = ["--method", "tools/call", "--tool-name"];
    let stored = ["--stored-auth-only"];
    let alice = fixture.tenant.users()[0].id().to_owned();
    let who = fixture.run(&[&call[..], &["whoami"], &stored].concat()).printed().await;
    assert!(who.contains(&alice) && who.contains("read:models"), "{who}");
    let models = fixture.run(&[&call[..], &["list_my_models"], &stored].concat()).printed().await;
    assert!(models.contains("alice-hf/"), "{models}");
    for era in ["legacy", "modern"] {
        let list = ["--method", "tools/list", "--protocol-era", era];
        let tools = fixture.run(&[&list[..], &stored].concat()).printed().await;
        assert!(tools.contains("bookmark_model"), "{era}: {tools}");
    }

    // The scope that is missing: it asks its user, and Logto.
    let bookmark = ["bookmark_model", "--tool-arg", "model=openai-community/gpt2"];
    let mut run = fixture.run(&[&call[..], &bookmark].concat());
    eventually("the question of the client", async || {
        run.told().contains("needs additional scope: write:bookmarks").then_some(())
    })
    .await;
    run.stdin.write_all(b"y\n").unwrap();
    fixture.sign_in(&mut run, "alice").await;
    let bookmarks = run.printed().await;
    assert!(bookmarks.contains("openai-community/gpt2"), "{bookmarks}");
}
