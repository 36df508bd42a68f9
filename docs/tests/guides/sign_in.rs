//! Guides about signing in.

use axum::Router;
use axum::routing::get;
use logto_local::LocalTenant;
use logto_management::Management;
use reqwest::Method;

use crate::running_app::{RunningApp, answer};

mod step_by_step {
    guide!("hugging-face-step-by-step-1");
}

mod step_by_step_in_french {
    guide!("hugging-face-step-by-step.fr-1");
}

#[tokio::test]
async fn the_button_leads_to_the_profile() {
    let in_english = RunningApp::serve(step_by_step::app).await;
    let in_french = RunningApp::serve(step_by_step_in_french::app).await;
    for (running, sign_out) in [(in_english, "Sign out"), (in_french, "Se déconnecter")] {
        let home = answer(running.stranger(Method::GET, "/")).await;
        assert!(home.text.contains("/hugging-face"), "{}", home.text);
        let button = answer(running.stranger(Method::GET, "/hugging-face")).await;
        assert!(button.location.contains("direct_sign_in=social%3Ahuggingface"));
        assert_eq!(running.sign_in(button, "alice").await.location, "/profile");
        assert_eq!(running.page("/profile").await, "Alice Example <alice@example.test>");
        assert!(running.page("/").await.contains(sign_out));
    }
}

mod hugging_face {
    guide!("hugging-face-1");
}

mod hugging_face_token {
    guide!("hugging-face-3");
}

#[tokio::test]
async fn the_connector_is_named_and_its_token_asked_for() {
    let routes = Router::new()
        .route("/hugging-face", get(hugging_face::sign_in_with_hugging_face))
        .route("/who-am-i", get(hugging_face_token::who_am_i));
    let running = RunningApp::serve_routes(routes).await;
    let answer = running.open("/hugging-face").await;
    assert!(answer.location.contains("direct_sign_in=social%3Ahuggingface"));
    let page = running.page("/who-am-i").await;
    assert_eq!(page, "This tenant does not provide Hugging Face tokens.");
}

mod after_sign_in {
    guide!("after-sign-in-2");

    #[tokio::test]
    async fn the_handler_names_the_page() {
        let routes = axum::Router::new().route("/start-trial", axum::routing::get(start_trial));
        let running = crate::running_app::RunningApp::serve_routes(routes).await;
        let answer = running.open("/start-trial").await;
        assert_eq!(running.sign_in(answer, "alice").await.location, "/trial?step=1");
    }
}

mod recent_sign_in {
    guide!("recent-sign-in-1");
}

mod recent_sign_in_by_hand {
    guide!("recent-sign-in-2");
}

#[tokio::test]
async fn an_old_sign_in_is_asked_for_again() {
    let settings = Router::new().route("/settings", get(recent_sign_in_by_hand::settings));
    let running = RunningApp::serve(|logto| {
        settings.layer(logto_axum::layer(logto)).merge(recent_sign_in::app(logto))
    })
    .await;
    assert_eq!(running.page("/settings").await, "Sign in again to delete my account");
    let answer = running.open("/account/delete").await;
    assert!(answer.location.contains("max_age=240"), "{}", answer.location);
}

mod magic_links {
    guide!("invitations-1");
    guide!("invitations-2");

    use axum::{Router, routing::get};

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn the_link_signs_its_owner_in() {
        let routes = Router::new().route("/magic-link/{email}/{token}", get(ask).post(magic_link));
        let running = RunningApp::serve_routes(routes).await;
        let tenant = &running.fixture.tenant;
        let management = super::management(tenant);
        let page = Url::parse(&format!("{}/magic-link", running.base_url)).unwrap();
        let link = link(&management, page, "alice@example.test").await.unwrap();
        let answer = answer(running.stranger(reqwest::Method::POST, link.path())).await;
        assert!(answer.location.contains("one_time_token="), "{}", answer.location);
        assert_eq!(running.sign_in(answer, "alice").await.location, "/profile");
    }
}

mod invitations {
    guide!("invitations-3");
}

mod accepted_invitations {
    guide!("invitations-4");

    use std::time::{Duration, SystemTime};

    use axum::{Router, routing::get};
    use logto_management::NewInvitation;
    use reqwest::Method;
    use reqwest::header::COOKIE;

    use super::invitations::invite;
    use crate::running_app::{ACME, RunningApp, answer};

    #[tokio::test]
    async fn an_invitation_is_for_one_user() {
        let running = RunningApp::serve_at("", |fixture| {
            Router::new()
                .route("/invitations/{id}", get(invitation).post(accept_invitation))
                .with_state(super::management(&fixture.tenant))
                .layer(logto_axum::layer(&fixture.logto))
                .merge(logto_axum::routes(&fixture.logto))
        })
        .await;
        let management = super::management(&running.fixture.tenant);
        // The role is one of the reader's tenant.
        assert!(invite(&management, ACME).await.is_err());
        let unknown = answer(running.alice(Method::POST, "/invitations/unknown")).await;
        assert_eq!(unknown.status, 404);

        let soon = SystemTime::now() + Duration::from_secs(600);
        let new = NewInvitation::new("bob@example.test", ACME, soon);
        let invitation = management.invitations().create(&new).await.unwrap();
        let page = format!("/invitations/{}", invitation.id);
        // Alice is signed in here, and Logto is asked for its page.
        assert!(running.page(&page).await.contains("Accept the invitation"));
        let accept = async || answer(running.alice(Method::POST, &page)).await;
        let asked = accept().await;
        assert!(asked.location.contains("login_hint=bob%40example.test"), "{}", asked.location);
        assert!(asked.location.contains("prompt=login+consent"), "{}", asked.location);
        let refused = running.sign_in(asked, "alice").await;
        assert_eq!(refused.status, 403);
        assert!(refused.text.contains("This is for another account"), "{}", refused.text);
        let status = async || management.invitations().get(&invitation.id).await.unwrap().status;
        assert_eq!(status().await, InvitationStatus::Pending);

        let back = running.sign_in(accept().await, "bob").await;
        assert_eq!((back.status, back.location.as_str()), (303, page.as_str()));
        let bob = || running.stranger(Method::POST, &page).header(COOKIE, &back.cookies);
        let accepted = answer(bob()).await;
        assert_eq!((accepted.status, accepted.location.as_str()), (303, "/organization"));
        assert_eq!(status().await, InvitationStatus::Accepted);
        let again = answer(bob()).await.text;
        assert_eq!(again, "This invitation was used already or has expired.");
    }
}

fn management(tenant: &LocalTenant) -> Management {
    let machine = tenant.machine_app();
    Management::new(tenant.endpoint(), &machine.app_id, machine.app_secret.as_str()).unwrap()
}
