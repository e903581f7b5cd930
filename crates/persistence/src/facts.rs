//! The facts of an event as JSON text, in their order.

use std::fmt;

use family_plan_domain::{Fact, Facts, IndividualPlan, PlanInForce};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use uuid::Uuid;

pub(crate) fn to_json(facts: &Facts) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Written(facts))
}

pub(crate) fn from_json(text: &str) -> Result<Facts, serde_json::Error> {
    serde_json::from_str::<Read>(text).map(|it| it.0)
}

/// Whatever is known to be something.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Flag(bool),
    Number(i64),
    Text(String),
    PlanInForce(InForce),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum InForce {
    Family { plan_id: String },
    Individual { code: String },
}

struct Written<'a>(&'a Facts);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, fact) in self.0.iter() {
            map.serialize_entry(name, &value(fact))?;
        }
        map.end()
    }
}

fn value(fact: &Fact) -> Option<Value> {
    Some(match fact {
        Fact::Nothing => return None,
        Fact::Text(text) => Value::Text(text.clone()),
        Fact::Number(number) => Value::Number(*number),
        Fact::Flag(flag) => Value::Flag(*flag),
        Fact::PlanInForce(PlanInForce::Family(plan)) => {
            Value::PlanInForce(InForce::Family { plan_id: plan.to_string() })
        }
        Fact::PlanInForce(PlanInForce::Individual(code)) => {
            Value::PlanInForce(InForce::Individual { code: code.to_string() })
        }
    })
}

struct Read(Facts);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FactsVisitor)
    }
}

struct FactsVisitor;

impl<'de> Visitor<'de> for FactsVisitor {
    type Value = Read;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut facts = Facts::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value::<Option<Value>>();
            let Some(fact) = value.ok().and_then(fact) else {
                return Err(A::Error::custom(format_args!("`{name}` is no fact")));
            };
            facts = facts.with(name, fact);
        }
        Ok(Read(facts))
    }
}

fn fact(value: Option<Value>) -> Option<Fact> {
    Some(match value {
        None => Fact::Nothing,
        Some(Value::Flag(flag)) => Fact::Flag(flag),
        Some(Value::Number(number)) => Fact::Number(number),
        Some(Value::Text(text)) => Fact::Text(text),
        Some(Value::PlanInForce(InForce::Family { plan_id })) => {
            Fact::PlanInForce(PlanInForce::Family(plan_id.parse::<Uuid>().ok()?.into()))
        }
        Some(Value::PlanInForce(InForce::Individual { code })) => {
            Fact::PlanInForce(PlanInForce::Individual(IndividualPlan::new(&code).ok()?))
        }
    })
}

#[cfg(test)]
mod tests {
    use family_plan_domain::PlanId;

    use super::*;

    #[test]
    fn facts_keep_their_order_and_their_kinds() {
        let plan = PlanId::from(Uuid::from_u128(7));
        let facts = Facts::new()
            .with("zammad_user_id", 17_i64)
            .with("name", "Ann \"🏡\" Ü")
            .with("hold", true)
            .with("invite_id", Fact::Nothing)
            .with("before", PlanInForce::Individual(IndividualPlan::new("free").unwrap()))
            .with("after", PlanInForce::Family(plan));
        let json = to_json(&facts).unwrap();
        assert_eq!(
            json,
            "{\"zammad_user_id\":17,\"name\":\"Ann \\\"🏡\\\" Ü\",\"hold\":true,\"invite_id\":null,\
             \"before\":{\"kind\":\"individual\",\"code\":\"free\"},\
             \"after\":{\"kind\":\"family\",\"plan_id\":\"00000000-0000-0000-0000-000000000007\"}}"
        );
        assert_eq!(from_json(&json).unwrap(), facts);
    }

    #[test]
    fn what_is_no_fact_is_named() {
        for (json, complaint) in [
            ("[]", "an object"),
            (r#"{"limit": [5]}"#, "`limit` is no fact"),
            (r#"{"after": {"kind": "family"}}"#, "`after` is no fact"),
        ] {
            let err = from_json(json).unwrap_err();
            assert!(err.to_string().contains(complaint), "{err}");
        }
    }
}
