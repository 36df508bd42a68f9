//! Paths of this app that came from outside.

use std::borrow::Cow;

use url::{Position, Url, form_urlencoded};

/// Longer paths are not remembered over a sign-in. They travel in the addresses of its redirects,
/// and nginx takes 4 KiB of headers of a response, unless it is told otherwise.
const MAX_LENGTH: usize = 1536;
/// The same as a parameter of an address, where most bytes that are no letters take three.
const MAX_ENCODED: usize = 2304;

/// Whether a path, with its query, is short enough to be remembered.
fn is_short(path: &str) -> bool {
    let encoded = || form_urlencoded::byte_serialize(path.as_bytes()).map(str::len).sum::<usize>();
    path.len() <= MAX_ENCODED / 3 || (path.len() <= MAX_LENGTH && encoded() <= MAX_ENCODED)
}

/// The path with its query, if it can only ever mean a page of this origin. Browsers read `//host`
/// and `/\host` as other hosts and drop tabs and line ends, so none of these pass.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    if is_plain(path) {
        return Some(path);
    }
    let harmless = path.starts_with('/')
        && !path.starts_with("//")
        && is_short(path)
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.contains('#');
    // What a browser would make of it must still be on this origin.
    let origin = Url::parse("https://this.origin").ok()?;
    let resolved = origin.join(path).ok()?;
    (harmless && resolved.origin() == origin.origin() && !resolved.path().starts_with("//"))
        .then_some(path)
}

/// Whether every reader takes a path, with its query, as it is: most are, and to resolve the others
/// takes long.
fn is_plain(whole: &str) -> bool {
    let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_segment =
        |segment: &str| !segment.starts_with('.') && segment.bytes().all(is_unreserved);
    let Some(segments) = path.strip_prefix('/') else {
        return false;
    };
    // An empty segment at the end only.
    is_short(whole)
        && !segments.starts_with('/')
        && !segments.contains("//")
        && segments.split('/').all(is_segment)
        && query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#')
}

/// [`local_path`] for a path or a full URL of `origin`, which may have a fragment: normalized, so
/// that it is judged as browsers and frameworks will read it.
pub(crate) fn local_page(address: &str, origin: &str) -> Option<String> {
    if is_plain(address) {
        return Some(address.to_owned());
    }
    // No letters of an address: bytes that were not text, and what breaks lines or turns their
    // direction.
    let is_readable = !address.contains(char::REPLACEMENT_CHARACTER)
        && (address.is_ascii() || logto_http::printable(address, ' ', usize::MAX) == address);
    if !is_readable {
        return None;
    }
    // A URL of this origin, however it is written; with a backslash, readers differ.
    let inside = Url::parse(address).ok().filter(|_| !address.contains('\\'));
    let inside = inside.filter(|url| url.origin().ascii_serialization() == origin);
    let address = inside.as_ref().map_or(address, |url| &url[Position::BeforePath..]);
    let address = &*encoded(address);
    let (page, fragment) = match address.split_once('#') {
        Some((page, fragment)) => (page, Some(fragment)),
        None => (address, None),
    };
    let (path, query) = match page.split_once('?') {
        // Browsers send a backslash in a query as it is, where it means nothing.
        Some((path, query)) => (path, format!("?{}", query.replace('\\', "%5C"))),
        None => (page, String::new()),
    };
    local_path(path)?;
    let mut page = normalized(path)? + &query;
    local_path(&page)?;
    let plain = |fragment: &&str| fragment.bytes().all(|byte| byte.is_ascii_graphic());
    // Without its fragment the page is still the right one.
    if let Some(fragment) = fragment.filter(plain)
        && is_short(&format!("{page}#{fragment}"))
    {
        page.push('#');
        page.push_str(fragment);
    }
    Some(page)
}

