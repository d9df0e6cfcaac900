//! How a cost grows with the size of what it is about, and whether any step is worse than linear.

use crate::figures::{spread, thousands};

/// Ten times as much for ten times the size is linear; up to a quarter more than that is what a busy machine adds.
const LINEAR: f64 = 10.0;
const NOISE: f64 = 1.25;

/// Costs at several sizes.
pub struct Steps {
    of: &'static str,
    sizes: Vec<usize>,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    unit: &'static str,
    /// For each size its quartiles, or one value; empty where it was not measured.
    cells: Vec<Vec<f64>>,
}

impl Steps {
    /// No costs yet of so many `of` something.
    pub fn of(of: &'static str, sizes: &[usize]) -> Steps {
        Steps {
            of,
            sizes: sizes.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Notes what something cost at one of the sizes, as often as it was measured. A quarter of the values is below the least
    /// that the table tells, and a quarter above the most.
    pub fn add(
        &mut self,
        size: usize,
        name: &'static str,
        unit: &'static str,
        mut values: Vec<f64>,
    ) {
        values.sort_by(f64::total_cmp);
        if let [_, _, ..] = values[..] {
            let last = values.len() - 1;
            values = [1, 2, 3]
                .map(|part| values[(values.len() * part / 4).min(last)])
                .to_vec();
        }
        let at = self.rows.iter().position(|row| row.name == name);
        let at = at.unwrap_or_else(|| {
            let cells = vec![Vec::new(); self.sizes.len()];
            self.rows.push(Row { name, unit, cells });
            self.rows.len() - 1
        });
        let column = self.sizes.iter().position(|of| *of == size);
        if let Some(column) = column.filter(|_| !values.is_empty()) {
            println!("    {size} {}: {name} {}", self.of, spread(&values, unit));
            self.rows[at].cells[column] = values;
        }
    }

    /// A Markdown table: a row for each cost, a column for each size, and how often it multiplied where it did so most.
    pub fn table(&self) -> String {
        let sizes: Vec<_> = self
            .sizes
            .iter()
            .map(|size| thousands(*size as u64))
            .collect();
        let mut text = format!(
            "| {} | {} | for ten times as many, at most |\n|---|{}---|\n",
            self.of,
            sizes.join(" | "),
            "---|".repeat(sizes.len())
        );
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| spread(cell, row.unit));
            let cells: Vec<_> = cells.collect();
            let verdict = match self.steepest(row) {
                Some((factor, _)) if factor > LINEAR * NOISE => format!("**× {factor:.1}**"),
                Some((factor, _)) => format!("× {factor:.1}"),
                None => String::new(),
            };
            text += &format!("| {} | {} | {verdict} |\n", row.name, cells.join(" | "));
        }
        text
    }

    /// The costs of which a step is worse than linear, and which.
    pub fn worse_than_linear(&self) -> Vec<String> {
        let worse = self.rows.iter().filter_map(|row| {
            let (factor, step) = self.steepest(row)?;
            (factor > LINEAR * NOISE).then(|| {
                let [from, to] = [step, step + 1].map(|at| self.sizes[at]);
                format!(
                    "{}, from {from} to {to} {}: × {factor:.1}",
                    row.name, self.of
                )
            })
        });
        worse.collect()
    }

    /// By how much the median multiplies for ten times the size, in the step where it does so most, and which step that is.
    fn steepest(&self, row: &Row) -> Option<(f64, usize)> {
        let steps = (1..self.sizes.len()).filter_map(|at| {
            let median = |at: usize| row.cells[at].get(row.cells[at].len() / 2).copied();
            let (before, after) = (median(at - 1)?, median(at)?);
            let tenfolds = (self.sizes[at] as f64 / self.sizes[at - 1] as f64).log10();
            (before > 0.0 && after > 0.0).then(|| ((after / before).powf(1.0 / tenfolds), at - 1))
        });
        steps.max_by(|one, other| one.0.total_cmp(&other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_is_worse_than_linear_is_told() {
        let mut steps = Steps::of("things", &[10, 100, 400]);
        for (size, flat, linear, square) in [
            (10, 1.0, 1.0, 1.0),
            (100, 1.1, 10.0, 10.0),
            (400, 0.9, 40.0, 160.0),
        ] {
            steps.add(size, "flat", "ms", vec![flat]);
            steps.add(size, "linear", "ms", vec![linear; 3]);
            steps.add(size, "square", "ms", vec![square; 4]);
        }
        steps.add(400, "sometimes", "ms", Vec::new());
        let worse = steps.worse_than_linear();
        assert_eq!(worse, ["square, from 100 to 400 things: × 100.0"]);
        assert!(
            steps
                .table()
                .contains("| linear | 1 ms [1–1] | 10.0 ms [10.0–10.0] |")
        );
    }
}
