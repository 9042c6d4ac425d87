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
PAGES = ("/", "/stories", "/alerts", "/alerts/held", "/entries", "/entries?q=K9", "/rules", "/rules/exports", "/workshop?rule=exports&try=1",
         "/entities", "/entities/hanwha", "/feeds", "/feeds/daily", "/feeds/add", "/receivers", "/system", "/help", "/settings")
TITLES = ("한화에어로스페이스, 루마니아에 K9 자주포 수출 계약", "Hanwha signs K9 howitzer deal with Romania",
          "폴란드 K2 전차 2차 계약 임박", "Weather in Seoul", "<script>document.title='owned'</script> Hanwha exports")


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
        items = [{"id": str(n), "url": f"https://daily.example/{n}", "title": title, "content_text": "수출 계약. The export contract was signed.",
                  "date_published": now, "language": "ko" if n % 2 == 0 else "en"} for n, title in enumerate(TITLES)]
        self.answer("application/feed+json", json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items}))

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
            f'[[feed]]\nid = "daily"\nurl = "{there}/daily"\n'
            '[[entity]]\nid = "hanwha"\nname = "Hanwha"\naliases = ["한화에어로스페이스"]\nclasses = ["firm"]\n'
            '[[entity]]\nid = "k9"\nname = "K9"\nclasses = ["weapon"]\n'
            "[[rule]]\nid = \"exports\"\ntitle = \"Arms exports\"\nquery = '(#firm OR #weapon) (export* OR 수출 OR deal)'\nseverity = \"high\"\n"
            f'[[receiver]]\nid = "hook"\nkind = "webhook"\ndefault = true\nurl = "{there}/hook"\n')
        self.process = subprocess.Popen([os.environ["BONGSU"], "--config", str(self.dir), "--state-dir", str(self.dir / "state"), "run"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait(lambda: len(self.api("/alerts")["items"]) >= 1)

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
    page.goto(desk.url + "/")
    page.click("main a[href^='/alerts/']")
    assert page.locator("mark").count() > 0, "the evidence is marked"
    assert page.title() != "owned", "a title is text"


def rule_from_search(page, desk):
    page.goto(desk.url + "/entries")
    page.fill("main input[name=q]", "K2 OR 전차")
    page.click("main form button")
    assert page.locator(".entries li").count() == 1
    page.click("a.button[href^='/workshop']")
    page.click("button[name=try]")
    assert page.locator(".trial svg").count() == 1
    page.fill("input[name=id]", f"tanks-{time.monotonic_ns()}")
    page.click("button[formmethod=post]")
    assert "/rules/tanks-" in page.url, page.url


def resend(page, desk):
    alert = desk.api("/alerts")["items"][0]["id"]
    before = len(desk.api(f"/alerts/{alert}")["deliveries"])
    page.goto(f"{desk.url}/alerts/{alert}")
    page.click(f"form[action='/alerts/{alert}/resend'] button")
    assert len(desk.api(f"/alerts/{alert}")["deliveries"]) == before + 1
    page.click(f"form[action='/alerts/{alert}/mark']:has(input[value=noise]) button")


def add_by_page(page, desk):
    page.goto(desk.url + "/feeds/add")
    page.fill("input[name=url]", desk.there + "/site")
    page.click("main form button")
    page.click("main a[href^='/feeds/add?url=']")
    assert page.locator("input[name=url][readonly]").count() == 1
    page.fill("input[name=id]", f"second-{time.monotonic_ns()}")
    page.click("form[method=post][action='/feeds/add'] button")


def why_not(page, desk):
    page.goto(desk.url + "/entries?q=Weather")
    page.click(".entries a[href^='/entries/']")
    page.click("#explain form button")
    assert page.locator(".explain .no").count() > 0


JOURNEYS = (first_alert, rule_from_search, resend, add_by_page, why_not)


def walk(browser, desk, failures):
    for scripts in (True, False):
        for lang, scheme in (("en-GB", "light"), ("ko-KR", "dark")):
            context = browser.new_context(java_script_enabled=scripts, locale=lang, color_scheme=scheme, viewport={"width": 1280, "height": 900})
            for journey in JOURNEYS:
                page, errors = context.new_page(), []
                page.set_default_timeout(15000)
                page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
                name = f"{journey.__name__}-{'js' if scripts else 'plain'}-{lang[:2]}-{scheme}"
                try:
                    journey(page, desk)
                    assert not errors, errors
                    print("ok ", name)
                except Exception as error:  # every journey is told, then all of it fails
                    failures.append(f"{name}: {error}")
                    print("BAD", name, error)
                page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
                page.close()
            context.close()


def look(browser, desk, failures):
    axe = AXE.read_text() if AXE.exists() else None
    for width in WIDTHS:
        for lang, scheme in (("en-GB", "light"), ("ko-KR", "dark")):
            context = browser.new_context(locale=lang, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
            page = context.new_page()
            for path in PAGES:
                page.goto(desk.url + path)
                name = path.strip("/").replace("/", "-").replace("?", "-").replace("&", "-").replace("=", "-") or "overview"
                page.screenshot(path=ARTEFACTS / f"page-{name}-{width}-{lang[:2]}-{scheme}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 1:
                    failures.append(f"{path} is {wide} px too wide at {width}")
                if axe:
                    page.evaluate(axe)
                    found = page.evaluate("axe.run()")["violations"]
                    for one in found:
                        if one["impact"] in ("serious", "critical"):
                            failures.append(f"{path} {width} {scheme}: {one['id']}: {one['nodes'][0]['html'][:160]}")
            context.close()


def main():
    desk, failures = Desk(), []
    try:
        with sync_playwright() as play:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = play.chromium.launch(executable_path=path) if path else play.chromium.launch()
            walk(browser, desk, failures)
            look(browser, desk, failures)
            browser.close()
    finally:
        desk.stop()
    print(*failures, sep="\n")
    sys.exit(1 if failures else 0)


main()
