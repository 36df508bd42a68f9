//! Advice for connections that fail.

/// For the causes that have a remedy of their own, as the TLS library and the system word them.
pub(crate) fn remedy(cause: &str) -> Option<&'static str> {
    const REMEDIES: [(&str, &str); 3] = [
        (
            "InvalidContentType",
            "What answers there does not speak TLS: is it http:// and not https://?",
        ),
        (
            "invalid peer certificate",
            "This machine does not trust the certificate there. If it is your own: add its authority to those of \
             the system, or name the file in SSL_CERT_FILE.",
        ),
        (
            "failed to lookup address",
            "This machine finds no host of that name: check the spelling of LOGTO_ENDPOINT, and the network.",
        ),
    ];
    let known = REMEDIES.iter().find(|(sign, _)| cause.contains(sign))?;
    Some(known.1)
}
