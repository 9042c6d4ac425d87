"""Five journeys through the pages as a person makes them, each with and without scripts, in both languages and themes; every page looked at.

    python journeys.py             all parts side by side, each with a desk of its own, within LIMIT seconds
    python journeys.py PART        one of them: light, dark, scripts, plain
"""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timezone

from playwright.sync_api import TimeoutError, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402

ARTEFACTS = pathlib.Path(os.environ["ARTEFACTS"])
AXE = pathlib.Path(os.environ["AXE"])
WIDTHS = (360, 768, 1280)
# Language, and at which width axe judges: once in each theme, where pages are narrowest and where they are widest.
LOOKS = {"light": ("en-GB", 360), "dark": ("ko-KR", 1280)}
PICTURED = {"light": (360, 1280), "dark": (768, 1280)}
# Only what matters comes back; all that axe finds good takes longer to hand over than to find.
JUDGED = """axe.run({ resultTypes: ["violations"], preload: false }).then((told) => told.violations
  .filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`))"""
# With scripts and without: each language once, each theme once; each journey meets every pair of the three.
CONDITIONS = {True: (("en-GB", "light"), ("ko-KR", "dark")), False: (("en-GB", "dark"), ("ko-KR", "light"))}
# Seconds for all of it; what has not ended by then has failed.
LIMIT = int(os.environ.get("LIMIT", "240"))
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

    def alert(self):
        """The newest alert of the news; what the daemon says of its own receivers comes among them."""
        return next(row for row in self.api("/alerts")["items"] if row["rule"] == "exports")

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


def there(page, what, why=""):
    """Waits until it is on the page: a click may return before the next page stands."""
    try:
        page.wait_for_selector(what, state="attached")
    except TimeoutError as error:
        raise AssertionError(why or what) from error


def gone(page, what):
    """Waits until it is on the page no more."""
    page.wait_for_selector(what, state="detached")


def first_alert(page, desk):
    """From the first page to the alert, with its evidence."""
    page.goto(desk.url + "/")
    page.click(f"main ul.brief a[href='/alerts/{desk.alert()['id']}']")
    there(page, "article mark", "the evidence is marked")
    assert page.title() != "owned", "a title is text"
    # The next one who comes finds it acknowledged.
    done = page.locator("form[action$='/ack'] button, form[action$='/mark']:has(input[value=useful]) button")
    done.first.click()
    there(page, "p.good[role=status]", "it says that it was done")


def rule_from_search(page, desk):
    """A search becomes a rule, tried on what is stored."""
    page.goto(desk.url + "/entries")
    page.fill("main input[name=q]", "K2 OR 전차")
    page.click("main form[role=search] button")
    there(page, "a.button[href^='/workshop?query=']")
    assert page.locator(".entries li").count() == 1
    page.click("a.button[href^='/workshop']")
    page.click("button[name=try]")
    there(page, ".trial svg")
    page.fill("input[name=id]", f"tanks-{time.monotonic_ns()}")
    page.click("button[formmethod=post]")
    page.wait_for_url("**/rules/tanks-*")
    page.click("form[action$='/delete'] button")
    page.wait_for_url("**/rules?done=1")


def silence_and_resend(page, desk):
    """From an alert: silence its rule, see the silence and end it; send the alert again; say that it was noise."""
    alert = desk.alert()["id"]
    page.goto(f"{desk.url}/alerts/{alert}")
    page.click("details.act:has(form[action='/silences']) summary")
    page.fill("form[action='/silences'] input[name=comment]", "known")
    page.click("form[action='/silences'] button")
    there(page, "p.good[role=status]")
    page.goto(desk.url + "/silences")
    there(page, "tr:has-text('known')")
    page.click("form[action$='/end'] button")
    gone(page, "tr:has-text('known')")
    before = len(desk.api(f"/alerts/{alert}")["deliveries"])
    page.goto(f"{desk.url}/alerts/{alert}")
    page.click("details.act:has(form[action$='/resend']) summary")
    page.select_option("select[name=receiver]", "hook")
    page.click("form[action$='/resend'] button")
    there(page, "p.good[role=status]")
    assert len(desk.api(f"/alerts/{alert}")["deliveries"]) == before + 1
    page.click(f"form[action='/alerts/{alert}/mark']:has(input[value=noise]) button")
    there(page, ".facts .state.bad")
    assert desk.api(f"/alerts/{alert}")["row"]["mark"] == "noise"


def add_by_page(page, desk):
    """A feed is added by the address of its page, and let go of."""
    page.goto(desk.url + "/feeds/add")
    page.fill("input[name=url]", desk.there + "/site")
    page.click("main form[method=get] button")
    page.click("main a[href^='/feeds/add?url=']")
    there(page, "input[name=url][readonly]")
    page.fill("input[name=id]", f"second-{time.monotonic_ns()}")
    page.click("form[method=post][action='/feeds/add'] button")
    page.wait_for_url("**/feeds/second-*")
    page.click("form[action$='/remove'] button")
    page.wait_for_url("**/feeds?done=1")


