//! How a message is shown.

/// How a message is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The name is bold.
    pub bold: bool,
    /// The name is italic.
    pub italic: bool,
    /// The name is underlined.
    pub underlined: bool,
    /// A colon stands behind the name.
    pub colon: bool,
    /// Only one person reads it.
    pub private: bool,
}

impl Flags {
    /// An ordinary message.
    pub const MESSAGE: Self = Self {
        bold: true,
        italic: false,
        underlined: false,
        colon: true,
        private: false,
    };

    /// What somebody does: `/me`.
    pub const ACTION: Self = Self {
        bold: true,
        italic: true,
        underlined: false,
        colon: false,
        private: false,
    };

    /// A private message.
    pub const PRIVATE: Self = Self {
        bold: true,
        italic: false,
        underlined: false,
        colon: true,
        private: true,
    };

    /// Whether it says what somebody does.
    #[must_use]
    pub fn is_action(self) -> bool {
        self.italic && !self.colon
    }

    /// Reads them; one that is missing is not set.
    pub(super) fn read(field: &str) -> Self {
        let set = |at: usize| field.as_bytes().get(at) == Some(&b'1');
        Self {
            bold: set(0),
            italic: set(1),
            underlined: set(2),
            colon: set(3),
            private: set(4),
        }
    }

    pub(super) fn written(self) -> String {
        let flags = [
            self.bold,
            self.italic,
            self.underlined,
            self.colon,
            self.private,
        ];
        flags
            .map(|set| if set { '1' } else { '0' })
            .iter()
            .collect()
    }
}
