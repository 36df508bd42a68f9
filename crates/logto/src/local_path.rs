//! Paths of this app that came from outside.

use url::Url;

/// Longer paths are not remembered over a sign-in: they would travel in a cookie.
const MAX_LENGTH: usize = 1024;

/// The path with its query, if it can only ever mean a page of this origin. Browsers read `//host`
/// and `/\host` as other hosts and drop tabs and line ends, so none of these pass.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let harmless = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= MAX_LENGTH
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.contains('#');
    // What a browser would make of it must still be on this origin.
    let origin = Url::parse("https://this.origin").ok()?;
    let resolved = origin.join(path).ok()?;
    (harmless && resolved.origin() == origin.origin() && !resolved.path().starts_with("//"))
        .then_some(path)
}

/// The path that a browser asks for: without query, `..` followed.
pub(crate) fn resolved_path(path: &str) -> Option<String> {
    let url = Url::parse("https://this.origin").ok()?.join(path).ok()?;
    Some(url.path().to_owned())
}

/// [`local_path`] for a path or a full URL of `origin`.
pub(crate) fn local_address<'a>(address: &'a str, origin: &str) -> Option<&'a str> {
    match address.strip_prefix(origin) {
        Some("") => Some("/"),
        Some(path) => local_path(path),
        None => local_path(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_origin_pass() {
        for path in ["/", "/profile", "/a/b?c=d&e=%2F", "/?next=//evil.example", "/a//b"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in [
            "",
            "profile",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\tevil",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a#b",
            "/é",
            "/a b",
            "/..//evil.example",
            "/.//evil.example",
            "/%2e//evil.example",
        ] {
            assert_eq!(local_path(path), None, "{path}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(MAX_LENGTH))), None);
    }

    #[test]
    fn a_full_address_must_be_of_the_same_origin() {
        let origin = "https://app.example";
        assert_eq!(local_address("https://app.example/a?b", origin), Some("/a?b"));
        assert_eq!(local_address("https://app.example", origin), Some("/"));
        assert_eq!(local_address("/a", origin), Some("/a"));
        for address in [
            "https://app.example.evil.example/",
            "https://app.example:1/",
            "https://app.example@evil/",
            "http://app.example/",
            "https://app.example//evil.example",
        ] {
            assert_eq!(local_address(address, origin), None, "{address}");
        }
    }
}
