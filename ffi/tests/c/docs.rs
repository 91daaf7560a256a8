//! Every block of code in docs/c-api.md compiles. In C, one that begins with `#include` is a whole program; any other stands in a function
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
    // What stands between every other pair of fences; the language comes first.
    let blocks = page.split("\n```").skip(1).step_by(2);
    let mut compiled = 0;
    for (number, block) in blocks.enumerate() {
        let (language, code) = block.split_once('\n').unwrap();
        let [before, after] = AROUND;
        let (compiler, standard, source) = match language {
            "c" if code.starts_with("#include") => ("cc", "-std=c11", code.to_owned()),
            "c" => ("cc", "-std=c11", [before, code, after].concat()),
            "cpp" => ("c++", "-std=c++17", code.to_owned()),
            other => panic!("nothing compiles the blocks of `{other}`"),
        };
        let path = out().join(format!("docs{number}.{language}"));
        std::fs::write(&path, source).unwrap();
        let mut cc = Command::new(compiler);
        cc.args([standard, "-fsyntax-only", "-I"]).arg(include());
        succeeds(cc.args(STRICT).arg(path));
        compiled += 1;
    }
    assert!(compiled > 10, "only {compiled} blocks were found");
}
