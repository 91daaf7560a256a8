//! MIME types, as far as an address tells.

/// The MIME type of what lies at `url` by the ending of its path, if it is of the type `family` (`image`, `audio`, …).
#[must_use]
pub fn of_address(url: &str, family: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, file) = path.rsplit_once('/')?;
    let (_, ending) = file.rsplit_once('.')?;
    let guesses = mime_guess::from_ext(ending).iter_raw();
    let is_of_family = |mime: &&'static str| {
        let (found, _) = mime.split_once('/').unwrap_or_default();
        found == family
    };
    guesses.into_iter().find(is_of_family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_the_path_counts() {
        for (url, family, mime) in [
            ("https://example.org/a.png", "image", Some("image/png")),
            (
                "https://example.org/a.JPG?x=.gif#y",
                "image",
                Some("image/jpeg"),
            ),
            ("https://example.org/a.avif", "image", Some("image/avif")),
            ("https://example.org/a.mp4", "image", None),
            ("https://example.org/a.mp4", "video", Some("video/mp4")),
            ("https://example.org/a.mp3", "audio", Some("audio/mpeg")),
            ("https://example.org", "image", None),
            ("https://example.png/", "image", None),
            ("https://example.org/png", "image", None),
            ("a.png", "image", None),
            ("", "image", None),
        ] {
            assert_eq!(of_address(url, family), mime, "{url}");
        }
    }
}
