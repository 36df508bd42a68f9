//! `logto setup hugging-face`.

use std::fs;

use logto_local::LocalTenant;
use logto_management::Management;
use serde_json::{Value, json};

use crate::fixture::{BASE_URL, CLIENT_SECRET, Fixture};

#[tokio::test]
async fn the_first_run_sets_up_and_the_second_changes_nothing() {
    let fixture = Fixture::empty().await;
    let first = fixture.set_up(&[]).await;
    assert_eq!(first.status, 0, "{first:?}");
    let changes = fixture.changes();
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert_eq!(changes[0], "POST /api/applications");
    assert_eq!(changes[1], "POST /api/connectors");
    let redirect = format!("{}/callback/", fixture.tenant.endpoint());
    let (first_lines, _) = first.out.split_once('✓').unwrap();
    assert!(first_lines.contains(&redirect), "the redirect URI comes first: {first:?}");

    let env = fixture.env();
    let second = fixture.set_up(&[]).await;
    assert_eq!(second.status, 0, "{second:?}");
    assert!(second.out.contains("Nothing changed"), "{second:?}");
    assert_eq!(fixture.changes(), Vec::<String>::new());
    assert_eq!(fixture.env(), env);
}

#[tokio::test]
async fn no_secret_is_printed() {
    let fixture = Fixture::empty().await;
    let machine = fixture.tenant.machine_app().app_secret.clone();
    for arguments in [&["--dry-run"][..], &[], &["--json"]] {
        let run = fixture.set_up(arguments).await;
        let printed = format!("{}{}", run.out, run.err);
        for secret in [CLIENT_SECRET, &machine] {
            assert!(!printed.contains(secret), "{printed}");
        }
        if fixture.file().exists() {
            for name in ["LOGTO_APP_SECRET", "LOGTO_COOKIE_SECRET"] {
                let secret = fixture.value(name);
                assert!(secret.len() >= 16);
                assert!(!printed.contains(&secret), "{name}: {printed}");
            }
        }
    }
}

#[tokio::test]
async fn a_dry_run_shows_a_diff_and_touches_nothing() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--dry-run", "--app-name", "The app"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    for shown in [
        "create the application The app",
        "  + redirect URI: http://localhost:3000/callback",
        "+ write LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET, BASE_URL, LOGTO_COOKIE_SECRET into .env",
        "nothing was changed",
    ] {
        assert!(run.out.contains(shown), "{shown}: {run:?}");
    }
    assert_eq!(fixture.changes(), Vec::<String>::new());
    assert!(!fixture.file().exists());
    fixture.set_up(&["--app-name", "The app"]).await;
    let run = fixture.set_up(&["--dry-run"]).await;
    assert!(run.out.contains("Nothing would change"), "{run:?}");
}

#[tokio::test]
async fn options_win_over_the_environment_and_it_over_the_file() {
    let fixture = Fixture::empty().await;
    fs::write(fixture.file(), "LOGTO_APP_NAME='From the file'\nBASE_URL=http://localhost:1\n")
        .unwrap();
    let arguments = ["--dry-run", "--base-url", "http://localhost:4000"];
    let run = fixture.set_up(&arguments).await;
    assert!(run.out.contains("create the application From the file"), "{run:?}");
    assert!(run.out.contains("http://localhost:4000/callback"), "{run:?}");
    let run = fixture.set_up_with(&["--dry-run"], &[("BASE_URL", "")]).await;
    assert!(run.out.contains("http://localhost:1/callback"), "{run:?}");
    let run = fixture.set_up_with(&["--dry-run"], &[("LOGTO_APP_NAME", "From outside")]).await;
    assert!(run.out.contains("create the application From outside"), "{run:?}");
}

#[tokio::test]
async fn what_was_edited_in_the_file_stays() {
    let fixture = Fixture::empty().await;
    let theirs = "# our app\nLOGTO_APP_SECRET=their-own-secret\nOTHER=1\n";
    fs::write(fixture.file(), theirs).unwrap();
    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(fixture.env().starts_with(theirs), "{}", fixture.env());
    assert!(run.out.contains("LOGTO_APP_SECRET in .env was edited and stays"), "{run:?}");
    assert!(!run.out.contains("their-own-secret"), "{run:?}");
}

