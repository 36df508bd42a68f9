//! `logto doctor`: nothing on a healthy set-up, and each misconfiguration by itself, seen from
//! outside.

use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant};

use crate::app::{ReservedPort, sign_in_of};
use crate::checked_app::CheckedApp;
use crate::support::{logto, run};

#[tokio::test]
async fn nothing_is_found_on_a_healthy_set_up() {
    let checked = CheckedApp::healthy().await;
    let run = checked.check(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    for mark in ['✗', '!', '–'] {
        assert!(!run.out.lines().any(|line| line.starts_with(mark)), "{}", run.out);
    }
    assert!(run.out.contains("No problems found."));
    assert!(checked.findings(&[]).await.is_empty());
}

#[tokio::test]
async fn the_doctor_changes_nothing_and_makes_no_session() {
    let checked = CheckedApp::healthy().await;
    checked.tenant.clear_requests();
    checked.check(&[]).await;
    for request in checked.tenant.requests() {
        let harmless = request.method == "GET" || request.path == "/oidc/token";
        assert!(harmless, "{request:?}");
    }
    assert!(!checked.folder.path().join(".env").exists());
}

#[tokio::test]
async fn the_configuration_can_be_in_a_file() {
    let mut checked = CheckedApp::healthy().await;
    let lines: Vec<_> =
        checked.variables.drain(..).map(|(name, value)| format!("{name}=\"{value}\"\n")).collect();
    std::fs::write(checked.folder.path().join("app.env"), lines.concat()).unwrap();
    let run = checked.check(&["--env-file", "app.env"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    let run = checked.check(&[]).await;
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.out.contains("LOGTO_APP_SECRET is not set"), "{run:?}");
    // A file that is named is meant.
    let run = checked.check(&["--env-file", "ap.env"]).await;
    assert_eq!((run.status, run.out.as_str()), (2, ""), "{run:?}");
    assert!(run.err.contains("there is no file ap.env"), "{run:?}");
}

#[tokio::test]
async fn a_configuration_that_no_app_starts_with() {
    let checked = CheckedApp::healthy().await.with("LOGTO_COOKIE_SECRET", "short");
    checked.suffers_from("configuration", "LOGTO_COOKIE_SECRET is too short").await;
}

#[tokio::test]
async fn an_endpoint_where_nothing_is() {
    let unused = ReservedPort::new().await.release();
    let checked = CheckedApp::healthy().await.with("LOGTO_ENDPOINT", unused);
    checked.suffers_from("endpoint", "cannot be reached").await;
}

#[tokio::test]
async fn an_endpoint_without_tls() {
    let checked = CheckedApp::healthy().await;
    let endpoint = checked.tenant.endpoint().replace("http:", "https:");
    let checked = checked.with("LOGTO_ENDPOINT", endpoint);
    let found = checked.findings(&[]).await;
    let fix = found[0].1["fix"].as_str().unwrap();
    assert!(fix.contains("does not speak TLS"), "{found:?}");
}

#[tokio::test]
async fn an_endpoint_that_is_something_else() {
    let checked = CheckedApp::healthy().await;
    let base_url = checked.variables[4].1.clone();
    let checked = checked.with("LOGTO_ENDPOINT", base_url);
    checked.suffers_from("endpoint", "is not a Logto tenant: status 404").await;
}

#[tokio::test]
async fn an_endpoint_by_another_name() {
    let checked = CheckedApp::healthy().await;
    let other = checked.tenant.endpoint().replace("localhost", "127.0.0.1");
    let issuer = checked.tenant.issuer().to_owned();
    checked.with("LOGTO_ENDPOINT", other).suffers_from("endpoint", &issuer).await;
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let checked = CheckedApp::healthy().await;
    checked.tenant.clock().advance(Duration::from_secs(600));
    checked.suffers_from("clock", "behind Logto's").await;
}

#[tokio::test]
async fn keys_that_cannot_be_had() {
    let checked = CheckedApp::healthy().await;
    checked.tenant.faults().set(Endpoint::Jwks, Fault::Status(502));
    checked.suffers_from("keys", "502").await;
}

#[tokio::test]
async fn a_part_of_logto_that_is_out_of_order() {
    for (endpoint, check) in [
        (Endpoint::Token, "secret"),
        (Endpoint::Authorize, "redirect URI"),
        (Endpoint::EndSession, "sign-out URI"),
    ] {
        for (fault, told) in [(Fault::Status(503), "status 503"), (Fault::CutConnection, "")] {
            let checked = CheckedApp::idle().await.with("LOGTO_M2M_APP_ID", "");
            checked.tenant.faults().set(endpoint, fault);
            checked.suffers_from(check, "is out of order").await;
            checked.suffers_from(check, told).await;
        }
    }
}

#[tokio::test]
async fn text_of_the_tenant_does_not_command_the_terminal() {
    let checked = CheckedApp::idle().await.with("LOGTO_APP_ID", "\x1b]0;title\x07");
    let run = checked.check(&[]).await;
    assert!(run.out.contains("]0;title"), "{run:?}");
    assert!(!run.out.contains(['\x1b', '\x07']), "{run:?}");
}

#[tokio::test]
async fn an_app_that_the_tenant_does_not_know() {
    let checked = CheckedApp::idle().await.with("LOGTO_APP_ID", "unknown");
    checked.suffers_from("secret", "no app unknown").await;
}

#[tokio::test]
async fn the_admin_tenant_is_named() {
    let base_url = ReservedPort::new().await.release();
    let tenant = LocalTenant::builder().base_url(&base_url).app("admin-console", "local-secret");
    let checked = CheckedApp::at(&base_url, tenant).await.with("LOGTO_APP_ID", "my-app");
    checked.suffers_from("secret", "is Logto's admin tenant").await;
}

#[tokio::test]
async fn a_public_app_without_a_store() {
    // A local tenant registers no such address, which is found too.
    let checked = CheckedApp::idle().await.with("BASE_URL", "https://app.example.test");
    for (name, value, advised) in [
        ("STORAGE", "", true),
        ("STORAGE", "cookie", true),
        ("STORAGE", "redis://localhost", false),
        ("DATABASE_URL", "postgres://localhost", false),
    ] {
        let mut command = logto(checked.folder.path(), &["doctor", "--json"]);
        command.envs(checked.variables.iter().cloned()).env(name, value);
        let run = run(command).await;
        assert_eq!(run.out.contains("is public, and no variable names"), advised, "{run:?}");
    }
}

#[tokio::test]
async fn a_secret_that_is_wrong() {
    let checked = CheckedApp::healthy().await.with("LOGTO_APP_SECRET", "local-wrong");
    checked.suffers_from("secret", "not a secret of the app").await;
}

#[tokio::test]
async fn an_app_of_the_wrong_type() {
    let checked = CheckedApp::healthy().await;
    let machine = checked.tenant.machine_app().clone();
    let base_url = ReservedPort::new().await.release();
    let checked = checked
        .with("LOGTO_APP_ID", machine.app_id)
        .with("LOGTO_APP_SECRET", machine.app_secret)
        .with("BASE_URL", base_url);
    let found = checked.findings(&[]).await;
    assert!(found[0].1["what"].as_str().unwrap().contains("may not sign users in"), "{found:?}");
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered() {
    let checked = CheckedApp::idle().await;
    let told = "/auth/callback is not registered as redirect URI";
    let finding = checked.suffers_with(&["--route-prefix", "/auth"], "redirect URI", told).await;
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.ends_with(" --route-prefix /auth"), "{fix}");
}

#[tokio::test]
async fn an_app_whose_routes_are_elsewhere() {
    let checked = CheckedApp::healthy().await;
    let run = checked.check(&["--route-prefix", "/auth"]).await;
    assert!(run.out.contains("it answers 404; for routes below a prefix"), "{run:?}");
}

#[tokio::test]
async fn a_sign_out_uri_that_is_not_registered() {
    let base_url = ReservedPort::new().await.release();
    let tenant = LocalTenant::builder().redirect_uri(format!("{base_url}/callback"));
    let checked = CheckedApp::at(&base_url, tenant).await;
    let told = format!("{base_url}/ is not registered as post sign-out");
    checked.suffers_from("sign-out URI", &told).await;
}

#[tokio::test]
async fn the_slash_at_the_end_of_a_path_is_part_of_the_advice() {
    let base_url = format!("{}/shop/", ReservedPort::new().await.release());
    let tenant = LocalTenant::builder().redirect_uri(format!("{base_url}callback"));
    let checked = CheckedApp::at(&base_url, tenant).await;
    let finding = checked.suffers_from("sign-out URI", &base_url).await;
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.ends_with(&format!("--base-url {base_url}")), "{fix}");
}

#[tokio::test]
async fn a_resource_that_does_not_exist() {
    let resources = "https://api.example.test https://unknown.example.test";
    let checked = CheckedApp::idle().await.with("LOGTO_RESOURCES", resources);
    checked.suffers_from("resources", "https://unknown.example.test").await;
}

#[tokio::test]
async fn a_scope_that_does_not_exist() {
    let checked = CheckedApp::idle().await.with("LOGTO_SCOPES", "emial profile");
    checked.suffers_from("scopes", "emial").await;
}

#[tokio::test]
async fn a_refresh_token_that_never_comes() {
    let port = ReservedPort::new().await;
    let tenant = LocalTenant::builder().base_url(&port.base_url);
    let checked = CheckedApp::at(&port.base_url, tenant).await;
    let (tenant, base_url) = (&checked.tenant, port.base_url.clone());
    port.run_other_app(sign_in_of(tenant, &base_url, "login", tenant.app_id()));
    checked.suffers_from("refresh token", "without prompt=consent").await;
}

#[tokio::test]
async fn an_app_that_runs_with_another_configuration() {
    let port = ReservedPort::new().await;
    let tenant = LocalTenant::builder().base_url(&port.base_url);
    let checked = CheckedApp::at(&port.base_url, tenant).await;
    let other = checked.tenant.add_app(&port.base_url).unwrap();
    let base_url = port.base_url.clone();
    port.run_other_app(sign_in_of(&checked.tenant, &base_url, "consent", &other.app_id));
    checked.suffers_from("running app", &other.app_id).await;
}

#[tokio::test]
async fn an_app_that_asks_for_less() {
    let checked = CheckedApp::healthy().await.with("LOGTO_SCOPES", "email");
    checked.suffers_from("running app", "does not ask for the scope email").await;
}

#[tokio::test]
async fn a_proxy_that_lets_few_headers_through_is_noticed() {
    let port = ReservedPort::new().await;
    let tenant = LocalTenant::builder().base_url(&port.base_url);
    let checked = CheckedApp::at(&port.base_url, tenant).await;
    port.run_app_behind_small_proxy(&checked.tenant);
    let found = checked.findings(&[]).await;
    let told: Vec<_> = found.iter().map(|(check, finding)| (check, &finding["what"])).collect();
    let [(first, request), (second, response)] = told.as_slice() else {
        panic!("not two findings: {told:?}");
    };
    assert_eq!((first.as_str(), second.as_str()), ("header sizes", "header sizes"));
    assert!(request.to_string().contains("does not get through"), "{request}");
    assert!(response.to_string().contains("does not get back"), "{response}");
}

/// nginx's `proxy_cookie_path` and `proxy_cookie_flags`.
#[tokio::test]
async fn a_proxy_that_changes_cookies() {
    let changes: [(&str, &str, &str); 2] = [
        ("Path=/;", "Path=/app/;", "with path=/app/ in place of path=/"),
        ("SameSite=Lax", "SameSite=Strict", "with samesite=strict in place of samesite=lax"),
    ];
    for (from, to, told) in changes {
        let port = ReservedPort::new().await;
        let tenant = LocalTenant::builder().base_url(&port.base_url);
        let checked = CheckedApp::at(&port.base_url, tenant).await;
        port.run_app_behind_cookie_proxy(&checked.tenant, from, to);
        let finding = checked.suffers_from("cookies", told).await;
        assert!(finding["fix"].as_str().unwrap().contains("proxy_cookie_path"), "{finding}");
    }
}

#[tokio::test]
async fn an_app_whose_certificate_is_not_trusted() {
    let base_url = ReservedPort::new().await.run_self_signed();
    let checked = CheckedApp::at(&base_url, LocalTenant::builder().base_url(&base_url)).await;
    let finding = checked.suffers_from("running app", "invalid peer certificate").await;
    assert!(finding["fix"].as_str().unwrap().contains("SSL_CERT_FILE"), "{finding}");
    let run = checked.check(&[]).await;
    assert!(!run.out.contains("nothing answers"), "{run:?}");
}

#[tokio::test]
async fn an_app_whose_name_this_machine_does_not_know() {
    let base_url = "https://no-such-host.invalid";
    let checked = CheckedApp::idle().await.with("BASE_URL", base_url);
    let found = checked.findings(&[]).await;
    let told = found.iter().find(|(check, _)| check == "running app").expect("a finding");
    assert!(told.1["what"].as_str().unwrap().contains("no host no-such-host.invalid"), "{told:?}");
    assert_eq!(told.1["severity"], "problem");
}
