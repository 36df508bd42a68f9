//! The claims that most pages show, in one piece of memory.

/// What [`User`](crate::web::User) tells of a user, and Logto's session.
///
/// Sessions keep them apart from all other claims, so that most requests read no JSON.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    text: Box<str>,
    /// Where each of [`PARTS`](Self::PARTS) ends, in this order.
    ends: [u32; Self::PARTS],
    /// A bit for each that there is.
    present: u8,
}

impl Shown {
    pub(crate) const PARTS: usize = 5;

    /// `sub`, name, picture, e-mail address and `sid`.
    pub(crate) fn new(parts: [Option<&str>; Self::PARTS]) -> Self {
        let length = parts.iter().flatten().map(|part| part.len()).sum();
        let mut text = String::with_capacity(length);
        let (mut ends, mut present) = ([0; Self::PARTS], 0);
        for (at, (part, end)) in parts.into_iter().zip(&mut ends).enumerate() {
            if let Some(part) = part {
                text.push_str(part);
                present |= 1 << at;
            }
            // No token of Logto's has gigabytes.
            *end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        }
        Self { text: text.into(), ends, present }
    }

    pub(crate) fn parts(&self) -> [Option<&str>; Self::PARTS] {
        let mut start = 0;
        let (text, present) = (&*self.text, self.present);
        let mut at = 0;
        self.ends.map(|end| {
            let part = text.get(start as usize..end as usize);
            let is_present = present & (1 << at) != 0;
            (start, at) = (end, at + 1);
            part.filter(|_| is_present)
        })
    }

    pub(crate) fn sub(&self) -> &str {
        let [sub, ..] = self.parts();
        sub.unwrap_or_default()
    }

    /// Full name, or else user name.
    pub(crate) fn name(&self) -> Option<&str> {
        let [_, name, ..] = self.parts();
        name
    }

    pub(crate) fn picture(&self) -> Option<&str> {
        let [_, _, picture, ..] = self.parts();
        picture
    }

    pub(crate) fn email(&self) -> Option<&str> {
        let [_, _, _, email, _] = self.parts();
        email
    }

    /// Logto's session, where ID tokens name it.
    pub(crate) fn sid(&self) -> Option<&str> {
        let [.., sid] = self.parts();
        sid
    }

    /// About how many bytes it takes beside itself.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_empty_ones_are_not_absent() {
        for parts in [
            [Some("s"), Some("Alice"), Some("https://p"), Some("a@b.c"), Some("x")],
            [Some("s"), None, Some(""), None, Some("x")],
            [None; Shown::PARTS],
        ] {
            let shown = Shown::new(parts);
            assert_eq!(shown.parts(), parts);
            assert_eq!(shown.sub(), parts[0].unwrap_or_default());
            let [_, name, picture, email, sid] = parts;
            assert_eq!([shown.name(), shown.picture()], [name, picture]);
            assert_eq!([shown.email(), shown.sid()], [email, sid]);
        }
    }
}
