//! Values as files hold them.

/// The value without the line break at the end of its file, and other white space around it.
pub(crate) fn trimmed(value: impl Into<String>) -> String {
    let mut value = value.into();
    // In place: a copy of a secret would stay in memory.
    value.truncate(value.trim_end().len());
    value.drain(..value.len() - value.trim_start().len());
    value
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::LogtoConfig;
    use crate::config::Settings;

    #[test]
    fn the_line_break_at_the_end_of_a_file_is_no_part_of_a_value() {
        let config = LogtoConfig::new("https://t.logto.app\n", "app\n", "secret\n")
            .with_base_url("https://app.example.com/shop/\n")
            .with_cookie_secret("0123456789abcdef 0123456789abcdef\r\n")
            .with_webhook_signing_key(" 0123456789abcdef\n");
        let settings = Settings::validate(config).unwrap();
        assert_eq!(settings.issuer, "https://t.logto.app/oidc");
        assert_eq!(settings.app_id, "app");
        assert_eq!(settings.app_secret.expose_secret(), "secret");
        assert_eq!(settings.after_sign_in, "/", "the base URL has a slash at its end");
        let secrets = [&settings.cookie_secrets, &settings.webhook_keys];
        let secrets = secrets.map(|secrets| secrets[0].expose_secret());
        assert_eq!(secrets, ["0123456789abcdef 0123456789abcdef", "0123456789abcdef"]);
    }
}
