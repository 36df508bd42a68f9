//! What the example apps tell programs about their API, and whether a program gets in that goes by
//! it.

use logto::m2m::{MachineApp, MachineConfig};
use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, free_base_url, signs_in_at};
use serde_json::{Value, json};

async fn read(url: &str) -> Value {
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_program_gets_in_by_the_document_alone() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url);
        let tenant = tenant.start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let document = read(&format!("{base_url}/openapi.json")).await;

        let scheme = &document["components"]["securitySchemes"]["logto"];
        assert_eq!(scheme["type"], "openIdConnect", "{example:?}: {document}");
        assert_eq!(scheme["description"], "Ask for the resource `https://api.example.test`");
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.len(), 1, "{example:?}: {document}");
        let security = &paths["/api/things"]["get"]["security"];
        assert_eq!(*security, json!([{ "logto": ["read:things"] }]), "{example:?}");

        let discovery = read(scheme["openIdConnectUrl"].as_str().unwrap()).await;
        let endpoint = |name: &str, path: &str| {
            let expected = format!("{}/oidc{path}", tenant.endpoint());
            assert_eq!(discovery[name], expected, "{example:?}");
        };
        endpoint("authorization_endpoint", "/auth");
        endpoint("token_endpoint", "/token");

        let description = scheme["description"].as_str().unwrap();
        let resource = description.rsplit(' ').next().unwrap().trim_matches('`');
        let scope = security[0]["logto"][0].as_str().unwrap();
        let machine = tenant.machine_app();
        let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
        let machine = MachineApp::new(config).unwrap();
        let things = reqwest::Client::new().get(format!("{base_url}/api/things"));
        for (scope, status) in [(scope, 200), ("", 403)] {
            let token = machine.token(resource, scope).await.unwrap();
            let request = things.try_clone().unwrap().bearer_auth(token.as_str());
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{example:?}, {scope:?}");
            let challenge = answer.headers().get("www-authenticate");
            assert_eq!(challenge.is_some(), status == 403, "{example:?}");
        }
        let answer = things.send().await.unwrap();
        assert_eq!(answer.status(), 401, "{example:?}");
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer "), "{example:?}: {challenge}");
    }
}
