//! Checks whether sessions fit into cookies, with made-up users at a local tenant.

use logto::web::{Reply, Request, Route};
use logto::{Logto, LogtoConfig};
use logto_local::{LocalTenant, TestUser};

use super::finding::{Finding, Outcome};

/// How many organizations the made-up users are in.
const STEPS: [usize; 10] = [25, 50, 100, 150, 200, 300, 400, 600, 800, 1200];
const BASE_URL: &str = "http://localhost:3000";
/// The claims that a tenant may add to ID tokens and whose size is not known.
const OF_ANY_SIZE: [&str; 3] = ["custom_data", "identities", "organization_data"];

/// The largest of the steps whose session fits; `None` if the app asks for nothing that grows.
pub(crate) async fn room_for_organizations(scopes: &[&str]) -> Result<Option<usize>, String> {
    if !scopes.iter().any(|scope| scope.contains("organization")) {
        return Ok(None);
    }
    let mut tenant = LocalTenant::builder().base_url(BASE_URL);
    for organizations in STEPS {
        tenant = tenant.user(member_of(organizations));
    }
    let tenant = tenant.start().await.map_err(|error| error.to_string())?;
    let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
        .with_base_url(BASE_URL)
        .with_cookie_secret("for made-up users who are never anywhere")
        .with_scopes(scopes.iter().copied());
    let logto = Logto::new(config).map_err(|error| error.to_string())?;
    let mut fitting = 0;
    for organizations in STEPS {
        if !fits(&tenant, &logto, organizations).await? {
            break;
        }
        fitting = organizations;
    }
    Ok(Some(fitting))
}

/// With ids as long as Logto's and as little alike.
fn member_of(organizations: usize) -> TestUser {
    let user = TestUser::new(handle(organizations));
    (0..organizations).fold(user, |user, number| {
        let mut random = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id: String = (0..12)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from_digit((random >> 33) as u32 % 36, 36).unwrap_or('0')
            })
            .collect();
        user.with_membership(&id, "", "org-admin")
    })
}

fn handle(organizations: usize) -> String {
    format!("in-{organizations}")
}

async fn fits(tenant: &LocalTenant, logto: &Logto, organizations: usize) -> Result<bool, String> {
    let begin = logto
        .handle(Route::SignIn, Request::new("GET", "/sign-in", [("accept", "text/html")]))
        .await;
    let location = header(&begin, "location").ok_or("the sign-in did not begin")?;
    let callback = tenant.sign_in(&location, &handle(organizations)).await;
    let callback = callback.map_err(|error| error.to_string())?;
    let target = callback.strip_prefix(BASE_URL).unwrap_or(&callback);
    let cookie = header(&begin, "set-cookie").unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default();
    let request = Request::new("GET", target, [("cookie", cookie)]);
    Ok(logto.handle(Route::Callback, request).await.status() == 303)
}

fn header(reply: &Reply, name: &str) -> Option<String> {
    let mut headers = reply.headers();
    let (_, value) = headers.find(|(key, _)| *key == name)?;
    Some(value.to_string())
}

/// `organizations` is how many the tenant has, and `claims` what it adds to ID tokens, if that is
/// known.
pub(crate) fn judge(
    room: Option<usize>,
    organizations: Option<usize>,
    claims: Option<&[String]>,
) -> Outcome {
    let mut findings = Vec::new();
    if let (Some(room), Some(organizations)) = (room, organizations)
        && organizations > room
    {
        findings.push(Finding::advice(
            format!(
                "the tenant has {organizations} organizations; the session of a user in more than about {room} \
                 does not fit into cookies"
            ),
            "Such a user cannot sign in: the SDK refuses a session that the browser would lose.",
            "Take urn:logto:scope:organization_roles or the organizations out of LOGTO_SCOPES if the app can do \
             without, or let it keep sessions in a store.",
        ));
    }
    let unknown = |claim: &&String| OF_ANY_SIZE.contains(&claim.as_str());
    for claim in claims.unwrap_or_default().iter().filter(unknown) {
        findings.push(Finding::advice(
            format!("ID tokens of this tenant carry {claim}"),
            "It may be of any size, and ID tokens are kept in the session's cookies.",
            "Console → Customize JWT → ID token: take it out; userinfo has it all the same.",
        ));
    }
    Outcome::from_findings(
        findings,
        match room {
            Some(room) => format!("room for about {room} organizations with one role each"),
            None => "nothing is asked for that grows".to_owned(),
        },
    )
}
