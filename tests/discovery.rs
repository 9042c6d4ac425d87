//! From outside: what came is no feed, or names one; and what the history keeps of each poll.

#![expect(
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use serde_json::{Value, json};
use support::desk::Desk;
use support::http::{Reply, Server};

/// A JSON Feed of these items, published now.
fn feed(items: &[&str]) -> Reply {
    let items: Vec<Value> = items
        .iter()
        .map(|id| {
            json!({ "id": id, "title": format!("Acme says {id}"), "content_text": "Text.",
                    "url": format!("https://a.example/{id}"),
                    "date_published": jiff::Timestamp::now().to_string() })
        })
        .collect();
    let body =
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": items });
    Reply::ok(body.to_string()).header("Content-Type", "application/feed+json")
}

/// A page with this head.
fn page(head: &str) -> Reply {
    let html = format!(
        "<!doctype html><html><head><title>Daily</title>{head}</head><body><p>News.</p></body></html>"
    );
    Reply::ok(html).header("Content-Type", "text/html")
}

fn link(href: &str, title: &str) -> String {
    format!(
        "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"{href}\" title=\"{title}\">"
    )
}

fn desk(server: &Server, path: &str) -> Desk {
    Desk::new(&format!(
        "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[web]\nlisten = \"\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{}\"\n[[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
         [[receiver]]\nid = \"out\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n",
        server.url(path)
    ))
}

fn poll(desk: &Desk, code: i32) -> Value {
    let args = ["feeds", "poll", "wire", "--format", "json"];
    desk.run(&args).expect(code).json()
}

fn listed(desk: &Desk) -> Value {
    desk.run(&["feeds", "list"]).expect(0).rows().remove(0)
}

fn show(desk: &Desk) -> Value {
    let args = ["feeds", "show", "wire", "--format", "json"];
    desk.run(&args).expect(0).json()
}

fn paths(server: &Server) -> Vec<String> {
    server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect()
}

#[test]
fn a_log_in_page_for_a_while_costs_nothing() {
    let server = Server::start();
    server.set("/feed", feed(&["a", "b"]).header("ETag", "\"feed\""));
    let desk = desk(&server, "/feed");
    poll(&desk, 0);
    let log_in = "<html><title>Sign in</title><form><input type=password></form></html>";
    server.set("/feed", Reply::ok(log_in).header("ETag", "\"page\""));
    poll(&desk, 6);
    let row = listed(&desk);
    let error = row["last_error"].as_str().unwrap();
    assert!(
        error.contains("a log-in page, not a feed: the feed needs credentials"),
        "{error}"
    );
    assert_eq!(row["last_outcome"], "not_a_feed", "{row}");
    assert_eq!(
        (&row["entries"], &row["title"]),
        (&2.into(), &"Wire".into()),
        "{row}"
    );
    server.set("/feed", feed(&["b", "c"]).header("ETag", "\"feed2\""));
    let summary = poll(&desk, 0);
    assert_eq!(summary["entries"]["new"], 1, "{summary}");
    assert_eq!(summary["alerts"]["new"], 1, "{summary}");
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.text("if-none-match"))
        .collect();
    let own = Some("\"feed\"".to_owned());
    assert_eq!(
        sent,
        [None, own.clone(), own],
        "the page's ETag is sent to nobody"
    );
    assert!(listed(&desk)["last_error"].is_null());
}

#[test]
fn what_came_instead_is_named_in_words_that_help() {
    for (body, words) in [
        (
            "<html><title>Just a moment...</title></html>",
            "a challenge that only a browser can solve",
        ),
        (
            "<html><title>404 Not Found</title></html>",
            "a 404 in disguise",
        ),
        (
            "<html><title>x</title>This domain is for sale</html>",
            "a parked domain, not a feed: its owner",
        ),
        ("  \n ", "the document is empty"),
        (
            "{\"error\":{\"message\":\"rate limit reached\"}}",
            "“rate limit reached”",
        ),
        ("{\"status\":\"ok\"}", "JSON that is not a JSON Feed"),
    ] {
        let server = Server::start();
        server.set("/feed", Reply::ok(body));
        let desk = desk(&server, "/feed");
        poll(&desk, 6);
        let row = listed(&desk);
        assert!(row["last_error"].as_str().unwrap().contains(words), "{row}");
        assert_eq!(row["last_outcome"], "not_a_feed", "{row}");
        assert_eq!(row["candidates"], json!([]), "{row}");
    }
}

