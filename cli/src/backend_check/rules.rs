//! The rules, as docs/writing-a-backend.md explains them.

macro_rules! rules {
    ($($name:ident = $word:literal, $text:literal;)*) => {
        /// What a backend has to keep.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Rule {
            $($name,)*
        }

        impl Rule {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the report.
            pub(super) fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it says.
            pub(super) fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

rules! {
    InitFirst = "init-first", "the init info comes first, in time and unasked";
    InitForm = "init-form", "the init info has a name, and versions of three numbers";
    OnlyJson = "only-json", "the standard output holds JSON values and nothing else";
    Forms = "forms", "answers and updates have the form of their types";
    Ids = "ids", "ids are strings";
    Times = "times", "times are whole milliseconds";
    Answered = "answered", "every request is answered in time";
    AnswerType = "answer-type", "a request is answered by the type that belongs to it, or by an error";
    OwnNumbers = "own-numbers", "only numbers that were asked are answered";
    Once = "once", "no number is answered twice";
    Separators = "separators", "nothing, or any white space, stands between two requests";
    Lookup = "lookup", "the room is found by its name";
    Get = "get", "a room is got by its id";
    Join = "join", "the room can be joined";
    Send = "send", "a message can be sent";
    MessageGet = "message-get", "a message is got by its id, as it was sent";
    Before = "before", "older messages can be asked for";
    Create = "create", "a room can be created, and is there then";
    Leave = "leave", "the room can be left";
    NotThere = "not-there", "an id that does not exist is answered by an error";
    NotUnderstood = "not-understood", "a request that makes no sense is answered by an error, and the backend goes on";
    Pieces = "pieces", "a request may come in pieces, cut anywhere";
    Fields = "fields", "the order of fields does not matter, and fields beyond are skipped";
    AnyText = "any-text", "every text that JSON can hold is understood";
    Together = "together", "requests that are open at the same time are all answered";
    SlowHost = "slow-host", "a host that reads slowly loses nothing";
    End = "end", "it ends with exit code 0, in time, when its input is closed";
    EndEarly = "end-early", "so it does right after its start";
    EndHalf = "end-half", "it ends in time when its input is closed within a request";
    NoJson = "no-json", "it ends with another exit code when it is sent something that is no JSON";
    NoExtension = "no-extension", "it says nothing of the type Kaiwa unless KAIWA_BACKEND is 1";
    Extension = "extension", "if KAIWA_BACKEND is 1, its hello comes right after the init info";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_explains_each_rule() {
        let manual = include_str!("../../../docs/writing-a-backend.md");
        let rows = manual.lines().filter_map(|line| line.strip_prefix("| `"));
        let explained: Vec<&str> = rows
            .filter_map(|row| row.split_once("` | "))
            .map(|(word, _)| word)
            .filter(|word| word.starts_with(char::is_lowercase))
            .collect();
        let words: Vec<&str> = Rule::ALL.iter().map(|rule| rule.word()).collect();
        assert_eq!(explained, words);
    }
}
