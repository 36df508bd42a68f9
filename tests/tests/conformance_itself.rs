//! The conformance suite can fail: an adapter with a fault turns it red, and nobody else.

use logto_tests::conformance::{adapters, cases, complaints};

#[test]
fn a_cookie_dropped_from_errors_is_noticed_and_put_down_to_one_adapter() {
    let mut drivers = adapters::all();
    drivers.push(adapters::careless());
    let complaints = complaints(&drivers, &cases::cookies_owed());

    let fails = |page: &str| format!("careless fails ‘a renewed session, paid by GET {page}’");
    assert!(
        complaints
            .iter()
            .any(|text| text.starts_with(&fails("/fails")))
    );
    assert!(
        !complaints
            .iter()
            .any(|text| text.starts_with(&fails("/info")))
    );
    let differ = "axum, actix-web, poem, rocket, salvo and careless differ in ‘";
    assert!(complaints.iter().any(|text| text.starts_with(differ)));
    for complaint in &complaints {
        let blames_one = complaint.starts_with("careless fails ‘") || complaint.starts_with(differ);
        assert!(blames_one, "{complaint}");
    }
}

#[test]
fn an_excuse_that_is_not_needed_is_noticed() {
    let found = complaints(&[adapters::careless()], &cases::signing_in());
    let excuse = "careless is excused from ‘userinfo’ and passes it";
    assert!(found.iter().any(|text| text == excuse), "{found:?}");
}
