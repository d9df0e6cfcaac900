//! Bars of the last thirty days, drawn on the server.

use askama::Template;

use super::super::signs;
use crate::model::calendar::Calendar;
use crate::model::time::Timestamp;

/// Days that a chart shows, the last of them today.
pub const DAYS: i64 = 30;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Where the bars stand and how high the highest is, in units of the drawing.
const FLOOR: f64 = 116.0;
const HEIGHT: f64 = 92.0;
const FIRST: f64 = 31.0;
const STEP: f64 = 349.0 / 30.0;

/// One day of a chart.
pub struct Day {
    /// As the calendar writes it: `14 Nov`.
    pub label: String,
    /// What was counted.
    pub count: i64,
}

/// How much there was of something on each of the last thirty days, as a drawing and as a table.
#[derive(Template)]
#[template(path = "desk/parts/chart.html")]
pub struct Chart {
    id: &'static str,
    title: &'static str,
    noun: &'static str,
    days: Vec<Day>,
}

/// The last thirty days, the oldest first: each as `2026-11-14` and as `calendar` writes it.
pub fn days(calendar: &Calendar) -> Vec<(String, String)> {
    // Noon of each day, so that a clock that is put forward or back leaves none out.
    let (now, zone) = (Timestamp::now(), &calendar.zone);
    let noon = now.plus((12 - i64::from(calendar.hour(now))) * 60 * 60 * 1_000);
    let day = |back: i64| {
        let time = noon.plus(-back * DAY);
        (time.day_in(zone), calendar.day(time))
    };
    (0..DAYS).rev().map(day).collect()
}

impl Chart {
    /// `counts` by day, in any order and each day any number of times; `noun` is what is counted.
    pub fn new(
        (id, title, noun): (&'static str, &'static str, &'static str),
        days: &[(String, String)],
        counts: &[(String, i64)],
    ) -> Chart {
        let sum = |day: &str| {
            let those = counts.iter().filter(|(counted, _)| counted == day);
            those.map(|(_, count)| count).sum()
        };
        let days = days.iter().map(|(day, label)| Day {
            label: label.clone(),
            count: sum(day),
        });
        Chart {
            id,
            title,
            noun,
            days: days.collect(),
        }
    }

    /// What was counted today.
    pub fn today(&self) -> i64 {
        self.days.last().map_or(0, |day| day.count)
    }

    /// What was counted on all days.
    pub fn sum(&self) -> i64 {
        self.days.iter().map(|day| day.count).sum()
    }

    fn most(&self) -> i64 {
        self.days.iter().map(|day| day.count).max().unwrap_or(0)
    }

    /// The lines across the drawing: none, and one or two round numbers.
    fn lines(&self) -> Vec<(i64, f64)> {
        let most = self.most().max(1);
        let mut step = 1;
        while most / step > 2 {
            let first = step.to_string().starts_with('2');
            step = if first { step / 2 * 5 } else { step * 2 };
        }
        let values = (0..=most / step).map(|times| times * step);
        values.map(|value| (value, self.y(value))).collect()
    }

    fn y(&self, value: i64) -> f64 {
        FLOOR - value as f64 / self.most().max(1) as f64 * HEIGHT
    }

    fn x(&self, at: usize) -> f64 {
        FIRST + STEP * at as f64
    }

    fn bars(&self) -> impl Iterator<Item = (String, String, String, &Day)> {
        self.days.iter().enumerate().map(|(at, day)| {
            let y = self.y(day.count);
            let number = |value: f64| format!("{value:.1}");
            (number(self.x(at)), number(y), number(FLOOR - y), day)
        })
    }

    fn first(&self) -> &str {
        self.days.first().map_or("", |day| &day.label)
    }

    fn last(&self) -> &str {
        self.days.last().map_or("", |day| &day.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::Settings;

    #[test]
    fn a_chart_shows_every_day_once_and_adds_up() {
        let calendar = Settings::default().manner().calendar;
        let days = days(&calendar);
        assert_eq!(days.len(), 30);
        assert_eq!(days[29].0, Timestamp::now().day_in(&calendar.zone));
        let counts = [
            (days[3].0.clone(), 7),
            (days[29].0.clone(), 2),
            (days[3].0.clone(), 1),
        ];
        let chart = Chart::new(("v", "Views per day", "view"), &days, &counts);
        assert_eq!((chart.today(), chart.sum(), chart.most()), (2, 10, 8));
        let lines: Vec<i64> = chart.lines().iter().map(|line| line.0).collect();
        assert_eq!(lines, [0, 5]);
        let html = chart.render().unwrap();
        assert_eq!(html.matches("<rect").count(), 30);
        assert!(html.contains("<title>") && html.contains("8 views"));
    }
}
