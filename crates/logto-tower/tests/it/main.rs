//! Who passes the layer, and what the others are told.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails like the test itself"
)]

mod grpc;

use http::{Request, Response};
use logto_local::{Endpoint, Fault, LocalTenant};
use logto_tower::logto::m2m::{MachineApp, MachineConfig};
use logto_tower::{AccessTokenClaims, Api, Policy};
use tonic::{Code, Status};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

const RESOURCE: &str = "https://api.example.test";
const READ: Policy = Policy::new().with_scopes(&["read:things"]);
const WRITE: Policy = Policy::new().with_scopes(&["write:things"]);

struct Fixture {
    tenant: LocalTenant,
    api: Api,
    app: MachineApp,
    token: String,
}

impl Fixture {
    /// A machine's token with `read:things`.
    async fn new() -> Self {
        let tenant = LocalTenant::builder().start().await.unwrap();
        let api = Api::new(tenant.endpoint(), RESOURCE).unwrap();
        let app = tenant.machine_app();
        let config = MachineConfig::new(tenant.endpoint(), &app.app_id, &app.app_secret);
        let app = MachineApp::new(config).unwrap();
        let token = app.token(RESOURCE, "read:things").await.unwrap();
        let token = token.as_str().to_owned();
        Self { tenant, api, app, token }
    }

    async fn ask(&self, policy: Policy, request: Request<String>) -> Response<String> {
        let service = layer(&self.api, policy);
        service.oneshot(request).await.unwrap()
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

/// Answers with who was let in.
fn layer(
    api: &Api,
    policy: Policy,
) -> impl Service<Request<String>, Response = Response<String>, Error = BoxError> {
    ServiceBuilder::new().layer(logto_tower::bearer_layer(api, policy)).service_fn(
        async |request: Request<String>| {
            let claims = request.extensions().get::<AccessTokenClaims>();
            let claims = claims.expect("only tokens pass");
            Ok::<_, BoxError>(Response::new(claims.client_id().to_owned()))
        },
    )
}

fn request(kind: &str, authorization: &[&str]) -> Request<String> {
    let mut request = Request::builder().header("content-type", kind);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    request.body(String::new()).unwrap()
}

#[tokio::test]
async fn a_verified_token_passes_with_its_claims() {
    let fixture = Fixture::new().await;
    for kind in ["application/grpc", "application/json"] {
        let answer = fixture.ask(READ, request(kind, &[&fixture.bearer()])).await;
        assert_eq!(answer.status(), 200, "{kind}");
        assert_eq!(*answer.body(), fixture.tenant.machine_app().app_id, "{kind}");
    }
}

#[tokio::test]
async fn a_refusal_is_a_status_of_the_protocol_that_asks() {
    let fixture = Fixture::new().await;
    let good = fixture.bearer();
    for (policy, authorization, status, code, error) in [
        (READ, &[][..], 401, Code::Unauthenticated, "Bearer realm"),
        (READ, &["Bearer forged"], 401, Code::Unauthenticated, "invalid_token"),
        (WRITE, &[&good], 403, Code::PermissionDenied, "insufficient_scope"),
        (READ, &[&good, &good], 400, Code::InvalidArgument, "invalid_request"),
        (READ.users_only(), &[&good], 403, Code::PermissionDenied, "insufficient_scope"),
    ] {
        let plain = fixture.ask(policy, request("application/json", authorization)).await;
        assert_eq!(plain.status(), status);
        assert!(plain.headers().get("grpc-status").is_none());
        for kind in ["application/grpc", "application/grpc+proto"] {
            let answer = fixture.ask(policy, request(kind, authorization)).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["content-type"], kind);
            let seen = Status::from_header_map(answer.headers()).expect("a gRPC status");
            assert_eq!(seen.code(), code);
            for headers in [plain.headers(), answer.headers()] {
                let challenge = headers["www-authenticate"].to_str().unwrap();
                assert!(challenge.contains(error), "{challenge}");
            }
        }
        assert!(plain.body().is_empty());
    }
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_the_token_is_not_called_bad() {
    let fixture = Fixture::new().await;
    fixture.tenant.faults().set(Endpoint::Jwks, Fault::Status(503));
    let answer = fixture.ask(READ, request("application/grpc", &[&fixture.bearer()])).await;
    let seen = Status::from_header_map(answer.headers()).expect("a gRPC status");
    assert_eq!(seen.code(), Code::Unavailable);
    assert!(answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn an_organization_is_asked_of_the_header_and_never_of_a_path() {
    let fixture = Fixture::new().await;
    let ask = async |policy, organization: Option<&str>| {
        let mut request = request("application/json", &[&fixture.bearer()]);
        if let Some(organization) = organization {
            let headers = request.headers_mut();
            headers.insert("x-organization", organization.parse().unwrap());
        }
        fixture.ask(policy, request).await.status().as_u16()
    };
    let of_header = READ.with_organization_in_header("x-organization");
    assert_eq!(ask(of_header, None).await, 400);
    assert_eq!(ask(of_header, Some("another")).await, 403);
    assert_eq!(ask(READ.with_organization_in_path("organization"), None).await, 403);
}
