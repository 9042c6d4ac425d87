"""A small world for the harnesses: feeds that change, and a webhook that answers as told, on one loopback port.

Used in process (tests/crash/run) or as a child that takes one JSON command a line on stdin and answers with
one JSON object a line on stdout (tests/systemd/run). Python's standard library only; no names are resolved.
"""

import base64
import hashlib
import hmac
import json
import random
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from ports import free_port  # noqa: F401  (for those who use the world)

SECRET = "whsec_" + base64.b64encode(b"a secret of the harness, 32 bytes").decode()


def signature(identifier, timestamp, body):
    """The Standard Webhooks signature of `body`, computed apart from the program under test."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = identifier.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class World:
    """What publishers say and what the receiver saw. Every method may be called from any thread."""

    def __init__(self, seed=0, window=None):
        self.lock = threading.Condition()
        self.random = random.Random(seed)
        self.window = window  # a document shows so many entries at most, the youngest; None: all
        self.feeds = {}  # name → list of entries, oldest first
        self.gets = []  # (name, status)
        self.posts = []  # what the hook received, in order
        self.mood = "good"  # good: always 200; wild: anything a receiver may do that is worth a retry; bad: all of it but 200
        self.feed_mood = "good"  # good: the document; bad: errors, silence, pages, halves of documents
        self.shifts = [0.0]  # seconds by which the other side's clock is or was wrong; the last holds
        self.slow = False  # feeds answer after a short pause, so that a kill lands in mid-poll
        # get, post: a request came; got, posted: its answer has been written
        self.counts = {"get": 0, "got": 0, "post": 0, "posted": 0}

    def publish(self, feed, title, link=None, body=""):
        """A new entry of `feed`; its guid is returned."""
        with self.lock:
            entries = self.feeds.setdefault(feed, [])
            guid = f"urn:world:{feed}:{len(entries)}"
            entries.append(
                {
                    "guid": guid,
                    "title": title,
                    "link": link or f"http://news.example/{feed}/{len(entries)}",
                    "body": body,
                    "at": self.now(),
                }
            )
            return guid

    def now(self):
        """The time that publishers write: that of the other side's clock."""
        return time.time() + self.shifts[-1]

    def fresh(self, timestamp):
        """Whether a request was stamped now, by the other side's clock."""
        now = time.time()
        return timestamp.isdigit() and any(abs(now + shift - int(timestamp)) < 300 for shift in self.shifts)

    def document(self, feed):
        """The feed's document now and its validator, or None when there is no such feed."""
        with self.lock:
            if feed not in self.feeds:
                return None
            items = "".join(
                f"<item><guid isPermaLink='false'>{escape(e['guid'])}</guid><title>{escape(e['title'])}</title>"
                f"<link>{escape(e['link'])}</link><pubDate>{formatdate(e['at'], usegmt=True)}</pubDate>"
                f"<description>{escape(e['body'])}</description></item>"
                for e in reversed(self.feeds[feed][-(self.window or 0) :])
            )
        text = (
            f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel><title>{escape(feed)}</title>"
            f"<link>http://news.example/{escape(feed)}</link><description>harness</description>"
            f"<language>en</language>{items}</channel></rss>"
        ).encode()
        return text, '"' + hashlib.sha256(text).hexdigest()[:16] + '"'

    def told(self, feed, status):
        """The ledger of what publishers were asked."""
        self.gets.append((feed, status))

    def took(self, post):
        """The ledger of what the receiver saw."""
        self.posts.append(post)

    def saw(self, kind):
        """Counts a request and wakes whoever waits for it."""
        with self.lock:
            self.counts[kind] += 1
            self.lock.notify_all()

    def wait_for(self, kind, count, seconds):
        """Waits until `count` requests of `kind` have come; False when they did not in time."""
        with self.lock:
            return self.lock.wait_for(lambda: self.counts[kind] >= count, seconds)


class Handler(BaseHTTPRequestHandler):
    """`GET /feed/NAME` and `POST /hook`."""

    protocol_version = "HTTP/1.1"
    world = None

    def log_message(self, *_):
        """Says nothing: the ledger is the log."""

    def do_GET(self):
        """A feed, conditionally."""
        world = self.world
        name = self.path.removeprefix("/feed/")
        world.saw("get")
        if world.slow:
            time.sleep(world.random.uniform(0, 0.03))
        found = world.document(name)
        if found is None:
            return self.answer(404, b"")
        text, etag = found
        if world.feed_mood == "bad":
            world.told(name, 0)
            self.misbehave(text)
            return world.saw("got")
        if self.headers.get("If-None-Match") == etag:
            world.told(name, 304)
            self.answer(304, b"", etag)
        else:
            world.told(name, 200)
            self.answer(200, text, etag)
        return world.saw("got")

    def misbehave(self, text):
        """Anything that keeps a feed from being read this time."""
        kind = self.world.random.choice(["error", "busy", "silent", "page", "half"])
        if kind == "silent":
            self.close_connection = True
        elif kind == "half":
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[:40])
            self.close_connection = True
        elif kind == "page":
            self.answer(200, b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in</body></html>")
        else:
            self.answer(500 if kind == "error" else 503, b"")

    def do_POST(self):
        """The receiver: writes down what came before it decides how to answer."""
        world = self.world
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        identifier = self.headers.get("webhook-id") or ""
        timestamp = self.headers.get("webhook-timestamp") or ""
        signatures = (self.headers.get("webhook-signature") or "").split()
        try:
            alert = json.loads(body)
        except ValueError:
            alert = None
        post = {
            "id": identifier,
            "signed": signature(identifier, timestamp, body) in signatures,
            "fresh": world.fresh(timestamp),
            "alert": alert,
            "accepted": False,
        }
        with world.lock:
            weights = {"good": [1, 0, 0, 0, 0], "wild": [60, 15, 10, 5, 10], "bad": [0, 0, 2, 1, 1]}[world.mood]
            mood = world.random.choices(["good", "late", "error", "busy", "silent"], weights)[0]
            world.took(post)
        world.saw("post")
        if mood == "silent":
            self.close_connection = True
            return None
        if mood == "late":
            time.sleep(world.random.uniform(0.02, 0.2))
        status = {"error": 500, "busy": 503}.get(mood, 204)
        post["accepted"] = status == 204
        self.answer(status, b"")
        return world.saw("posted")

    def answer(self, status, body, etag=None):
        """One complete answer; a client that was killed meanwhile is no fault of ours."""
        try:
            self.send_response(status)
            if etag:
                self.send_header("ETag", etag)
            if status not in (204, 304):
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    """Many clients at once; a broken connection is silent."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        """Killed clients leave half requests behind."""


def serve(world, port=0):
    """Serves `world` on loopback until the process ends; gives the port."""
    handler = type("Bound", (Handler,), {"world": world})
    server = Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    """One JSON command a line: publish, posts, gets, quit."""
    world = World()
    print(json.dumps({"port": serve(world, int(sys.argv[1]) if len(sys.argv) > 1 else 0)}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "publish":
            answer = {"guid": world.publish(command["feed"], command["title"], body=command.get("body", ""))}
        elif command["do"] == "posts":
            answer = {"posts": world.posts}
        elif command["do"] == "gets":
            answer = {"gets": world.gets}
        else:
            answer = {"error": "unknown command"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
