//! Deliveries that tests can write by hand.

use family_plan_domain::{
    Sighting, ZammadUser, ZammadUserId,
    ports::{DeliveryReader, Told, UnreadableDelivery},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Reads deliveries of lines such as `user 8 zoe@example.com 2026-01-15T09:30:00Z Zoe Hill`, which are what [`delivery`]
/// writes. A body that begins with `ticket` tells nothing of users.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeDeliveryReader;

/// What a helpdesk delivers when these users changed. They have an address, and may log in.
///
/// # Panics
///
/// When one of them has no address.
#[must_use]
pub fn delivery<'a>(users: impl IntoIterator<Item = &'a ZammadUser>) -> Vec<u8> {
    let line = |user: &ZammadUser| {
        let email = user.email.as_deref().expect("a test delivers users with an address");
        let at = user.updated_at.format(&Rfc3339).expect("it is a date of our time");
        format!("user {} {email} {at} {} {}\n", user.id.0, user.firstname, user.lastname)
    };
    users.into_iter().map(line).collect::<String>().into_bytes()
}

impl DeliveryReader for FakeDeliveryReader {
    fn read(&self, body: &[u8]) -> Result<Told, UnreadableDelivery> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        if text.starts_with("ticket") {
            return Ok(Told::Nothing("it tells of a ticket".to_owned()));
        }
        let users: Option<Vec<Sighting>> = text.lines().map(sighting).collect();
        match users {
            Some(users) if !users.is_empty() => Ok(Told::Users(users)),
            _ => Err(UnreadableDelivery("it makes no sense".to_owned())),
        }
    }
}

fn sighting(line: &str) -> Option<Sighting> {
    let words: Vec<&str> = line.splitn(6, ' ').collect();
    let ["user", id, email, at, firstname, lastname] = words[..] else {
        return None;
    };
    let at = OffsetDateTime::parse(at, &Rfc3339).ok()?;
    let user = ZammadUser {
        id: ZammadUserId(id.parse().ok()?),
        email: Some(email.to_owned()),
        firstname: firstname.to_owned(),
        lastname: lastname.to_owned(),
        active: true,
        updated_at: at,
    };
    Some(Sighting { user, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{START, fixtures::zammad_user};

    #[test]
    fn what_is_delivered_can_be_read() {
        let users = [zammad_user(8, START), zammad_user(9, START)];
        let Ok(Told::Users(sightings)) = FakeDeliveryReader.read(&delivery(&users)) else {
            panic!("it tells of users");
        };
        assert_eq!(sightings.into_iter().map(|it| it.user).collect::<Vec<_>>(), users);
        assert!(matches!(FakeDeliveryReader.read(b"ticket 5"), Ok(Told::Nothing(_))));
        assert!(FakeDeliveryReader.read(b"").is_err());
        assert!(FakeDeliveryReader.read(b"user 8").is_err());
    }
}
