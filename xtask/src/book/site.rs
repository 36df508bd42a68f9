//! What the built book has to have: all pages, links that lead somewhere, a search and a dark mode.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::links;

/// The files below a folder; the text of the pages, and of nothing else.
#[derive(Default)]
pub(super) struct Site(BTreeMap<String, String>);

impl Site {
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let mut site = Self::default();
        site.add(folder, "")?;
        Ok(site)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> Result<(), String> {
        let unreadable = |error| format!("{} could not be read: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(unreadable)?.flatten() {
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if path.is_dir() {
                self.add(&path, &format!("{name}/"))?;
                continue;
            }
            let is_text = name.ends_with(".html") || is_search_index(&name);
            let text = if is_text {
                fs::read_to_string(&path).map_err(unreadable)?
            } else {
                String::new()
            };
            self.0.insert(name, text);
        }
        Ok(())
    }

    /// What is wrong with the pages of a summary.
    pub(super) fn problems(&self, summary: &str) -> Vec<String> {
        let mut problems = self.broken_links();
        let index = self.0.iter().find(|(name, _)| is_search_index(name));
        if index.is_none() {
            problems.push("the book has no index for the search".to_owned());
        }
        for link in links::links(summary) {
            let page = page_name(link);
            let Some(html) = self.0.get(&page) else {
                problems.push(format!("{link} is not in the book"));
                continue;
            };
            if index.is_some_and(|(_, index)| !index.contains(&format!("\"{page}#"))) {
                problems.push(format!("the search does not find {page}"));
            }
            if !html.contains("prefers-color-scheme: dark") || !html.contains(DARK) {
                problems.push(format!("{page} has no dark mode"));
            }
        }
        problems
    }

    fn broken_links(&self) -> Vec<String> {
        let pages = self.0.iter().filter(|(name, _)| name.ends_with(".html"));
        let ids: BTreeMap<&str, BTreeSet<&str>> =
            pages.clone().map(|(name, html)| (name.as_str(), values(html, "id"))).collect();
        let mut problems = Vec::new();
        for (name, html) in pages {
            for link in values(html, "href").union(&values(html, "src")) {
                if !self.leads_somewhere(&ids, name, link) {
                    problems.push(format!("{name}: {link} leads nowhere"));
                }
            }
        }
        problems
    }

    /// The pages are all in one folder.
    fn leads_somewhere(
        &self,
        ids: &BTreeMap<&str, BTreeSet<&str>>,
        from: &str,
        link: &str,
    ) -> bool {
        if link.contains("://") || link.starts_with("mailto:") {
            return true;
        }
        let (path, heading) =
            link.split_once('#').map_or((link, None), |(path, id)| (path, Some(id)));
        let page = if path.is_empty() { from } else { path };
        let has = |id| ids.get(page).is_some_and(|ids| ids.contains(id));
        self.0.contains_key(page) && heading.is_none_or(has)
    }
}

/// How a page names the theme that docs/book.toml has for the dark.
const DARK: &str = "default_dark_theme = \"navy\"";

fn is_search_index(name: &str) -> bool {
    name.starts_with("searchindex") && name.ends_with(".js")
}

fn page_name(guide: &str) -> String {
    let name = guide.strip_suffix(".md").unwrap_or(guide);
    format!("{}.html", if name == "README" { "index" } else { name })
}

/// The values of an attribute in the tags of a page. In text, `<` is always escaped.
fn values<'a>(html: &'a str, attribute: &str) -> BTreeSet<&'a str> {
    let tags = html.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let start = format!(" {attribute}=\"");
    // mdBook's page for what is not found has a base, the root; it is not a link.
    let tags = tags.filter(|tag| !tag.starts_with("base "));
    tags.filter_map(|tag| tag.split_once(&start)?.1.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "[Guides](README.md)\n- [Sessions](sessions.md)\n";

    fn site() -> Site {
        let head = format!("<script>prefers-color-scheme: dark; const {DARK};</script>");
        let index = r##"{"doc_urls":["index.html#guides","sessions.html#lifetime"]}"##;
        let files = [
            ("index.html", format!("{head}<h1 id=\"guides\"><a href=\"sessions.html#lifetime\">")),
            ("sessions.html", format!("{head}<h2 id=\"lifetime\"><img src=\"images/a.png\">")),
            ("images/a.png", String::new()),
            ("searchindex-1a2b.js", index.to_owned()),
        ];
        Site(files.map(|(name, text)| (name.to_owned(), text)).into())
    }

    /// The only problem of a site in which one text stands in place of another.
    fn problem(file: &str, from: &str, to: &str) -> String {
        let mut site = site();
        let text = site.0.get_mut(file).unwrap();
        assert!(text.contains(from));
        *text = text.replace(from, to);
        let [problem] = <[String; 1]>::try_from(site.problems(SUMMARY)).unwrap();
        problem
    }

    #[test]
    fn a_whole_book_has_no_problem() {
        assert_eq!(site().problems(SUMMARY), [""; 0]);
    }

    #[test]
    fn broken_links_are_told() {
        let problem = |from, to| problem("index.html", from, to);
        assert_eq!(problem("#lifetime", "#gone"), "index.html: sessions.html#gone leads nowhere");
        assert_eq!(
            problem("sessions.html", "gone.html"),
            "index.html: gone.html#lifetime leads nowhere"
        );
        assert_eq!(problem("sessions.html", ""), "index.html: #lifetime leads nowhere");
    }

    #[test]
    fn missing_pages_and_images_are_told() {
        let problems = |file| {
            let mut site = site();
            site.0.remove(file).unwrap();
            site.problems(SUMMARY)
        };
        let missing =
            ["index.html: sessions.html#lifetime leads nowhere", "sessions.md is not in the book"];
        assert_eq!(problems("sessions.html"), missing);
        assert_eq!(problems("images/a.png"), ["sessions.html: images/a.png leads nowhere"]);
        assert_eq!(problems("searchindex-1a2b.js"), ["the book has no index for the search"]);
    }

    #[test]
    fn pages_without_search_or_dark_mode_are_told() {
        let unfound = problem("searchindex-1a2b.js", "sessions.html", "other.html");
        assert_eq!(unfound, "the search does not find sessions.html");
        let light = problem("sessions.html", "navy", "light");
        assert_eq!(light, "sessions.html has no dark mode");
    }
}
