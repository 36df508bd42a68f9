//! One change of a plan.

use std::fmt;

use super::setup::Api;
use crate::{ConnectorChanges, NewApplication, NewConnector, NewHook};

/// One change. `Display` is a title and, below it, lines that begin with `-` and `+`.
///
/// # Example
///
/// ```
/// use logto_management::provision::Plan;
///
/// /// What a command shows before it asks whether to go on.
/// fn show(plan: &Plan) {
///     for (number, change) in plan.changes.iter().enumerate() {
///         println!("{}. {change}", number + 1);
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// What is done, as a command: “create the application My app”.
    pub title: String,
    /// What differs afterwards. Secrets are not shown.
    pub differences: Vec<Difference>,
    pub(super) step: Step,
}

/// A value before and after a change.
///
/// # Example
///
/// ```
/// use logto_management::provision::Change;
///
/// /// A row of a table for each value; secrets are not among them.
/// fn rows(change: &Change) -> Vec<[&str; 3]> {
///     let differences = change.differences.iter();
///     differences.map(|it| [it.name, it.before.as_deref().unwrap_or(""), &it.after]).collect()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What the value is.
    pub name: &'static str,
    /// The value now, if there is one.
    pub before: Option<String>,
    /// The value afterwards.
    pub after: String,
}

/// How a change is made. What merges with the state of the tenant reads that state again.
#[derive(Clone, Debug)]
pub(super) enum Step {
    CreateApplication(NewApplication),
    RegisterAddresses,
    AddSecret,
    CreateConnector(NewConnector),
    UpdateConnector(ConnectorChanges),
    ReplaceConnector(NewConnector),
    ShowButton,
    SkipRequiredIdentifiers,
    SetUnknownSessionUrl(String),
    ChangeAccountCenter { opens_fields: bool },
    CreateResource(Api),
    AddPermission(Api),
    CreateRole(Api),
    ExtendRole(Api),
    CreateHook(NewHook),
    UpdateHook,
}

impl Change {
    pub(super) fn new(title: impl Into<String>, step: Step) -> Self {
        Self { title: title.into(), differences: Vec::new(), step }
    }

    pub(super) fn sets(&mut self, name: &'static str, after: impl Into<String>) -> &mut Self {
        self.differs(name, None, after)
    }

    pub(super) fn differs(
        &mut self,
        name: &'static str,
        before: Option<String>,
        after: impl Into<String>,
    ) -> &mut Self {
        self.differences.push(Difference { name, before, after: after.into() });
        self
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        for Difference { name, before, after } in &self.differences {
            if let Some(before) = before {
                write!(f, "\n  - {name}: {before}")?;
            }
            write!(f, "\n  + {name}: {after}")?;
        }
        Ok(())
    }
}
