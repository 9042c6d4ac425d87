//! Pictures, drawn here as SVG: bars a day, strips of polls, timelines, delays, who is named with whom.
//!
//! Colours are classes of the style sheet, since the policy forbids inline styles; each picture has a title and a
//! description, and each mark a title of its own, for readers that read aloud.

use maud::{Markup, html};

/// Colours that series are told apart by; the last one is for the rest.
pub const COLOURS: usize = 8;

/// In units of the pictures; as wide as a column, so that letters are about as large as they say.
const WIDTH: usize = 600;
const HEIGHT: usize = 140;
const HEAD: usize = 20;
const FOOT: usize = 20;

/// A row of counts, one a day.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// What is counted.
    pub name: String,
    /// One count a day.
    pub counts: Vec<u64>,
}

/// Stacked bars, one a day, with a legend where there are several series.
pub fn bars(title: &str, days: &[String], series: &[Series]) -> Markup {
    let total = |day: usize| -> u64 {
        series
            .iter()
            .map(|one| one.counts.get(day).copied().unwrap_or_default())
            .sum()
    };
    let most = (0..days.len()).map(total).max().unwrap_or(0).max(1);
    let sum: u64 = (0..days.len()).map(total).sum();
    let step = WIDTH.checked_div(days.len()).unwrap_or(WIDTH).max(1);
    let scale = |count: u64| usize::try_from(count * (HEIGHT as u64) / most).unwrap_or(HEIGHT);
    let desc = format!(
        "{}: {sum}; {}–{}; max {most}",
        title,
        days.first().map_or("", String::as_str),
        days.last().map_or("", String::as_str)
    );
    html! {
        figure.chart {
            svg viewBox={ "0 -" (HEAD) " " (WIDTH) " " (HEAD + HEIGHT + FOOT) } role="img" aria-label=(desc) {
                title { (title) }
                desc { (desc) }
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                text.tick x="2" y="-4" { (most) }
                @for (index, day) in days.iter().enumerate() {
                    @for (number, (below, count)) in stacked(series, index).into_iter().enumerate() {
                        @let (tall, foot) = (scale(count).max(1), scale(below));
                        @if count > 0 {
                            rect class={ "c" (number.min(COLOURS - 1)) } x=(index * step) y=(HEIGHT.saturating_sub(foot + tall)) width=(step.saturating_sub(2).max(1)) height=(tall) {
                                title { (day) " " (series[number].name) ": " (count) }
                            }
                        }
                    }
                    // The last one of a month would be cut at the edge.
                    @if index % 7 == 0 && index + 4 < days.len() {
                        text.tick x=(index * step) y=(HEIGHT + 16) { (day) }
                    } @else if index + 1 == days.len() {
                        text.tick x=((index + 1) * step) y=(HEIGHT + 16) text-anchor="end" { (day) }
                    }
                }
            }
            @if series.len() > 1 {
                figcaption {
                    @for (number, one) in series.iter().enumerate() {
                        span.key { span class={ "swatch c" (number.min(COLOURS - 1)) } {} (one.name) }
                    }
                }
            }
        }
    }
}

/// What each series adds on a day, with what lies below it.
fn stacked(series: &[Series], day: usize) -> Vec<(u64, u64)> {
    let counts = series
        .iter()
        .map(|one| one.counts.get(day).copied().unwrap_or_default());
    counts
        .scan(0, |below, count| {
            let at = *below;
            *below += count;
            Some((at, count))
        })
        .collect()
}

/// A cell of a strip.
#[derive(Clone, Debug)]
pub struct Cell {
    /// `good`, `same`, `bad`, `wait`.
    pub class: &'static str,
    /// What happened.
    pub title: String,
}

