"""Five journeys through the pages as a person makes them, each with and without scripts, in both languages and themes."""

import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timezone

from playwright.sync_api import sync_playwright

ARTEFACTS = pathlib.Path(os.environ["ARTEFACTS"])
AXE = pathlib.Path(os.environ["AXE"])
WIDTHS = (360, 768, 1280)
# What is looked at beside the newest alert, its entry and its story.
PAGES = ("/", "/stories", "/stories?of=all", "/alerts", "/alerts/held", "/entries", "/entries?q=K9", "/entries?q=%28", "/rules", "/rules/exports",
         "/workshop", "/workshop?rule=exports&try=1", "/entities", "/entities/hanwha", "/feeds", "/feeds/daily", "/feeds/broken", "/feeds/add",
         "/receivers", "/silences", "/silences?rule=exports&try=1", "/system?counts=1", "/help", "/settings", "/login", "/no/such/page")
TITLES = (
    ("daily", "ko", "한화에어로스페이스, 루마니아에 K9 자주포 54문 수출 계약"), ("daily", "en", "Hanwha signs K9 howitzer deal with Romania"),
    ("daily", "ko", "폴란드 K2 전차 2차 계약 임박"), ("daily", "en", "Weather in Seoul: rain until Friday"),
    ("daily", "en", "<script>document.title='owned'</script> Hanwha exports & <b>more</b>"),
    ("wire", "ko", "한화에어로스페이스, 루마니아에 K9 자주포 54문 수출 계약"), ("wire", "en", "Romania to receive 54 K9 howitzers in export deal with Hanwha"),
    ("wire", "en", "A headline without end about a deal that Hanwha may or may not sign, " + "which goes on and on " * 12),
    ("wire", "ko", "띄어쓰기없이아주길게이어지는제목도화면을넘치게해서는안된다한화수출" * 3),
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Publisher(http.server.BaseHTTPRequestHandler):
    """A feed, a page that names one, and a receiver that takes what comes."""

    def do_GET(self):
        now = datetime.now(timezone.utc).isoformat()
        if self.path == "/site":
            return self.answer("text/html", "<html><head><link rel=alternate type=application/rss+xml href=/second></head></html>")
        if self.path == "/second":
            return self.answer("application/rss+xml", "<rss version='2.0'><channel><title>Second</title><item><title>One</title>"
                               "<guid>1</guid></item></channel></rss>")
        if self.path == "/broken":
            return self.answer("text/html", "<html><body>Under construction</body></html>")
        feed = self.path.strip("/")
        items = [{"id": str(n), "url": f"https://{feed}.example/{n}", "title": title, "date_published": now, "language": language,
                  "content_html": "<p>수출 계약이 체결되었다. The <b>export</b> contract was signed.</p><p>한화는 K9 54문을 공급한다. "
                                  "<img src='https://daily.example/p.png'><a href='https://daily.example/more'>More</a></p>"}
                 for n, (of, language, title) in enumerate(TITLES) if of == feed]
        title = {"daily": "The Daily", "wire": "국방 통신"}.get(feed, feed)
        self.answer("application/feed+json", json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}))

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.answer("text/plain", "ok")

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Desk:
    def __init__(self):
        self.publisher = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
        threading.Thread(target=self.publisher.serve_forever, daemon=True).start()
        self.port, there = free_port(), f"http://127.0.0.1:{self.publisher.server_port}"
        self.there = there
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="bongsu-browser-"))
        (self.dir / "bongsu.toml").write_text(
            f'[fetch]\nallow_networks = ["127.0.0.0/8"]\ninterval = "1h"\n[web]\nlisten = "127.0.0.1:{self.port}"\n'
            f'[[feed]]\nid = "daily"\nurl = "{there}/daily"\ntags = ["press"]\n[[feed]]\nid = "wire"\nurl = "{there}/wire"\n'
            f'[[feed]]\nid = "broken"\nurl = "{there}/broken"\n'
            '[[entity]]\nid = "hanwha"\nname = "Hanwha"\naliases = ["한화", "한화에어로스페이스"]\nclasses = ["firm"]\n'
            '[[entity]]\nid = "k9"\nname = "K9"\nclasses = ["weapon"]\n[[entity]]\nid = "romania"\nname = "Romania"\naliases = ["루마니아"]\nclasses = ["state"]\n'
            "[[rule]]\nid = \"exports\"\ntitle = \"Arms exports\"\nquery = '(#firm OR #weapon) (export* OR 수출 OR deal)'\nseverity = \"high\"\n"
            "[[rule]]\nid = \"weather\"\ntitle = \"Weather\"\nquery = 'weather'\nseverity = \"low\"\nnotify = \"entry\"\n"
            f'[[receiver]]\nid = "hook"\nkind = "webhook"\ndefault = true\nurl = "{there}/hook"\n'
            f'[[receiver]]\nid = "deaf"\nkind = "webhook"\ndefault = true\nurl = "http://127.0.0.1:9/deaf"\n')
        self.process = subprocess.Popen([os.environ["BONGSU"], "--config", str(self.dir), "--state-dir", str(self.dir / "state"), "run"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait(lambda: len(self.api("/alerts")["items"]) >= 4)
        self.wait(lambda: self.api("/system")["search"]["waiting"] == 0)

    def api(self, path):
        with urllib.request.urlopen(f"{self.url}/api/v1{path}", timeout=10) as answer:
            return json.load(answer)

    @staticmethod
    def wait(seen):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if seen():
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError("never seen")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.publisher.shutdown()
        shutil.rmtree(self.dir, ignore_errors=True)


def first_alert(page, desk):
    """From the first page to the alert, with its evidence."""
    page.goto(desk.url + "/")
    page.click("main ul.brief a[href^='/alerts/']")
    assert page.locator("mark").count() > 0, "the evidence is marked"
    assert page.title() != "owned", "a title is text"
    page.click("form[action$='/ack'] button")
    assert page.locator("p.good[role=status]").count() == 1, "it says that it was done"


def rule_from_search(page, desk):
    """A search becomes a rule, tried on what is stored."""
    page.goto(desk.url + "/entries")
    page.fill("main input[name=q]", "K2 OR 전차")
    page.click("main form[role=search] button")
    assert page.locator(".entries li").count() == 1
    page.click("a.button[href^='/workshop']")
    page.click("button[name=try]")
    assert page.locator(".trial svg").count() == 1
    page.fill("input[name=id]", f"tanks-{time.monotonic_ns()}")
    page.click("button[formmethod=post]")
    assert "/rules/tanks-" in page.url, page.url
    page.click("form[action$='/delete'] button")


def silence_and_resend(page, desk):
    """From an alert: silence its rule, see the silence and end it; send the alert again; say that it was noise."""
    alert = desk.api("/alerts")["items"][0]["id"]
    page.goto(f"{desk.url}/alerts/{alert}")
    page.click("details.act:has(form[action='/silences']) summary")
    page.fill("form[action='/silences'] input[name=comment]", "known")
    page.click("form[action='/silences'] button")
    page.goto(desk.url + "/silences")
    assert page.locator("tr:has-text('known')").count() == 1
    page.click("form[action$='/end'] button")
    assert page.locator("tr:has-text('known')").count() == 0
    before = len(desk.api(f"/alerts/{alert}")["deliveries"])
    page.goto(f"{desk.url}/alerts/{alert}")
    page.click("details.act:has(form[action$='/resend']) summary")
    page.select_option("select[name=receiver]", "hook")
    page.click("form[action$='/resend'] button")
    assert len(desk.api(f"/alerts/{alert}")["deliveries"]) == before + 1
    page.click(f"form[action='/alerts/{alert}/mark']:has(input[value=noise]) button")
    assert desk.api(f"/alerts/{alert}")["row"]["mark"] == "noise"


def add_by_page(page, desk):
    """A feed is added by the address of its page, and let go of."""
    page.goto(desk.url + "/feeds/add")
    page.fill("input[name=url]", desk.there + "/site")
    page.click("main form[method=get] button")
    page.click("main a[href^='/feeds/add?url=']")
    assert page.locator("input[name=url][readonly]").count() == 1
    page.fill("input[name=id]", f"second-{time.monotonic_ns()}")
    page.click("form[method=post][action='/feeds/add'] button")
    assert "/feeds/second-" in page.url, page.url
    page.click("form[action$='/remove'] button")


def why_not(page, desk):
    """Why an entry did not match, clause by clause."""
    page.goto(desk.url + "/entries?q=Weather")
    page.click(".entries .head a[href^='/entries/']")
    page.select_option("#explain select", "exports")
    page.click("#explain form button")
    assert page.locator(".explain .no").count() > 0


JOURNEYS = (first_alert, rule_from_search, silence_and_resend, add_by_page, why_not)


def walk(browser, desk, failures):
    for scripts in (True, False):
        for lang, scheme in (("en-GB", "light"), ("en-GB", "dark"), ("ko-KR", "light"), ("ko-KR", "dark")):
            context = browser.new_context(java_script_enabled=scripts, locale=lang, color_scheme=scheme)
            for journey in JOURNEYS:
                page, errors = context.new_page(), []
                page.set_default_timeout(15000)
                page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
                name = f"{journey.__name__}-{'js' if scripts else 'plain'}-{lang[:2]}-{scheme}"
                try:
                    journey(page, desk)
                    assert not errors, errors
                    print("ok ", name, flush=True)
                except Exception as error:  # every journey is told, then all of it fails
                    failures.append(f"{name}: {error}")
                    print("BAD", name, error, flush=True)
                page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
                page.close()
            context.close()


def by_keys(browser, desk, failures):
    """No mouse: the skip link, the keys of the pages, a list row by row, the workshop's remarks and completions."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15000)
    try:
        page.goto(desk.url + "/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for keys, path in (("gs", "/stories"), ("ga", "/alerts"), ("gi", "/silences"), ("gy", "/system"), ("ge", "/entries")):
            page.keyboard.press(keys[0])
            page.keyboard.press(keys[1])
            page.wait_for_url("**" + path)
        page.keyboard.press("/")
        page.keyboard.type("weather")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=weather*")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entries/*")
        page.keyboard.press("?")
        page.wait_for_url("**/help#keys")
        page.goto(desk.url + "/workshop")
        page.focus("#query")
        page.keyboard.type("title:(deal AND @han")
        page.wait_for_selector(".completions button")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector(".remarks .error")
        assert page.input_value("#query").endswith("@hanwha"), page.input_value("#query")
        print("ok  keys", flush=True)
    except Exception as error:
        failures.append(f"keys: {error}")
    page.screenshot(path=ARTEFACTS / "keys.png", full_page=True)
    context.close()


def look(browser, desk, failures):
    axe = AXE.read_text() if AXE.exists() else None
    row = next(row for row in desk.api("/alerts")["items"] if row["rule"] == "exports")
    story = next(story for story in desk.api("/stories?of=all")["items"] if story["entries"] > 1)["id"]
    own = {f"/alerts/{row['id']}": "alert", f"/entries/{row['entry']}": "entry", f"/entries/{row['entry']}?explain=weather": "entry-explained",
           f"/stories/{story}": "story"}
    for width in WIDTHS:
        for lang, scheme in (("en-GB", "light"), ("ko-KR", "dark")):
            context = browser.new_context(locale=lang, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
            page = context.new_page()
            page.goto(desk.url + "/")
            for path in PAGES + tuple(own):
                page.goto(desk.url + path)
                name = own.get(path) or "".join(c if c.isalnum() else "-" for c in path).strip("-") or "overview"
                page.screenshot(path=ARTEFACTS / f"page-{name}-{width}-{lang[:2]}-{scheme}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 1:
                    failures.append(f"{path} is {wide} px too wide at {width}")
                if axe:
                    page.evaluate(axe)
                    for one in page.evaluate("axe.run()")["violations"]:
                        if one["impact"] in ("serious", "critical"):
                            failures.append(f"{path} {width} {scheme}: {one['id']}: {one['nodes'][0]['html'][:160]}")
            context.close()


def main():
    desk, failures = Desk(), []
    try:
        with sync_playwright() as play:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = play.chromium.launch(executable_path=path) if path else play.chromium.launch()
            look(browser, desk, failures)
            by_keys(browser, desk, failures)
            walk(browser, desk, failures)
            browser.close()
    finally:
        desk.stop()
    print(*failures, sep="\n")
    sys.exit(1 if failures else 0)


main()
