//! Sign-in in the browser of the machine.

use logto_native::{BrowserSignIn, ErrorKind};

use crate::{Fixture, THINGS};

/// What the browser of the machine does with a redirect.
async fn open(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_browser_comes_back_to_a_port_of_the_machine() {
    let fixture = Fixture::start().await;
    let app = fixture.app(&fixture.browser_app);
    let sign_in = app.begin_browser_sign_in().await.unwrap();
    let back = fixture.tenant.sign_in(sign_in.url(), "alice").await.unwrap();
    let finishing = tokio::spawn(sign_in.finish());

    // What belongs to no sign-in, or another one.
    let wrong = back.replace("state=", "state=x");
    assert_eq!(open(&wrong).await.0, 404);
    assert_eq!(open(&back.replace("/callback", "/favicon.ico")).await.0, 404);
    let (status, page) = open(&back).await;
    assert!(status == 200 && page.contains("It finishes the sign-in"), "{status} {page}");
    let user = finishing.await.unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some("Alice Example"));
    assert!(app.access_token(THINGS).await.is_ok());
}

#[tokio::test]
async fn an_address_can_be_pasted_and_has_to_be_of_this_sign_in() {
    let fixture = Fixture::start().await;
    let app = fixture.app(&fixture.browser_app);
    let begin = async || {
        let sign_in: BrowserSignIn = app.begin_browser_sign_in().await.unwrap();
        let back = fixture.tenant.sign_in(sign_in.url(), "alice").await.unwrap();
        (sign_in, back)
    };
    let ((first, of_first), (second, of_second)) = (begin().await, begin().await);
    let error = first.finish_with(&of_second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let user = second.finish_with(&format!(" {of_second}\n")).await.unwrap();
    assert_eq!(user.name.as_deref(), Some("Alice Example"));

    let (third, back) = begin().await;
    let refused = back.split("code=").next().unwrap().to_owned();
    let state = back.split('&').find(|part| part.starts_with("state=")).unwrap();
    let error = third.finish_with(&format!("{refused}error=access_denied&{state}")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    let (fourth, back) = begin().await;
    let foreign = back.replace("iss=", "iss=https%3A%2F%2Felsewhere.test%2F");
    let error = fourth.finish_with(&foreign).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{of_first}");
}

#[tokio::test]
async fn a_browser_that_brings_no_code_is_not_told_of_a_sign_in() {
    let fixture = Fixture::start().await;
    let app = fixture.app(&fixture.browser_app);
    for (brought, kind) in [
        ("error=access_denied", ErrorKind::Cancelled),
        ("error=server_error&code=x", ErrorKind::Refused),
        ("", ErrorKind::Refused),
    ] {
        let sign_in = app.begin_browser_sign_in().await.unwrap();
        let back = fixture.tenant.sign_in(sign_in.url(), "alice").await.unwrap();
        let finishing = tokio::spawn(sign_in.finish());
        let state = back.split(['?', '&']).find(|part| part.starts_with("state=")).unwrap();
        let address = back.split('?').next().unwrap();
        let (status, page) = open(&format!("{address}?{brought}&{state}")).await;
        assert!(status == 200 && page.contains("You are not signed in"), "{status} {page}");
        assert_eq!(finishing.await.unwrap().unwrap_err().kind(), kind, "{brought}");
    }
}
