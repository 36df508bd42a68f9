//! An app that runs, perhaps, and that this machine cannot ask.

use logto_http::is_loopback;
use url::Url;

use super::finding::{Finding, Outcome, Severity};

/// What is known of the app at `address` after a request that failed by `cause`, as the TLS library
/// and the system word it.
pub(crate) fn unasked(address: &Url, cause: &str) -> Outcome {
    let mut finding = if cause.contains("invalid peer certificate") {
        not_trusted(address, cause)
    } else if cause.contains("failed to lookup address") {
        not_resolved(address, cause)
    } else {
        return Outcome::Skipped(format!("nothing answers at {address}: {cause}"));
    };
    // In development, browsers get along: they ask the developer, and know `*.localhost`. And a name
    // server that does not answer says nothing of the app.
    if is_loopback(address) || cause.contains("Temporary failure") {
        finding.severity = Severity::Advice;
    }
    finding.into()
}

fn not_trusted(address: &Url, cause: &str) -> Finding {
    Finding::problem(
        format!(
            "the app answers at {address}, and this machine does not trust its certificate: {cause}"
        ),
        "The doctor cannot see what the app sends. Browsers warn users of a certificate that they do not trust \
         either, and Logto brings it no back-channel logouts and webhooks.",
        "If it is your own certificate: name the file with its authority in SSL_CERT_FILE for the doctor, or add it \
         to those of the system. In production: one that browsers trust, with all its intermediates.",
    )
}

fn not_resolved(address: &Url, cause: &str) -> Finding {
    let host = address.host_str().unwrap_or_default();
    Finding::problem(
        format!("this machine finds no host {host}: {cause}"),
        "The doctor cannot ask the app, which may run all the same: browsers know each *.localhost by themselves, \
         and other machines may know the name.",
        format!(
            "Check the spelling of BASE_URL and the DNS record. For this machine alone: add {host} to /etc/hosts."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_browsers_know_is_no_problem() {
        let cause = "failed to lookup address information: Name or service not known";
        let no_answer =
            "failed to lookup address information: Temporary failure in name resolution";
        for (address, cause, severity) in [
            ("http://app.localhost:3000/sign-in", cause, Severity::Advice),
            ("https://app.example.com/sign-in", cause, Severity::Problem),
            ("https://app.example.com/sign-in", no_answer, Severity::Advice),
        ] {
            let address = Url::parse(address).unwrap();
            let Outcome::Findings(findings) = unasked(&address, cause) else {
                panic!("no finding about {address}");
            };
            let [finding] = &findings[..] else { panic!("{findings:?}") };
            assert_eq!(finding.severity, severity);
            assert!(finding.what.contains(address.host_str().unwrap()), "{finding:?}");
        }
        let address = Url::parse("http://localhost:3000/").unwrap();
        let skipped = unasked(&address, "Connection refused (os error 111)");
        assert!(matches!(skipped, Outcome::Skipped(_)), "{skipped:?}");
    }
}
