//! Lists of names in notices: in HTML, which is how clients of the original show them.

/// Names that are listed: as many as fit on a few screens.
const MAX_LISTED: usize = 500;

/// Names as they stand in packets, each with whether it is one's own, which is bold; the first ones if there are too many.
pub(super) fn anchors<'a>(names: impl Iterator<Item = (&'a str, bool)>) -> String {
    let anchor = |(name, is_own)| {
        let style = if is_own {
            " style=\"font-weight: bold;\""
        } else {
            ""
        };
        format!("<a href=\"javascript:void(0);\"{style}>{name}</a>")
    };
    let anchors = names.take(MAX_LISTED).map(anchor);
    anchors.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use kaiwa_protocols::sockchat::wire::Notice;

    use super::*;

    #[test]
    fn clients_read_the_names() {
        let list = anchors([("ann", true), ("a&lt;b", false)].into_iter());
        let notice = Notice {
            is_error: false,
            code: "who",
            arguments: vec![&list],
        };
        assert_eq!(notice.plain_arguments(), ["ann, a<b"]);
        assert_eq!(list.matches("bold").count(), 1);
        assert_eq!(anchors(std::iter::empty()), "");
        let many = anchors(std::iter::repeat_n(("x", false), 2 * MAX_LISTED));
        assert_eq!(many.matches("</a>").count(), MAX_LISTED);
    }
}
