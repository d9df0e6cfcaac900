//! What an app wants changed about a post. Source: W3C Micropub, section 3.4.

use serde_json::{Map, Value};

use super::body::Properties;
use super::refusal::Refusal;

/// Changes by property, done in this order.
#[derive(Debug)]
pub struct Changes {
    replace: Properties,
    add: Properties,
    /// Values that go.
    delete: Properties,
    /// Properties that go altogether.
    drop: Vec<String>,
}

impl Changes {
    /// Reads `replace`, `add` and `delete`.
    ///
    /// Errors: 400 where there is none of them, or one has another shape.
    pub fn of(mut commands: Properties) -> Result<Changes, Refusal> {
        let (replace, add) = (commands.remove("replace"), commands.remove("add"));
        let delete = commands.remove("delete");
        if replace.is_none() && add.is_none() && delete.is_none() {
            return Err(Refusal::invalid(
                "an update says what to replace, add or delete, in JSON",
            ));
        }
        let (delete, drop) = match delete {
            Some(Value::Array(names)) => {
                let names = names.iter().map(|name| name.as_str().map(Into::into));
                let names: Option<Vec<String>> = names.collect();
                let names = names.ok_or_else(|| Refusal::invalid("delete names properties"))?;
                (Map::new(), names)
            }
            delete => (lists(delete, "delete")?, Vec::new()),
        };
        let changes = Changes {
            replace: lists(replace, "replace")?,
            add: lists(add, "add")?,
            delete,
            drop,
        };
        match changes.replace.contains_key("mp-slug") {
            true => Err(Refusal::invalid(
                "the address of a post stays as it is here",
            )),
            false => Ok(changes),
        }
    }

    /// Makes them.
    pub fn apply(self, properties: &mut Properties) {
        properties.extend(self.replace);
        for (name, values) in self.add {
            let known = properties
                .entry(name)
                .or_insert_with(|| Value::Array(Vec::new()));
            let (Value::Array(known), Value::Array(values)) = (known, values) else {
                continue;
            };
            for value in values {
                if !known.contains(&value) {
                    known.push(value);
                }
            }
        }
        for (name, values) in &self.delete {
            if let Some(Value::Array(known)) = properties.get_mut(name) {
                known.retain(|value| !values.as_array().is_some_and(|gone| gone.contains(value)));
            }
        }
        properties.retain(|name, values| {
            !self.drop.contains(name) && values.as_array().is_none_or(|values| !values.is_empty())
        });
    }
}

/// An object whose values are lists, even where there is one value only.
fn lists(value: Option<Value>, name: &str) -> Result<Properties, Refusal> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(map)) if map.values().all(Value::is_array) => Ok(map),
        Some(_) => Err(Refusal::invalid(format!(
            "{name} is no object with a list for each property"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(value: Value) -> Result<Changes, Refusal> {
        let Value::Object(commands) = value else {
            panic!("no object")
        };
        Changes::of(commands)
    }

    #[test]
    fn values_are_replaced_added_and_deleted() {
        let mut properties = Map::new();
        properties.insert("category".into(), json!(["a", "b"]));
        properties.insert("name".into(), json!(["Old"]));
        properties.insert("summary".into(), json!(["Gone"]));
        let all = json!({
            "replace": { "name": ["New"] },
            "add": { "category": ["b", "c"], "syndication": ["https://x.example/1"] },
            "delete": { "category": ["a"], "summary": ["Gone"] },
        });
        changes(all).unwrap().apply(&mut properties);
        let expected = json!({
            "category": ["b", "c"], "name": ["New"], "syndication": ["https://x.example/1"],
        });
        assert_eq!(Value::Object(properties.clone()), expected);
        changes(json!({ "delete": ["category", "none"] }))
            .unwrap()
            .apply(&mut properties);
        assert!(!properties.contains_key("category"));
    }

    #[test]
    fn other_shapes_are_refused() {
        for wrong in [
            json!({}),
            json!({ "replace": { "name": "no list" } }),
            json!({ "replace": ["name"] }),
            json!({ "delete": "name" }),
            json!({ "delete": [1] }),
            json!({ "replace": { "mp-slug": ["x"] } }),
        ] {
            assert!(changes(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