def why_not(page, desk):
    """Why an entry did not match, clause by clause."""
    page.goto(desk.url + "/entries?q=Weather")
    page.click(".entries .head a[href^='/entries/']")
    page.select_option("#explain select", "exports")
    page.click("#explain form button")
    there(page, ".explain .no")


JOURNEYS = (first_alert, rule_from_search, silence_and_resend, add_by_page, why_not)


class Told:
    """What was checked, told as it happens; what failed is kept."""

    def __init__(self):
        self.failed = 0

    def check(self, name, wrong=None):
        """One line; `wrong` says what is."""
        self.failed += bool(wrong)
        print("BAD" if wrong else "ok ", name, *([wrong] if wrong else []), flush=True)


def walk(browser, desk, told, scripts):
    for lang, scheme in CONDITIONS[scripts]:
        context = browser.new_context(java_script_enabled=scripts, locale=lang, color_scheme=scheme)
        page, errors = context.new_page(), []
        page.set_default_timeout(15000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        for journey in JOURNEYS:
            wrong = None
            errors.clear()
            name = f"{journey.__name__}-{'js' if scripts else 'plain'}-{lang[:2]}-{scheme}"
            try:
                journey(page, desk)
                assert page.evaluate("document.documentElement.lang") == lang[:2], "the page is in the language of the browser"
                wrong = list(errors)
            except Exception as error:  # every journey is told, then all of it fails
                wrong = f"at {page.url}: {error!r}"
            told.check(name, wrong)
            if wrong:
                page.screenshot(path=ARTEFACTS / f"{name}.png")
        context.close()


def by_keys(browser, desk, told):
    """No mouse: the skip link, the keys of the pages, a list row by row, the workshop's remarks and completions."""
    context, wrong = browser.new_context(locale="en-GB"), None
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
    except Exception as error:
        wrong = f"at {page.url}: {error!r}"
    told.check("keys", wrong)
    page.screenshot(path=ARTEFACTS / "keys.png", full_page=True)
    context.close()


def look(browser, desk, told, scheme):
    """Every page, at three widths, seen and judged."""
    axe = AXE.read_text() if AXE.exists() else None
    row, (lang, judged) = desk.alert(), LOOKS[scheme]
    story = next(story for story in desk.api("/stories?of=all")["items"] if story["entries"] > 1)["id"]
    own = {f"/alerts/{row['id']}": "alert", f"/entries/{row['entry']}": "entry", f"/entries/{row['entry']}?explain=weather": "entry-explained",
           f"/stories/{story}": "story"}
    context = browser.new_context(locale=lang, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(15000)
    page.goto(desk.url + "/")
    for path in PAGES + tuple(own):
        page.goto(desk.url + path)
        if axe:
            page.evaluate(axe)
        of = own.get(path) or "".join(c if c.isalnum() else "-" for c in path).strip("-") or "overview"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            wrong = [f"{wide} px too wide"] if wide > 1 else []
            if axe and width == judged:
                wrong += page.evaluate(JUDGED)
            told.check(f"{path} {width} {lang[:2]} {scheme}", "; ".join(wrong))
            if wrong or width in PICTURED[scheme]:
                page.screenshot(path=ARTEFACTS / f"page-{of}-{width}-{lang[:2]}-{scheme}.png", full_page=True)
        if of == "alert":
            page.emulate_media(media="print")
            page.screenshot(path=ARTEFACTS / f"page-alert-print-{lang[:2]}.png", full_page=True)
            page.emulate_media(media="screen", color_scheme=scheme)
    context.close()


PARTS = {
    "light": lambda *given: look(*given, "light"),
    "dark": lambda *given: look(*given, "dark"),
    "scripts": lambda *given: (by_keys(*given), walk(*given, True)),
    "plain": lambda *given: walk(*given, False),
}


def part(name):
    desk, told = Desk(), Told()
    try:
        with sync_playwright() as play:
            path = os.environ.get("CHROMIUM")
            browser = play.chromium.launch(executable_path=path) if path else play.chromium.launch()
            PARTS[name](browser, desk, told)
            browser.close()
    finally:
        desk.stop()
    return 1 if told.failed else 0


def ended(processes):
    """Ends what still runs: the parts, their browsers and daemons."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def main():
    """One core draws while another waits for an answer; so all parts run at once."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    running, failed, began = {}, [], time.monotonic()
    try:
        for name in PARTS:
            running[name] = subprocess.Popen([sys.executable, __file__, name], start_new_session=True)
        for name, process in running.items():
            try:
                code = process.wait(max(began + LIMIT - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                print(f"BAD {name} has not ended after {LIMIT} s", flush=True)
                code = 1
            if code:
                failed.append(name)
    finally:
        ended(running.values())
    print(f"browser suite: {time.monotonic() - began:.0f} s:", f"FAILED: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


sys.exit(part(sys.argv[1]) if len(sys.argv) > 1 else main())
