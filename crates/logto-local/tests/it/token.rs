//! Every recorded request to the token endpoint and its neighbours, sent again in the same order.
//!
//! Names such as `$code.3` stand for values of the recording: the first use of one that no answer
//! gave signs alice in, every answer names the tokens it gave.

use std::collections::HashMap;
use std::time::Duration;

use logto_local::{AppCredentials, LocalTenant};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::recorded::{assert_same_shape, entries, pairs, str_of};
use crate::support::{
    EVERYTHING, VERIFIER, auth_url, client, decode, exchange, form, new_code, param, tokens,
};

struct Replay {
    tenant: LocalTenant,
    other: AppCredentials,
    /// What the names of the recording stand for.
    known: HashMap<String, String>,
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_recorded() {
    let tenant = LocalTenant::builder().back_channel_logout(true).start().await.unwrap();
    tenant.clock().stop();
    let other = tenant.add_app("http://localhost:4000").unwrap();
    let mut replay = Replay { tenant, other, known: HashMap::new() };
    let entries = entries("token.json");
    assert_eq!(entries.len(), 104);
    for entry in &entries {
        replay.send(entry).await;
    }
}

impl Replay {
    async fn send(&mut self, entry: &Value) {
        let name = str_of(entry, "name");
        let url = self.resolve(str_of(entry, "url")).await;
        let authorization = match entry["authorization"].as_str() {
            Some(text) => Some(self.authorization(text).await),
            None => None,
        };
        let fields = if entry["form"].is_null() { Vec::new() } else { pairs(&entry["form"]) };
        let mut body = Vec::new();
        for (field, value) in &fields {
            body.push((field.as_str(), self.resolve(value).await));
        }
        // What happened to the server meanwhile.
        if let Some(seconds) = entry["seconds_pass"].as_u64() {
            self.tenant.clock().advance(Duration::from_secs(seconds));
        }
        if let Some(user) = entry["is_suspended"].as_str() {
            self.tenant.suspend(user).unwrap();
        }

        let method: Method = str_of(entry, "method").parse().unwrap();
        let mut request = client().request(method, format!("{}{url}", self.tenant.endpoint()));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(kind) = entry["content_type"].as_str() {
            let pairs: Vec<(&str, &str)> =
                body.iter().map(|(field, value)| (*field, value.as_str())).collect();
            let body = match kind {
                "application/json" => {
                    serde_json::to_string(&pairs.into_iter().collect::<HashMap<_, _>>()).unwrap()
                }
                _ => form(&pairs),
            };
            request = request.header("content-type", kind).body(body);
        }
        let response = request.send().await.unwrap();
        self.compare(name, &entry["response"], response).await;
    }

