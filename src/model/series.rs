//! Posts that belong together and have an order: the parts of a series.

use serde_json::{Map, Value};

use super::post::PostLink;

/// What a post's front matter says of the series it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// As its author wrote it; parts of the same name belong together.
    pub name: String,
    /// Its place; parts without one follow by their dates.
    pub order: Option<i64>,
}

impl Series {
    /// Reads front matter, a JSON object: `series`, or the taxonomy of that name (Hugo, Zola); of several the first.
    /// The place is `series_order` or `series_weight`, also below `extra` or `params`, where themes keep it.
    pub fn of(front_matter: &str) -> Option<Series> {
        let map: Map<String, Value> = serde_json::from_str(front_matter).ok()?;
        let places = ["taxonomies", "extra", "params"];
        let inner = places
            .iter()
            .filter_map(|place| get(&map, place)?.as_object());
        let maps: Vec<_> = std::iter::once(&map).chain(inner).collect();
        let found = |key: &str| maps.iter().find_map(|map| get(map, key));
        let name = match found("series")? {
            Value::Array(names) => names.first()?.as_str()?,
            Value::String(name) => name,
            _ => return None,
        };
        let order = found("series_order").or_else(|| found("series_weight"));
        let order = order.and_then(|order| match order {
            Value::String(digits) => digits.trim().parse().ok(),
            number => number.as_i64(),
        });
        let name = name.trim().to_owned();
        (!name.is_empty()).then_some(Series { name, order })
    }
}

/// A post among the published parts of its series.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name of the series.
    pub series: String,
    /// All parts in their order, at least two.
    pub parts: Vec<PostLink>,
    /// Where this one stands, from 0.
    pub at: usize,
}

/// The value of a key, whose case does not matter, as in Hugo.
fn get<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut entries = map.iter();
    entries
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_names_its_series() {
        let table = [
            (r#"{"series":"Tides"}"#, Some(("Tides", None))),
            (
                r#"{"series":" Tides ","series_order":2}"#,
                Some(("Tides", Some(2))),
            ),
            (
                r#"{"Series":["Tides","Boats"],"series_weight":"3"}"#,
                Some(("Tides", Some(3))),
            ),
            (
                r#"{"taxonomies":{"series":["Tides"]},"extra":{"series_order":4}}"#,
                Some(("Tides", Some(4))),
            ),
            (
                r#"{"extra":{"series":"Tides"},"series_order":"first"}"#,
                Some(("Tides", None)),
            ),
            (r#"{"series":""}"#, None),
            (r#"{"series":[]}"#, None),
            (r#"{"series":7}"#, None),
            (r#"{"series_order":1}"#, None),
            ("{}", None),
            ("no JSON", None),
        ];
        for (front_matter, expected) in table {
            let expected = expected.map(|(name, order)| Series {
                name: name.into(),
                order,
            });
            assert_eq!(Series::of(front_matter), expected, "{front_matter}");
        }
    }
}
