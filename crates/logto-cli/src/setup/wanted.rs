//! Combines the command line, the environment, and `.env`.

use logto_management::Management;
use logto_management::provision::HuggingFaceSetup;

use crate::arguments::HuggingFace;
use crate::failure::Failure;
use crate::variables::Variables;

const APP_ID: &str = "LOGTO_APP_ID";
/// What the examples ask for: API resource, permission, and the role that has it.
const EXAMPLE_API: (&str, &str, &str) =
    ("https://api.example.test", "read:things", "things-reader");

pub(crate) struct Wanted {
    pub(crate) endpoint: String,
    machine: (String, String),
    resource: Option<String>,
    pub(crate) base_url: String,
    route_prefix: String,
    hugging_face: Option<(String, String)>,
    app_name: Option<String>,
    app_id: Option<String>,
    pub(crate) skip_user_name: bool,
    token_storage: bool,
    account_api: bool,
    example_api: bool,
    pub(crate) webhooks: bool,
}

impl Wanted {
    /// Everything that is missing is named at once.
    pub(crate) fn read(options: &HuggingFace, variables: &Variables) -> Result<Self, Failure> {
        let value = |option: &Option<String>, name| {
            let given = option.clone().filter(|text| !text.is_empty());
            given.or_else(|| variables.get(name))
        };
        let mut missing = Vec::new();
        let mut required = |option, name| {
            value(option, name).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let endpoint = required(&options.endpoint, "LOGTO_ENDPOINT");
        let machine = (
            required(&options.m2m_app_id, "LOGTO_M2M_APP_ID"),
            required(&options.m2m_app_secret, "LOGTO_M2M_APP_SECRET"),
        );
        if !missing.is_empty() {
            return Err(not_set(&missing));
        }
        let id = value(&options.hugging_face_client_id, "HUGGING_FACE_CLIENT_ID");
        let secret = value(&options.hugging_face_client_secret, "HUGGING_FACE_CLIENT_SECRET");
        let base_url = value(&options.base_url, "BASE_URL");
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            machine,
            resource: value(&options.management_api, "LOGTO_MANAGEMENT_API"),
            base_url: base_url.unwrap_or_else(|| "http://localhost:3000".to_owned()),
            route_prefix: options.route_prefix.clone(),
            hugging_face: id.zip(secret),
            app_name: value(&options.app_name, "LOGTO_APP_NAME"),
            app_id: None,
            skip_user_name: !options.keep_user_name,
            token_storage: options.with_token_storage,
            account_api: options.with_account_api,
            example_api: options.with_example_api,
            webhooks: options.with_webhooks,
        })
    }

    pub(crate) fn management(&self) -> Result<Management, Failure> {
        let (id, secret) = &self.machine;
        let mut builder = Management::builder(&self.endpoint, id, secret.as_str());
        if let Some(resource) = &self.resource {
            builder = builder.resource(resource);
        }
        builder.build().map_err(Failure::from)
    }

    /// The application that `LOGTO_APP_ID` names is adopted. If this command wrote that name, for a
    /// tenant or an application that is not meant any more, the name of the application decides
    /// instead.
    pub(crate) async fn find_app(
        &mut self,
        variables: &Variables,
        management: &Management,
    ) -> Result<(), Failure> {
        let Some(id) = variables.get(APP_ID) else {
            return Ok(());
        };
        let file = &variables.file;
        let ours = file.is_written_by_us(APP_ID) && file.get(APP_ID).as_ref() == Some(&id);
        match management.applications().get(&id).await {
            Ok(app) => {
                let other = (self.app_name.as_ref()).is_some_and(|name| *name != app.name);
                self.app_id = Some(id).filter(|_| !(ours && other));
                Ok(())
            }
            Err(error) if error.code() != Some("entity.not_exists_with_id") => Err(error.into()),
            Err(_) if ours => Ok(()),
            Err(_) => Err(Failure::wrong_use(format_args!(
                "{APP_ID} {id} is not an application of this tenant"
            ))
            .with_remedy(
                "Correct it, or take it out of the environment and the .env file to have an application created.",
            )),
        }
    }

    pub(crate) fn setup(&self) -> HuggingFaceSetup {
        let mut setup = HuggingFaceSetup::new(&self.base_url)
            .with_route_prefix(&self.route_prefix)
            .with_skip_required_identifiers(self.skip_user_name)
            .with_token_storage(self.token_storage)
            .with_account_api(self.account_api)
            .with_webhooks(self.webhooks);
        if self.example_api {
            let (indicator, permission, role) = EXAMPLE_API;
            setup = setup.with_api(indicator, permission, role);
        }
        if let Some(name) = &self.app_name {
            setup = setup.with_app_name(name);
        }
        if let Some(id) = &self.app_id {
            setup = setup.with_app_id(id);
        }
        if let Some((id, secret)) = &self.hugging_face {
            setup = setup.with_credentials(id, secret.as_str());
        }
        setup
    }
}

fn not_set(names: &[&str]) -> Failure {
    Failure::wrong_use(format_args!("{} not set", names.join(", "))).with_remedy(
        "Console → Applications → Create application → Machine-to-machine, with the role “Logto Management API\n\
         access”. Put its endpoint, id and secret into the environment (or .env) as LOGTO_ENDPOINT,\n\
         LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET.",
    )
}