    async fn compare(&mut self, name: &str, recorded: &Value, response: Response) {
        assert_eq!(response.status().as_u16(), recorded["status"], "{name}");
        let headers =
            ["content-type", "cache-control", "www-authenticate", "access-control-allow-origin"];
        for header in headers {
            let ours =
                response.headers().get(header).map(|value| value.to_str().unwrap().to_owned());
            let recorded = recorded["headers"][header].as_str();
            let recorded = recorded.map(|text| text.replace("$endpoint", self.tenant.endpoint()));
            // The recording has no such header on a route that does not exist; a fixed set does no
            // harm.
            if header != "access-control-allow-origin" || recorded.is_some() {
                assert_eq!(ours, recorded, "{name}: {header}");
            }
        }
        assert!(response.headers().contains_key("logto-core-request-id"), "{name}");
        let body = response.text().await.unwrap();
        let Value::Object(members) = &recorded["body"] else {
            assert_eq!(body, recorded["body"].as_str().unwrap_or_default(), "{name}");
            return;
        };
        let ours: Value = serde_json::from_str(&body).unwrap();
        let keys: Vec<_> = members.keys().collect();
        assert_eq!(ours.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{name}");
        for (member, recorded) in members {
            let at = format!("{name}: {member}");
            match member.as_str() {
                "access_token" | "refresh_token" | "id_token" => {
                    self.compare_token(&at, recorded, &ours[member]);
                }
                "code" | "message" | "error" | "error_description" | "error_uri" | "scope"
                | "expires_in" | "token_type" | "active" => {
                    assert_eq!(&ours[member], recorded, "{at}");
                }
                _ => assert_same_shape(recorded, &ours[member], &at),
            }
        }
    }

    fn compare_token(&mut self, at: &str, recorded: &Value, ours: &Value) {
        let token = ours.as_str().unwrap();
        if let Some(length) = recorded["opaque"].as_u64() {
            assert_eq!(token.len() as u64, length, "{at}");
            assert!(!token.contains('.'), "{at}");
        } else {
            let (header, claims) = decode(ours);
            let jwt = &recorded["jwt"];
            assert_same_shape(&jwt["header"], &header, at);
            assert_eq!(
                (&header["alg"], &header["typ"]),
                (&jwt["header"]["alg"], &jwt["header"]["typ"]),
                "{at}"
            );
            assert_same_shape(&jwt["claims"], &claims, at);
            for same in [
                "scope",
                "roles",
                "organizations",
                "organization_roles",
                "organization_id",
                "email",
            ] {
                assert_eq!(claims[same], jwt["claims"][same], "{at}.{same}");
            }
            let audience = str_of(&jwt["claims"], "aud").replace("$app", self.tenant.app_id());
            assert_eq!(claims["aud"].as_str(), Some(audience.as_str()), "{at}.aud");
            let life =
                |claims: &Value| claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
            assert_eq!(life(&claims), life(&jwt["claims"]), "{at}: lifetime");
        }
        // "The same refresh token again" is a fact of the recording: a name never changes its
        // meaning.
        let before = self.known.insert(str_of(recorded, "name").to_owned(), token.to_owned());
        assert!(before.is_none_or(|before| before == token), "{at} changed");
    }

    async fn authorization(&mut self, recorded: &str) -> String {
        let (scheme, value) = recorded.split_once(' ').unwrap();
        if scheme != "Basic" {
            return format!("{scheme} {}", self.resolve(value).await);
        }
        let (id, secret) = value.split_once(':').unwrap();
        let joined = format!("{}:{}", self.resolve(id).await, self.resolve(secret).await);
        format!("Basic {}", base64_simd::STANDARD.encode_to_string(joined))
    }

    async fn resolve(&mut self, recorded: &str) -> String {
        let Some((before, name)) = recorded.split_once('$') else {
            return recorded.to_owned();
        };
        let value = match name {
            "app" => self.tenant.app_id().to_owned(),
            "app_secret" => self.tenant.app_secret().to_owned(),
            "other" => self.other.app_id.clone(),
            "other_secret" => self.other.app_secret.clone(),
            "machine" => self.tenant.machine_app().app_id.clone(),
            "machine_secret" => self.tenant.machine_app().app_secret.clone(),
            "verifier" => VERIFIER.to_owned(),
            name => self.token(name).await,
        };
        format!("{before}{value}")
    }

    /// A code or token of the recording; unheard of, it comes from a sign-in that was not recorded.
    async fn token(&mut self, name: &str) -> String {
        if !self.known.contains_key(name) {
            let (session, _) = name.split_once('.').unwrap();
            if session == "code" {
                let code = new_code(&self.tenant, "alice").await;
                self.known.insert(name.to_owned(), code);
            } else {
                self.sign_in(session).await;
            }
        }
        self.known.get(name).unwrap_or_else(|| panic!("nothing gave {name}")).clone()
    }

    async fn sign_in(&mut self, session: &str) {
        let plain = [("scope", "openid offline_access profile"), ("resource", "")];
        let everything = [("scope", EVERYTHING)];
        let changes: &[(&str, &str)] = if session == "plain" { &plain } else { &everything };
        let callback =
            self.tenant.sign_in(&auth_url(&self.tenant, changes), "alice").await.unwrap();
        let answer = tokens(&self.tenant, &exchange(&param(&callback, "code").unwrap())).await;
        for token in ["access_token", "refresh_token", "id_token"] {
            self.known
                .insert(format!("{session}.{token}"), answer[token].as_str().unwrap().to_owned());
        }
    }
}
