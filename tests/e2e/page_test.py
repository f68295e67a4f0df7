"""The dashboard in a real Chromium on a real daemon: setup by page, then every page with real data,
accessibility in both themes, no external request, no violation of the content security policy."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from gk import PASSWORD, Daemon, wait_for

WEB = pathlib.Path(__file__).resolve().parents[2] / "web"

# Fills the setup page as a person would and waits for the overview.
SETUP = """
import { launch } from "./e2e/browser.mjs";
const [base, code, password] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
await page.goto(base + "/");
await page.waitForSelector("h1");
await page.waitForSelector('input[type="password"]');
const fields = await page.$$("form input");
for (const [i, text] of [code, "boss", password, password].entries()) if (fields[i]) await fields[i].fill(text);
await page.keyboard.press("Enter");
await page.waitForSelector("text=Last five minutes", { timeout: 15000 });
console.log("SETUP DONE");
await browser.close();
"""


@unittest.skipUnless((WEB / "node_modules").exists() and shutil.which("chromium"), "no dashboard build or no Chromium")
class Pages(unittest.TestCase):
    def node(self, *arguments, **env):
        return subprocess.run(["node", *arguments], cwd=WEB, text=True, capture_output=True, timeout=280,
                              env={**os.environ, **env})

    def test_setup_in_the_browser(self):
        with Daemon(setup=False) as daemon:
            code = (daemon.data / "setup-code").read_text().strip()
            script = WEB / ".setup-test.mjs"
            script.write_text(SETUP)
            try:
                done = self.node(script.name, f"http://127.0.0.1:{daemon.port}", code, PASSWORD)
            finally:
                script.unlink()
            self.assertIn("SETUP DONE", done.stdout, done.stdout + done.stderr)
            self.assertEqual(daemon.anonymous().login("boss").status, 200)

    def test_the_page_of_the_api_documents(self):
        with Daemon() as daemon:
            done = self.node("e2e/docs.mjs", BASE_URL=f"http://127.0.0.1:{daemon.port}")
            print(done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_page_on_a_real_daemon(self):
        with Daemon() as daemon:
            for name, level, code in (("quiet", "safe", "import time; time.sleep(600)"), ("dance", "dangerous", "while True: pass")):
                answer = daemon.admin.post("/api/macro-safety/start", {
                    "macro_id": name, "safety_level": level, "command": [sys.executable, "-c", code]})
                self.assertEqual(answer.status, 201, answer)
            wait_for("a cancellation", lambda: daemon.admin.get("/api/macro-safety/cancellations").json["items"])
            done = self.node("e2e/run.mjs", BASE_URL=f"http://127.0.0.1:{daemon.port}", GK_USER="admin", GK_PASSWORD=PASSWORD)
            print(done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
