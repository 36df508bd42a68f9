//! A gRPC server behind the layer and a client of it, over a socket.

use std::convert::Infallible;

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, client, server};
use tower::service_fn;

use super::{AccessTokenClaims, Fixture, READ};

/// Messages of one text, which need no schema.
#[derive(Clone)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// The method: greets whom the layer let in.
async fn greet(request: Request<String>) -> Result<Response<String>, Status> {
    let token = request.extensions().get::<AccessTokenClaims>();
    let token = token.ok_or_else(|| Status::internal("the layer is missing"))?;
    let greeting = format!("{} {}", request.get_ref(), token.client_id());
    Ok(Response::new(greeting))
}

async fn serve(fixture: &Fixture) -> Channel {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let layer = logto_tower::bearer_layer(&fixture.api, READ);
    let service = service_fn(|request: http::Request<Body>| async move {
        let mut grpc = server::Grpc::new(Text);
        Ok::<_, Infallible>(grpc.unary(service_fn(greet), request).await)
    });
    let server = Server::builder().layer(layer);
    tokio::spawn(server.serve_with_incoming(service, incoming));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

async fn call(channel: &Channel, authorization: Option<&str>) -> Result<String, Status> {
    let mut request = Request::new("hello".to_owned());
    if let Some(value) = authorization {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", value.parse().unwrap());
    }
    let mut client = client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/test.Things/Greet");
    let answer = client.unary(request, path, Text).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a_client_gets_in_with_a_good_token_and_else_the_status_of_grpc() {
    let fixture = Fixture::new().await;
    let channel = serve(&fixture).await;
    let greeting = format!("hello {}", fixture.tenant.machine_app().app_id);
    assert_eq!(call(&channel, Some(&fixture.bearer())).await.unwrap(), greeting);

    let without_scope = fixture.app.token(super::RESOURCE, "").await.unwrap();
    let without_scope = format!("Bearer {}", without_scope.as_str());
    for (authorization, code, error) in [
        (None, Code::Unauthenticated, "Bearer realm"),
        (Some("Bearer forged"), Code::Unauthenticated, "invalid_token"),
        (Some(&*without_scope), Code::PermissionDenied, "insufficient_scope"),
    ] {
        let status = call(&channel, authorization).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}");
        let challenge = status.metadata().get("www-authenticate");
        let challenge = challenge.unwrap().to_str().unwrap();
        assert!(challenge.contains(error), "{challenge}");
    }
    assert_eq!(call(&channel, Some(&fixture.bearer())).await.unwrap(), greeting);
}
