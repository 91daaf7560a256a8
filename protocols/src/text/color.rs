//! Colours, as style sheets write them.

use color::{Srgb, parse_color};

/// The longest colour read, in bytes; the longest that people write is a function of four numbers.
const MAX_COLOR_BYTES: usize = 64;

/// Red, green, blue and alpha of a CSS colour: `#f00`, `blue`, `rgb(1 2 3)`. `None` for all else, `inherit` for example.
#[must_use]
pub fn parse(css: &str) -> Option<[u8; 4]> {
    let css = css.trim();
    if css.is_empty() || css.len() > MAX_COLOR_BYTES {
        return None;
    }
    let parsed = parse_color(css).ok()?;
    Some(parsed.to_alpha_color::<Srgb>().to_rgba8().to_u8_array())
}

/// The colour as `#rrggbb`, or `#rrggbbaa` where one sees through it.
#[must_use]
pub fn hex([red, green, blue, alpha]: [u8; 4]) -> String {
    if alpha == u8::MAX {
        format!("#{red:02x}{green:02x}{blue:02x}")
    } else {
        format!("#{red:02x}{green:02x}{blue:02x}{alpha:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_of_writing_a_colour() {
        for (css, color) in [
            ("#f00", Some([255, 0, 0, 255])),
            ("#FF0000", Some([255, 0, 0, 255])),
            ("#12345678", Some([0x12, 0x34, 0x56, 0x78])),
            ("blue", Some([0, 0, 255, 255])),
            (" Blue ", Some([0, 0, 255, 255])),
            ("rgb(1, 2, 3)", Some([1, 2, 3, 255])),
            ("rebeccapurple", Some([0x66, 0x33, 0x99, 255])),
            ("transparent", Some([0, 0, 0, 0])),
            ("inherit", None),
            ("", None),
            ("#12", None),
            ("#ggg", None),
            ("no colour", None),
            ("é", None),
        ] {
            assert_eq!(parse(css), color, "{css}");
        }
        assert_eq!(parse(&"#".repeat(1 << 20)), None);
    }

    proptest! {
        #[test]
        fn hex_is_read_as_written(color: [u8; 4]) {
            prop_assert_eq!(parse(&hex(color)), Some(color));
        }

        #[test]
        fn any_text_is_survived(css: String) {
            let _ = parse(&css);
        }
    }
}
