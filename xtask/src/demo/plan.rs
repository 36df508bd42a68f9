//! What the environment asks of a demo.

/// The variables that name a Logto application; all of them or none.
const TENANT_VARIABLES: [&str; 3] = ["LOGTO_ENDPOINT", "LOGTO_APP_ID", "LOGTO_APP_SECRET"];
/// What an app with sessions needs beside them.
const COOKIE_SECRET: &str = "LOGTO_COOKIE_SECRET";

#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) base_url: String,
    /// The port of `base_url`.
    pub(crate) port: u16,
    pub(crate) tenant: Tenant,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Tenant {
    /// A new one on this machine.
    Local { port: u16 },
    /// The one that the environment names.
    Remote,
}

impl Plan {
    pub(crate) fn read(
        has_sessions: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let base_url = variable("BASE_URL").unwrap_or_else(|| "http://localhost:3000".to_owned());
        let port = port_of(&base_url).ok_or_else(|| {
            format!(
                "BASE_URL is {base_url}, which is not an address such as http://localhost:3000."
            )
        })?;
        let mut wanted = TENANT_VARIABLES.to_vec();
        wanted.extend(has_sessions.then_some(COOKIE_SECRET));
        let mut missing = wanted.clone();
        missing.retain(|name| variable(name).is_none_or(|value| value.is_empty()));
        let tenant = match missing.len() {
            0 => Tenant::Remote,
            all if all == wanted.len() => {
                Tenant::Local { port: local_port(variable("LOGTO_LOCAL_PORT"))? }
            }
            _ => {
                return Err(format!(
                    "Some of the variables that name a Logto application are set, but not {}.\n\
                     Set all of them to use that application, or none to get a local Logto.",
                    missing.join(", ")
                ));
            }
        };
        Ok(Self { base_url, port, tenant })
    }
}

fn local_port(value: Option<String>) -> Result<u16, String> {
    let Some(value) = value else { return Ok(3001) };
    value.parse().map_err(|_| format!("LOGTO_LOCAL_PORT is {value}, which is not a port number."))
}

fn port_of(url: &str) -> Option<u16> {
    let (rest, default) = match url.split_once("://")? {
        ("http", rest) => (rest, 80),
        ("https", rest) => (rest, 443),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    // The colons of an IPv6 address are inside brackets.
    let after_host = authority.rsplit(']').next()?;
    match after_host.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None if authority.is_empty() => None,
        None => Some(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Plan, String> {
        Plan::read(true, |wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gets_a_local_tenant() {
        let plan = read(&[]).unwrap();
        assert_eq!(plan.base_url, "http://localhost:3000");
        assert_eq!(plan.port, 3000);
        assert_eq!(plan.tenant, Tenant::Local { port: 3001 });
    }

    #[test]
    fn ports_can_be_chosen() {
        let plan = read(&[("BASE_URL", "http://localhost:4000/"), ("LOGTO_LOCAL_PORT", "4001")]);
        let plan = plan.unwrap();
        assert_eq!(plan.port, 4000);
        assert_eq!(plan.tenant, Tenant::Local { port: 4001 });
    }

    #[test]
    fn a_named_application_is_used() {
        let named = |name: &str| TENANT_VARIABLES.contains(&name).then(|| "something".to_owned());
        assert!(Plan::read(true, named).unwrap_err().contains("but not LOGTO_COOKIE_SECRET."));
        assert_eq!(Plan::read(false, named).unwrap().tenant, Tenant::Remote);
        let all = |_: &str| Some("http://localhost:3000".to_owned());
        assert_eq!(Plan::read(true, all).unwrap().tenant, Tenant::Remote);
    }

    #[test]
    fn half_an_application_is_refused_by_the_names_of_what_is_missing() {
        let complaint = read(&[("LOGTO_ENDPOINT", "https://x.logto.app"), ("LOGTO_APP_ID", "")]);
        let complaint = complaint.unwrap_err();
        assert!(
            complaint.contains("but not LOGTO_APP_ID, LOGTO_APP_SECRET, LOGTO_COOKIE_SECRET."),
            "{complaint}"
        );
    }

    #[test]
    fn addresses_have_ports() {
        assert_eq!(port_of("http://localhost"), Some(80));
        assert_eq!(port_of("https://app.example.test/path"), Some(443));
        assert_eq!(port_of("http://[::1]:3000"), Some(3000));
        assert_eq!(port_of("http://[::1]"), Some(80));
        for wrong in ["localhost:3000", "http://localhost:port", "http://", "ftp://localhost"] {
            assert_eq!(port_of(wrong), None, "{wrong}");
        }
    }
}
