//! The certified provider behaves as the recorded Logto does, in what an app
//! relies on. Without this the browser tests would prove less than they say.

use logto_tests::CertifiedProvider;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::Value;

const BASE_URL: &str = "http://localhost:3000";
const CALLBACK: &str = "http://localhost:3000/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser without a screen: it keeps cookies and follows redirects by hand,
/// until one of them leads to the app.
struct Visitor(Client);

impl Visitor {
    fn new() -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none());
        Self(client.build().unwrap())
    }

    /// Follows redirects from `answer` on; the address of the app or the page.
    async fn follow(&self, mut answer: Response) -> Result<Url, String> {
        while answer.status().is_redirection() {
            let location = answer.headers()["location"].to_str().unwrap();
            let target = answer.url().join(location).unwrap();
            if target.as_str().starts_with(BASE_URL) {
                return Ok(target);
            }
            answer = self.0.get(target).send().await.unwrap();
        }
        Err(answer.text().await.unwrap())
    }

    async fn open(&self, url: Url) -> Result<Url, String> {
        self.follow(self.0.get(url).send().await.unwrap()).await
    }

    /// Answers the page of Hugging Face that asks `user` for consent.
    async fn answer(
        &self,
        provider: &CertifiedProvider,
        sign_in: Url,
        user: &str,
        answer: &str,
    ) -> Url {
        let page = self.open(sign_in).await.expect_err("a page of the provider");
        let link = attribute_after(&page, &format!("id=\"person-{user}\" href="));
        let form = format!("{}{link}", provider.endpoint());
        let request = self.0.post(form).form(&[("answer", answer)]);
        self.follow(request.send().await.unwrap()).await.expect("the app")
    }
}

fn attribute_after<'a>(page: &'a str, marker: &str) -> &'a str {
    page.split(&format!("{marker}\"")).nth(1).unwrap().split('"').next().unwrap()
}

