//! What a token says of its subject.

use family_plan_application::Caller;
use family_plan_domain::{Email, PersonName, UserId};
use serde_json::{Map, Value};

/// The role that administers the service.
const ADMIN: &str = "family-plan:admin";
/// The role of other services, which act for users.
const SERVICE: &str = "family-plan:service";

/// Which of the roles that count here a token has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Administers the service.
    pub admin: bool,
    /// Is another service.
    pub service: bool,
}

/// What a token says of its subject, as far as it counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`.
    pub user: UserId,
    /// `email`.
    pub email: Option<Email>,
    /// `email_verified`.
    pub email_verified: bool,
    /// `name`.
    pub name: Option<PersonName>,
    /// The roles.
    pub roles: Roles,
}

impl Claims {
    /// The subject as the caller of a request.
    #[must_use]
    pub fn into_caller(self, request_id: String) -> Caller {
        let Self { user, email, email_verified, name, roles: Roles { admin, service } } = self;
        Caller { user, email, email_verified, name, is_admin: admin, is_service: service, request_id }
    }
}

/// Reads the claims; `None` without a subject that can be a user's id. An address or name that breaks our rules is
/// left out: that is no reason to lock somebody out.
pub(super) fn read_claims(claims: &Map<String, Value>, roles_claim: &str) -> Option<Claims> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    Some(Claims {
        user: UserId::new(text("sub")?).ok()?,
        email: text("email").and_then(|it| Email::new(it).ok()),
        email_verified: matches!(claims.get("email_verified"), Some(Value::Bool(true)))
            || text("email_verified") == Some("true"),
        name: text("name").and_then(|it| PersonName::new(it).ok()),
        roles: claims.get(roles_claim).map(read_roles).unwrap_or_default(),
    })
}

/// Roles come as an array or as text with blanks between them.
fn read_roles(value: &Value) -> Roles {
    let has = |role: &str| match value {
        Value::Array(roles) => roles.iter().any(|it| it.as_str() == Some(role)),
        Value::String(roles) => roles.split_whitespace().any(|it| it == role),
        _ => false,
    };
    Roles { admin: has(ADMIN), service: has(SERVICE) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Option<Claims> {
        read_claims(claims.as_object().unwrap(), "roles")
    }

    #[test]
    fn roles_are_an_array_or_text() {
        let array = read(&json!({"sub": "a", "roles": ["x", "family-plan:admin"]})).unwrap();
        assert_eq!(array.roles, Roles { admin: true, service: false });
        let text = read(&json!({"sub": "a", "roles": "x family-plan:service family-plan:admin"})).unwrap();
        assert_eq!(text.roles, Roles { admin: true, service: true });
        assert_eq!(read(&json!({"sub": "a", "roles": 7})).unwrap().roles, Roles::default());
        assert!(!read(&json!({"sub": "a", "roles": "family-plan:administrator"})).unwrap().roles.admin);
    }

    #[test]
    fn a_subject_is_required_and_the_rest_is_not() {
        assert_eq!(read(&json!({"email": "a@example.com"})), None);
        assert_eq!(read(&json!({"sub": ""})), None);
        let odd = read(&json!({"sub": "a", "email": "not an address", "name": "\u{0}"})).unwrap();
        assert_eq!((odd.email, odd.name), (None, None));
    }

    #[test]
    fn an_address_counts_as_verified_only_when_the_token_says_so() {
        let verified =
            |value: Value| read(&json!({"sub": "a", "email_verified": value})).unwrap().email_verified;
        assert!(verified(json!(true)));
        assert!(verified(json!("true")));
        assert!(!verified(json!(false)));
        assert!(!verified(json!(1)));
        assert!(!read(&json!({"sub": "a"})).unwrap().email_verified);
    }
}
