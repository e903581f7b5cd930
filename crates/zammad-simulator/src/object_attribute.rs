//! Attributes of records that an administrator adds.

use serde_json::{Map, Value, json};

use crate::parameters::{self, Parameters};
use crate::refusal::Refusal;
use crate::user::{TEXT_COLUMNS, User};

const TEXT_TYPES: &[&str] = &["input", "select", "textarea", "richtext", "tree_select", "date", "datetime"];
const OTHER_TYPES: &[&str] =
    &["boolean", "integer", "multiselect", "multi_tree_select", "autocompletion_ajax"];

const RESERVED: &[&str] = &[
    "destroy",
    "true",
    "false",
    "integer",
    "select",
    "drop",
    "create",
    "alter",
    "index",
    "table",
    "varchar",
    "blob",
    "date",
    "datetime",
    "timestamp",
    "url",
    "icon",
    "initials",
    "avatar",
    "permission",
    "validate",
    "subscribe",
    "unsubscribe",
    "translate",
    "search",
    "_type",
    "_doc",
    "_id",
    "id",
    "attribute",
    "save",
    "class",
    "hash",
    "method",
];

const USER_COLUMNS: &[&str] = &["active", "vip", "verified", "image", "preferences", "source", "last_login"];

/// A custom attribute.
#[derive(Clone, Debug)]
pub(crate) struct ObjectAttribute {
    definition: Map<String, Value>,
    stage: Stage,
}

/// How far an attribute has got into the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Asked for: `to_create`.
    Pending,
    /// The column is there, and Rails does not know it.
    Migrated,
    /// Zammad was restarted: records have it.
    Live,
}

impl ObjectAttribute {
    /// What a request asks for; not there until it is migrated and Zammad restarted.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let required = |key: &str, label| {
            let text = parameters.filled_text(key);
            text.ok_or_else(|| Refusal::unprocessable(format!("{label} can't be blank")))
        };
        let name = required("name", "Name")?;
        check_name(&name)?;
        let data_type = required("data_type", "Data type")?;
        if !TEXT_TYPES.contains(&data_type.as_str()) && !OTHER_TYPES.contains(&data_type.as_str()) {
            return Err(Refusal::unprocessable("Data type is not included in the list"));
        }
        let data_option = parameters.get("data_option").filter(|it| it.is_object());
        let data_option = data_option.ok_or_else(|| Refusal::unprocessable("Data option can't be blank"))?;
        if data_type == "input" && data_option.get("maxlength").and_then(Value::as_u64).is_none() {
            return Err(Refusal::unprocessable("Data option must have integer for :maxlength"));
        }
        let definition = json!({
            "name": name,
            "object": required("object", "Object")?,
            "display": required("display", "Display")?,
            "data_type": data_type,
            "data_option": data_option,
            "active": parameters.get("active").is_none_or(parameters::truthy),
            "position": parameters.integer("position").unwrap_or_default(),
            "screens": parameters.get("screens").cloned().unwrap_or_else(|| json!({})),
            "editable": true,
        });
        Ok(Self { definition: definition.as_object().cloned().unwrap_or_default(), stage: Stage::Pending })
    }

    /// An attribute of users that holds text and is there already. `None` for a name that is not allowed.
    pub(crate) fn live_text(name: &str) -> Option<Self> {
        check_name(name).ok()?;
        let option = json!({"type": "text", "maxlength": 120, "default": "", "null": true, "options": {}});
        let definition = json!({
            "name": name, "object": "User", "display": name, "data_type": "input", "data_option": option,
            "active": true, "position": 1550, "screens": {}, "editable": true,
        });
        Some(Self { definition: definition.as_object().cloned()?, stage: Stage::Live })
    }

    pub(crate) fn name(&self) -> &str {
        self.text("name")
    }

    pub(crate) fn object(&self) -> &str {
        self.text("object")
    }

    fn text(&self, key: &str) -> &str {
        self.definition.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether its column holds text.
    pub(crate) fn is_text(&self) -> bool {
        TEXT_TYPES.contains(&self.text("data_type"))
    }

    /// Whether users have it.
    pub(crate) fn is_live(&self) -> bool {
        self.stage == Stage::Live && self.object() == "User"
    }

    /// Make its column.
    pub(crate) fn migrate(&mut self) {
        if self.stage == Stage::Pending {
            self.stage = Stage::Migrated;
        }
    }

    /// Start Rails anew, so that it sees the column.
    pub(crate) fn restart(&mut self) {
        if self.stage == Stage::Migrated {
            self.stage = Stage::Live;
        }
    }

    /// The object of the API.
    pub(crate) fn body(&self, id: u64) -> Value {
        let mut body = self.definition.clone();
        body.insert("id".to_owned(), id.into());
        body.insert("to_create".to_owned(), (self.stage == Stage::Pending).into());
        body.extend(["to_migrate", "to_delete", "to_config"].map(|it| (it.to_owned(), false.into())));
        body.into()
    }

    /// What a user has as long as nobody wrote anything. A column of text has no default.
    pub(crate) fn initial(&self) -> Value {
        if self.is_text() {
            return Value::Null;
        }
        self.definition["data_option"].get("default").cloned().unwrap_or_default()
    }

    /// Write what `parameters` say into `user`.
    pub(crate) fn apply(&self, parameters: &Parameters, user: &mut User) -> Result<(), Refusal> {
        let name = self.name();
        let Some(value) = parameters.get(name) else {
            return Ok(());
        };
        let value = match self.text("data_type") {
            _ if value.is_null() => Value::Null,
            "boolean" => parameters.flag(name).into(),
            "integer" => parameters.integer(name).into(),
            _ if self.is_text() => parameters.text(name).into(),
            _ => value.clone(),
        };
        let longest = self.definition["data_option"].get("maxlength").and_then(Value::as_u64);
        let length = value.as_str().map_or(0, |it| it.chars().count() as u64);
        if longest.is_some_and(|it| it < length) {
            return Err(Refusal::masked_unprocessable("PG::StringDataRightTruncation: value too long"));
        }
        user.details.insert(name.to_owned(), value);
        Ok(())
    }
}

/// The rule for names: `plan_code` will do, `plan_id` will not.
fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse = |text: &str| Err(Refusal::unprocessable(format!("Name {text}")));
    if name.ends_with("_id") || name.ends_with("_ids") {
        return refuse("can't get used because *_id and *_ids are not allowed");
    }
    if !name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_') {
        return refuse("Only letters from a-z, numbers from 0-9, and _ are allowed");
    }
    if !name.bytes().any(|it| it.is_ascii_lowercase()) {
        return refuse("At least one letter is required");
    }
    if RESERVED.contains(&name) {
        return refuse(&format!("{name} is a reserved word"));
    }
    if TEXT_COLUMNS.contains(&name) || USER_COLUMNS.contains(&name) {
        return Err(Refusal::already_exists());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_follow_the_rule() {
        for name in ["plan_code", "plan", "p2", "_plan", "plan_ids_of"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in
            ["", "plan_id", "plan_ids", "Plan", "plan-code", "plän", "42", "_", "integer", "email", "active"]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
