//! The operation that a request names in its body and its headers.

use http::HeaderMap;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, ConstString, Reference, RequestId,
};

/// The headers that repeat method and name of the body (streamable HTTP, 2026-07-28).
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// An operation: its method, and the name of the tool, prompt or resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation<'a> {
    pub(crate) method: &'a str,
    pub(crate) name: Option<&'a str>,
    /// Whether rmcp takes it for a method of the app's own, for example because its parameters are
    /// not those of the method that it is called.
    pub(crate) custom: bool,
}

impl<'a> Operation<'a> {
    /// What the body says, read as rmcp reads it; `None` for a response to the server's own
    /// request.
    pub(crate) fn from_body(message: &'a ClientJsonRpcMessage) -> Option<Self> {
        match message {
            ClientJsonRpcMessage::Request(request) => Some(Self::from_request(&request.request)),
            ClientJsonRpcMessage::Notification(notification) => {
                let notification = &notification.notification;
                let custom = matches!(notification, ClientNotification::CustomNotification(_));
                Some(Self { method: method(notification), name: None, custom })
            }
            _ => None,
        }
    }

    fn from_request(request: &'a ClientRequest) -> Self {
        let name = match request {
            ClientRequest::CallToolRequest(request) => Some(&*request.params.name),
            ClientRequest::GetPromptRequest(request) => Some(request.params.name.as_str()),
            ClientRequest::ReadResourceRequest(request) => Some(request.params.uri.as_str()),
            ClientRequest::SubscribeRequest(request) => Some(request.params.uri.as_str()),
            ClientRequest::UnsubscribeRequest(request) => Some(request.params.uri.as_str()),
            ClientRequest::CompleteRequest(request) => match &request.params.r#ref {
                Reference::Prompt(prompt) => Some(prompt.name.as_str()),
                Reference::Resource(_) => None,
                // One that is new in rmcp: it has no policy.
                _ => return Self { method: "", name: None, custom: true },
            },
            _ => None,
        };
        let custom = matches!(request, ClientRequest::CustomRequest(_));
        Self { method: request.method(), name, custom }
    }

    /// What the headers say, for the challenge to a request whose body was not read yet.
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name)?.to_str().ok();
        Some(Self { method: text(METHOD)?, name: text(NAME), custom: false })
    }

    /// Whether the headers, which proxies go by, say something else than the body.
    pub(crate) fn is_contradicted_by(&self, headers: &HeaderMap) -> bool {
        let name = match self.method {
            // It has no header for its name.
            "completion/complete" => None,
            _ => self.name,
        };
        !(agrees(headers, METHOD, self.method)
            && name.is_none_or(|name| agrees(headers, NAME, name)))
    }
}

/// Whether the header is missing, or there once and the same.
fn agrees(headers: &HeaderMap, header: &str, expected: &str) -> bool {
    let mut values = headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (None, _) => true,
        (Some(value), None) => {
            let value = value.as_bytes();
            value == expected.as_bytes() || decoded(value).as_deref() == Some(expected.as_bytes())
        }
        _ => false,
    }
}

/// `=?base64?…?=`, for names that no header can carry.
fn decoded(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.strip_prefix(b"=?base64?")?.strip_suffix(b"?=")?;
    base64_simd::STANDARD.decode_to_vec(value).ok()
}

fn method(notification: &ClientNotification) -> &str {
    match notification {
        ClientNotification::CancelledNotification(known) => known.method.as_str(),
        ClientNotification::ProgressNotification(known) => known.method.as_str(),
        ClientNotification::InitializedNotification(known) => known.method.as_str(),
        ClientNotification::RootsListChangedNotification(known) => known.method.as_str(),
        ClientNotification::CustomNotification(custom) => &custom.method,
        // One that is new in rmcp: it has no policy.
        _ => "",
    }
}

/// The id to answer to.
pub(crate) fn id(message: &ClientJsonRpcMessage) -> Option<RequestId> {
    match message {
        ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Operation<'_> =
        Operation { method: "tools/call", name: Some("whoami"), custom: false };

    #[test]
    fn headers_are_missing_or_equal_or_contradict() {
        for (headers, contradicts) in [
            (&[][..], false),
            (&[(METHOD, "tools/call"), (NAME, "whoami")][..], false),
            (&[(NAME, "=?base64?d2hvYW1p?=")][..], false),
            (&[(METHOD, "tools/list")][..], true),
            (&[(METHOD, "Tools/Call")][..], true),
            (&[(NAME, "other")][..], true),
            (&[(NAME, "")][..], true),
            (&[(NAME, "=?base64?b3RoZXI=?=")][..], true),
            (&[(NAME, "=?base64?!?=")][..], true),
            (&[(NAME, "whoami"), (NAME, "other")][..], true),
            (&[(NAME, "whoami"), (NAME, "whoami")][..], true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            assert_eq!(CALL.is_contradicted_by(&map), contradicts, "{headers:?}");
        }
    }
}
