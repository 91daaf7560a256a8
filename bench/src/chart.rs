//! Charts: a bar for each of those that are compared, as small SVG files for docs/.

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::Spread;

/// All lengths are in pixels.
const WIDTH: i32 = 720;
const TITLE_HEIGHT: i32 = 34;
const BAR_HEIGHT: i32 = 18;
const BAR_STEP: i32 = 26;
const MARGIN: i32 = 8;

/// Font sizes as plotters counts them; the file has four fifths of that.
const TITLE_FONT: i32 = 19;
const FONT: i32 = 16;

/// Where bars begin, and how long the longest is: names and numbers stand beside.
const BARS_FROM: i32 = 270;
const LONGEST: i32 = 290;

const OURS: RGBColor = RGBColor(0x2f, 0x6f, 0xb0);
const PEERS: RGBColor = RGBColor(0xa8, 0xa8, 0xa8);
const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);

/// A bar chart.
#[derive(Debug)]
pub(crate) struct Chart {
    /// The name of its file, without an ending.
    pub(crate) name: String,
    pub(crate) title: String,
    bars: Vec<Bar>,
}

/// One bar, with a line from the smallest to the largest.
#[derive(Debug)]
struct Bar {
    name: String,
    is_ours: bool,
    spread: Spread,
    shown: String,
}

impl Chart {
    /// Without bars for now.
    pub(crate) fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            bars: Vec::new(),
        }
    }

    /// A bar, `show` says the number beside it.
    pub(crate) fn bar(
        &mut self,
        name: &str,
        is_ours: bool,
        spread: Spread,
        show: impl Fn(f64) -> String,
    ) {
        self.bars.push(Bar {
            name: name.replace('`', ""),
            is_ours,
            shown: show(spread.median),
            spread,
        });
    }

    /// The file.
    pub(crate) fn svg(&self) -> Result<String> {
        let mut svg = String::new();
        let height = TITLE_HEIGHT + self.bars.len() as i32 * BAR_STEP + MARGIN;
        self.draw(&mut svg, height)
            .map_err(|error| anyhow!("the chart {}: {error}", self.name))?;
        if !svg.ends_with('\n') {
            svg.push('\n');
        }
        Ok(svg)
    }

    fn draw(
        &self,
        svg: &mut String,
        height: i32,
    ) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let size = (WIDTH as u32, height as u32);
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        let text = |size: i32, side| {
            let style = TextStyle::from(("sans-serif", size)).color(&INK);
            style.pos(Pos::new(side, VPos::Center))
        };
        let title = text(TITLE_FONT, HPos::Left);
        area.draw_text(&self.title, &title, (MARGIN, TITLE_HEIGHT / 2))?;
        for (place, bar) in (0..).zip(&self.bars) {
            let top = TITLE_HEIGHT + place * BAR_STEP;
            let middle = top + BAR_HEIGHT / 2;
            let [least, median, most] = self.lengths(bar).map(|length| BARS_FROM + length);
            let color = if bar.is_ours { OURS } else { PEERS };
            let corners = [(BARS_FROM, top), (median, top + BAR_HEIGHT)];
            area.draw(&Rectangle::new(corners, color.filled()))?;
            area.draw(&PathElement::new([(least, middle), (most, middle)], INK))?;
            let name = text(FONT, HPos::Right);
            area.draw_text(&bar.name, &name, (BARS_FROM - MARGIN, middle))?;
            let number = text(FONT, HPos::Left);
            let right = median.max(most) + MARGIN;
            area.draw_text(&bar.shown, &number, (right, middle))?;
        }
        area.present()
    }

    /// Of the smallest, the median, the largest, in pixels.
    fn lengths(&self, bar: &Bar) -> [i32; 3] {
        let longest = self.bars.iter().map(|bar| bar.spread.most);
        let longest = longest.fold(f64::MIN_POSITIVE, f64::max);
        let length = |value: f64| (value / longest * f64::from(LONGEST)).round() as i32;
        [bar.spread.least, bar.spread.median, bar.spread.most].map(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let mut chart = Chart::new("speeds", "Speeds, a second");
        let show = |value: f64| format!("{value:.0}");
        chart.bar("ours, `fast`", true, Spread::of(vec![80.0, 100.0]), show);
        chart.bar("theirs", false, Spread::of(vec![25.0]), show);
        chart
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let chart = chart();
        assert_eq!(
            chart.lengths(&chart.bars[0]),
            [LONGEST * 8 / 10, LONGEST * 9 / 10, LONGEST]
        );
        let quarter = (f64::from(LONGEST) / 4.0).round() as i32;
        assert_eq!(chart.lengths(&chart.bars[1]), [quarter; 3]);
    }

    #[test]
    fn a_file_holds_all_names_and_numbers() {
        let svg = chart().svg().unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        for text in ["Speeds, a second", "ours, fast", "theirs", "90", "25"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }

    #[test]
    fn nothing_measured_is_a_chart_still() {
        let mut chart = Chart::new("none", "None");
        chart.bar("none", true, Spread::of(vec![0.0]), |value| {
            value.to_string()
        });
        assert!(chart.svg().unwrap().ends_with("</svg>\n"));
    }
}
