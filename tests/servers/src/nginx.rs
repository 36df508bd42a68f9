//! nginx, with the settings that Debian's package has.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::output;
use crate::{Process, eventually};

/// A reverse proxy.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    _folder: TempDir,
}

impl Nginx {
    /// Starts a proxy at `port` of this machine, in front of what listens on `app`. No limit
    /// differs from nginx's own.
    pub async fn start(port: u16, app: u16) -> Self {
        Self::start_with(port, app, "").await
    }

    /// The same with more `settings`, in nginx's own words.
    pub async fn start_with(port: u16, app: u16, settings: &str) -> Self {
        let site = format!(
            "server {{ listen 127.0.0.1:{port}; {settings}
               location / {{ proxy_pass http://127.0.0.1:{app}; }} }}"
        );
        Self::with(port, &site, tempfile::tempdir().expect("a folder for nginx")).await
    }

    /// Starts a server with TLS at `port`. `sites` are the names of hosts and what each serves, in
    /// nginx's own words.
    pub async fn start_with_tls(port: u16, sites: &[(&str, &str)]) -> Self {
        Self::start_with_certificate(port, |certificate, key| {
            let server = |(host, serves): &(&str, &str)| {
                format!(
                    "server {{ listen 127.0.0.1:{port} ssl; server_name {host};
                       ssl_certificate {certificate}; ssl_certificate_key {key};
                       location / {{ {serves} }} }}\n"
                )
            };
            sites.iter().map(server).collect()
        })
        .await
    }

    /// Starts what `servers` makes of the files of a certificate and of its key. It listens at
    /// `port`.
    pub async fn start_with_certificate(
        port: u16,
        servers: impl FnOnce(&str, &str) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for nginx");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (key, certificate) = (path("key.pem"), path("certificate.pem"));
        output(Command::new("openssl").args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ]));
        Self::with(port, &servers(&certificate, &key), folder).await
    }

    async fn with(port: u16, servers: &str, folder: TempDir) -> Self {
        let path = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
            .collect();
        let configuration = format!(
            "daemon off; user root root; pid {path}/pid; worker_processes 2;
             error_log stderr warn; events {{}}
             http {{ access_log off; {temporary} {servers} }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).expect("a configuration for nginx");
        let program = ["/usr/sbin/nginx", "nginx"].into_iter().find(|program| runs(program));
        let program = program.unwrap_or_else(|| {
            panic!("this test needs nginx: install it (Debian: `apt-get install nginx`)")
        });
        let mut command = Command::new(program);
        command.arg("-e").arg("stderr").arg("-c").arg(&file);
        let mut nginx = Self { process: Process::start("nginx", &mut command), _folder: folder };
        eventually("nginx to accept connections", async || {
            if let Some(status) = nginx.process.exit_status() {
                panic!("nginx ended with {status}:\n{}", nginx.process.output());
            }
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        nginx
    }

    /// What nginx has to complain about.
    pub fn log(&self) -> String {
        self.process.output()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it, but not if it is killed.
        self.process.terminate_and_wait();
    }
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("-v").output().is_ok_and(|output| output.status.success())
}
