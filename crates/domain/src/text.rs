//! Text with rules: names, user ids, e-mail addresses.

use std::fmt;

use email_address::EmailAddress;

/// A value that breaks a rule; says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(pub(crate) &'static str);

impl InvalidValue {
    /// What the value must be, in words for the person who sent it.
    #[must_use]
    pub fn requirement(&self) -> &'static str {
        self.0
    }
}

fn bounded(text: &str, max: usize, requirement: &'static str) -> Result<String, InvalidValue> {
    let n_chars = text.chars().count();
    if n_chars == 0 || max < n_chars || text.chars().any(char::is_control) {
        return Err(InvalidValue(requirement));
    }
    Ok(text.to_owned())
}

/// Why something failed, as it is kept: the first 500 characters, with a space for each that controls. PostgreSQL, for
/// one, keeps no NUL.
pub(crate) fn to_reason(text: &str) -> String {
    text.chars().take(500).map(|it| if it.is_control() { ' ' } else { it }).collect()
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $(#[$new_doc:meta])* $text:ident => $checked:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            $(#[$new_doc])*
            ///
            /// # Errors
            ///
            /// When the text breaks that rule.
            pub fn new($text: &str) -> Result<Self, InvalidValue> {
                $checked.map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text! {
    /// The name of a plan.
    PlanName,
    /// 1 to 200 characters after trimming, no control characters.
    text => bounded(text.trim(), 200, "must be 1 to 200 characters, without control characters")
}

text! {
    /// The name of a person as others see it.
    PersonName,
    /// 1 to 200 characters after trimming, no control characters.
    text => bounded(text.trim(), 200, "must be 1 to 200 characters, without control characters")
}

text! {
    /// The code of the plan that a user has alone, such as `free`.
    IndividualPlan,
    /// 1 to 100 characters after trimming, no control characters.
    text => bounded(text.trim(), 100, "must be 1 to 100 characters, without control characters")
}

text! {
    /// What somebody says of something, for others to read.
    Remark,
    /// 1 to 500 characters after trimming, no control characters.
    text => bounded(text.trim(), 500, "must be 1 to 500 characters, without control characters")
}

text! {
    /// Where events are sent to. Whether anything can be sent there, an adapter knows.
    EndpointUrl,
    /// 1 to 2000 characters, no control characters.
    text => bounded(text, 2000, "must be an absolute URL of at most 2000 characters")
}

text! {
    /// Identifies a user: the `sub` claim of the identity provider. Compared exactly, upper and lower case differ.
    UserId,
    /// 1 to 255 characters, no control characters, no blanks around it (MySQL and MariaDB ignore trailing
    /// blanks when they compare, so two such ids would be one user there).
    text => {
        const REQUIREMENT: &str = "must be 1 to 255 characters, without control characters or surrounding blanks";
        if text.trim() == text { bounded(text, 255, REQUIREMENT) } else { Err(InvalidValue(REQUIREMENT)) }
    }
}

text! {
    /// An e-mail address. Its case is kept; use [`Email::is_same_as`] to compare.
    Email,
    /// An address such as `name@example.com`, at most 254 characters after trimming.
    text => {
        let text = text.trim();
        if text.len() <= 254 && EmailAddress::is_valid(text) && !text.contains(['<', '"', ' ']) {
            Ok(text.to_owned())
        } else {
            Err(InvalidValue("must be an e-mail address such as name@example.com"))
        }
    }
}

impl Email {
    /// Whether both are the same address; case is ignored.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }

    /// The address in the one form that all that are [the same](Self::is_same_as) have in common. An address that is
    /// too long in lower case, as some letters are longer there, stays as it is.
    #[must_use]
    pub fn in_lower_case(&self) -> Self {
        Self::new(&self.0.to_lowercase()).unwrap_or_else(|_| self.clone())
    }
}

impl PersonName {
    /// The name, unless it is an e-mail address, which some identity providers use for a name: strangers with a
    /// link must not learn it.
    #[must_use]
    pub fn for_strangers(&self) -> Option<&str> {
        (!self.0.contains('@')).then_some(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_name_is_trimmed_and_bounded() {
        assert_eq!(PlanName::new("  The Hills ").unwrap().as_str(), "The Hills");
        assert!(PlanName::new(&"é".repeat(200)).is_ok());
        assert!(PlanName::new(&"é".repeat(201)).is_err());
        assert!(PlanName::new(" \t ").is_err());
        assert!(PlanName::new("a\u{0}b").is_err());
    }

    #[test]
    fn a_user_id_is_taken_exactly_as_it_is() {
        assert_eq!(UserId::new("auth0|a/b ü").unwrap().as_str(), "auth0|a/b ü");
        assert!(UserId::new("").is_err());
        assert!(UserId::new("alice ").is_err());
        assert!(UserId::new(&"a".repeat(256)).is_err());
        assert_ne!(UserId::new("Alice").unwrap(), UserId::new("alice").unwrap());
    }

    #[test]
    fn addresses_are_the_same_whatever_their_case() {
        let address = Email::new(" Bob@Example.com ").unwrap();
        assert!(address.is_same_as(&Email::new("bob@example.COM").unwrap()));
        assert!(!address.is_same_as(&Email::new("bobby@example.com").unwrap()));
        for bad in ["", "bob", "bob@", "@example.com", "a b@example.com", "Bob <bob@example.com>"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_in_lower_case_is_the_same_and_an_address_still() {
        for (address, expected) in [
            ("Bob@Example.COM", "bob@example.com"),
            ("bob@example.com", "bob@example.com"),
            ("ÄNN.O'Hara+1@Example.com", "änn.o'hara+1@example.com"),
        ] {
            let address = Email::new(address).unwrap();
            assert_eq!(address.in_lower_case().as_str(), expected);
            assert!(address.in_lower_case().is_same_as(&address));
        }
        // In lower case, the dotted capital has three bytes instead of two, and an address may have only so many.
        let address = Email::new(&format!("{}@example.com", "İ".repeat(30))).unwrap();
        assert_eq!(Email::new(address.in_lower_case().as_str()).unwrap(), address.in_lower_case());
    }

    #[test]
    fn a_name_that_is_an_address_is_hidden_from_strangers() {
        assert_eq!(PersonName::new("Ann").unwrap().for_strangers(), Some("Ann"));
        assert_eq!(PersonName::new("ann@example.com").unwrap().for_strangers(), None);
    }
}
