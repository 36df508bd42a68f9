//! The guide about organizations.

mod claims {
    guide!("organizations-1");
}

mod api {
    guide!("organizations-2");
}

mod caller {
    guide!("organizations-3");
}

mod choice {
    guide!("organizations-4");
}

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use logto_axum::{Reply, User};
use reqwest::Method;

use crate::running_app::{ACME, RunningApp, THINGS, answer};

#[tokio::test]
async fn things_belong_to_an_organization() {
    let token = async |user: User, Path(id): Path<String>| -> Result<String, Reply> {
        caller::token(&user, &id).await
    };
    let is_admin = async |user: User| claims::is_admin(&user, ACME).to_string();
    let running = RunningApp::serve(|logto| {
        Router::new()
            .route("/mine", get(claims::mine))
            .route("/is-admin", get(is_admin))
            .route("/token/{organization}", get(token))
            .layer(logto_axum::layer(logto))
            .merge(logto_axum::routes(logto))
            .merge(api::app(logto.api(THINGS).unwrap()))
    })
    .await;
    assert_eq!(running.page("/mine").await, ACME);
    assert_eq!(running.page("/is-admin").await, "true", "her role there is org-admin");
    let token = running.page(&format!("/token/{ACME}")).await;
    for (organization, status) in [(ACME, 200), ("another", 403)] {
        let path = format!("/organizations/{organization}/things");
        let answer = answer(running.stranger(Method::GET, &path).bearer_auth(&token)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_choice_is_kept() {
    let running = RunningApp::serve(choice::app).await;
    let button = format!("<form method='post' action='/switch/{ACME}'>");
    assert!(running.page("/").await.starts_with(&button));
    let switch = |path: &str| running.alice(Method::POST, path).header("origin", &running.base_url);
    assert_eq!(answer(switch("/switch/unknown")).await.status, 403);
    let switched = answer(switch(&format!("/switch/{ACME}"))).await;
    assert_eq!((switched.status, switched.location.as_str()), (303, "/"));
    let page = answer(running.stranger(Method::GET, "/").header("cookie", switched.cookies)).await;
    assert!(page.text.starts_with(ACME) && page.text.contains("read:things"), "{}", page.text);
}
