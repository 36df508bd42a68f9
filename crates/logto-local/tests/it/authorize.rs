//! Every recorded authorization request, asked again.

use std::time::Duration;

use logto_local::{LocalTenant, Stop};
use reqwest::Response;
use serde_json::Value;

use crate::recorded::{entries, str_of};
use crate::support::{CALLBACK, auth_url, client, form};

#[tokio::test]
async fn every_recorded_request_is_answered_as_recorded() {
    let tenant = LocalTenant::start().await.unwrap();
    let entries = entries("authorize.json");
    assert_eq!(entries.len(), 58);
    for entry in &entries {
        let name = str_of(entry, "name");
        let params: Vec<(&str, &str)> = entry["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .map(|(key, value)| (key, if value == "$app" { tenant.app_id() } else { value }))
            .collect();
        let url = format!("{}/oidc/auth?{}", tenant.endpoint(), form(&params));
        let response = client().get(url).send().await.unwrap();

        assert_eq!(response.status().as_u16(), entry["status"], "{name}");
        assert_eq!(
            header(&response, "content-type").as_deref(),
            entry["content_type"].as_str(),
            "{name}"
        );
        assert_eq!(
            header(&response, "cache-control").as_deref(),
            entry["cache_control"].as_str(),
            "{name}"
        );
        let location = entry["location"].as_str().map(|recorded| ours(&tenant, recorded));
        assert_eq!(header(&response, "location"), location, "{name}");
        let recorded = entry["cookies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| ours(&tenant, line.as_str().unwrap()));
        assert_eq!(cookies(&response), recorded.collect::<Vec<_>>(), "{name}");

        let body = response.text().await.unwrap();
        match &entry["body"] {
            Value::Null => {}
            Value::String(page) => {
                assert_eq!(squeeze(&body), squeeze(&ours(&tenant, page)), "{name}");
            }
            recorded => {
                let recorded: Value =
                    serde_json::from_str(&ours(&tenant, &recorded.to_string())).unwrap();
                assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), recorded, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn every_recorded_parameter_leads_where_it_was_recorded() {
    let tenant = LocalTenant::start().await.unwrap();
    let rows = entries("authorize_parameters.json");
    assert_eq!(rows.len(), 17);
    for row in &rows {
        let name = str_of(row, "name");
        let mut browser = tenant.browser();
        if row["session"] == "old" {
            browser.sign_in(&auth_url(&tenant, &[]), "alice").await.unwrap();
            tenant.clock().advance(Duration::from_secs(3));
        }
        let given = row["params"].as_object().unwrap().iter().flat_map(|(name, value)| {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            values.iter().map(move |value| (name.as_str(), value.as_str().unwrap()))
        });
        let usual = [
            ("client_id", tenant.app_id()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
        ];
        let usual = usual.into_iter().filter(|(name, _)| row["params"].get(*name).is_none());
        let params: Vec<_> = usual.chain(given).collect();
        let url = format!("{}/oidc/auth?{}", tenant.endpoint(), form(&params));
        let stop = match browser.open(&url).await.unwrap() {
            Stop::App(callback) => callback,
            Stop::Page { at, .. } => at,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(stop, ours(&tenant, str_of(row, "location")), "{name}");
    }
}

fn ours(tenant: &LocalTenant, recorded: &str) -> String {
    let encoded = form(&[("", tenant.endpoint())]).trim_start_matches('=').to_owned();
    let endpoint =
        recorded.replace("$endpoint", tenant.endpoint()).replace("$encoded_endpoint", &encoded);
    endpoint.replace("$app", tenant.app_id())
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// Cookie lines with everything random replaced, as in the recording.
fn cookies(response: &Response) -> Vec<String> {
    let lines = response
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().to_owned());
    lines
        .map(|line| {
            let parts = line.split("; ").map(|part| match part.split_once('=') {
                Some(("expires", _)) => "expires=$date".to_owned(),
                Some((name, _)) if name.ends_with(".sig") => format!("{name}=$signature"),
                _ => part.to_owned(),
            });
            parts.map(|part| without_uids(&part)).collect::<Vec<_>>().join("; ")
        })
        .collect()
}

fn without_uids(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let words: Vec<&str> = text.split(|c| !is_part(c)).filter(|word| word.len() == 43).collect();
    words.iter().fold(text.to_owned(), |text, word| text.replace(word, "$uid"))
}

fn squeeze(html: &str) -> String {
    html.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_parameters_of_a_post_are_read_from_its_body() {
    let tenant = LocalTenant::start().await.unwrap();
    let url = auth_url(&tenant, &[]);
    let (path, query) = url.split_once('?').unwrap();
    let request = client().post(path).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(query.to_owned()).send().await.unwrap();
    let sign_in = format!("/sign-in?app_id={}", tenant.app_id());
    assert_eq!((response.status().as_u16(), header(&response, "location")), (303, Some(sign_in)));
}

#[tokio::test]
async fn a_client_id_that_comes_twice_is_shown_as_an_error() {
    let tenant = LocalTenant::start().await.unwrap();
    let url = format!("{}&client_id={}", auth_url(&tenant, &[]), tenant.app_id());
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["error_description"], "'client_id' parameter must not be provided twice");
}

#[tokio::test]
async fn an_error_is_json_even_for_a_browser() {
    let tenant = LocalTenant::start().await.unwrap();
    let url = auth_url(&tenant, &[("client_id", "nope")]);
    let response = client().get(url).header("accept", "text/html").send().await.unwrap();
    assert_eq!(header(&response, "content-type").unwrap(), "application/json; charset=utf-8");
}
