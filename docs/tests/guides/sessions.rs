//! Guides about sessions.

mod sign_out_everywhere {
    guide!("sign-out-everywhere-1");

    use std::sync::Arc;

    use logto_axum::logto::storage::MemoryStorage;

    use crate::running_app::{RunningApp, answer};

    #[tokio::test]
    async fn sessions_in_cookies_alone_are_not_listed() {
        let running = RunningApp::serve(|logto| app(logto.clone())).await;
        assert_eq!(running.page("/sessions").await, "");
        let post = running.alice(reqwest::Method::POST, "/sessions/end-others");
        let ended = answer(post.header("origin", &running.base_url)).await;
        assert_eq!(ended.status, 200, "it succeeds, and nothing ends");
    }

    #[tokio::test]
    async fn sessions_are_listed_and_ended() {
        let storage = Arc::new(MemoryStorage::new());
        let running = RunningApp::configured(
            "",
            |config| config.with_storage(storage),
            |fixture| app(fixture.logto.clone()),
        )
        .await;
        let list = running.page("/sessions").await;
        assert!(list.contains("(this one), since "), "{list}");
        let (id, _) = list.split_once(": ").unwrap();
        let id = id.to_owned();
        let post = |path: &str| running.alice(reqwest::Method::POST, path);
        let elsewhere = post("/sessions/end-others").header("origin", "https://evil.example");
        assert_eq!(answer(elsewhere).await.status, 403);
        let here = post("/sessions/end-others").header("origin", &running.base_url);
        assert_eq!(answer(here).await.status, 200);
        let unknown = post("/sessions/unknown/end").header("origin", &running.base_url);
        assert_eq!(answer(unknown).await.status, 200);
        assert_eq!(running.page("/sessions").await, list, "there was no other");
        let one = post(&format!("/sessions/{id}/end")).header("origin", &running.base_url);
        assert_eq!(answer(one).await.status, 200);
        running.needs_sign_in("/sessions").await;
        assert_eq!(running.open("/sessions").await.status, 303, "alice's session is the one");
    }
}
