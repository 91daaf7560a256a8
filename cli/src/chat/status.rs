//! The status line: a few words behind the line that is being typed, which change while nobody types.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustyline::hint::Hint;

/// Changes shown between two keys: whoever types nothing for so long is not looking.
const CHANGES: usize = 1000;

/// What the status line says now.
///
/// The editor takes a hint at each key and paints it, also when something is printed above. It is handed out as a reference,
/// so what was said stays as long as the hint lives, and what is said next hangs behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    now: Arc<Mutex<Arc<Words>>>,
}

/// What the editor paints.
#[derive(Debug)]
pub(crate) struct Painted(Arc<Words>);

#[derive(Debug, Default)]
struct Words {
    text: String,
    /// How many came before since the last key.
    number: usize,
    next: OnceLock<Arc<Self>>,
}

impl Status {
    /// Says something else; nothing if it is empty.
    pub(crate) fn set(&self, text: &str) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.number > CHANGES {
            return;
        }
        let text = if now.number == CHANGES { "" } else { text };
        let words = Arc::new(Words {
            text: text.to_owned(),
            number: now.number + 1,
            next: OnceLock::new(),
        });
        let _ = now.next.set(Arc::clone(&words));
        *now = words;
    }

    /// What is painted from now on.
    pub(crate) fn painted(&self) -> Painted {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Arc::new(Words {
            text: now.text.clone(),
            ..Words::default()
        });
        *now = Arc::clone(&begun);
        Painted(begun)
    }
}

impl Hint for Painted {
    fn display(&self) -> &str {
        let mut words = &self.0;
        while let Some(next) = words.next.get() {
            words = next;
        }
        // An empty hint would not be painted when there is something later.
        match words.text.as_str() {
            "" => " ",
            text => text,
        }
    }

    /// It is nothing that can be typed.
    fn completion(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_changes_without_a_key() {
        let status = Status::default();
        let painted = status.painted();
        assert_eq!(painted.display(), " ");
        status.set("one");
        assert_eq!(painted.display(), "one");
        let later = status.painted();
        status.set("two");
        assert_eq!((painted.display(), later.display()), ("one", "two"));
        assert_eq!(later.completion(), None);
    }

    #[test]
    fn it_is_bounded_until_the_next_key() {
        let status = Status::default();
        let painted = status.painted();
        for number in 0..3 * CHANGES {
            status.set(&number.to_string());
        }
        assert_eq!(
            painted.display(),
            " ",
            "nothing rather than what is no longer so"
        );
        status.set("late");
        assert_eq!(painted.display(), " ");
        let painted = status.painted();
        status.set("again");
        assert_eq!(painted.display(), "again");
    }
}
