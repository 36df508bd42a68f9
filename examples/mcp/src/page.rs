//! The page that says how to connect.

use std::env;

use askama::Template;

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect<'a> {
    address: &'a str,
    client: Option<Client>,
}

/// The client of the demo's local tenant. A real client has no secret that a page could show.
struct Client {
    id: String,
    secret: String,
}

/// How to connect a client to the server at `address`.
pub(crate) fn connect(address: &str) -> Result<String, askama::Error> {
    let variable = |name| env::var(name).ok();
    let client = variable("MCP_CLIENT_ID").zip(variable("MCP_CLIENT_SECRET"));
    let client = client.filter(|(_, secret)| secret.starts_with("local-"));
    let client = client.map(|(id, secret)| Client { id, secret });
    Connect { address, client }.render()
}
