//! Setting webhooks up.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::helpdesk::Helpdesk;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::timestamp;
use crate::webhook::{NewWebhook, Webhook, WebhookMethod};

const PERMISSION: &str = "admin.webhook";

/// What is shown of a secret; sent back, it leaves the secret as it is.
const MASK: &str = "**********";

/// `GET /webhooks`.
pub(crate) fn list(desk: &Helpdesk, session: &Session) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    Ok(Answer::ok(desk.webhooks.iter().map(|it| body(desk, it)).collect()))
}

/// `GET /webhooks/:id`.
pub(crate) fn show(desk: &Helpdesk, session: &Session, id: &str) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    Ok(Answer::ok(body(desk, find(desk, id)?)))
}

/// `POST /webhooks`. It takes part in every trigger, one of which has its name.
pub(crate) fn create(
    desk: &mut Helpdesk,
    session: &Session,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    let mut webhook = desk.new_webhook(NewWebhook::to(""));
    webhook.name.clear();
    apply(parameters, &mut webhook)?;
    webhook.trigger.clone_from(&webhook.name);
    let body = body(desk, &webhook);
    desk.webhooks.push(webhook);
    Ok(Answer::created(body))
}

/// `PUT /webhooks/:id`: what the body does not name stays.
pub(crate) fn update(
    desk: &mut Helpdesk,
    session: &Session,
    id: &str,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    let mut webhook = find(desk, id)?.clone();
    apply(parameters, &mut webhook)?;
    webhook.updated_at = desk.now();
    let body = body(desk, &webhook);
    if let Some(stored) = desk.webhooks.iter_mut().find(|it| it.id == webhook.id) {
        *stored = webhook;
    }
    Ok(Answer::ok(body))
}

/// `DELETE /webhooks/:id`: what is still to be delivered ends.
pub(crate) fn delete(desk: &mut Helpdesk, session: &Session, id: &str) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    let id = find(desk, id)?.id;
    desk.webhooks.retain(|it| it.id != id);
    Ok(Answer::ok(json!({})))
}

fn find<'desk>(desk: &'desk Helpdesk, id: &str) -> Result<&'desk Webhook, Refusal> {
    let number: Option<u64> = id.parse().ok();
    let webhook = desk.webhooks.iter().find(|it| Some(it.id) == number);
    webhook.ok_or_else(|| Refusal::not_found("Webhook", id))
}

fn apply(parameters: &Parameters, webhook: &mut Webhook) -> Result<(), Refusal> {
    for (key, stored) in [("name", &mut webhook.name), ("endpoint", &mut webhook.endpoint)] {
        if parameters.get(key).is_some() {
            *stored = parameters.text(key).unwrap_or_default();
        }
    }
    let optional = [
        ("signature_token", &mut webhook.signature_token),
        ("basic_auth_username", &mut webhook.basic_auth_username),
        ("basic_auth_password", &mut webhook.basic_auth_password),
        ("bearer_token", &mut webhook.bearer_token),
    ];
    for (key, stored) in optional {
        if parameters.get(key).is_some() && parameters.text(key).as_deref() != Some(MASK) {
            *stored = parameters.filled_text(key);
        }
    }
    if parameters.get("customized_payload").is_some() {
        let template = parameters.text("custom_payload").unwrap_or_default();
        webhook.custom_payload = parameters.flag("customized_payload").then_some(template);
    }
    if let Some(name) = parameters.filled_text("http_method") {
        let method = WebhookMethod::by_name(&name);
        webhook.method =
            method.ok_or_else(|| Refusal::unprocessable("Http method is not included in the list"))?;
    }
    if parameters.get("active").is_some() {
        webhook.active = parameters.flag("active");
    }
    if webhook.name.trim().is_empty() {
        return Err(Refusal::unprocessable("Name can't be blank"));
    }
    let is_http = ["http://", "https://"].iter().any(|it| webhook.endpoint.starts_with(it));
    if is_http { Ok(()) } else { Err(Refusal::unprocessable("Invalid endpoint (no http/https)!")) }
}

fn body(desk: &Helpdesk, webhook: &Webhook) -> Value {
    // The release that began to mask is UNVERIFIED.
    let is_masked = desk.version.webhooks_have_methods();
    let secret =
        |text: &Option<String>| text.as_ref().map(|it| if is_masked { MASK.to_owned() } else { it.clone() });
    let mut body = json!({
        "id": webhook.id,
        "name": webhook.name,
        "endpoint": webhook.endpoint,
        "signature_token": secret(&webhook.signature_token),
        "ssl_verify": true,
        "basic_auth_username": webhook.basic_auth_username,
        "basic_auth_password": secret(&webhook.basic_auth_password),
        "pre_defined_webhook_type": null,
        "customized_payload": webhook.custom_payload.is_some(),
        "custom_payload": webhook.custom_payload,
        "note": "",
        "active": webhook.active,
        "updated_by_id": 3,
        "created_by_id": 3,
        "created_at": timestamp::text(webhook.created_at),
        "updated_at": timestamp::text(webhook.updated_at),
    });
    if desk.version.webhooks_have_methods() {
        body["http_method"] = webhook.method.name().into();
        body["bearer_token"] = json!(secret(&webhook.bearer_token));
    }
    body
}
