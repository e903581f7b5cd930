//! What a delivery tells of users.

use family_plan_domain::{
    Sighting, ZammadUser, ZammadUserId,
    ports::{DeliveryReader, Told, UnreadableDelivery},
};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::person;

/// The customer comes first: what is wrong with that one is what has to be looked at.
const PLACES: [(&str, &str); 6] = [
    ("ticket", "customer"),
    ("ticket", "owner"),
    ("ticket", "created_by"),
    ("ticket", "updated_by"),
    ("article", "created_by"),
    ("article", "updated_by"),
];
const CUSTOMER: (&str, &str) = PLACES[0];

/// Reads Zammad's default payload, and any that has users where that has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookPayloads;

impl DeliveryReader for WebhookPayloads {
    fn read(&self, body: &[u8]) -> Result<Told, UnreadableDelivery> {
        sightings(body)
    }
}

/// What a delivery with this body tells of users. Zammad's own user is nobody. It cannot be read when it is no JSON object,
/// when Zammad could not build it, or when its customer is a user that cannot be read.
fn sightings(body: &[u8]) -> Result<Told, UnreadableDelivery> {
    let payload: Value = serde_json::from_slice(body).map_err(|_| unreadable("the body is not JSON"))?;
    let payload = payload.as_object().ok_or_else(|| unreadable("the body is not a JSON object"))?;
    if !payload.contains_key("ticket") {
        if payload.contains_key("error") {
            return Err(unreadable("Zammad could not build the payload that the webhook is configured with"));
        }
        return Ok(Told::Nothing("the body has no `ticket`".to_owned()));
    }
    let mut sightings = Vec::new();
    for (parent, key) in PLACES {
        match sighting(payload, parent, key) {
            // One user has often several parts in a ticket.
            Ok(Some(sighting)) if sightings.contains(&sighting) => (),
            Ok(sighting) => sightings.extend(sighting),
            Err(field) if (parent, key) == CUSTOMER => {
                return Err(unreadable(format!("`/{parent}/{key}/{field}` is missing or cannot be read")));
            }
            Err(_) => (),
        }
    }
    if sightings.is_empty() {
        return Ok(Told::Nothing("the ticket shows no user".to_owned()));
    }
    Ok(Told::Users(sightings))
}

/// The user there, if one is shown; else the name of the field that cannot be read.
fn sighting(payload: &Map<String, Value>, parent: &str, key: &str) -> Result<Option<Sighting>, &'static str> {
    let object = payload.get(parent).and_then(|it| it.get(key)).and_then(Value::as_object);
    let Some((object, id)) = object.and_then(|it| Some((it, it.get("id").filter(|id| !id.is_null())?)))
    else {
        return Ok(None);
    };
    let id = id.as_i64().filter(|it| 0 < *it).map(ZammadUserId).ok_or("id")?;
    if id == ZammadUserId::SYSTEM {
        return Ok(None);
    }
    let updated_at = object.get("updated_at").and_then(instant).ok_or("updated_at")?;
    // Zammad always shows the address, though it may be empty. A template that leaves it out does not say it is gone.
    let email = object.get("email").and_then(text).ok_or("email")?;
    let user = ZammadUser {
        id,
        email: person::email(email),
        firstname: name(object, "firstname")?,
        lastname: name(object, "lastname")?,
        active: object.get("active").unwrap_or(&Value::Bool(true)).as_bool().ok_or("active")?,
        updated_at,
    };
    Ok(Some(Sighting { at: updated_at, user }))
}