#[test]
fn a_page_with_one_feed_is_offered_and_never_taken() {
    let server = Server::start();
    let head = link("/rss", "Daily") + &link("/comments/rss", "Comments on Daily");
    server.set("/", page(&head));
    let desk = desk(&server, "/");
    poll(&desk, 6);
    poll(&desk, 6);
    let row = listed(&desk);
    let offer = format!("write `url = \"{}\"`", server.url("/rss"));
    assert!(
        row["last_error"].as_str().unwrap().contains(&offer),
        "{row}"
    );
    assert_eq!(row["candidates"][0]["url"], server.url("/rss"), "{row}");
    assert_eq!(show(&desk)["candidates"].as_array().unwrap().len(), 2);
    let human = desk
        .run(&["feeds", "show", "wire", "--format", "human"])
        .expect(0);
    assert!(human.out.contains(&offer), "{}", human.out);
    assert_eq!(paths(&server), ["/", "/"], "nothing else is asked for");
    server.set("/", feed(&["a"]));
    poll(&desk, 0);
    assert_eq!(listed(&desk)["candidates"], json!([]));
}

#[test]
fn a_page_is_searched_in_its_head_only_and_comments_come_last() {
    let server = Server::start();
    let head = format!(
        "<base href=\"/blog/\"><base href=\"/no/\"><noscript><img src=\"x\"></noscript>{}{}{}{}\
         <link rel=\"alternate\" type=\"application/json\" href=\"/wp-json/wp/v2/pages/2\">\
         <link rel=\"alternate stylesheet\" type=\"text/css\" href=\"x.css\">\
         </head><body>{}",
        link("comments/feed", "Comments"),
        link("rss.xml", "News"),
        link("atom.xml", "More news").replace("alternate", "ALTERNATE nofollow"),
        link("rss.xml", "News again"),
        link("/spam.xml", "Spam"),
    );
    server.set("/", page(&head));
    let desk = desk(&server, "/feed");
    let found = desk
        .run(&["feeds", "discover", &server.url("/")])
        .expect(0)
        .rows();
    let urls: Vec<_> = found
        .iter()
        .map(|feed| feed["url"].as_str().unwrap())
        .collect();
    let expected = ["/blog/rss.xml", "/blog/atom.xml", "/blog/comments/feed"];
    assert_eq!(urls, expected.map(|path| server.url(path)));
    assert_eq!(paths(&server), ["/"]);

    let several = desk.run(&["feeds", "add", &server.url("/")]).expect(1);
    assert!(
        several.err.contains("/blog/rss.xml") && several.err.contains("/blog/atom.xml"),
        "{several:?}"
    );
    assert_eq!(paths(&server), ["/", "/"]);
    assert_eq!(desk.run(&["feeds", "list"]).expect(0).rows().len(), 1);
}

#[test]
fn adding_a_page_adds_the_one_feed_it_names() {
    let server = Server::start();
    server.set(
        "/",
        page(&(link("/comments/rss", "Comments") + &link("/rss", "Daily"))),
    );
    server.set("/rss", feed(&["a"]));
    let desk = desk(&server, "/feed");
    let added = desk
        .run(&[
            "feeds",
            "add",
            &server.url("/"),
            "--id",
            "daily",
            "--format",
            "json",
        ])
        .expect(0)
        .json();
    let (feed_url, page_url) = (server.url("/rss"), server.url("/"));
    assert_eq!(
        added,
        json!({ "added": "daily", "url": feed_url, "page": page_url })
    );
    assert_eq!(
        paths(&server),
        ["/", "/rss"],
        "one more request, and no guess"
    );
    let rows = desk.run(&["feeds", "list"]).expect(0).rows();
    let row = rows.iter().find(|row| row["id"] == "daily").unwrap();
    assert_eq!(
        (&row["url"], &row["origin"]),
        (&feed_url.into(), &"api".into())
    );
}