/// Spaces and what is beyond ASCII as browsers send them. The author of a link encodes a parameter
/// once, and reading the query decodes that.
fn encoded(address: &str) -> Cow<'_, str> {
    let is_foreign = |byte: u8| byte == b' ' || !byte.is_ascii();
    if !address.bytes().any(is_foreign) {
        return Cow::Borrowed(address);
    }
    let mut encoded = String::with_capacity(address.len() * 3);
    for byte in address.bytes() {
        match is_foreign(byte) {
            true => encoded.push_str(&format!("%{byte:02X}")),
            false => encoded.push(char::from(byte)),
        }
    }
    Cow::Owned(encoded)
}

/// The path with unreserved characters decoded (RFC 3986, section 6.2.2.2) and dot segments
/// followed.
pub(crate) fn normalized(path: &str) -> Option<String> {
    if is_plain(path) && !path.contains('?') {
        return Some(path.to_owned());
    }
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        rest = match (byte.filter(unreserved), after.get(2..)) {
            (Some(byte), Some(after)) => {
                decoded.push(char::from(byte));
                after
            }
            _ => {
                decoded.push('%');
                after
            }
        };
    }
    decoded.push_str(rest);
    let url = Url::parse("https://this.origin").ok()?.join(&decoded).ok()?;
    Some(url.path().to_owned())
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
        // Three bytes for each in the address of a redirect.
        assert_eq!(local_path(&format!("/?{}", "&".repeat(MAX_LENGTH - 2))), None);
        assert!(local_path(&format!("/?{}", "a=b&".repeat(250))).is_some());
    }

    #[test]
    fn a_page_is_judged_as_it_will_be_read() {
        let page = |address| local_page(address, "https://app.example");
        for (address, read) in [
            ("/app/../evil", "/evil"),
            ("/app/%2e%2E/evil", "/evil"),
            ("/%2e%2e/", "/"),
            ("/sign%2Din", "/sign-in"),
            ("/%73ign-%69n?a=%2D", "/sign-in?a=%2D"),
            ("/a%2Fb%", "/a%2Fb%"),
            ("/a?b=\\c", "/a?b=%5Cc"),
            ("/a?b#c/d?e", "/a?b#c/d?e"),
            ("/a#b c", "/a#b%20c"),
            ("/a#b\tc", "/a"),
            ("/münchen", "/m%C3%BCnchen"),
            ("/search?q=hello world", "/search?q=hello%20world"),
            ("/日?語=1#ü", "/%E6%97%A5?%E8%AA%9E=1#%C3%BC"),
        ] {
            assert_eq!(page(address).as_deref(), Some(read), "{address}");
        }
        for address in ["/a/..//evil.example", "/a/%2e.//evil.example", "/a\\b", "/\\evil", "#a"] {
            assert_eq!(page(address), None, "{address}");
        }
        for address in ["/caf\u{fffd}", "/\u{202e}", "/\u{2028}"] {
            assert_eq!(page(address), None, "{address:?}");
        }
        let long = "a".repeat(MAX_LENGTH - 1);
        assert_eq!(page(&format!("/{long}#b")), Some(format!("/{long}")));
    }

    #[test]
    fn a_full_address_must_be_of_the_same_origin() {
        let origin = "https://app.example";
        assert_eq!(local_page("https://app.example/a?b", origin).as_deref(), Some("/a?b"));
        assert_eq!(local_page("https://app.example", origin).as_deref(), Some("/"));
        assert_eq!(local_page("/a", origin).as_deref(), Some("/a"));
        assert_eq!(local_page("HTTPS://App.Example/a", origin).as_deref(), Some("/a"));
        assert_eq!(
            local_page("https://app.example:443?b=c d#e", origin).as_deref(),
            Some("/?b=c%20d#e")
        );
        for address in [
            "https://app.example.evil.example/",
            "https://app.example:1/",
            "https://app.example@evil/",
            "http://app.example/",
            "https://app.example//evil.example",
            "https://app.example\\@evil.example",
        ] {
            assert_eq!(local_page(address, origin), None, "{address}");
        }
    }
}