fn name(object: &Map<String, Value>, key: &'static str) -> Result<String, &'static str> {
    object.get(key).map_or(Some(""), text).map(person::name).ok_or(key)
}

fn text(value: &Value) -> Option<&str> {
    if value.is_null() { Some("") } else { value.as_str() }
}

fn instant(value: &Value) -> Option<OffsetDateTime> {
    person::updated_at(OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?)
}

fn unreadable(reason: impl Into<String>) -> UnreadableDelivery {
    UnreadableDelivery(reason.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const FULL: &[u8] = include_bytes!("../tests/fixtures/webhook-default-payload.composed-full.wire.json");
    const NO_ARTICLE: &[u8] = include_bytes!("../tests/fixtures/webhook-no-article.composed.wire.json");

    fn ann() -> Value {
        json!({
            "id": 8, "login": "ann@example.com", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee",
            "active": true, "vip": false, "organization_ids": [], "roles": ["Customer"], "created_by": "-",
            "updated_at": "2026-01-02T03:04:05.678Z", "plan_code": "family",
        })
    }

    fn with(key: &str, value: Value) -> Value {
        let mut user = ann();
        user[key] = value;
        user
    }

    fn without(key: &str) -> Value {
        let mut user = ann();
        user.as_object_mut().unwrap().remove(key);
        user
    }

    fn tell(payload: &Value) -> Result<Told, UnreadableDelivery> {
        sightings(payload.to_string().as_bytes())
    }

    fn of_customer(customer: &Value) -> Result<Told, UnreadableDelivery> {
        tell(&json!({"ticket": {"id": 81, "customer": customer}, "article": {}}))
    }

    #[track_caller]
    fn users(told: Result<Told, UnreadableDelivery>) -> Vec<ZammadUser> {
        match told.unwrap() {
            Told::Users(sightings) => sightings.into_iter().map(|it| it.user).collect(),
            Told::Nothing(reason) => panic!("nothing: {reason}"),
        }
    }

    #[track_caller]
    fn customer(customer: &Value) -> ZammadUser {
        users(of_customer(customer)).remove(0)
    }

    fn known_ann() -> ZammadUser {
        ZammadUser {
            id: ZammadUserId(8),
            email: Some("ann@example.com".to_owned()),
            firstname: "Ann".to_owned(),
            lastname: "Lee".to_owned(),
            active: true,
            updated_at: datetime!(2026-01-02 03:04:05.678 UTC),
        }
    }

    #[test]
    fn zammads_own_payload_tells_of_everybody_in_it() {
        for body in [FULL, NO_ARTICLE] {
            let users = users(sightings(body));

            let nicole = users.iter().find(|it| it.id == ZammadUserId(2)).unwrap();
            assert_eq!(nicole.email.as_deref(), Some("nicole.braun@zammad.org"));
            assert_eq!((&*nicole.firstname, &*nicole.lastname, nicole.active), ("Nicole", "Braun", true));
            assert_eq!(nicole.updated_at, datetime!(2025-05-13 09:10:09.620 UTC));
            assert!(!users.iter().any(|it| it.id == ZammadUserId::SYSTEM), "{users:?}");
        }
    }

    #[test]
    fn a_user_was_there_when_they_were_last_changed() {
        let Told::Users(sightings) = of_customer(&ann()).unwrap() else {
            panic!("nothing");
        };

        assert_eq!(sightings, [Sighting { user: known_ann(), at: datetime!(2026-01-02 03:04:05.678 UTC) }]);
    }

    #[test]
    fn every_place_of_a_user_counts() {
        let payload = json!({
            "ticket": {
                "customer": with("id", 11.into()), "owner": with("id", 12.into()),
                "created_by": with("id", 13.into()), "updated_by": with("id", 14.into()),
                "organization": with("id", 17.into()), "group": with("id", 18.into()),
            },
            "article": {"created_by": with("id", 15.into()), "updated_by": with("id", 16.into())},
        });

        let ids: Vec<i64> = users(tell(&payload)).iter().map(|it| it.id.0).collect();

        assert_eq!(ids, [11, 12, 13, 14, 15, 16]);
    }

    #[test]
    fn a_user_in_several_places_is_told_of_once_per_state() {
        let newer = with("updated_at", "2026-01-02T03:04:06Z".into());
        let payload = json!({"ticket": {"customer": ann(), "owner": ann(), "created_by": newer}, "article": {"created_by": ann()}});

        let instants: Vec<OffsetDateTime> = users(tell(&payload)).iter().map(|it| it.updated_at).collect();

        assert_eq!(instants, [datetime!(2026-01-02 03:04:05.678 UTC), datetime!(2026-01-02 03:04:06 UTC)]);
    }

    #[test]
    fn what_is_left_out_is_normal() {
        for (given, expected) in [
            (without("active"), known_ann()),
            (with("active", false.into()), ZammadUser { active: false, ..known_ann() }),
            (with("email", "".into()), ZammadUser { email: None, ..known_ann() }),
            (with("email", Value::Null), ZammadUser { email: None, ..known_ann() }),
            (with("email", " Ann@EXAMPLE.com ".into()), known_ann()),
            (without("firstname"), ZammadUser { firstname: String::new(), ..known_ann() }),
            (with("lastname", Value::Null), ZammadUser { lastname: String::new(), ..known_ann() }),
            (with("updated_at", "2026-01-02T04:04:05.678999+01:00".into()), known_ann()),
        ] {
            assert_eq!(customer(&given), expected, "{given}");
        }
    }

    #[test]
    fn texts_fit_into_every_database() {
        let long = "\u{e9}".repeat(300);
        let user = customer(&with("firstname", long.clone().into()));
        assert_eq!(user.firstname, "\u{e9}".repeat(255));

        assert_eq!(customer(&with("email", format!("{long}@example.com").into())).email, None);
        assert_eq!(customer(&with("email", "ann\0@example.com".into())).email, None);
        assert_eq!(customer(&with("lastname", "\0Lee\r\n\0of Ely ".into())).lastname, "Lee   of Ely");
    }

    #[test]
    fn nobody_is_nobody() {
        for ticket in [
            json!({}),
            json!("81"),
            json!(null),
            json!([]),
            json!({"customer": {}, "owner": "-", "created_by": null, "updated_by": 3}),
            json!({"customer": {"fullname": "Ann Lee"}}),
            json!({"customer": with("id", Value::Null)}),
            json!({"customer": with("id", 1.into()), "owner": {"id": 1, "login": "-"}}),
            json!({"owner": {"id": 5, "login": "emma@example.com"}}),
            json!({"owner": with("id", "8".into()), "created_by": with("updated_at", "yesterday".into())}),
        ] {
            let told = tell(&json!({"ticket": ticket})).unwrap();

            assert_eq!(told, Told::Nothing("the ticket shows no user".to_owned()), "{ticket}");
        }
    }

    #[test]
    fn a_payload_about_something_else_tells_nothing() {
        for payload in [json!({}), json!({"text": "New ticket"}), json!({"article": {"created_by": ann()}})] {
            assert_eq!(tell(&payload), Ok(Told::Nothing("the body has no `ticket`".to_owned())), "{payload}");
        }
    }

    #[test]
    fn a_customer_who_cannot_be_read_is_named() {
        for (given, field) in [
            (with("id", "8".into()), "id"),
            (with("id", 0.into()), "id"),
            (with("id", json!(-8)), "id"),
            (with("id", json!(8.5)), "id"),
            (with("id", json!(1e300)), "id"),
            (with("id", json!(u64::MAX)), "id"),
            (without("updated_at"), "updated_at"),
            (with("updated_at", Value::Null), "updated_at"),
            (with("updated_at", "yesterday".into()), "updated_at"),
            (with("updated_at", "2026-02-30T00:00:00Z".into()), "updated_at"),
            (with("updated_at", "1969-12-31T23:59:59.999Z".into()), "updated_at"),
            (with("updated_at", "0000-01-01T00:00:00+23:59".into()), "updated_at"),
            (with("updated_at", "9999-12-31T23:59:59-23:59".into()), "updated_at"),
            (with("updated_at", 1_700_000_000.into()), "updated_at"),
            (without("email"), "email"),
            (with("email", 7.into()), "email"),
            (with("firstname", json!([])), "firstname"),
            (with("lastname", json!({})), "lastname"),
            (with("active", "yes".into()), "active"),
        ] {
            let reason = of_customer(&given).unwrap_err().to_string();

            assert_eq!(reason, format!("`/ticket/customer/{field}` is missing or cannot be read"), "{given}");
        }
    }

    #[test]
    fn what_is_no_payload_is_not_quoted() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, reason) in [
            ("", "the body is not JSON"),
            ("s3cr3t", "the body is not JSON"),
            (r#"{"ticket":{"title":"\ud83d"}}"#, "the body is not JSON"),
            (r#"{"ticket":{"id":1e999}}"#, "the body is not JSON"),
            (&format!(r#"{{"ticket":{deep}}}"#), "the body is not JSON"),
            ("[]", "the body is not a JSON object"),
            ("null", "the body is not a JSON object"),
            (
                r#"{"error":"s3cr3t"}"#,
                "Zammad could not build the payload that the webhook is configured with",
            ),
        ] {
            assert_eq!(sightings(body.as_bytes()), Err(unreadable(reason)));
        }
        assert_eq!(sightings(b"{\"ticket\":\"\xff\"}"), Err(unreadable("the body is not JSON")));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let body = format!(r#"{{"ticket":{{"customer":{{"id":"x"}},"customer":{}}}}}"#, ann());

        assert_eq!(users(sightings(body.as_bytes())), [known_ann()]);
    }

    #[test]
    fn a_long_article_is_no_obstacle() {
        let payload =
            json!({"ticket": {"customer": ann()}, "article": {"body": "x".repeat(5 * 1024 * 1024)}});

        assert_eq!(users(tell(&payload)), [known_ann()]);
    }

    fn assert_fit_to_be_kept(told: Result<Told, UnreadableDelivery>) {
        match told {
            Ok(Told::Users(sightings)) => {
                for Sighting { user, at } in sightings {
                    assert!(0 < user.id.0 && at == user.updated_at);
                    for text in [&user.firstname, &user.lastname, &user.email.unwrap_or_default()] {
                        assert!(text.chars().count() <= 255 && !text.chars().any(char::is_control));
                    }
                }
            }
            Ok(Told::Nothing(reason)) => assert!(reason.len() < 100),
            Err(err) => assert!(err.to_string().len() < 100),
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body in prop::collection::vec(any::<u8>(), 0..300)) {
            assert_fit_to_be_kept(sightings(&body));
        }

        #[test]
        fn no_change_to_a_payload_is_too_strange(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut body = NO_ARTICLE.to_vec();
            for (place, byte) in changes {
                let place = place.index(body.len());
                body[place] = byte;
            }
            assert_fit_to_be_kept(sightings(&body));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>(), field in prop::sample::select(&["email", "firstname", "updated_at"])) {
            assert_fit_to_be_kept(of_customer(&with(field, text.into())));
        }
    }
}