#[tokio::test]
async fn an_app_that_is_named_is_adopted() {
    let fixture = Fixture::new(LocalTenant::builder().base_url(BASE_URL)).await;
    let id = fixture.tenant.app_id();
    let arguments = ["--base-url", "https://app.example.com"];
    let run = fixture.set_up_with(&arguments, &[("LOGTO_APP_ID", id)]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(
        fixture.changes().contains(&format!("PATCH /api/applications/{id}")),
        "{:?}",
        fixture.changes()
    );
    assert_eq!(fixture.value("LOGTO_APP_ID"), id);
    assert_eq!(fixture.value("LOGTO_APP_SECRET"), fixture.tenant.app_secret());

    let run = fixture.set_up_with(&[], &[("LOGTO_APP_ID", "unknown")]).await;
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.err.contains("LOGTO_APP_ID unknown is not an application of this tenant"),
        "{run:?}"
    );
}

#[tokio::test]
async fn an_id_that_was_written_for_another_tenant_is_not_insisted_on() {
    let before = Fixture::empty().await;
    before.set_up(&[]).await;
    let fixture = Fixture::empty().await;
    fs::copy(before.file(), fixture.file()).unwrap();
    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert_ne!(fixture.value("LOGTO_APP_ID"), before.value("LOGTO_APP_ID"));
    assert_eq!(fixture.value("LOGTO_ENDPOINT"), fixture.tenant.endpoint());
    // Sessions outlive the move to another tenant's application.
    assert_eq!(fixture.value("LOGTO_COOKIE_SECRET"), before.value("LOGTO_COOKIE_SECRET"));
}

#[tokio::test]
async fn token_storage_takes_the_kind_of_connector_that_can() {
    let fixture = Fixture::new(LocalTenant::builder().empty().secret_vault(true)).await;
    let run = fixture.set_up(&["--with-token-storage"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    let run = fixture.set_up(&["--with-token-storage", "--json"]).await;
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["changes"], Value::Array(Vec::new()), "{report}");
}

#[tokio::test]
async fn a_dry_run_announces_what_the_run_does_and_no_more() {
    let fixture = Fixture::new(LocalTenant::builder().empty().secret_vault(true)).await;
    fixture.set_up(&[]).await;
    let arguments = ["--with-token-storage", "--json"];
    let report = |run: &crate::support::Run| -> Value { serde_json::from_str(&run.out).unwrap() };
    let planned = report(&fixture.set_up(&[&arguments[..], &["--dry-run"]].concat()).await);
    assert_eq!(planned["written"], json!([]), "{planned}");
    for change in planned["changes"].as_array().unwrap() {
        for one in change["differences"].as_array().unwrap() {
            assert_ne!(one["before"], one["after"], "{change}");
        }
    }
    let env = fixture.env();
    let done = report(&fixture.set_up(&arguments).await);
    for member in ["changes", "written", "kept", "warnings"] {
        assert_eq!(planned[member], done[member], "{member}");
    }
    assert_eq!(fixture.env(), env);
}

#[tokio::test]
async fn the_api_of_the_examples_is_created_once_and_new_users_may_read_it() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--with-example-api"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.out.contains("create the API resource https://api.example.test"), "{run:?}");
    let again = fixture.set_up(&["--with-example-api"]).await;
    assert!(again.out.contains("Nothing changed"), "{again:?}");

    let authorize = format!(
        "{}/oidc/auth?client_id={}&redirect_uri={BASE_URL}/callback&response_type=code&prompt=consent\
         &scope=openid+offline_access+read:things&resource=https://api.example.test&state=s",
        fixture.tenant.endpoint(),
        fixture.value("LOGTO_APP_ID")
    );
    fixture.tenant.sign_in(&authorize, "carol").await.unwrap();
    let machine = fixture.tenant.machine_app();
    let (id, secret) = (machine.app_id.as_str(), machine.app_secret.as_str());
    let management = Management::new(fixture.tenant.endpoint(), id, secret).unwrap();
    let roles = management.roles().list().all().await.unwrap();
    let role = roles.iter().find(|role| role.name == "things-reader").unwrap();
    assert!(role.is_default);
    let permissions = management.roles().scopes(&role.id).all().await.unwrap();
    let names: Vec<_> = permissions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["read:things"]);
}

