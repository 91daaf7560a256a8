//! How much is taken: of one file, of one person, at a time, and how often.

use crate::client::{arriving, get, hear, kept, person, site};
use crate::common::{bounded, until};

#[tokio::test]
async fn a_file_over_the_limit_is_not_kept_whatever_it_says() {
    let site = site(|config| config.oshi_max_file_bytes = 100_000).await;
    let ann = person(&site, "ann").await;
    let bytes = vec![7; 100_001];
    assert_eq!(ann.upload("x", "text/plain", &bytes[1..]).await.status, 201);
    assert_eq!(ann.upload_chunked(&[&bytes[1..]]).await.status, 201);
    // It is refused before it comes, and while it comes; whoever writes all of it first learns why.
    let much = vec![7; 5_000_000];
    for answer in [
        ann.upload("x", "text/plain", &bytes).await,
        ann.upload("x", "text/plain", &much).await,
        ann.upload_chunked(&[&bytes]).await,
        ann.upload_chunked(&[&bytes[1..], b"x"]).await,
        ann.upload_chunked(&vec![&much[..1000]; 5_000]).await,
    ] {
        assert!(answer.refused(413).contains("100000"), "{answer:?}");
    }
    // Without its bytes.
    let stream = ann.open(usize::MAX >> 1, b"").await;
    assert!(bounded(hear(stream)).await.refused(413).contains("100000"));
    until(|| arriving(&site.dir).is_empty()).await;
    assert_eq!(kept(&site.dir).len(), 2);
}

#[tokio::test]
async fn a_person_has_so_much() {
    let site = site(|config| config.oshi_user_file_bytes = 10_000).await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    assert_eq!(ann.upload("x", "text/plain", &[7; 5_000]).await.status, 201);
    let more = [7; 5_001];
    for answer in [
        ann.upload("x", "text/plain", &more).await,
        ann.upload_chunked(&[&more]).await,
    ] {
        assert!(
            answer.refused(507).contains("5000 bytes of the 10000"),
            "{answer:?}"
        );
    }
    assert_eq!(bob.upload("x", "text/plain", &more).await.status, 201);
    // A small one takes its place on disk as well.
    assert_eq!(ann.upload("x", "text/plain", b"x").await.status, 201);
    assert!(
        ann.upload("x", "text/plain", &[7; 1_000])
            .await
            .refused(507)
            .contains("9096")
    );
    assert_eq!((kept(&site.dir).len(), arriving(&site.dir).len()), (3, 0));
}

#[tokio::test]
async fn what_comes_at_the_same_time_counts() {
    let site = site(|config| config.oshi_user_file_bytes = 10_000).await;
    let ann = person(&site, "ann").await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(ann.open(5_000, &[7; 4_999]).await);
    }
    until(|| arriving(&site.dir).len() == 4).await;
    let mut statuses = Vec::new();
    for mut stream in open {
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"7")
            .await
            .unwrap();
        statuses.push(hear(stream).await.status);
    }
    assert_eq!(statuses, [201, 201, 507, 507]);
    assert_eq!((kept(&site.dir).len(), arriving(&site.dir).len()), (2, 0));
}

#[tokio::test]
async fn so_many_uploads_at_a_time() {
    let site = site(|_| {}).await;
    let mut people = Vec::new();
    for number in 0..17 {
        people.push(person(&site, &format!("person{number}")).await);
    }
    let last = people.pop().unwrap();
    // So much that they are waited for as long as anything here.
    let (half, mut open) = (vec![7; 500_000], Vec::new());
    for person in &people {
        for _ in 0..4 {
            open.push(person.open(1_000_000, &half).await);
        }
    }
    until(|| arriving(&site.dir).len() == 64).await;
    for _ in 0..10 {
        for (person, status) in [(&people[0], 429), (&last, 503)] {
            let answer = person.upload("x", "text/plain", b"x").await;
            answer.refused(status);
            assert_eq!(answer.header("retry-after"), Some("5"));
        }
    }
    assert_eq!(arriving(&site.dir).len(), 64);
    // Nothing that is there waits for them.
    assert_eq!(get(site.addr(), "/oshi/files/x/y", &[]).await.status, 404);
    drop(open);
    until(|| arriving(&site.dir).is_empty()).await;
    for person in people.iter().chain([&last]) {
        assert_eq!(person.upload("x", "text/plain", b"x").await.status, 201);
    }
}

#[tokio::test]
async fn so_often() {
    let site = site(|config| {
        config.oshi_rate_count = 3;
        config.oshi_rate_ms = 3_600_000;
    })
    .await;
    let (ann, bob) = (person(&site, "ann").await, person(&site, "bob").await);
    for _ in 0..3 {
        assert_eq!(ann.upload("x", "text/plain", b"x").await.status, 201);
    }
    for _ in 0..10 {
        let answer = ann.upload("x", "text/plain", b"x").await;
        answer.refused(429);
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=1200).contains(&wait), "{wait}");
    }
    assert_eq!(bob.upload("x", "text/plain", b"x").await.status, 201);
}
