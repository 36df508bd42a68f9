//! Client authentication.

use axum::http::StatusCode;
use url::form_urlencoded;

use crate::apps::App;
use crate::call::Call;
use crate::problem::Problem;
use crate::state::Tenant;
use crate::store::Store;

/// The authenticated app: by `Authorization: Basic` or by the form, never both. A public one only
/// names itself.
pub(crate) fn authenticate<'a>(
    tenant: &Tenant,
    store: &'a Store,
    call: &Call,
) -> Result<&'a App, Problem> {
    if !call.is_form() {
        let path = call.path.strip_prefix("/oidc").unwrap_or(&call.path);
        return Err(Problem::invalid_request(format!(
            "only application/x-www-form-urlencoded content-type bodies are supported on {} {path}",
            call.method
        )));
    }
    let basic = call.header("authorization").map(parse_basic).transpose()?;
    let (in_form, secret_in_form) = (call.form.get("client_id"), call.form.get("client_secret"));
    let (id, secret) = match &basic {
        Some((id, _)) if in_form.is_some_and(|other| other != id) => {
            return Err(Problem::invalid_request("client_id mismatch"));
        }
        Some(_) if secret_in_form.is_some() => {
            return Err(Problem::invalid_request(
                "client authentication must only be provided using one mechanism",
            ));
        }
        Some((_, secret)) if secret.is_empty() => {
            let why = "client_secret must be provided in the Authorization header";
            return Err(Problem::invalid_request(why));
        }
        Some((id, secret)) => (id.as_str(), Some(secret.as_str())),
        None => {
            let missing =
                || Problem::invalid_request("no client authentication mechanism provided");
            (in_form.ok_or_else(missing)?, secret_in_form)
        }
    };
    let app = store.app(id).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_client", format!("invalid client {id}"))
    })?;
    if app.is_public() {
        return Ok(app);
    }
    match secret.and_then(|value| app.secret_of_value(value)) {
        Some(secret) if secret.expires_ms.is_some_and(|end| end <= tenant.clock.millis()) => {
            return Err(Problem::invalid_request("client secret has expired"));
        }
        Some(_) => return Ok(app),
        None => {}
    }
    let failed =
        Problem::new(StatusCode::UNAUTHORIZED, "invalid_client", "client authentication failed");
    Err(if basic.is_some() { failed.challenged("Basic", &tenant.issuer) } else { failed })
}

/// Both parts are form-encoded before they are joined.
fn parse_basic(header: &str) -> Result<(String, String), Problem> {
    let malformed = || Problem::invalid_request("invalid authorization header value format");
    let (scheme, encoded) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let bytes = base64_simd::STANDARD.decode_to_vec(encoded.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
    Ok((form_decode(id), form_decode(secret)))
}

fn form_decode(part: &str) -> String {
    let pair = format!("v={part}");
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
