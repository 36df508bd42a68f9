//! The programs that the tests use: found, or installed where that can be done
//! without asking.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// Chromium, or a sentence that says how to get it.
pub(crate) fn chromium() -> Result<(), String> {
    let found = || {
        env::var_os("CHROME").is_some_and(|path| Path::new(&path).exists())
            || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
                .iter()
                .any(|path| Path::new(path).exists())
    };
    if found() || (install(&["chromium"]) && found()) {
        return Ok(());
    }
    Err("Chromium is missing and could not be installed. Install it (Debian: `apt-get install \
         chromium`), set CHROME to the program, or leave its tests out with `--without browser`."
        .to_owned())
}

/// Node.js and npm, or a sentence that says how to get them.
pub(crate) fn node() -> Result<(), String> {
    let missing = || {
        let mut packages = Vec::new();
        for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
            if !runs(program) {
                packages.push(package);
            }
        }
        packages
    };
    let packages = missing();
    if packages.is_empty() || (install(&packages) && missing().is_empty()) {
        return Ok(());
    }
    Err("Node.js or npm is missing and could not be installed. Install them (Debian: `apt-get \
         install nodejs npm`), or leave their tests out with `--without provider`."
        .to_owned())
}

/// Redis or Valkey, PostgreSQL, PgBouncer, what makes certificates, and what gives instances wrong
/// clocks, or a sentence that says how to get them.
pub(crate) fn databases() -> Result<(), String> {
    let missing = || {
        let mut packages = Vec::new();
        if !runs("redis-server") && !runs("valkey-server") {
            packages.push("redis-server");
        }
        if !runs("initdb") && !Path::new("/usr/lib/postgresql").exists() {
            packages.push("postgresql");
        }
        if !runs("pgbouncer") && !runs("/usr/sbin/pgbouncer") {
            packages.push("pgbouncer");
        }
        if !quietly(Command::new("openssl").arg("version")) {
            packages.push("openssl");
        }
        if !runs("faketime") {
            packages.push("faketime");
        }
        packages
    };
    let packages = missing();
    if packages.is_empty() || (install(&packages) && missing().is_empty()) {
        return Ok(());
    }
    Err(
        "Redis, PostgreSQL, PgBouncer, OpenSSL or faketime is missing and could not be installed. Install \
         them (Debian: `apt-get install redis-server postgresql pgbouncer openssl faketime`), or leave \
         their tests out with `--without databases`."
            .to_owned(),
    )
}

/// nginx, or a sentence that says how to get it.
pub(crate) fn nginx() -> Result<(), String> {
    let found =
        || Path::new("/usr/sbin/nginx").exists() || quietly(Command::new("nginx").arg("-v"));
    if found() || (install(&["nginx"]) && found()) {
        return Ok(());
    }
    Err("nginx is missing and could not be installed. Install it (Debian: `apt-get install \
         nginx`), or leave its tests out with `--without nginx`."
        .to_owned())
}

/// D-Bus and a key ring, or a sentence that says how to get them.
pub(crate) fn key_ring() -> Result<(), String> {
    let found = || runs("dbus-run-session") && runs("gnome-keyring-daemon");
    if found() || (install(&["dbus", "gnome-keyring"]) && found()) {
        return Ok(());
    }
    Err("D-Bus or gnome-keyring is missing and could not be installed. Install them (Debian: \
         `apt-get install dbus gnome-keyring`)."
        .to_owned())
}

fn runs(program: &str) -> bool {
    quietly(Command::new(program).arg("--version"))
}

fn quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Installs Debian packages, if this is Debian and no password is needed.
fn install(packages: &[&str]) -> bool {
    if !runs("apt-get") {
        return false;
    }
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root && !quietly(Command::new("sudo").args(["--non-interactive", "true"])) {
        return false;
    }
    println!("Installing {} …", packages.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = match root {
            true => Command::new("env"),
            false => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--non-interactive", "env"]);
                sudo
            }
        };
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", "--quiet"])
            .args(arguments)
            .args(packages.iter().filter(|_| arguments != ["update"]))
            .status()
            .is_ok_and(|status| status.success())
    };
    apt(&["update"]) && apt(&["install", "--no-install-recommends"])
}
