//! Guides about sessions.

mod sign_out_everywhere {
    guide!("sign-out-everywhere-1");

    use crate::site::{Site, answer};

    #[tokio::test]
    async fn sessions_are_listed_and_ended() {
        let site = Site::serve(|logto| app(logto.clone())).await;
        // Sessions that are in cookies alone are not listed.
        assert_eq!(site.page("/sessions").await, "");
        let post = |path| site.alice(reqwest::Method::POST, path);
        let elsewhere = post("/sessions/end-others").header("origin", "https://evil.example");
        assert_eq!(answer(elsewhere).await.status, 403);
        let here = post("/sessions/end-others").header("origin", &site.base_url);
        assert_eq!(answer(here).await.status, 200);
        let unknown = post("/sessions/unknown/end").header("origin", &site.base_url);
        assert_eq!(answer(unknown).await.status, 200);
    }
}