/// Cells side by side, the oldest first.
pub fn strip(title: &str, cells: &[Cell]) -> Markup {
    const SIDE: usize = 9;
    const ROW: usize = 60;
    let rows = cells.len().div_ceil(ROW).max(1);
    let bad = cells.iter().filter(|cell| cell.class == "bad").count();
    let desc = format!("{title}: {} ({bad} ✗)", cells.len());
    html! {
        figure.chart {
            svg.strip viewBox={ "0 0 " (ROW * (SIDE + 1)) " " (rows * (SIDE + 3)) } role="img" aria-label=(desc) {
                title { (title) }
                desc { (desc) }
                @for (index, cell) in cells.iter().enumerate() {
                    rect class={ "cell " (cell.class) } x=(index % ROW * (SIDE + 1)) y=(index / ROW * (SIDE + 3)) width=(SIDE) height=(SIDE + 1) {
                        title { (cell.title) }
                    }
                }
            }
        }
    }
}

/// A point of a timeline.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its row.
    pub lane: String,
    /// Milliseconds.
    pub at: i64,
    /// Which colour: of its language.
    pub group: String,
    /// What it is.
    pub title: String,
}

/// Points in lanes over time.
pub fn timeline(title: &str, points: &[Point], ends: (&str, &str)) -> Markup {
    const LANE: usize = 22;
    const LEFT: usize = 170;
    const MOST_LANES: usize = 24;
    let mut lanes: Vec<&str> = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    for point in points {
        if !lanes.contains(&point.lane.as_str()) && lanes.len() < MOST_LANES {
            lanes.push(&point.lane);
        }
        if !groups.contains(&point.group.as_str()) {
            groups.push(&point.group);
        }
    }
    let first = points.iter().map(|point| point.at).min().unwrap_or(0);
    let last = points.iter().map(|point| point.at).max().unwrap_or(0);
    let span = (last - first).max(1);
    let room = i64::try_from(WIDTH - LEFT - 16).unwrap_or(1);
    let x = |at: i64| i64::try_from(LEFT + 8).unwrap_or(0) + (at - first) * room / span;
    let tall = lanes.len() * LANE;
    let desc = format!(
        "{title}: {} / {}; {} – {}",
        points.len(),
        lanes.len(),
        ends.0,
        ends.1
    );
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (tall + FOOT) } role="img" aria-label=(desc) {
                title { (title) }
                desc { (desc) }
                @for (index, lane) in lanes.iter().enumerate() {
                    line.axis x1=(LEFT) y1=(index * LANE + 11) x2=(WIDTH) y2=(index * LANE + 11) {}
                    text.lane x="0" y=(index * LANE + 16) { (clipped(lane, 18)) }
                }
                @for point in points {
                    @if let Some(lane) = lanes.iter().position(|lane| *lane == point.lane) {
                        @let group = groups.iter().position(|group| *group == point.group).unwrap_or(0);
                        circle class={ "c" (group.min(COLOURS - 1)) } cx=(x(point.at)) cy=(lane * LANE + 11) r="6" {
                            title { (point.title) }
                        }
                    }
                }
                text.tick x=(LEFT) y=(tall + 16) { (ends.0) }
                text.tick x=(WIDTH) y=(tall + 16) text-anchor="end" { (ends.1) }
            }
            figcaption {
                @for (number, group) in groups.iter().enumerate() {
                    span.key { span class={ "swatch c" (number.min(COLOURS - 1)) } {} (group) }
                }
            }
        }
    }
}

/// Steps of the scale of delays, in minutes, with their names.
const DELAYS: [(i64, &str); 6] = [
    (1, "1 min"),
    (5, "5 min"),
    (15, "15 min"),
    (60, "1 h"),
    (360, "6 h"),
    (1440, "1 d"),
];

