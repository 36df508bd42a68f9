//! The paths that a source file names, its tests left out.

use super::tokens::{Token, tokens};

/// A path from the crate's root.
#[derive(Debug, PartialEq)]
pub(super) struct Use {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
    /// The name under which a `use` makes it known here.
    pub(super) name: String,
}

/// The paths below `crate` and `super` in the file of `module`, and at the root also those of
/// `use`.
pub(super) fn uses(source: &str, module: &[String]) -> Vec<Use> {
    let mut reader = Reader { tokens: tokens(source), at: 0, uses: Vec::new() };
    let mut module = module.to_vec();
    let mut depth = 0;
    // How deep the inline modules around this place begin.
    let mut inline = Vec::new();
    while let Some(token) = reader.peek(0) {
        match token {
            Token::Mark('#') if reader.is_test_attribute() => reader.skip_item(),
            Token::Word("mod") if reader.peek(2) == Some(Token::Mark('{')) => {
                if let Some(Token::Word(name)) = reader.peek(1) {
                    module.push(name.to_owned());
                    inline.push(depth);
                }
                reader.at += 2;
            }
            Token::Mark('{') => {
                depth += 1;
                reader.at += 1;
            }
            Token::Mark('}') => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
                reader.at += 1;
            }
            Token::Word("use") if module.is_empty() => {
                reader.at += 1;
                reader.tree(&module);
            }
            Token::Word("crate" | "super") if reader.begins_path() => reader.tree(&module),
            _ => reader.at += 1,
        }
    }
    reader.uses
}

struct Reader<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    at: usize,
    uses: Vec<Use>,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).map(|(_, token)| *token)
    }

    fn before(&self, back: usize) -> Option<Token<'a>> {
        self.at.checked_sub(back).and_then(|at| self.tokens.get(at)).map(|(_, token)| *token)
    }

    /// Whether a path begins here, other than that of a visibility, `pub(in crate::module)`.
    fn begins_path(&self) -> bool {
        let visibility =
            self.before(1) == Some(Token::Word("in")) && self.before(2) == Some(Token::Mark('('));
        self.peek(1) == Some(Token::Separator)
            && self.before(1) != Some(Token::Separator)
            && !visibility
    }

    fn is_test_attribute(&self) -> bool {
        let start = [Token::Mark('['), Token::Word("cfg"), Token::Mark('(')];
        let starts = start.iter().enumerate().all(|(at, token)| self.peek(at + 1) == Some(*token));
        starts
            && match self.peek(4) {
                Some(Token::Word("test")) => true,
                Some(Token::Word("all")) => self.peek(6) == Some(Token::Word("test")),
                _ => false,
            }
    }

    /// Goes past an item with its attributes: to the end of its first block, or of its line.
    fn skip_item(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.peek(0) {
            self.at += 1;
            match token {
                Token::Mark('{' | '(' | '[') => depth += 1,
                Token::Mark(closing @ ('}' | ')' | ']')) => {
                    depth -= 1;
                    if depth == 0 && closing == '}' {
                        return;
                    }
                }
                Token::Mark(';' | ',') if depth == 0 => return,
                _ => {}
            }
        }
    }

    /// Reads a path, and the paths of its braces, as seen from `parent`.
    fn tree(&mut self, parent: &[String]) {
        let mut path = parent.to_vec();
        loop {
            match self.peek(0) {
                Some(Token::Word("crate")) => path.clear(),
                Some(Token::Word("super")) => {
                    path.pop();
                }
                Some(Token::Word("self")) => {}
                Some(Token::Word(word)) => path.push(word.to_owned()),
                Some(Token::Mark('{')) => return self.group(&path),
                _ => return,
            }
            let line = self.tokens.get(self.at).map_or(0, |(line, _)| *line);
            self.at += 1;
            if self.peek(0) == Some(Token::Separator) {
                self.at += 1;
                if matches!(self.peek(0), Some(Token::Word(_) | Token::Mark('{'))) {
                    continue;
                }
            }
            let name = match (self.peek(0), self.peek(1)) {
                (Some(Token::Word("as")), Some(Token::Word(name))) => name.to_owned(),
                _ => path.last().cloned().unwrap_or_default(),
            };
            return self.uses.push(Use { line, path, name });
        }
    }

    fn group(&mut self, parent: &[String]) {
        self.at += 1;
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word("as") => self.at += 2,
                Token::Word(_) | Token::Mark('{') => self.tree(parent),
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str, module: &[&str]) -> Vec<String> {
        let module: Vec<String> = module.iter().map(|name| (*name).to_owned()).collect();
        uses(source, &module).iter().map(|found| found.path.join("::")).collect()
    }

    #[test]
    fn paths_are_seen_from_the_root() {
        let source = "use crate::{a::{self, B}, c as d, e::*}; use super::f::G; use std::h;\n\
                      fn i() -> crate::j::K { super::super::l() }";
        let expected = ["a", "a::B", "c", "e", "web::f::G", "j::K", "l"];
        assert_eq!(paths(source, &["web", "page"]), expected);
    }

    #[test]
    fn tests_visibilities_and_comments_use_nothing() {
        let source = "#[cfg(test)] mod tests { use crate::a; }\n#[cfg(test)] use crate::b;\n\
                      pub(in crate::c) fn d() {} // crate::e\n#[cfg(all(test, unix))] fn f() { crate::g() }";
        assert_eq!(paths(source, &["web"]), [""; 0]);
    }

    #[test]
    fn inline_modules_have_their_own_parent() {
        let source = "mod inner { use super::a; fn b() {} } use super::c;";
        assert_eq!(paths(source, &["web"]), ["web::a", "c"]);
    }

    #[test]
    fn the_root_names_what_it_uses() {
        let found = uses("pub use error::Error; pub use a::{b, c::D as E};", &[]);
        let names: Vec<(&str, &str)> =
            found.iter().map(|found| (found.name.as_str(), found.path[0].as_str())).collect();
        assert_eq!(names, [("Error", "error"), ("b", "a"), ("E", "a")]);
    }
}
