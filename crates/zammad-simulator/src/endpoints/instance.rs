//! What the installation says about itself.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::helpdesk::Helpdesk;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::settings::Settings;

/// `GET /version`, for the whole of `admin` only.
pub(crate) fn version(desk: &Helpdesk, session: &Session) -> Result<Answer, Refusal> {
    session.require(&["admin"], desk.version)?;
    Ok(Answer::ok(json!({"version": desk.version.number()})))
}

/// `GET /signshow`: public, and holds every frontend setting that is not false.
pub(crate) fn signshow(desk: &Helpdesk, settings: Settings) -> Answer {
    let mut config: Map<String, Value> = Map::new();
    config.insert("product_name".to_owned(), "Family Plan Helpdesk".into());
    config.insert("fqdn".to_owned(), "helpdesk.example.com".into());
    config.insert("http_type".to_owned(), "https".into());
    config.insert("system_init_done".to_owned(), true.into());
    if let Some(zone) = &desk.timezone_default {
        config.insert("timezone_default".to_owned(), zone.as_str().into());
    }
    let switches = [
        ("api_token_access", settings.api_token_access),
        ("api_password_access", settings.api_password_access),
        ("maintenance_mode", settings.maintenance_mode),
    ];
    for (name, _) in switches.into_iter().filter(|(_, on)| *on) {
        config.insert(name.to_owned(), true.into());
    }
    Answer::ok(json!({"error": "no valid session", "models": {}, "collections": {}, "config": config}))
}

/// `GET /getting_started`: public.
pub(crate) fn getting_started() -> Answer {
    Answer::ok(json!({
        "setup_done": true,
        "import_mode": false,
        "import_backend": "",
        "system_online_service": false,
    }))
}