/// Delays (when, minutes) on a scale that grows by steps.
pub fn delays(title: &str, points: &[(i64, i64, String)], ends: (&str, &str)) -> Markup {
    const LEFT: usize = 72;
    const STEP: i64 = 24;
    let first = points.iter().map(|(at, ..)| *at).min().unwrap_or(0);
    let last = points.iter().map(|(at, ..)| *at).max().unwrap_or(0);
    let room = i64::try_from(WIDTH - LEFT - 12).unwrap_or(1);
    let left = i64::try_from(LEFT + 6).unwrap_or(0);
    let bottom = STEP * 6;
    let y = |minutes: i64| {
        let step = DELAYS.iter().take_while(|(at, _)| *at <= minutes).count();
        let (low, high) = (
            step.checked_sub(1).map_or(0, |below| DELAYS[below].0),
            DELAYS.get(step).map_or(10_080, |above| above.0),
        );
        let within = (minutes.min(high) - low) * STEP / (high - low).max(1);
        (bottom - i64::try_from(step).unwrap_or(0) * STEP - within).max(2)
    };
    let mut sorted: Vec<i64> = points.iter().map(|(_, minutes, _)| *minutes).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let desc = format!("{title}: {} · median {median} min", points.len());
    html! {
        figure.chart {
            svg viewBox={ "0 -28 " (WIDTH) " " (bottom + 48) } role="img" aria-label=(desc) {
                title { (title) }
                desc { (desc) }
                @for (minutes, name) in DELAYS {
                    line.axis x1=(LEFT) y1=(y(minutes)) x2=(WIDTH) y2=(y(minutes)) {}
                    text.tick x="0" y=(y(minutes) + 4) { (name) }
                }
                @for (at, minutes, title) in points {
                    circle.c0 cx=(left + (at - first) * room / (last - first).max(1)) cy=(y(*minutes)) r="3" { title { (title) } }
                }
                text.tick x=(LEFT) y=(bottom + 16) { (ends.0) }
                text.tick x=(WIDTH) y=(bottom + 16) text-anchor="end" { (ends.1) }
            }
            figcaption { (desc) }
        }
    }
}

/// Bars that lie, each with its name before it: (name, address, count).
pub fn ranks(title: &str, rows: &[(String, String, u64)]) -> Markup {
    const LEFT: usize = 200;
    const LANE: usize = 22;
    let most = rows
        .iter()
        .map(|(.., count)| *count)
        .max()
        .unwrap_or(1)
        .max(1);
    let room = (WIDTH - LEFT - 60) as u64;
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (rows.len() * LANE + 4) } role="group" aria-label=(title) {
                title { (title) }
                @for (index, (name, href, count)) in rows.iter().enumerate() {
                    @let wide = (count * room / most).max(2);
                    a href=(href) {
                        text.lane x="0" y=(index * LANE + 16) { (clipped(name, 22)) }
                        rect.c0 x=(LEFT) y=(index * LANE + 3) width=(wide) height=(LANE - 6) { title { (name) ": " (count) } }
                        text.tick x=(LEFT as u64 + wide + 6) y=(index * LANE + 16) { (count) }
                    }
                }
            }
        }
    }
}

fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_tell_what_they_show_and_have_no_style_of_their_own() {
        let days: Vec<String> = (0..30).map(|day| format!("11-{day:02}")).collect();
        let series = Series {
            name: "<acme>".to_owned(),
            counts: vec![0, 3, u64::from(u32::MAX)],
        };
        let drawn = [
            bars("A", &days, &[series.clone(), series]),
            bars("A", &[], &[]),
            strip("B", &[]),
            timeline("C", &[], ("", "")),
            delays(
                "D",
                &[
                    (5, i64::from(u32::MAX), "x".to_owned()),
                    (5, 0, "y".to_owned()),
                ],
                ("", ""),
            ),
            ranks("E", &[("n".to_owned(), "/n".to_owned(), 0)]),
        ];
        for picture in drawn {
            let picture = picture.into_string();
            assert!(picture.contains("<title>"), "{picture}");
            assert!(picture.contains("aria-label"), "{picture}");
            assert!(!picture.contains("style="), "{picture}");
            assert!(!picture.contains("<acme>"), "{picture}");
        }
    }
}
