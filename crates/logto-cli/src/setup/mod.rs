//! `logto setup hugging-face`: configures the tenant, as far as a program can.

mod env_values;
mod report;
mod wanted;

use std::process::ExitCode;

use logto_management::Management;
use logto_management::provision::{ApplyError, Plan, Provisioned, Warning};

use crate::arguments::HuggingFace;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::variables::Variables;
use env_values::EnvValues;
use report::{Report, show_redirect_uris};
use wanted::Wanted;

pub(crate) async fn hugging_face(
    options: HuggingFace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let terminal = &terminal.for_programs(options.json);
    let mut variables = Variables::read(&options.env_file)?;
    let mut wanted = Wanted::read(&options, &variables)?;
    let management = wanted.management()?;
    let mut plan = plan(&mut wanted, &options, &variables, &management, terminal).await?;
    show_redirect_uris(&plan, terminal);
    if skips_required_identifiers(&plan, &options, terminal) {
        wanted.skip_user_name = true;
        plan = wanted.setup().plan(&management).await?;
    }
    let mut report = Report::new(&plan, options.dry_run);
    report.show_warnings(terminal);

    report.remaining = plan.needs_hugging_face_credentials().then(|| how_to_get_credentials(&plan));
    if options.dry_run {
        report.show_plan(terminal);
        report.env = Some(EnvValues::planned(&wanted, &plan, &variables.file));
    } else {
        if let Some(remaining) = report.remaining {
            let missing = "id and secret of an OAuth app at Hugging Face are missing";
            let remedy = format!("{remaining}\nNothing was changed.");
            return Err(Failure::new(missing).with_remedy(remedy));
        }
        let ready = apply(plan, &management, terminal).await?;
        let values = EnvValues::write(&wanted, &ready, &mut variables.file).map_err(|failure| {
            failure.with_remedy(
                "The tenant is set up. Run the same command again with a file that can be written: --env-file",
            )
        })?;
        report.env = Some(values);
    }
    report.finish(&options, terminal);
    Ok(ExitCode::SUCCESS)
}

/// What has to change. What users are asked for stays as it is if there is a terminal to ask about
/// it.
async fn plan(
    wanted: &mut Wanted,
    options: &HuggingFace,
    variables: &Variables,
    management: &Management,
    terminal: &Terminal,
) -> Result<Plan, Failure> {
    wanted.skip_user_name &= !(is_undecided(options) && terminal.can_ask());
    let what = format!("Looking at the tenant {}", wanted.endpoint);
    let looking = async {
        wanted.find_app(variables, management).await?;
        Ok(wanted.setup().plan(management).await?)
    };
    terminal.wait(&what, looking).await
}

fn is_undecided(options: &HuggingFace) -> bool {
    !options.skip_user_name && !options.keep_user_name && !options.dry_run
}

/// Whether the answer is that new users do not have to enter required identifiers.
fn skips_required_identifiers(plan: &Plan, options: &HuggingFace, terminal: &Terminal) -> bool {
    let required = plan.warnings.iter().find_map(|warning| match warning {
        Warning::RequiredIdentifiers(required) => Some(required.join(", ")),
        _ => None,
    });
    let open = is_undecided(options) && terminal.can_ask();
    required.filter(|_| open).is_some_and(|required| {
        terminal.ask(&format!(
            "New users from Hugging Face have to enter: {required}. Turn this requirement off, for all social \
             buttons?"
        ))
    })
}

async fn apply(
    plan: Plan,
    management: &Management,
    terminal: &Terminal,
) -> Result<Provisioned, Failure> {
    let what = if plan.is_empty() { "Reading the secret of the app" } else { "Setting up" };
    let work = plan.apply(management, |change| report::done(change, terminal));
    let outcome = terminal.wait(what, work).await;
    outcome.map_err(|error| incomplete(&error))
}

fn incomplete(error: &ApplyError) -> Failure {
    let again = match error.done().len() {
        0 => "No change was completed. Run the same command again when that is fixed.",
        _ => {
            "What is listed above is done and stays. Run the same command again to go on from there."
        }
    };
    Failure::new(error).with_remedy(again)
}

/// What no program can do.
fn how_to_get_credentials(plan: &Plan) -> String {
    let [sign_in, _] = plan.hugging_face_redirect_uris();
    format!(
        "Create one at https://huggingface.co/settings/applications/new with the scopes openid, profile and email\n\
         and the redirect URI {sign_in}\n\
         Then run this command again with HUGGING_FACE_CLIENT_ID and HUGGING_FACE_CLIENT_SECRET in the environment."
    )
}
