//! The exact bytes of the way back.

use super::super::Case;

/// The longest page that is remembered over a sign-in.
const LONGEST: usize = 1536;

/// The page to return to, byte for byte as the browser asked for it.
#[must_use]
pub fn locations() -> Vec<Case> {
    let long = |length: usize| format!("/files/{}", "a".repeat(length - "/files/".len()));
    let longest = format!("%2Ffiles%2F{}", "a".repeat(LONGEST - "/files/".len()));
    let kept = |name, target: &str, page: &str| (name, target.to_owned(), page.to_owned());
    let home = |name, target: String| (name, target, "%2F".to_owned());
    let table = [
        kept("a query", "/page?a=b&c=d", "%2Fpage%3Fa%3Db%26c%3Dd"),
        kept("an empty query", "/page?", "%2Fpage"),
        kept("two question marks", "/page?a?b", "%2Fpage%3Fa%3Fb"),
        kept("an encoded slash", "/files/a%2Fb", "%2Ffiles%2Fa%252Fb"),
        kept("small hexadecimals", "/page?q=%c3%a9", "%2Fpage%3Fq%3D%25c3%25a9"),
        kept("an encoded letter", "/files/%61", "%2Ffiles%2Fa"),
        kept("unicode", "/files/caf%C3%A9", "%2Ffiles%2Fcaf%25C3%25A9"),
        kept("bytes that are no text", "/page?q=%FF", "%2Fpage%3Fq%3D%25FF"),
        kept("plus and space", "/page?a+b=%20c", "%2Fpage%3Fa%2Bb%3D%2520c"),
        kept("brackets and quotes", "/page?a[]='x'", "%2Fpage%3Fa%5B%5D%3D%27x%27"),
        kept("semicolons and colons", "/files/a;b:c,d", "%2Ffiles%2Fa%3Bb%3Ac%2Cd"),
        kept("slashes in a row", "/files//a///b", "%2Ffiles%2F%2Fa%2F%2F%2Fb"),
        kept(
            "an address in the query",
            "/page?next=//evil.example",
            "%2Fpage%3Fnext%3D%2F%2Fevil.example",
        ),
        kept("a dot segment", "/files/./a", "%2Ffiles%2Fa"),
        kept("a slash at the end", "/files/a/", "%2Ffiles%2Fa%2F"),
        kept("a whole address", "http://localhost:3000/page?a=b", "%2Fpage%3Fa%3Db"),
        kept(
            "the whole address of another host",
            "http://other.example/page?a=b",
            "%2Fpage%3Fa%3Db",
        ),
        ("the longest page", long(LONGEST), longest),
        home("a page that is too long", long(LONGEST + 1)),
        home("a query that is too long", format!("/page?q={}", "a".repeat(4000))),
        kept("letters that are not encoded", "/page?q=é", "%2Fpage%3Fq%3D%25C3%25A9"),
        home("a page that browsers read as another host", "/files/..//..//evil.example".to_owned()),
    ];
    table
        .into_iter()
        .map(|(name, target, page)| {
            Case::new(name, async move |app| {
                let mut visitor = app.visitor();
                let answer = visitor.aim(&target).navigating().send().await;
                let expected = format!("/sign-in?return_to={page}");
                assert_eq!((answer.status, answer.location()), (303, expected));
            })
        })
        .collect()
}
