//! What the command line, the environment and `.env` ask for together.

use logto_management::provision::HuggingFaceSetup;
use logto_management::{Error, Management};

use crate::arguments::HuggingFace;
use crate::failure::Failure;
use crate::variables::Variables;

pub(crate) struct Wanted {
    pub(crate) endpoint: String,
    machine: (String, String),
    resource: Option<String>,
    pub(crate) base_url: String,
    hugging_face: Option<(String, String)>,
    app_name: Option<String>,
    app_id: Option<String>,
    pub(crate) skip_user_name: bool,
    token_storage: bool,
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
        let secret = value(
            &options.hugging_face_client_secret,
            "HUGGING_FACE_CLIENT_SECRET",
        );
        let base_url = value(&options.base_url, "BASE_URL");
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            machine,
            resource: value(&options.management_api, "LOGTO_MANAGEMENT_API"),
            base_url: base_url.unwrap_or_else(|| "http://localhost:3000".to_owned()),
            hugging_face: id.zip(secret),
            app_name: value(&options.app_name, "LOGTO_APP_NAME"),
            app_id: None,
            skip_user_name: options.skip_user_name,
            token_storage: options.with_token_storage,
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

    /// The application that `LOGTO_APP_ID` names is adopted. If this command wrote that name, for a tenant or
    /// an application that is not meant any more, the name of the application decides instead.
    pub(crate) async fn find_app(
        &mut self,
        variables: &Variables,
        management: &Management,
    ) -> Result<(), Error> {
        const NAME: &str = "LOGTO_APP_ID";
        let Some(id) = variables.get(NAME) else {
            return Ok(());
        };
        if variables.file.is_written_by_us(NAME) && variables.file.get(NAME).as_ref() == Some(&id) {
            let meant = match management.applications().get(&id).await {
                Ok(app) => self.app_name.as_ref().is_none_or(|name| *name == app.name),
                Err(error) if error.code() == Some("entity.not_exists_with_id") => false,
                Err(error) => return Err(error),
            };
            if !meant {
                return Ok(());
            }
        }
        self.app_id = Some(id);
        Ok(())
    }

    pub(crate) fn setup(&self) -> HuggingFaceSetup {
        let mut setup = HuggingFaceSetup::new(&self.base_url)
            .skip_required_identifiers(self.skip_user_name)
            .token_storage(self.token_storage);
        if let Some(name) = &self.app_name {
            setup = setup.app_name(name);
        }
        if let Some(id) = &self.app_id {
            setup = setup.app_id(id);
        }
        if let Some((id, secret)) = &self.hugging_face {
            setup = setup.credentials(id, secret.as_str());
        }
        setup
    }
}

fn not_set(names: &[&str]) -> Failure {
    Failure::new(format_args!("{} not set", names.join(", "))).with_remedy(
        "Console → Applications → Create application → Machine-to-machine, with the role “Logto Management API\n\
         access”. Put its endpoint, id and secret into the environment (or .env) as LOGTO_ENDPOINT,\n\
         LOGTO_M2M_APP_ID and LOGTO_M2M_APP_SECRET.",
    )
}
