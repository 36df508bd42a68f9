//! The conformance suite can fail: an adapter with a fault turns it red, and no one else.

use std::collections::HashSet;

use logto::web::Route;
use logto_tests::conformance::{adapters, cases, complaints};

#[test]
fn a_cookie_dropped_from_errors_is_noticed_and_put_down_to_one_adapter() {
    let mut drivers = adapters::all();
    drivers.push(adapters::careless());
    let complaints = complaints(&drivers, &cases::pending_cookies());

    let fails = |page: &str| format!("careless fails ‘a renewed session, sent with GET {page}’");
    assert!(complaints.iter().any(|text| text.starts_with(&fails("/fails"))));
    assert!(!complaints.iter().any(|text| text.starts_with(&fails("/info"))));
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

#[test]
fn every_case_has_a_name_of_its_own_and_every_excuse_a_case() {
    let cases = cases::all();
    let names: HashSet<&str> = cases.iter().map(|case| case.name()).collect();
    assert_eq!(names.len(), cases.len());
    for driver in adapters::all() {
        for excuse in driver.excused {
            assert!(names.contains(excuse), "{}: {excuse}", driver.name);
        }
    }
}

#[test]
fn every_route_of_the_sdk_is_asked_with_every_method() {
    let cases = cases::all();
    for route in Route::ALL {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let name = format!("{method} {}", route.path());
            assert!(cases.iter().any(|case| case.name() == name), "{name}");
        }
    }
}
