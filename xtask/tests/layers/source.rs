//! Reads a Rust file as far as the rules need it: the paths and names that its code uses, outside its tests.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Something in a file, and its line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) line: usize,
    pub(crate) what: T,
}

/// What a file uses. Tests (`#[cfg(test)]` items, `tests` modules and folders) count only for `unsafe`.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// From the workspace's root, with slashes.
    pub(crate) name: String,
    /// Whole paths, `use` trees taken apart: `["tokio", "net", "TcpStream"]`.
    pub(crate) paths: Vec<At<Vec<String>>>,
    /// Identifiers and the words of strings; comments are prose and may give examples.
    pub(crate) words: Vec<At<String>>,
    /// Lines with the keyword `unsafe`, or where the lint against it is silenced.
    pub(crate) unsafe_lines: Vec<usize>,
    /// Whether the file begins with `#![forbid(unsafe_code)]`, or `deny`.
    pub(crate) refuses_unsafe: bool,
}

impl Source {
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut source = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        source.find_unsafe(tokens.clone());
        if !source.is_test() {
            source.walk(&outside_tests(tokens));
        }
        source
    }

    /// Whether the whole file is a test.
    fn is_test(&self) -> bool {
        self.name
            .split('/')
            .any(|part| ["tests", "tests.rs"].contains(&part))
    }

    fn find_unsafe(&mut self, tokens: TokenStream) {
        let mut level = String::new();
        for token in tokens {
            match &token {
                TokenTree::Ident(ident) => {
                    level = ident.to_string();
                    if level == "unsafe" {
                        self.unsafe_lines.push(line(&token));
                    }
                }
                TokenTree::Group(group) => {
                    let is_about_it = group.stream().into_iter().any(
                        |inner| matches!(inner, TokenTree::Ident(lint) if lint == "unsafe_code"),
                    );
                    if is_about_it {
                        match level.as_str() {
                            "forbid" | "deny" => self.refuses_unsafe = true,
                            _ => self.unsafe_lines.push(line(&token)),
                        }
                    }
                    self.find_unsafe(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn walk(&mut self, tokens: &[TokenTree]) {
        let mut rest = tokens;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            match first {
                TokenTree::Group(group) => self.walk(&outside_tests(group.stream())),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                        self.words.push(At {
                            line: line(first),
                            what: word.to_owned(),
                        });
                    }
                }
                TokenTree::Ident(ident) if *ident == "use" && !is_punct(after.first(), '<') => {
                    let end = after.iter().position(|token| is_punct(Some(token), ';'));
                    let (tree, others) = after.split_at(end.unwrap_or(after.len()));
                    self.use_tree(&[], tree);
                    rest = others;
                }
                TokenTree::Ident(_) => rest = self.path(first, after),
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Takes a path from where it begins; gives what follows.
    fn path<'a>(&mut self, first: &TokenTree, after: &'a [TokenTree]) -> &'a [TokenTree] {
        let mut segments = vec![self.word(first)];
        let mut rest = after;
        while let [colon, second, name @ TokenTree::Ident(_), others @ ..] = rest {
            if !is_punct(Some(colon), ':') || !is_punct(Some(second), ':') {
                break;
            }
            segments.push(self.word(name));
            rest = others;
        }
        self.paths.push(At {
            line: line(first),
            what: segments,
        });
        rest
    }

    /// Takes a `use` tree apart.
    fn use_tree(&mut self, prefix: &[String], tree: &[TokenTree]) {
        let mut path = prefix.to_vec();
        let mut ended = false;
        for token in tree {
            match token {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in inner.split(|token| is_punct(Some(token), ',')) {
                        if !branch.is_empty() {
                            self.use_tree(&path, branch);
                        }
                    }
                    ended = true;
                }
                TokenTree::Ident(ident) if *ident == "as" => break,
                TokenTree::Ident(_) => path.push(self.word(token)),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let (false, Some(first)) = (ended, tree.first()) {
            if let [_] = path.as_slice() {
                // `use tokio as t` brings all of it.
                path.push("self".to_owned());
            }
            self.paths.push(At {
                line: line(first),
                what: path,
            });
        }
    }

    fn word(&mut self, ident: &TokenTree) -> String {
        let word = ident.to_string().trim_start_matches("r#").to_owned();
        self.words.push(At {
            line: line(ident),
            what: word.clone(),
        });
        word
    }
}

/// The parts of an identifier in lower case: `max_FrameBytes` has `max`, `frame`, `bytes`.
pub(crate) fn parts(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    for c in word.chars() {
        if c == '_' || (c.is_uppercase() && after_lower) {
            parts.push(String::new());
        }
        after_lower = c.is_lowercase() || c.is_numeric();
        if let (Some(part), true) = (parts.last_mut(), c != '_') {
            part.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The tokens without documentation and without items that are compiled for tests only.
fn outside_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut rest = tokens.as_slice();
    loop {
        rest = match rest {
            // `//!` is `#![doc = "…"]`, `///` is the same without the exclamation mark.
            [hash, bang, TokenTree::Group(attribute), after @ ..]
                if is_punct(Some(hash), '#')
                    && is_punct(Some(bang), '!')
                    && begins(attribute.stream(), "doc") =>
            {
                after
            }
            [hash, TokenTree::Group(attribute), after @ ..]
                if is_punct(Some(hash), '#') && begins(attribute.stream(), "doc") =>
            {
                after
            }
            [hash, TokenTree::Group(attribute), after @ ..]
                if is_punct(Some(hash), '#') && is_for_tests(attribute.stream()) =>
            {
                after_item(after)
            }
            [first, after @ ..] => {
                kept.push(first.clone());
                after
            }
            [] => return kept,
        };
    }
}

fn begins(attribute: TokenStream, name: &str) -> bool {
    let first = attribute.into_iter().next();
    matches!(first, Some(TokenTree::Ident(first)) if first == name)
}

/// `cfg(test)`, also among others; what is `not(test)` is for the program.
fn is_for_tests(attribute: TokenStream) -> bool {
    begins(attribute.clone(), "cfg") && holds(attribute.clone(), "test") && !holds(attribute, "not")
}

/// What follows an item: the item ends with its braces or a semicolon, a field with a comma.
fn after_item(tokens: &[TokenTree]) -> &[TokenTree] {
    const ITEMS: [&str; 14] = [
        "pub", "use", "mod", "fn", "struct", "enum", "impl", "trait", "const", "static", "type",
        "async", "extern", "unsafe",
    ];
    let mut is_item = false;
    let mut is_use = false;
    for (at, token) in tokens.iter().enumerate() {
        let ends = match token {
            TokenTree::Ident(ident) => {
                is_item |= ITEMS.iter().any(|word| ident == word);
                is_use |= *ident == "use";
                false
            }
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_use,
            TokenTree::Punct(punct) => {
                punct.as_char() == ';' || (punct.as_char() == ',' && !is_item)
            }
            TokenTree::Literal(_) => false,
        };
        if ends {
            return &tokens[at + 1..];
        }
    }
    &[]
}

/// Whether an identifier is in there, at any depth.
fn holds(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => holds(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

#[test]
fn paths_are_read_from_every_place() {
    let text = "use a::{b::C, d as e, f::*};\nuse g as t;\nfn x() -> impl Fn() + use<> { h::i(); j!(k::l); }\n\
        #[m::n]\nstruct O(p::Q<r::S>);\n";
    let paths: Vec<String> = Source::read("x.rs", text)
        .paths
        .iter()
        .map(|at| at.what.join("::"))
        .collect();
    for wanted in [
        "a::b::C", "a::d", "a::f", "g::self", "h::i", "k::l", "m::n", "p::Q", "r::S",
    ] {
        assert!(
            paths.iter().any(|path| path == wanted),
            "{wanted} is not in {paths:?}"
        );
    }
}

#[test]
fn tests_and_documentation_are_left_out() {
    let text = "//! alpha\n/// alpha::beta\n#[cfg(test)]\nuse gamma::{delta};\n#[cfg(all(test, unix))]\nmod tests { use epsilon::x; }\n\
        struct S { #[cfg(test)] zeta: Vec<u8>, eta: u8 }\n#[cfg(not(test))]\nfn theta() {}\nconst A: &str = \"iota-kappa\";\n";
    let source = Source::read("x.rs", text);
    let has = |word: &str| source.words.iter().any(|at| at.what == word);
    for out in ["alpha", "gamma", "delta", "epsilon", "zeta"] {
        assert!(!has(out), "{out}");
    }
    for kept in ["eta", "theta", "iota", "kappa"] {
        assert!(has(kept), "{kept}");
    }
    assert_eq!(Source::read("a/src/b/tests.rs", text).words, []);
}

#[test]
fn unsafe_is_seen_in_tests_too() {
    let text = "#![forbid(unsafe_code)]\n#[cfg(test)]\nmod tests {\n fn f() { unsafe { g() } } // unsafe\n}\n\
        #[allow(unsafe_code)]\nfn h() { \"unsafe\" }\n";
    let source = Source::read("x/tests/y.rs", text);
    assert!(source.refuses_unsafe);
    assert_eq!(source.unsafe_lines, [4, 6]);
}
