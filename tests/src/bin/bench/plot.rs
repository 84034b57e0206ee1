//! Latency against recall as SVG: a panel for each k, latency logarithmic, a colour for each family of ways. Of a
//! family's settings only those are joined that no other one of it beats in both.

use crate::report::Point;
use std::fmt::Write;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const GAP: f64 = 50.0;
/// The lowest recall shown; what is below stands on the edge.
const LOWEST: f64 = 0.8;
const COLOURS: [(&str, &str); 10] = [
    ("wand", "#c0392b"),
    ("wand, recheck off", "#d35ea4"),
    ("wand, pruned", "#e67e22"),
    ("wand, fewer terms", "#b7950b"),
    ("qdrant", "#8e44ad"),
    ("seismic", "#2980b9"),
    ("bmp", "#16a085"),
    ("hnsw", "#2c3e50"),
    ("scan", "#7f8c8d"),
    ("pgvector scan", "#bdc3c7"),
];

pub fn draw(name: &str, points: &[Point]) -> String {
    let mut limits: Vec<usize> = points.iter().map(|point| point.k).collect();
    limits.dedup();
    limits.sort_unstable();
    limits.dedup();
    let exponents = points.iter().map(|point| point.mean_ms.log10());
    let low = exponents.clone().fold(f64::INFINITY, f64::min).floor();
    let high = exponents.fold(f64::NEG_INFINITY, f64::max).ceil().max(low + 1.0);
    let width = LEFT + (WIDTH + GAP) * limits.len() as f64;
    let height = TOP + HEIGHT + 90.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (at, k) in limits.iter().enumerate() {
        let panel = Panel { left: LEFT + (WIDTH + GAP) * at as f64, low, high };
        let title = format!("{name}, k = {k}");
        panel.axes(&mut text, &title).expect("writing to a string");
        let here: Vec<&Point> = points.iter().filter(|point| point.k == *k).collect();
        for (family, colour) in COLOURS {
            let own: Vec<&Point> = here.iter().copied().filter(|point| point.family == family).collect();
            panel.family(&mut text, &own, colour).expect("writing to a string");
        }
    }
    legend(&mut text, points).expect("writing to a string");
    text.push_str("</svg>\n");
    text
}

/// One k; the horizontal axis goes from 10^low to 10^high ms.
struct Panel {
    left: f64,
    low: f64,
    high: f64,
}

impl Panel {
    fn x(&self, ms: f64) -> f64 {
        self.left + WIDTH * (ms.log10() - self.low) / (self.high - self.low)
    }

    fn y(recall: f64) -> f64 {
        TOP + HEIGHT * (1.0 - recall.clamp(LOWEST, 1.0)) / (1.0 - LOWEST)
    }

    fn axes(&self, text: &mut String, title: &str) -> std::fmt::Result {
        let (left, bottom) = (self.left, TOP + HEIGHT);
        writeln!(text, "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{title}</text>", TOP - 15.0)?;
        let mut exponent = self.low;
        while exponent <= self.high {
            let x = self.x(10f64.powf(exponent));
            writeln!(text, "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>")?;
            let label = 10f64.powf(exponent);
            writeln!(text, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", bottom + 16.0)?;
            exponent += 1.0;
        }
        let middle = left + WIDTH / 2.0;
        writeln!(text, "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">ms a query</text>", bottom + 32.0)?;
        for recall in [0.8, 0.85, 0.9, 0.95, 1.0] {
            let y = Self::y(recall);
            writeln!(text, "<path d=\"M{left} {y:.1}h{WIDTH}\" stroke=\"#ddd\"/>")?;
            writeln!(text, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{recall}</text>", left - 6.0, y + 4.0)?;
        }
        Ok(())
    }

    fn family(&self, text: &mut String, points: &[&Point], colour: &str) -> std::fmt::Result {
        let mut sorted = points.to_vec();
        sorted.sort_by(|a, b| a.mean_ms.total_cmp(&b.mean_ms));
        let mut best = 0.0;
        sorted.retain(|point| {
            let better = point.recall > best;
            best = point.recall.max(best);
            better
        });
        let place = |point: &Point| (self.x(point.mean_ms), Self::y(point.recall));
        for (from, to) in sorted.iter().zip(sorted.iter().skip(1)) {
            let ((x0, y0), (x1, y1)) = (place(from), place(to));
            writeln!(text, "<path d=\"M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}\" stroke=\"{colour}\"/>")?;
        }
        for (x, y) in sorted.iter().map(|point| place(point)) {
            writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>")?;
        }
        Ok(())
    }
}

fn legend(text: &mut String, points: &[Point]) -> std::fmt::Result {
    let (mut x, y) = (LEFT, TOP + HEIGHT + 65.0);
    for (family, colour) in COLOURS {
        if points.iter().any(|point| point.family == family) {
            writeln!(text, "<circle cx=\"{x}\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>", y - 4.0)?;
            writeln!(text, "<text x=\"{}\" y=\"{y}\">{family}</text>", x + 8.0)?;
            x += 30.0 + 7.5 * family.len() as f64;
        }
    }
    writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"#555\">vertical axis: recall, {LOWEST} and less at the foot</text>",
        y + 18.0
    )
}
