//! Reading one cookie out of a `Cookie` header and writing `Set-Cookie` lines.
//!
//! The header is never parsed as a whole: on localhost it carries the cookies of every other
//! program, Logto's own raw-JSON ones among them, and only ours have to be well formed.

use std::iter;

/// Every value that the header holds under this name, in the order sent. A browser sends several
/// when a cookie was also set for another path or domain.
pub(crate) fn values<'a>(header: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    pairs(header).filter_map(move |(found, value)| (found == name.as_bytes()).then_some(value))
}

/// The cookies whose names begin with `prefix`, in the order sent.
pub(crate) fn starting_with<'a>(
    header: &'a [u8],
    prefix: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let named = pairs(header).filter(|(name, _)| name.starts_with(prefix.as_bytes()));
    named
        .filter_map(|(name, value)| Some((str::from_utf8(name).ok()?, str::from_utf8(value).ok()?)))
}

fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = Some(header);
    // Values are long: this is what looks at all of them.
    let pairs = iter::from_fn(move || {
        let left = rest?;
        let (pair, more) = match memchr::memchr(b';', left) {
            Some(end) => (left.get(..end)?, left.get(end + 1..)),
            None => (left, None),
        };
        rest = more;
        Some(pair)
    });
    pairs.filter_map(|pair| {
        // Names are short.
        let end = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair.get(..end)?, pair.get(end + 1..)?);
        Some((name.trim_ascii(), value.trim_ascii()))
    })
}

/// The attributes of a cookie. All of ours are `HttpOnly`, and `SameSite=Lax` where no frame of
/// another site is meant: with `Strict` the browser would not send them on the way back from Logto.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    /// Whether the base URL is https: then the cookie is `Secure` and has a prefix.
    pub(crate) secure: bool,
    /// A domain whose other hosts get the cookie too.
    pub(crate) domain: Option<String>,
    pub(crate) path: String,
    /// For a frame in a page of another site (CHIPS): `SameSite=None`, in a jar of that site
    /// alone.
    pub(crate) partitioned: bool,
}

impl Attributes {
    /// Of a cookie for this host alone and all of its paths.
    pub(crate) fn for_host(secure: bool) -> Self {
        Self { secure, domain: None, path: "/".to_owned(), partitioned: false }
    }

    /// Of a cookie for this host in a frame of another site.
    pub(crate) fn for_frame() -> Self {
        Self { partitioned: true, ..Self::for_host(true) }
    }

    /// Every name that a cookie can have, whatever scheme, domain and path are, with the attributes
    /// that remove it if it is of this host alone.
    pub(crate) fn all_names(name: &str) -> [(String, Self); 3] {
        [("__Host-", true), ("__Secure-", true), ("", false)]
            .map(|(prefix, secure)| (format!("{prefix}{name}"), Self::for_host(secure)))
    }

    /// The name with the prefix that scheme, domain and path ask for (RFC 6265bis, section 4.1.3).
    pub(crate) fn name(&self, name: &str) -> String {
        let prefix = match self.secure {
            true if self.domain.is_none() && self.path == "/" => "__Host-",
            true => "__Secure-",
            false => "",
        };
        format!("{prefix}{name}")
    }

    pub(crate) fn set(&self, name: &str, value: &str, max_age: u64) -> String {
        let domain = self.domain.as_deref();
        let domain = domain.map_or(String::new(), |domain| format!("; Domain={domain}"));
        let path = &self.path;
        let same_site = match (self.partitioned, self.secure) {
            (true, _) => "None; Secure; Partitioned",
            (false, true) => "Lax; Secure",
            (false, false) => "Lax",
        };
        format!(
            "{name}={value}{domain}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite={same_site}"
        )
    }

    pub(crate) fn remove(&self, name: &str) -> String {
        self.set(name, "", 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_raw_json_cookies_of_logto_do_not_hide_ours() {
        let header = "_logto={\"appId\":\"8s6wye3gb7dq9a4n54lsn\"}; _logto.sig=t8Zq; \
                      _interaction={\"8s6w\":\"tQr=em\",\"_legacy\":\"tQ;rem\"}; ours=value; broken";
        assert_eq!(values(header.as_bytes(), "ours").collect::<Vec<_>>(), [b"value"]);
    }

    #[test]
    fn a_name_sent_twice_gives_both_values() {
        let header = b"a=1; ours=first; ours=second; \xff=\xff";
        assert_eq!(values(header, "ours").collect::<Vec<_>>(), [&b"first"[..], b"second"]);
    }

    #[test]
    fn https_means_secure_and_the_host_prefix() {
        let mut attributes = Attributes::for_host(true);
        assert_eq!(attributes.name("x"), "__Host-x");
        assert!(attributes.set("__Host-x", "1", 60).ends_with("; Secure"));
        attributes.domain = Some("example.com".to_owned());
        assert_eq!(attributes.name("x"), "__Secure-x");
        assert!(attributes.remove("x").starts_with("x=; Domain=example.com; Path=/; Max-Age=0;"));
        let attributes = Attributes::for_host(false);
        assert_eq!(attributes.name("x"), "x");
        assert!(!attributes.set("x", "1", 60).contains("Secure"));
    }

    #[test]
    fn every_name_is_one_of_three() {
        let names = Attributes::all_names("x").map(|(name, _)| name);
        for (secure, domain) in [(false, None), (true, None), (true, Some("example.com"))] {
            let domain = domain.map(str::to_owned);
            let attributes = Attributes { domain, ..Attributes::for_host(secure) };
            assert!(names.contains(&attributes.name("x")), "{attributes:?}");
        }
    }
}