#[test]
fn what_is_no_feed_is_not_added_and_what_cannot_be_reached_is() {
    let server = Server::start();
    server.set("/page", page(""));
    server.set("/down", Reply::status(503));
    server.set("/rss", feed(&["a"]));
    let desk = desk(&server, "/feed");
    let refused = desk.run(&["feeds", "add", &server.url("/page")]).expect(1);
    assert!(
        refused.err.contains("is not added: this is an HTML page"),
        "{refused:?}"
    );
    let later = desk
        .run(&["feeds", "add", &server.url("/down"), "--id", "down"])
        .expect(0);
    assert!(later.err.contains("503"), "{later:?}");
    desk.run(&["feeds", "add", &server.url("/rss"), "--id", "rss"])
        .expect(0);
    let asked = server.requests().len();
    desk.run(&[
        "feeds",
        "add",
        &server.url("/page"),
        "--id",
        "page",
        "--unchecked",
    ])
    .expect(0);
    assert_eq!(
        server.requests().len(),
        asked,
        "it was added without a look"
    );
    let twice = desk
        .run(&["feeds", "add", &server.url("/rss"), "--id", "rss"])
        .expect(1);
    assert!(twice.err.contains("there already"), "{twice:?}");
}

#[test]
fn a_feed_that_shows_nothing_any_more_becomes_suspicious_and_loses_nothing() {
    let server = Server::start();
    server.set("/feed", feed(&["a", "b"]));
    let desk = desk(&server, "/feed");
    poll(&desk, 0);
    server.set("/feed", feed(&[]));
    for number in 1..=3 {
        poll(&desk, 0);
        let row = listed(&desk);
        let note = row["last_note"].as_str().unwrap_or_default();
        assert_eq!(
            note.contains("brought no entry, though 2 are stored"),
            number == 3,
            "{row}"
        );
        assert_eq!(row["entries"], 2, "{row}");
    }
}

#[test]
fn a_feed_that_says_it_has_ended_is_taken_at_its_word_slowly() {
    let server = Server::start();
    let body = json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Wire", "expired": true,
        "items": [{ "id": "last", "title": "Acme says goodbye", "content_text": "Text.",
                    "date_published": jiff::Timestamp::now().to_string() }] });
    server.set("/feed", Reply::ok(body.to_string()));
    let desk = desk(&server, "/feed");
    let summary = poll(&desk, 6);
    assert_eq!(
        summary["entries"]["new"], 1,
        "its last word is kept: {summary}"
    );
    let row = listed(&desk);
    assert_eq!(
        (&row["last_outcome"], &row["health"]),
        (&"gone".into(), &"failing".into()),
        "{row}"
    );
    assert!(
        row["last_error"].as_str().unwrap().contains("expired"),
        "{row}"
    );
}

#[test]
fn each_poll_leaves_what_it_was() {
    let server = Server::start();
    server.set("/feed", Reply::redirect(302, "/here"));
    server.on("/here", |request| {
        if request.header("if-none-match").is_some() {
            return Reply::status(304);
        }
        feed(&["a"]).header("ETag", "\"1\"").gzip()
    });
    let desk = desk(&server, "/feed");
    poll(&desk, 0);
    poll(&desk, 0);
    let shown = show(&desk);
    let [last, first] = &shown["polls"].as_array().unwrap()[..] else {
        panic!("{shown}")
    };
    assert_eq!(
        (&first["outcome"], &last["outcome"]),
        (&"ok_new".into(), &"not_modified".into())
    );
    assert_eq!(
        (&first["status"], &last["status"]),
        (&200.into(), &304.into())
    );
    assert_eq!(
        (&first["conditional"], &last["conditional"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&first["format"], &last["format"]),
        (&"json".into(), &Value::Null)
    );
    assert_eq!((&first["new"], &last["new"]), (&1.into(), &0.into()));
    for poll in [first, last] {
        assert_eq!(poll["final_url"], server.url("/here"), "{poll}");
        assert!(
            poll["next_poll"].is_string() && poll["why_then"].is_string(),
            "{poll}"
        );
    }
    let size = |key: &str| first[key].as_u64().unwrap();
    assert!(
        size("wire_bytes") > 0 && size("body_bytes") > size("wire_bytes"),
        "{first}"
    );
    let row = listed(&desk);
    assert_eq!(row["last_status"], 304, "{row}");
    assert_eq!(row["last_outcome"], "not_modified", "{row}");
    assert_eq!(row["last_final_url"], server.url("/here"), "{row}");
    let human = desk
        .run(&["feeds", "show", "wire", "--format", "human"])
        .expect(0)
        .out;
    assert!(
        human.contains("WHY THEN") && human.contains("at http://"),
        "{human}"
    );
}
