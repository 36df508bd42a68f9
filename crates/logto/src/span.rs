//! Several texts in one allocation.

/// Where one of them is.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Appends a text to the others. Gigabytes would not be found again, and no server accepts
    /// a request or a token of so many.
    pub(crate) fn append(all: &mut String, text: &str) -> Self {
        let end = |all: &String| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let start = end(all);
        all.push_str(text);
        let end = end(all);
        Self { start, end }
    }

    pub(crate) fn slice(self, all: &str) -> &str {
        let text = all.get(self.start as usize..self.end as usize);
        text.unwrap_or_default()
    }
}
