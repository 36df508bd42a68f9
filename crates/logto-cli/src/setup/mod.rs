//! `logto setup hugging-face`: from a tenant to a button, as far as a program can do it.

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
use report::Report;
use wanted::Wanted;

pub(crate) async fn hugging_face(
    options: HuggingFace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let terminal = &terminal.for_programs(options.json);
    let mut variables = Variables::read(&options.env_file)?;
    let mut wanted = Wanted::read(&options, &variables)?;
    let management = wanted.management()?;
    let plan = plan(&mut wanted, &options, &variables, &management, terminal).await?;
    let mut report = Report::new(&plan, options.dry_run);
    report.show_redirect_uris(terminal);
    report.show_warnings(terminal);

    if options.dry_run {
        report.show_plan(terminal);
        report.env = Some(EnvValues::planned(&wanted, &plan, &variables.file));
    } else {
        if plan.needs_hugging_face_credentials() {
            return Err(credentials_missing(&plan));
        }
        let ready = apply(plan, &management, terminal).await?;
        let values = EnvValues::write(&wanted, &ready, &mut variables.file)?;
        report.env = Some(values);
    }
    report.finish(&options, terminal);
    Ok(ExitCode::SUCCESS)
}

/// What has to change. Whether new people keep being asked for a user name is a question to a person.
async fn plan(
    wanted: &mut Wanted,
    options: &HuggingFace,
    variables: &Variables,
    management: &Management,
    terminal: &Terminal,
) -> Result<Plan, Failure> {
    let undecided = !options.skip_user_name && !options.keep_user_name && !options.dry_run;
    let ask = undecided && terminal.can_ask();
    wanted.skip_user_name &= !ask;
    let what = format!("Looking at the tenant {}", wanted.endpoint);
    let looking = async {
        wanted.find_app(variables, management).await?;
        Ok(wanted.setup().plan(management).await?)
    };
    let plan: Plan = terminal.wait::<Result<_, Failure>>(&what, looking).await?;
    let stopped = plan.warnings.iter().find_map(|warning| match warning {
        Warning::RequiredIdentifiers(required) => Some(required.join(", ")),
        _ => None,
    });
    let Some(required) = stopped.filter(|_| ask) else {
        return Ok(plan);
    };
    let question = format!(
        "New people from Hugging Face are stopped and have to give: {required}. Let them in without, as from every \
         other social button?"
    );
    if !terminal.ask(&question) {
        return Ok(plan);
    }
    wanted.skip_user_name = true;
    Ok(terminal
        .wait(&what, wanted.setup().plan(management))
        .await?)
}

async fn apply(
    plan: Plan,
    management: &Management,
    terminal: &Terminal,
) -> Result<Provisioned, Failure> {
    let what = if plan.is_empty() {
        "Reading the secret of the app"
    } else {
        "Setting up"
    };
    let work = plan.apply(management, |change| report::done(change, terminal));
    let outcome = terminal.wait(what, work).await;
    outcome.map_err(|error| incomplete(&error))
}

fn incomplete(error: &ApplyError) -> Failure {
    let again = match error.done().len() {
        0 => "Nothing was changed. Run the same command again when that is mended.",
        _ => {
            "What is listed above is done and stays. Run the same command again to go on from there."
        }
    };
    Failure::new(error).with_remedy(again)
}

fn credentials_missing(plan: &Plan) -> Failure {
    let [sign_in, _] = plan.hugging_face_redirect_uris();
    Failure::new("id and secret of an OAuth app at Hugging Face are missing").with_remedy(format_args!(
        "Create one at https://huggingface.co/settings/applications/new with the scopes openid, profile and email\n\
         and the redirect URI {sign_in}\n\
         Then run this command again with HUGGING_FACE_CLIENT_ID and HUGGING_FACE_CLIENT_SECRET in the environment.\n\
         Nothing was changed."
    ))
}
