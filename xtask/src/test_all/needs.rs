//! What some tests need beside a compiler.

use super::tools;

/// A program or two that a test starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Need {
    Browser,
    Provider,
    Databases,
    Nginx,
}

impl Need {
    pub(crate) const ALL: [Self; 4] = [Self::Browser, Self::Provider, Self::Databases, Self::Nginx];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Provider => "provider",
            Self::Databases => "databases",
            Self::Nginx => "nginx",
        }
    }

    /// What the tests of a module need, by the name of the module.
    pub(crate) fn of(module: &str) -> Vec<Self> {
        let has = |need: &Self| {
            module.contains(match need {
                Self::Browser => "browser",
                Self::Provider => "certified",
                Self::Databases => "database",
                Self::Nginx => "nginx",
            })
        };
        Self::ALL.into_iter().filter(has).collect()
    }

    /// Finds or installs it.
    pub(crate) fn provide(self) -> Result<(), String> {
        match self {
            Self::Browser => tools::chromium(),
            Self::Provider => tools::node(),
            Self::Databases => tools::databases(),
            Self::Nginx => tools::nginx(),
        }
    }
}
