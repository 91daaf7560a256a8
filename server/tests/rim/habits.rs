//! What all endpoints have in common: token, envelope, status.

use kaiwa_protocols::rim::wire::Endpoint;
use serde_json::json;

use crate::client::{PASSWORD, Rest, person, register, sign_in};
use crate::common::Site;

fn login_required() -> serde_json::Value {
    json!({ "ok": false, "code": 401, "msg": "login required", "data": null })
}

#[tokio::test]
async fn a_token_is_needed() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    let never = uuid::Uuid::new_v4();
    let headers = [
        None,
        Some(String::new()),
        Some(ann.token.clone()),
        Some("Bearer".to_owned()),
        Some(format!("Bearer  {}", ann.token)),
        Some(format!("Bearer {} x", ann.token)),
        Some(format!("Bearer {}", ann.token.to_uppercase())),
        Some(format!("Bearer {never}")),
        Some("Bearer '".to_owned()),
        Some("Bearer ' OR 1=1 -- ".to_owned()),
        Some(format!("Bearer {}", "x".repeat(10_000))),
    ];
    for authorization in headers {
        let rest = Rest {
            authorization,
            ..Rest::new(&site)
        };
        for method in ["GET", "POST"] {
            for path in ["/user/get?uid=1", "/message/history", "/nowhere", ""] {
                let answer = rest.call(method, path, Some("{}")).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                assert_eq!(answer.json(), login_required(), "{answer:?}");
            }
        }
        for method in ["PUT", "OPTIONS", "DELETE", "PATCH"] {
            let answer = rest.call(method, "/user/get?uid=1", None).await;
            answer.invalid_request();
        }
    }
    for word in ["Bearer", "Foo"] {
        let rest = Rest {
            authorization: Some(format!("{word} {}", ann.token)),
            ..Rest::new(&site)
        };
        let answer = rest.get(&format!("/user/get?uid={}", ann.uid)).await;
        assert_eq!(answer.data()["id"], ann.uid);
    }
}

#[tokio::test]
async fn each_endpoint_wants_its_method_and_its_token() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    for endpoint in Endpoint::ALL {
        let (path, needs) = (endpoint.path(), endpoint.needs_token());
        let wrong = match endpoint.method() {
            "GET" => "POST",
            _ => "GET",
        };
        for method in [wrong, "PUT", "OPTIONS", "DELETE"] {
            let answer = ann.rest.call(method, path, Some("{}")).await;
            answer.invalid_request();
        }
        let answer = Rest::new(&site)
            .call(endpoint.method(), path, Some("{}"))
            .await;
        if needs {
            assert_eq!(answer.json(), login_required(), "{path}");
        } else {
            answer.page(422);
        }
    }
}

#[tokio::test]
async fn unknown_paths_and_parameters_that_cannot_be_read() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    for path in [
        "",
        "/",
        "/nowhere",
        "/user",
        "/user/get/",
        "/user/GET?uid=1",
        "/user/get",
        "/user/get?",
        "/user/get?id=1",
        "/user/get?uid",
        "/user/get?uid=",
        "/user/get?uid=-1",
        "/user/get?uid=1.0",
        "/user/get?uid=null",
        "/user/get?uid=18446744073709551616",
        "/user/token",
        "/user/search",
        "/friend/list",
        "/friend/list?status=256",
        "/friend/list?status=-1",
        "/group/get",
        "/group/get?uid=x",
        "/group/user/get",
        "/group/user/get?gid=%ff",
    ] {
        ann.get(path).await.invalid_request();
    }
}

#[tokio::test]
async fn bodies_that_are_no_requests() {
    let site = Site::start().await;
    let ann = person(&site, "ann").await;
    for endpoint in Endpoint::ALL {
        if endpoint.method() != "POST" {
            continue;
        }
        let path = endpoint.path();
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        for body in ["", "x", "{", "account=ann", "{\"a\":\"\\ud800", &deep] {
            ann.rest.post_text(path, body).await.page(400);
        }
        for body in ["{}", "5", "null", "true", "\"text\""] {
            ann.rest.post_text(path, body).await.page(422);
        }
    }
    let too_long = format!("{{\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    let answer = ann.rest.post_text("/friend/add", &too_long).await;
    answer.page(413);
    let exempt = Rest::new(&site).post_text("/user/login", &too_long).await;
    exempt.page(413);
    let filler = "x".repeat(1024 * 1024 - 20);
    let fits = format!("{{\"fid\":0,\"x\":\"{filler}\"}}");
    assert!(fits.len() <= 1024 * 1024);
    assert_eq!(
        ann.rest.post_text("/friend/add", &fits).await.failure().0,
        500
    );
}

#[tokio::test]
async fn the_exempt_paths_ignore_any_token() {
    let site = Site::start().await;
    let rest = Rest {
        authorization: Some("fixed bogus token".to_owned()),
        ..Rest::new(&site)
    };
    assert!(register(&rest, "ann").await.data().is_u64());
    let token = sign_in(&rest, "ann").await;
    assert_eq!(uuid::Uuid::parse_str(&token).unwrap().get_version_num(), 4);
    let login = json!({ "account": "ann", "password": PASSWORD, "extra": [{}] });
    rest.post("/user/login", login).await.data();
}

#[tokio::test]
async fn the_originals_addresses() {
    let site = Site::with(|config| {
        config.rim_rest_listen = Some(([127, 0, 0, 1], 0).into());
        config.rim_ws_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let ann = person(&site, "ann").await;
    let rest = Rest {
        addr: site.server.rim_rest_addr().unwrap(),
        base: "/api",
        ..ann.rest.clone()
    };
    let path = format!("/user/get?uid={}", ann.uid);
    assert_eq!(rest.get(&path).await.data()["account"], "ann");
    let root = Rest {
        base: "",
        ..rest.clone()
    };
    let hello = root.get("/").await;
    assert_eq!((hello.status, hello.body.as_str()), (200, "hello rim"));
    assert!(hello.head.contains("content-type: text/plain"));
    root.call("PUT", "/", None).await.invalid_request();
    root.get(&path).await.invalid_request();
    root.get("/rim/api/user/get?uid=1").await.invalid_request();
    let stranger = Rest {
        authorization: None,
        ..root
    };
    assert_eq!(stranger.get("/").await.json(), login_required());

    let addr = site.server.rim_ws_addr().unwrap();
    for path in ["/", "/any/path?x=y"] {
        let mut live = crate::client::Live::open(addr, path, ann.uid).await;
        live.login(&ann.token).await;
        live.quiet().await;
    }
}
