//! What was measured, over the runs: medians and how far they lie apart, and the table of them.

use std::collections::BTreeMap;

/// One kind of number of one of those who are measured, a value for each run.
#[derive(Default)]
pub struct Figures {
    /// What was measured, in the order in which it came up.
    rows: Vec<Row>,
    values: BTreeMap<(usize, &'static str), Vec<f64>>,
}

struct Row {
    name: String,
    unit: &'static str,
    bar: &'static str,
}

impl Figures {
    /// Adds the value of one run.
    pub fn add(
        &mut self,
        who: &'static str,
        name: &str,
        unit: &'static str,
        bar: &'static str,
        value: f64,
    ) {
        let at = self.rows.iter().position(|row| row.name == name);
        let at = at.unwrap_or_else(|| {
            let name = name.to_owned();
            self.rows.push(Row { name, unit, bar });
            self.rows.len() - 1
        });
        println!("    {who}: {name} {}", written(value, unit));
        self.values.entry((at, who)).or_default().push(value);
    }

    /// A Markdown table: a row for each kind of number, a column for each of `whos` who has any.
    pub fn table(&self, whos: &[&'static str]) -> String {
        let has = |who: &&&'static str| self.values.keys().any(|(_, has)| *has == **who);
        let whos: Vec<_> = whos.iter().filter(has).collect();
        let names: Vec<_> = whos.iter().map(|who| who.to_string()).collect();
        let mut text = format!(
            "| what | {} | bar |\n|---|{}---|\n",
            names.join(" | "),
            "---|".repeat(names.len())
        );
        for (at, row) in self.rows.iter().enumerate() {
            let cells = whos.iter().map(|who| match self.values.get(&(at, **who)) {
                Some(values) => spread(values, row.unit),
                None => String::new(),
            });
            let cells: Vec<_> = cells.collect();
            text += &format!("| {} | {} | {} |\n", row.name, cells.join(" | "), row.bar);
        }
        text
    }
}

/// The median, and the least and the most beside it if there are several.
pub fn spread(values: &[f64], unit: &str) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    match &sorted[..] {
        [one] => written(*one, unit),
        [least, .., most] => {
            let (least, most) = (written(*least, ""), written(*most, ""));
            format!("{} [{least}–{most}]", written(median, unit))
        }
        [] => String::new(),
    }
}

/// A number with as many digits as mean something.
fn written(value: f64, unit: &str) -> String {
    let text = match value {
        value if value >= 1_000.0 => thousands(value.round() as u64),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    };
    match unit {
        "" => text,
        unit => format!("{text} {unit}"),
    }
}

/// A whole number, in groups of three digits.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let parts = digits.as_bytes().rchunks(3).rev();
    let parts: Vec<_> = parts
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    parts.join(",")
}

/// That part of all values below which `share` of them are; zero of none.
pub fn quantile(values: &mut [u32], share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable();
    let at = (values.len() as f64 * share) as usize;
    f64::from(values[at.min(values.len() - 1)])
}