#[tokio::test]
async fn the_signing_key_of_the_webhook_is_written_once() {
    let fixture = Fixture::empty().await;
    let planned = fixture.set_up(&["--with-webhooks", "--dry-run"]).await;
    assert!(planned.out.contains("LOGTO_WEBHOOK_SIGNING_KEY"), "{planned:?}");
    assert_eq!(fixture.env(), "");
    let run = fixture.set_up(&["--with-webhooks"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(fixture.changes().contains(&"POST /api/hooks".to_owned()), "{:?}", fixture.changes());
    let key = fixture.value("LOGTO_WEBHOOK_SIGNING_KEY");
    assert_eq!(Some(&key), fixture.tenant.webhook_signing_key().as_ref());
    assert!(!format!("{}{}", run.out, run.err).contains(&key), "{run:?}");

    let env = fixture.env();
    let again = fixture.set_up(&["--with-webhooks"]).await;
    assert!(again.out.contains("Nothing changed"), "{again:?}");
    assert_eq!(fixture.changes(), Vec::<String>::new());
    assert_eq!(fixture.env(), env);
    // Without the option it is left alone.
    fixture.set_up(&[]).await;
    assert_eq!(fixture.env(), env);
}

#[tokio::test]
async fn the_account_api_is_switched_on_once() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--with-account-api"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    let opened = "PATCH /api/account-center".to_owned();
    assert!(fixture.changes().contains(&opened), "{:?}", fixture.changes());
    let machine = fixture.tenant.machine_app();
    let (id, secret) = (machine.app_id.as_str(), machine.app_secret.as_str());
    let management = Management::new(fixture.tenant.endpoint(), id, secret).unwrap();
    assert!(management.account_center().get().await.unwrap().enabled);

    let again = fixture.set_up(&["--with-account-api"]).await;
    assert!(again.out.contains("Nothing changed"), "{again:?}");
    assert_eq!(fixture.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_routes_of_an_app_may_have_a_prefix() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--route-prefix", "/auth", "--with-webhooks", "--dry-run"]).await;
    for path in ["callback", "backchannel-logout", "webhooks/logto"] {
        let address = format!("http://localhost:3000/auth/{path}");
        assert!(run.out.contains(&address), "{path}: {run:?}");
    }
    for prefix in ["auth", "/auth/", "/auth?a=b"] {
        let run = fixture.set_up(&["--route-prefix", prefix]).await;
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.err.contains("must be a path such as /auth"), "{run:?}");
    }
}

#[tokio::test]
async fn programs_get_one_json_document() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--dry-run", "--json"]).await;
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["dry_run"], true);
    let uris = report["redirect_uris"].as_array().unwrap();
    assert!(uris[0].as_str().unwrap().starts_with(fixture.tenant.endpoint()));
    assert_eq!(report["changes"].as_array().unwrap().len(), 4, "{report}");
    assert_eq!(report["written"].as_array().unwrap().len(), 5, "{report}");
}

#[tokio::test]
async fn the_user_name_page_stays_if_that_is_said() {
    let fixture = Fixture::empty().await;
    let run = fixture.set_up(&["--keep-user-name"]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.out.contains("have to enter after Hugging Face: username"), "{run:?}");
    let run = fixture.set_up(&["--skip-user-name"]).await;
    assert_eq!(fixture.changes(), ["PATCH /api/sign-in-exp"], "{run:?}");
}

#[tokio::test]
async fn automatic_linking_by_unverified_addresses_is_warned_of() {
    let fixture = Fixture::new(LocalTenant::builder()).await;
    let machine = fixture.tenant.machine_app();
    let (id, secret) = (machine.app_id.as_str(), machine.app_secret.as_str());
    let management = Management::new(fixture.tenant.endpoint(), id, secret).unwrap();
    let linking = json!({ "socialSignIn": { "automaticAccountLinking": true } });
    management.sign_in_experience().update(&linking).await.unwrap();
    let run = fixture.set_up(&[]).await;
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.out.contains("automatic account linking is on"), "{run:?}");
    let settings = management.sign_in_experience().get().await.unwrap();
    // Merged, never replaced.
    assert_eq!(settings.social_sign_in.automatic_account_linking, Some(true));
    assert_eq!(settings.social_sign_in.skip_required_identifiers, Some(true));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_may_read_is_told() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::empty().await;
    fs::write(fixture.file(), "OTHER=1\n").unwrap();
    for (mode, told) in [(0o644, true), (0o640, true), (0o600, false)] {
        fs::set_permissions(fixture.file(), Permissions::from_mode(mode)).unwrap();
        let run = fixture.set_up(&[]).await;
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.out.contains("chmod 600 .env"), told, "{mode:o}: {run:?}");
    }
    // Nothing is written into it.
    fs::set_permissions(fixture.file(), Permissions::from_mode(0o644)).unwrap();
    let run = fixture.set_up(&["--dry-run"]).await;
    assert!(!run.out.contains("chmod"), "{run:?}");
}
