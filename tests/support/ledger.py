"""The ledger of the harnesses that kill and hurt the daemon: what was published, what is due, what must be true at last.

Every published entry is stored exactly once; every due alert was accepted at least once; each alert has one
`webhook-id`, and each `webhook-id` one alert, over all repeats; every signature is valid; copies of one story alerted
once; `db check` is clean; nothing is pending or dead. Python's standard library only.
"""

import collections
import json
import os
import pathlib
import random
import subprocess
import tempfile

import world as support

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 240  # seconds: what takes one may take many beside compilers
WORDS = "amber basin cedar delta ember fjord grove haven inlet jetty kiosk lagoon meadow nickel orchard pebble".split()


class Failure(Exception):
    """What did not hold, in words."""


class Ledger:
    """One state folder, one world, and the account of both."""

    def __init__(self, seed, name, feeds=()):
        self.random = random.Random(seed)
        self.world = support.World(seed)
        self.port = support.serve(self.world)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bongsu-{name}-"))
        self.binary = os.environ.get("BONGSU", str(ROOT / "target/release/bongsu"))
        self.due = {}  # (rule, guid or story link) → title
        self.guids = set()
        self.feeds = []
        self.tally = collections.Counter()
        self.serial = 0
        (self.folder / "config").mkdir()
        (self.folder / "config/bongsu.toml").write_text(self.settings())
        for feed in feeds:
            self.add_feed(feed)

    def settings(self):
        """Two rules: one alert an entry, one alert a story."""
        return f"""
[fetch]
allow_networks = ["127.0.0.0/8"]
interval = "60s"
[web]
listen = "{self.listen()}"
[[rule]]
id = "each"
query = "alpha"
notify = "entry"
revisions = "none"
receivers = ["hook"]
[[rule]]
id = "story"
query = "omega"
notify = "story"
revisions = "none"
receivers = ["hook"]
[[receiver]]
id = "hook"
kind = "webhook"
default = true
url = "{self.address("hook")}"
secret = "{support.SECRET}"
"""

    def listen(self):
        """Where the daemon answers questions; nowhere."""
        return ""

    def address(self, path):
        """How the desk reaches a feed or the webhook."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def add_feed(self, name):
        """A feed in the config; the daemon polls a feed it has never polled at once."""
        self.feeds.append(name)
        self.world.feeds.setdefault(name, [])
        text = f'[[feed]]\nid = "{name}"\nurl = "{self.address(f"feed/{name}")}"\n'
        (self.folder / f"config/{name}.toml").write_text(text)

    def title(self, mark):
        """A title that no other entry has, in words and in number."""
        self.serial += 1
        words = " ".join(self.random.sample(WORDS, 4))
        return f"{mark} {words} {self.serial:05d}x{self.random.randrange(10**6):06d}"

    def publish(self, feeds):
        """Some news in each of `feeds`; now and then one story in two of them."""
        for feed in feeds:
            for _ in range(self.random.randint(1, 3)):
                mark = self.random.choice(["alpha", "alpha", "plain"])
                title = self.title(mark)
                guid = self.world.publish(feed, title)
                self.guids.add(guid)
                if mark == "alpha":
                    self.due["each", guid] = title
        if len(feeds) > 1 and self.random.random() < 0.5:
            title = self.title("omega")
            link = f"http://news.example/story/{self.serial}"
            for feed in self.random.sample(feeds, 2):
                self.guids.add(self.world.publish(feed, title, link=link))
            self.due["story", link] = title

    def command(self, *arguments):
        """The binary with this run's config and state."""
        return [self.binary, "--config", str(self.folder / "config"), "--state-dir", str(self.folder / "state"),
                *arguments]

    def start(self, *arguments):
        """The command, running, its stderr kept for the case that it must be shown."""
        self.log = open(self.folder / "last.log", "w+")
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=self.log)

    def said(self):
        """The end of what the last process said."""
        return (self.folder / "last.log").read_text(errors="replace")[-3000:]

    def finish(self, process):
        """The exit code; a process that does not end in minutes is a failure of its own."""
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"still running after {PATIENCE} s: {process.args}\n{self.said()}") from None

    def clean_run(self):
        """No more kills: every feed is polled, every delivery tried until none is left."""
        self.world.mood = "good"
        self.world.slow = False
        for attempt in range(20):
            code = self.finish(self.start("feeds", "poll", *self.feeds))
            if code != 0:
                self.tally["clean runs repeated"] += 1
                if attempt == 19:
                    raise Failure(f"the clean poll ends with {code}\n{self.said()}")
                continue
            done = subprocess.run(self.command("run", "--once", "--format", "json"), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120)
            summary = json.loads(done.stdout) if done.returncode == 0 else None
            if summary and summary["deliveries"]["pending"] == 0 and summary["deliveries"]["sent"] == 0:
                return
        raise Failure(f"after 20 clean runs something is still pending: {done.stdout}{done.stderr[-2000:]}")

    def stored(self):
        """How often each guid is stored."""
        done = subprocess.run(self.command("entries", "export", "--format", "jsonl"), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise Failure(f"entries export: exit {done.returncode}\n{done.stderr[-2000:]}")
        return collections.Counter(json.loads(line)["guid"] for line in done.stdout.splitlines())

    def verify_store(self):
        """Every entry once, and a store that is whole."""
        stored = self.stored()
        lost = self.guids - set(stored)
        double = [guid for guid, times in stored.items() if times > 1]
        foreign = set(stored) - self.guids
        if lost or double or foreign:
            raise Failure(f"entries: {len(lost)} lost {sorted(lost)[:5]}, {len(double)} twice {double[:5]}, "
                          f"{len(foreign)} unknown {sorted(foreign)[:5]}")
        done = subprocess.run(self.command("db", "check"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            raise Failure(f"db check: exit {done.returncode}\n{done.stdout}{done.stderr}")

    def verify_ledger(self):
        """Every due alert accepted, one id each, over all repeats."""
        ids, subjects, accepted = collections.defaultdict(set), collections.defaultdict(set), set()
        for post in self.world.posts:
            alert = post["alert"]
            if alert is None or not post["signed"] or not post["fresh"] or alert.get("key") != post["id"]:
                raise Failure(f"a request of the webhook is not whole: {str(post)[:400]}")
            if alert["reason"] in ("health", "resolved"):
                self.tally["health alerts"] += 1
                continue
            rule, entry = alert["rule"]["id"], alert["entry"]
            subject = (rule, entry["guid"] if rule == "each" else entry["url"])
            ids[subject].add(post["id"])
            subjects[post["id"]].add(subject)
            if post["accepted"]:
                accepted.add(subject)
        never = set(self.due) - accepted
        undue = set(ids) - set(self.due)
        many = {subject: keys for subject, keys in ids.items() if len(keys) > 1}
        shared = {key: what for key, what in subjects.items() if len(what) > 1}
        for name, wrong in (("never accepted", never), ("not due", undue), ("with several webhook-ids", many),
                            ("sharing a webhook-id", shared)):
            if wrong:
                raise Failure(f"alerts {name}: {len(wrong)}: {list(wrong.items() if isinstance(wrong, dict) else wrong)[:4]}")
        self.tally["alerts"] = len(ids)
        self.tally["repeats"] = len(self.world.posts) - len(ids) - self.tally["health alerts"]
