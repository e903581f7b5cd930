//! Values that a request writes into a user, cleaned as the model cleans them.

use serde_json::Value;

use crate::helpdesk::Helpdesk;
use crate::parameters::{self, Parameters};
use crate::refusal::Refusal;
use crate::role;
use crate::session::Session;
use crate::user::{TEXT_COLUMNS, User};

const FLAGS: &[&str] = &["vip", "verified", "out_of_office"];

/// Write whatever `parameters` say into `user`. Unknown keys, and keys nobody may set, are ignored.
pub(crate) fn apply(
    desk: &Helpdesk,
    session: &Session,
    parameters: &Parameters,
    user: &mut User,
) -> Result<(), Refusal> {
    apply_names(parameters, user);
    apply_details(parameters, user);
    apply_organizations(desk, parameters, user)?;
    desk.live_attributes().try_for_each(|it| it.apply(parameters, user))?;
    // From an agent, roles and groups are dropped without a word.
    if session.can(&["admin.user"]) {
        apply_roles(parameters, user)?;
    }
    Ok(())
}

fn apply_names(parameters: &Parameters, user: &mut User) {
    if parameters.get("firstname").is_some() {
        user.firstname = capitalized(&parameters.text("firstname").unwrap_or_default());
    }
    if parameters.get("lastname").is_some() {
        user.lastname = capitalized(&parameters.text("lastname").unwrap_or_default());
    }
    if parameters.get("email").is_some() {
        user.email = parameters.text("email").unwrap_or_default().trim().to_lowercase();
    }
    if let Some(login) = parameters.filled_text("login") {
        user.login = login.trim().to_lowercase();
    }
    if parameters.get("active").is_some() {
        user.active = parameters.flag("active");
    }
    if let Some(password) = parameters.filled_text("password") {
        user.password = Some(password);
    }
}

fn apply_details(parameters: &Parameters, user: &mut User) {
    for column in TEXT_COLUMNS {
        // Names and addresses are fields of their own.
        let Some(stored) = user.details.get_mut(*column) else {
            continue;
        };
        match parameters.get(column) {
            Some(Value::Null) => *stored = Value::Null,
            Some(value) => {
                if let Some(text) = parameters::scalar_text(value) {
                    *stored = text.into();
                }
            }
            None => (),
        }
    }
    for flag in FLAGS {
        if parameters.get(flag).is_some() {
            user.details.insert((*flag).to_owned(), parameters.flag(flag).into());
        }
    }
    if let Some(Value::Object(preferences)) = parameters.get("preferences")
        && let Some(Value::Object(stored)) = user.details.get_mut("preferences")
    {
        stored.extend(preferences.clone());
    }
}

fn apply_organizations(desk: &Helpdesk, parameters: &Parameters, user: &mut User) -> Result<(), Refusal> {
    if let Some(id) = parameters.get("organization_id") {
        user.organization_id = match parameters::scalar_text(id).filter(|it| !it.is_empty()) {
            None => None,
            Some(text) => {
                let known = text.parse().ok().filter(|it| desk.organization(*it).is_some());
                let text = format!("Invalid value for param 'organization_id': {text}");
                Some(known.ok_or_else(|| Refusal::unprocessable(text))?)
            }
        };
    }
    if let Some(name) = parameters.filled_text("organization") {
        user.organization_id = Some(organization_by_name(desk, "organization", &name)?);
    }
    if let Some(ids) = parameters.ids("organization_ids") {
        if let Some(unknown) = ids.iter().find(|it| desk.organization(**it).is_none()) {
            let text = format!("No value found for 'organizations' with id {unknown}");
            return Err(Refusal::unprocessable(text));
        }
        user.organization_ids = ids;
    }
    if let Some(names) = parameters.texts("organizations") {
        let ids = names.iter().map(|it| organization_by_name(desk, "organizations", it));
        user.organization_ids = ids.collect::<Result<_, _>>()?;
    }
    if user.organization_id.is_none() && !user.organization_ids.is_empty() {
        let text = "Secondary organizations are only allowed when the primary organization is given.";
        return Err(Refusal::unprocessable(text));
    }
    Ok(())
}

fn organization_by_name(desk: &Helpdesk, parameter: &str, name: &str) -> Result<u64, Refusal> {
    let found = desk.organizations.iter().find(|it| it.name == name).map(|it| it.id);
    found.ok_or_else(|| no_lookup_value(parameter, name))
}

fn apply_roles(parameters: &Parameters, user: &mut User) -> Result<(), Refusal> {
    if let Some(ids) = parameters.ids("role_ids") {
        if let Some(unknown) = ids.iter().find(|it| role::by_id(**it).is_none()) {
            return Err(Refusal::unprocessable(format!("No value found for 'roles' with id {unknown}")));
        }
        user.role_ids = ids;
    }
    if let Some(names) = parameters.texts("roles") {
        let id =
            |name: &String| role::by_name(name).map(|it| it.id).ok_or_else(|| no_lookup_value("roles", name));
        user.role_ids = names.iter().map(id).collect::<Result<_, _>>()?;
    }
    if let Some(groups) = parameters.get("group_ids")
        && let Ok(groups) = serde_json::from_value(groups.clone())
    {
        user.group_ids = groups;
    }
    Ok(())
}

fn no_lookup_value(parameter: &str, name: &str) -> Refusal {
    Refusal::unprocessable(format!("No lookup value found for '{parameter}': \"{name}\""))
}

/// A name that is all lower or all upper case starts with a capital and goes on in lower case.
fn capitalized(name: &str) -> String {
    let name = name.trim();
    let is_plain = name.chars().all(char::is_alphabetic);
    let is_shouted_or_whispered =
        name.chars().all(char::is_lowercase) || name.chars().all(char::is_uppercase);
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if is_plain && is_shouted_or_whispered => {
            first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::capitalized;

    #[test]
    fn only_names_in_one_case_are_touched() {
        assert_eq!(capitalized("ada"), "Ada");
        assert_eq!(capitalized("ADA"), "Ada");
        assert_eq!(capitalized("élodie"), "Élodie");
        assert_eq!(capitalized("McKay"), "McKay");
        assert_eq!(capitalized("walk-in"), "walk-in");
        assert_eq!(capitalized(""), "");
    }
}
