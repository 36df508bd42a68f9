//! The notes as a server of poem-mcpserver.

use logto_mcp::{Caller, Error};
use poem_mcpserver::Tools;
use poem_mcpserver::content::Text;
// What `Tools` expands to names it.
use rmcp::schemars;

pub(crate) struct PoemNotes;

/// Notes
#[Tools]
impl PoemNotes {
    /// Who is signed in
    async fn whoami(&self) -> Result<Text<String>, Error> {
        let caller = Caller::current()?;
        Ok(Text(format!("{} with {}", caller.sub(), caller.scopes().collect::<Vec<_>>().join(" "))))
    }

    /// Reads
    async fn read_notes(&self) -> Result<Text<String>, Error> {
        Ok(Text(format!("the notes of {}", Caller::current()?.sub())))
    }

    /// Writes
    async fn write_note(&self, text: String) -> Result<Text<String>, Error> {
        Ok(Text(format!("{} wrote {text}", Caller::current()?.sub())))
    }

    /// Of an organization
    async fn organization_notes(&self) -> Text<&'static str> {
        Text("of an organization")
    }

    /// For users and those who act for them
    async fn for_others(&self) -> Result<Text<String>, Error> {
        Ok(Text(format!("{:?} acts", Caller::current()?.actor())))
    }

    /// For the support team
    async fn for_support(&self) -> Text<&'static str> {
        Text("for the support team")
    }

    /// Is listed before it may be used
    async fn offered(&self) -> Text<&'static str> {
        Text("offered")
    }

    /// Has no policy
    async fn forgotten(&self) -> Text<&'static str> {
        Text("not meant for callers")
    }
}
