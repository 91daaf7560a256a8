//! What is said and heard.

use crate::client::join;
use crate::common::Site;

#[tokio::test]
async fn a_message_said_and_heard() {
    let site = Site::start().await;
    let mut ann = join(&site, "ann").await;
    let mut bob = join(&site, "bob").await;
    ann.hears("1\tT\t2\tbob\tinherit\t1|0|0|1|1\tN").await;
    ann.say("hello").await;
    for person in [&mut ann, &mut bob] {
        person.hears("2\tT\t1\thello\t1\t10010").await;
    }
    ann.send("0\t1").await;
    ann.hears("0\tpong").await;
    bob.quiet().await;
    let _ = bob.client.ws.close(None).await;
    ann.hears("3\t2\tbob\tleave\tT\tN").await;
}
