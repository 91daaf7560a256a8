//! Every function of the header, called with arguments that make no sense. The calls are made from the header, so that a new
//! function is among them.

use std::process::Command;

use crate::build::{self, include, succeeds};

/// A function as the header declares it.
struct Function {
    returns: String,
    name: String,
    /// The types.
    arguments: Vec<String>,
}

/// What a program calls; `%` is where its handles are made.
const PROGRAM: &str = "#include <kaiwa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *place;
static kaiwa_client *a_kaiwa_client;
static kaiwa_account *a_kaiwa_account;
static kaiwa_draft *a_kaiwa_draft;

static void gives(const char *call, kaiwa_status expected, const char *words, kaiwa_status got) {
  const kaiwa_error *error = kaiwa_last_error();
  if (got == expected && error->status == expected && strstr(error->message.data, words)) return;
  fprintf(stderr, \"%s gave %d: %s\\n\", call, (int)got, error->message.data);
  exit(1);
}

static void with_nothing(void) {
NOTHING}

static void with_other_kinds(void) {
OTHERS}

static void in_a_child(void) {
CHILD}

int main(void) {
  with_nothing();
  if (kaiwa_client_new(NULL, &a_kaiwa_client) || kaiwa_draft_new(&a_kaiwa_draft) ||
      kaiwa_account_new(a_kaiwa_client, KAIWA_STR(\"mock\"), NULL, 0, &a_kaiwa_account))
    return 2;
  with_other_kinds();
  pid_t child = fork();
  if (child == 0) {
    in_a_child();
    exit(0); /* with all that is registered for the end of a process */
  }
  int status = 1;
  if (waitpid(child, &status, 0) != child || status != 0) return 3;
  /* What was refused has done nothing to them. */
  if (kaiwa_account_connect(a_kaiwa_account) || kaiwa_draft_text(a_kaiwa_draft, KAIWA_STR(\"x\")) ||
      kaiwa_account_send_draft(a_kaiwa_account, KAIWA_NONE, a_kaiwa_draft, NULL))
    return 4;
  kaiwa_draft_free(a_kaiwa_draft);
  kaiwa_account_free(a_kaiwa_account);
  kaiwa_client_free(a_kaiwa_client);
  return 0;
}
";

const HANDLES: [&str; 3] = ["kaiwa_client", "kaiwa_account", "kaiwa_draft"];

#[test]
fn every_function_survives_arguments_that_make_no_sense() {
    let functions = functions();
    assert!(functions.len() > 50, "only {} were found", functions.len());
    let calls = |which: fn(&Function) -> Vec<String>| -> String {
        functions.iter().flat_map(which).collect()
    };
    let source = build::out().join("every.c");
    let program = PROGRAM
        .replace("NOTHING", &calls(Function::with_nothing))
        .replace("OTHERS", &calls(Function::with_other_kinds))
        .replace("CHILD", &calls(Function::in_a_child));
    std::fs::write(&source, program).unwrap();
    let program = build::program(&source, "every");
    succeeds(&mut build::limited(&program));
}

impl Function {
    /// NULL, 0 and no string for everything: refused but where that is a request.
    fn with_nothing(&self) -> Vec<String> {
        let call = self.call(|_, kind| format!("({kind}){{0}}"));
        vec![match (self.returns.as_str(), self.name.as_str()) {
            // Nobody wants the log.
            ("kaiwa_status", "kaiwa_set_log_handler") => format!("  if ({call}) exit(5);\n"),
            ("kaiwa_status", _) => self.gives(&call, "KAIWA_ERR_INVALID", ""),
            _ => format!("  {call};\n"),
        }]
    }

    /// A handle of another kind.
    fn with_other_kinds(&self) -> Vec<String> {
        let Some(own) = self.handle() else {
            return Vec::new();
        };
        let others = HANDLES.into_iter().filter(|other| *other != own);
        let call = |other| self.call(|at, kind| argument(at, kind, other));
        others
            .map(|other| match self.returns.as_str() {
                "kaiwa_status" => self.gives(&call(other), "KAIWA_ERR_INVALID", "another kind"),
                _ => format!("  {};\n", call(other)),
            })
            .collect()
    }

    /// A handle of the parent's.
    fn in_a_child(&self) -> Vec<String> {
        let Some(own) = self.handle() else {
            return Vec::new();
        };
        let call = self.call(|at, kind| argument(at, kind, own));
        vec![match self.returns.as_str() {
            "kaiwa_status" => self.gives(&call, "KAIWA_ERR_STATE", "parent"),
            _ => format!("  {call};\n"),
        }]
    }

    /// The kind of handle that it takes first.
    fn handle(&self) -> Option<&'static str> {
        let first = self.arguments.first()?;
        let kind = first.trim_start_matches("const ").strip_suffix(" *")?;
        HANDLES.into_iter().find(|handle| *handle == kind)
    }

    fn call(&self, argument: impl Fn(usize, &str) -> String) -> String {
        let given = self.arguments.iter().enumerate();
        let given: Vec<String> = given.map(|(at, kind)| argument(at, kind)).collect();
        format!("{}({})", self.name, given.join(", "))
    }

    fn gives(&self, call: &str, status: &str, words: &str) -> String {
        let name = &self.name;
        format!("  gives(\"{name}\", {status}, \"{words}\", {call});\n")
    }
}

/// The handle for the first, a place for a pointer, nothing for the others.
fn argument(at: usize, kind: &str, handle: &str) -> String {
    match at {
        0 => format!("({kind})a_{handle}"),
        _ if kind.ends_with("**") => format!("({kind})&place"),
        _ => format!("({kind}){{0}}"),
    }
}

/// What the header declares, without comments and macros.
fn functions() -> Vec<Function> {
    let header = std::fs::read_to_string(include().join("kaiwa.h")).unwrap();
    let bare: Vec<&str> = header
        .lines()
        .filter(|line| !line.starts_with("#include"))
        .collect();
    let path = build::out().join("every.h");
    std::fs::write(&path, bare.join("\n")).unwrap();
    let plain = succeeds(Command::new("cc").args(["-E", "-P", "-x", "c"]).arg(path));
    let plain = String::from_utf8(plain.stdout).unwrap();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    words.split(';').filter_map(function).collect()
}

fn function(declared: &str) -> Option<Function> {
    let declared = declared.trim();
    let (before, arguments) = declared.strip_suffix(')')?.split_once('(')?;
    if declared.starts_with("typedef") {
        return None;
    }
    let (returns, name) = before.split_at(before.find("kaiwa_").and_then(|_| {
        let at = before.rfind([' ', '*'])?;
        Some(at + 1)
    })?);
    let arguments = arguments.split(',').map(str::trim);
    let arguments = arguments.filter(|argument| *argument != "void");
    let kind = |argument: &str| {
        let end = argument.rfind([' ', '*']).map_or(0, |at| at + 1);
        argument.split_at(end).0.trim().to_owned()
    };
    Some(Function {
        returns: returns.trim().to_owned(),
        name: name.to_owned(),
        arguments: arguments.map(kind).collect(),
    })
}
