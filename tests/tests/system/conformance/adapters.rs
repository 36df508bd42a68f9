//! The conformance suite, run on every adapter: the same cases, over real sockets.
//!
//! A failure names the adapter and the case; a difference names the adapters and both answers.

use logto_tests::conformance::{Case, adapters, cases, check};

fn conform(cases: &[Case]) {
    check(&adapters::all(), cases);
}

#[test]
fn every_route_answers_every_method() {
    conform(&cases::methods());
}

#[test]
fn a_request_that_never_ends_is_answered() {
    conform(&cases::unfinished());
}

#[test]
fn a_request_without_a_session_is_told_so_in_its_own_way() {
    conform(&cases::kinds_of_request());
}

#[test]
fn the_page_to_return_to_is_kept_byte_for_byte() {
    conform(&cases::locations());
}

#[test]
fn no_shared_cache_keeps_the_page_of_a_user() {
    conform(&cases::caches());
}

#[test]
fn a_script_is_told_where_to_go_on() {
    conform(&cases::leaving());
}

#[test]
fn signing_in_leads_back_to_the_page() {
    conform(&cases::signing_in());
}

#[test]
fn every_callback_has_an_answer() {
    conform(&cases::callbacks());
}

#[test]
fn a_frame_of_another_site_gets_a_session_of_its_own() {
    conform(&cases::frames());
}

#[test]
fn routes_that_were_forgotten_are_told() {
    conform(&cases::without_routes());
}

#[test]
fn a_page_may_need_a_recent_sign_in() {
    conform(&cases::freshness());
}

#[test]
fn pending_cookies_are_sent() {
    conform(&cases::pending_cookies());
}

#[test]
fn signing_out_takes_a_page_of_this_site() {
    conform(&cases::signing_out());
}

#[test]
fn back_channel_logouts_are_taken() {
    conform(&cases::back_channel());
}

#[test]
fn logto_may_say_what_happened() {
    conform(&cases::webhooks());
}

#[test]
fn an_outage_is_not_a_sign_out() {
    conform(&cases::outages());
}

#[test]
fn headers_may_be_anything() {
    conform(&cases::headers());
}

#[test]
fn the_app_may_be_anywhere() {
    conform(&cases::places());
}

#[test]
fn what_is_not_ours_passes_through() {
    conform(&cases::passing_through());
}

#[test]
fn without_the_middleware_requests_are_refused() {
    conform(&cases::without_middleware());
}
