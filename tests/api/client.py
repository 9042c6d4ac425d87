"""A client made from the served description, used as a script would: rules, feeds, entries, alerts; then a feed reader on what is put out.

    python client.py URL CLIENT     CLIENT: the folder that openapi-python-client made, as a package
"""

import importlib
import pathlib
import sys
import time

import feedparser
import httpx

url, made = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, str(made.parent))
package = importlib.import_module(made.name)
models = importlib.import_module(f"{made.name}.models")
client = package.Client(base_url=url, raise_on_unexpected_status=True)


def call(name, *given, **named):
    """What an operation answers; a problem is one of ours, with its status."""
    told = importlib.import_module(f"{made.name}.api.default.{name}").sync_detailed(*given, client=client, **named)
    return told.status_code, told.parsed


def expect(seen, wanted, what):
    assert seen == wanted, f"{what}: {seen!r}, not {wanted!r}"
    print("ok ", what)


def use():
    """The client, on all that changes and on all that is listed."""
    end = time.monotonic() + 60
    while not (alerts := call("list_alerts")[1].items) and time.monotonic() < end:
        time.sleep(0.2)
    alert = alerts[0]
    expect((alert.rule, alert.title), ("acme", "Acme & 한화 sign"), "an alert is listed")
    status, whole = call("get_alert", str(alert.id))
    expect((status, whole.additional_properties["row"]["id"]), (200, alert.id), "an alert is had")
    expect(call("acknowledge_alert", str(alert.id))[0], 200, "an alert is acknowledged")
    expect(call("mark_alert", str(alert.id), body=models.MarkAlertBody(mark=models.MarkAlertBodyMark.USEFUL))[0], 200, "an alert is marked")

    _, found = call("search_entries", q="Acme", limit=5)
    expect([entry.title for entry in found.items], [alert.title], "entries are searched")
    expect(call("get_entry", found.items[0].id)[1].id, found.items[0].id, "an entry is had")
    _, why = call("explain_entry", found.items[0].id, rule="acme")
    expect(why.additional_properties["matches"], True, "an entry is explained")
    status, problem = call("search_entries", q="(")
    expect((status, problem.status, bool(problem.errors)), (422, 422, True), "a wrong query is a problem with its place")

    body = models.PutRuleBody(query="sign*", title="Signed", severity=models.PutRuleBodySeverity.HIGH, receivers=["file"])
    expect(call("put_rule", "made", body=body)[0], 201, "a rule is saved")
    status, rule = call("put_rule", "made", body=body)
    expect((status, rule.query, rule.severity.value), (200, "sign*", "high"), "saved again it is the same")
    assert "made" in [rule.id for rule in call("list_rules")[1].items]
    _, route = call("route_rule", "made")
    expect([row.additional_properties["receiver"] for row in route.items], ["file"], "it says where an alert would go")
    expect(call("delete_rule", "made")[0], 200, "a rule is deleted")
    expect(call("get_rule", "made")[0], 404, "a rule that is gone is not found")

    status, feed = call("add_feed", body=models.AddFeedBody(url="http://127.0.0.1:9/feed", id="added", tags=["wire"]))
    expect((status, feed.id, feed.tags), (201, "added", ["wire"]), "a feed is added")
    expect(sorted(feed.id for feed in call("list_feeds")[1].items), ["acme", "added"], "feeds are listed")
    expect(call("delete_feed", "added")[0], 200, "a feed is let go")
    for name in ("list_stories", "list_entities", "list_receivers", "list_silences", "list_held", "list_waiting", "list_conditions", "list_changes"):
        expect(call(name)[0], 200, name)


def read():
    """The output feeds in a reader, with and without news."""
    for path in ("/feeds/rules/acme", "/feeds/entities/acme", "/feeds/search/q", "/feeds/stories/1"):
        ask = "?q=Acme" if path.endswith("/q") else ""
        answer = httpx.get(f"{url}{path}.atom{ask}")
        told = feedparser.parse(answer.content, response_headers={key.lower(): value for key, value in answer.headers.items()})
        assert not told.bozo, told.bozo_exception
        expect((told.version, len(told.entries)), ("atom10", 1), f"{path} is Atom with its entry")
        entry, link = told.entries[0], {link.rel: link.href for link in told.feed.links}
        expect(link["self"], f"{url}{path}.atom{ask}", f"{path} says where it is")
        assert link["alternate"].startswith(url) and entry.link.startswith("http") and entry.updated_parsed and told.feed.updated_parsed
        assert entry.id.startswith("urn:bongsu:") and entry.id == feedparser.parse(httpx.get(f"{url}{path}.atom{ask}").content).entries[0].id
        again = httpx.get(f"{url}{path}.atom{ask}", headers={"If-None-Match": answer.headers["etag"]})
        expect((again.status_code, again.content, again.headers["etag"]), (304, b"", answer.headers["etag"]), f"{path} is not sent twice")

        answer = httpx.get(f"{url}{path}.json{ask}")
        expect(answer.headers["content-type"].split(";")[0], "application/feed+json", f"{path} as JSON Feed")
        told = answer.json()
        expect(told["version"], "https://jsonfeed.org/version/1.1", f"{path} is JSON Feed 1.1")
        assert told["feed_url"].startswith(url) and told["home_page_url"].startswith(url) and isinstance(told["title"], str)
        for item in told["items"]:
            assert isinstance(item["id"], str) and item["url"].startswith("http") and "content_html" in item


use()
read()