fn sign_in_url(provider: &CertifiedProvider, more: &[(&str, &str)]) -> Url {
    let scope = "openid offline_access profile email identities read:things";
    let mut url = Url::parse(&format!("{}/oidc/auth", provider.endpoint())).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", provider.app_id())
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("response_type", "code")
        .append_pair("scope", scope)
        .append_pair("resource", "https://api.example.test")
        .append_pair("direct_sign_in", "social:huggingface")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .append_pair("state", "some-state")
        .append_pair("nonce", "some-nonce")
        .extend_pairs(more);
    url
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn token(provider: &CertifiedProvider, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = Client::new()
        .post(format!("{}/oidc/token", provider.endpoint()))
        .basic_auth(provider.app_id(), Some(provider.app_secret()))
        .form(form)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn exchange(provider: &CertifiedProvider, callback: &Url) -> Value {
    let code = parameter(callback, "code").expect("a code");
    let (status, tokens) = token(
        provider,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    )
    .await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

#[tokio::test]
async fn discovery_is_what_logto_publishes() {
    let provider = CertifiedProvider::start(BASE_URL).await;
    let url = format!("{}/oidc/.well-known/openid-configuration", provider.endpoint());
    let document: Value = reqwest::get(url).await.unwrap().json().await.unwrap();

    let at = |path: &str| format!("{}/oidc{path}", provider.endpoint());
    assert_eq!(document["issuer"], at(""));
    assert_eq!(document["authorization_endpoint"], at("/auth"));
    assert_eq!(document["token_endpoint"], at("/token"));
    assert_eq!(document["userinfo_endpoint"], at("/me"));
    assert_eq!(document["jwks_uri"], at("/jwks"));
    assert_eq!(document["end_session_endpoint"], at("/session/end"));
    assert_eq!(document["revocation_endpoint"], at("/token/revocation"));
    assert_eq!(document["introspection_endpoint"], at("/token/introspection"));
    assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!(["ES384"]));
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn tokens_are_those_of_logto() {
    let provider = CertifiedProvider::start(BASE_URL).await;
    let sign_in = sign_in_url(&provider, &[("prompt", "consent")]);
    let callback = Visitor::new().answer(&provider, sign_in, "alice", "authorize").await;
    assert_eq!(parameter(&callback, "state").as_deref(), Some("some-state"));
    assert_eq!(parameter(&callback, "iss"), Some(format!("{}/oidc", provider.endpoint())));

    let tokens = exchange(&provider, &callback).await;
    assert_eq!(tokens["expires_in"], 3600);
    assert!(tokens["id_token"].is_string(), "{tokens}");
    let refresh_token = tokens["refresh_token"].as_str().expect("a refresh token");

    let user_info: Value = Client::new()
        .get(format!("{}/oidc/me", provider.endpoint()))
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(user_info["name"], "Alice Example");
    assert_eq!(user_info["username"], Value::Null);
    assert!(user_info.as_object().unwrap().contains_key("username"), "null, not absent");
    assert_eq!(user_info["created_at"], 1_795_342_374_500_u64);
    let profile = &user_info["identities"]["huggingface"]["details"]["rawData"];
    assert_eq!(profile["preferred_username"], "alice-hf");
    assert_eq!(profile["orgs"][0]["preferred_username"], "example-org");

    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let (status, refreshed) = token(&provider, &grant).await;
    assert_eq!(status, 200, "{refreshed}");
    assert_eq!(refreshed["refresh_token"], refresh_token, "rotated before 70 % of its life");
    assert!(refreshed["id_token"].is_string(), "{refreshed}");

    let resource = ("resource", "https://api.example.test");
    let (status, api) = token(&provider, &[grant[0], grant[1], resource]).await;
    assert_eq!(status, 200, "{api}");
    assert_eq!(api["scope"], "read:things");
    assert_eq!(api["access_token"].as_str().unwrap().split('.').count(), 3, "a JWT");

    let unknown = ("resource", "https://other.example.test");
    let (status, refused) = token(&provider, &[grant[0], grant[1], unknown]).await;
    assert_eq!((status, &refused["error"]), (400, &"invalid_target".into()));
    assert_eq!(refused["code"], "oidc.invalid_target");
}

#[tokio::test]
async fn offline_access_needs_prompt_consent() {
    let provider = CertifiedProvider::start(BASE_URL).await;
    let sign_in = sign_in_url(&provider, &[]);
    let callback = Visitor::new().answer(&provider, sign_in, "carol", "authorize").await;
    let tokens = exchange(&provider, &callback).await;
    assert_eq!(tokens.get("refresh_token"), None);
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended() {
    let provider = CertifiedProvider::start(BASE_URL).await;
    let visitor = Visitor::new();
    let sign_in = sign_in_url(&provider, &[("prompt", "consent")]);
    visitor.answer(&provider, sign_in.clone(), "alice", "authorize").await;
    visitor.open(sign_in.clone()).await.expect("no question the second time");

    let mut sign_out = Url::parse(&format!("{}/oidc/session/end", provider.endpoint())).unwrap();
    sign_out
        .query_pairs_mut()
        .append_pair("client_id", provider.app_id())
        .append_pair("post_logout_redirect_uri", &format!("{BASE_URL}/"));
    let page = visitor.open(sign_out).await.expect_err("a form that submits itself");
    let action = attribute_after(&page, "action=");
    let xsrf = attribute_after(&page, "name=\"xsrf\" value=");
    let confirm = visitor.0.post(action).form(&[("xsrf", xsrf), ("logout", "yes")]);
    let home = visitor.follow(confirm.send().await.unwrap()).await.expect("the app");
    assert_eq!(home.as_str(), format!("{BASE_URL}/"));

    let page = visitor.open(sign_in).await.expect_err("the question again");
    assert!(page.contains("person-alice"), "{page}");
}

#[tokio::test]
async fn declining_comes_back_as_access_denied() {
    let provider = CertifiedProvider::start(BASE_URL).await;
    let sign_in = sign_in_url(&provider, &[]);
    let callback = Visitor::new().answer(&provider, sign_in, "alice", "decline").await;
    assert_eq!(parameter(&callback, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&callback, "state").as_deref(), Some("some-state"));
}
