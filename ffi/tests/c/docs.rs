//! Every block of C in docs/c-api.md compiles. One that begins with `#include` is a whole program; any other stands in a function
//! that has a client, an account, a draft and an event.

use std::process::Command;

use crate::build::{STRICT, here, include, out, succeeds};

const AROUND: [&str; 2] = [
    "#include <kaiwa.h>\n#include <poll.h>\n#include <stdio.h>\n\
     void part(kaiwa_client *client, kaiwa_account *account, kaiwa_draft *draft, const kaiwa_event *event);\n\
     void part(kaiwa_client *client, kaiwa_account *account, kaiwa_draft *draft, const kaiwa_event *event) {\n\
     (void)client; (void)account; (void)draft; (void)event;\n",
    "\n}\n",
];

#[test]
fn the_code_in_the_documentation_compiles() {
    let page = std::fs::read_to_string(here().join("../docs/c-api.md")).unwrap();
    let blocks = page
        .split("```c\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut compiled = 0;
    for (number, block) in blocks.enumerate() {
        let [before, after] = AROUND;
        let source = match block.starts_with("#include") {
            true => block.to_owned(),
            false => [before, block, after].concat(),
        };
        let path = out().join(format!("docs{number}.c"));
        std::fs::write(&path, source).unwrap();
        let mut cc = Command::new("cc");
        cc.args(["-std=c11", "-fsyntax-only", "-I"]).arg(include());
        succeeds(cc.args(STRICT).arg(path));
        compiled += 1;
    }
    assert!(compiled > 5, "only {compiled} blocks were found");
}
