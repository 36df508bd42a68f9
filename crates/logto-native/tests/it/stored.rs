//! What is stored, and when it cannot be.

use logto_native::NativeApp;

use crate::{Fixture, THINGS};

impl Fixture {
    async fn signed_in_by_browser(&self) -> NativeApp {
        let app = self.app(&self.browser_app);
        let sign_in = app.begin_browser_sign_in().await.unwrap();
        let back = self.tenant.sign_in(sign_in.url(), "alice").await.unwrap();
        sign_in.finish_with(&back).await.unwrap();
        app
    }

    fn revocations(&self) -> usize {
        let seen = self.tenant.requests();
        seen.iter().filter(|one| one.path == "/oidc/token/revocation").count()
    }
}

#[tokio::test]
async fn each_app_signs_in_and_out_of_its_own() {
    let fixture = Fixture::start().await;
    let one = fixture.signed_in().await;
    let other = fixture.signed_in_by_browser().await;
    assert!(one.access_token(THINGS).await.is_ok() && other.access_token(THINGS).await.is_ok());

    let none = fixture.app("an app that no one signed in to");
    none.sign_out().await.unwrap();
    assert_eq!((none.user().await.unwrap(), fixture.revocations()), (None, 0));

    one.sign_out().await.unwrap();
    assert_eq!((one.user().await.unwrap(), fixture.revocations()), (None, 1));
    assert!(other.user().await.unwrap().is_some() && other.access_token(THINGS).await.is_ok());

    other.sign_out().await.unwrap();
    assert_eq!(fixture.revocations(), 2);
    assert!(!fixture.file().exists());
}
