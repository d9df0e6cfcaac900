#!/usr/bin/python3
"""Every page of a blog in the Nu HTML checker: what strangers see, what a visitor sees, and the owner's desk.

    VNU_JAR=…/vnu.jar tests/nu.py [PROGRAM]

The checker is the file vnu.jar of <https://github.com/validator/validator> and wants a Java of 11 or later. A blog is
started in a temporary folder and filled with what is hard to write down; then every link is followed.
"""

import base64
import http.cookiejar
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

PASSWORD = "a tide table of 1911"

TITLES = ["]]> <b>bold</b> &amp; &nope; \"'", "</title><script>alert(1)</script>", "bell \a nothing \0 \uffff",
          "\u202eright to left", "שלום & مرحبا", "日本語 🎉", "a  b\u00a0c"]

BODY = """# One\n\n## Two\n\n## Two\n\n### Three *four*\n
| a | b |\n|---|:-:|\n| 1 | `2` |\n
- [x] done\n- [ ] not\n
```rust\nfn main() { println!("<&>"); }\n```\n
Math $a^2 < b$ and $$\\sum_{i=0}^n i$$ and a note[^1], ~~gone~~, <https://example.org/?a=1&b=2>.\n
[^1]: The note, with `code`.\n
> quoted\n\n![A picture](dot.png "title")\n
<details><summary>More</summary><p>Owner's HTML &amp; more</p></details>\n
1. one\n2. two\n\n***\n\nTerm &nope; ]]> \a end
"""


PICTURE = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


FORMS = {
    "/posts/post-0/comments": {"name": "", "body": ""},
    "/posts/post-1/comments": {"name": "Ann", "body": "x" * 20_000, "email": "no", "url": "no"},
    "/comments/preview": {"body": "**bold** <b>"},
    "/comments/1": {"body": ""},
    "/admin/login": {"password": "wrong"},
    "/admin/account/password": {"current": "wrong", "password": "x"},
}

SETTINGS = {"/admin/settings": dict.fromkeys(["title", "time_zone", "reactions", "navigation", "posts_per_page", "dates"], "x")}


def quoted(text):
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False)


class Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


class Browser:
    """Somebody with cookies."""

    def __init__(self, base):
        self.base = base
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def open(self, path, form=None):
        """Status, media type and body of an answer, redirects followed."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self.opener.open(self.base + path, data, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers.get_content_type(), answer.read()


def fill(rowlog, browser, folder):
    """Writes posts, pages and comments."""
    with open(os.path.join(folder, "dot.png"), "wb") as out:
        out.write(base64.b64decode(PICTURE))
    files = []
    for n, title in enumerate(TITLES):
        file = os.path.join(folder, f"{n}.md")
        head = [f"title = {quoted(title)}", f'slug = "post-{n}"', f"date = 2026-02-{n + 1:02}",
                f"tags = [{quoted(f'tag <&> {n}')}, 'all']", f"lang = {quoted('he' if n == 4 else 'en')}"]
        if n == 1:
            head.append("canonical_url = 'https://old.example/?a=1&b=2'")
        with open(file, "w", encoding="utf-8") as out:
            out.write("+++\n" + "\n".join(head) + "\n+++\n\n" + BODY)
        files.append(file)
    page = os.path.join(folder, "about.md")
    with open(page, "w", encoding="utf-8") as out:
        out.write("+++\ntitle = 'About & more'\nslug = 'about'\ntype = 'page'\n+++\n\n" + BODY)
    subprocess.run([*rowlog, "publish", *files, page], check=True, stdout=subprocess.DEVNULL)
    for n in range(len(TITLES)):
        for name, body in [("Ann <&>", "**bold** <script> &nope; `x`\n\n> q\n\n- a\n- b"), ("שלום", "\u202eabc\ufffd")]:
            form = {"name": name, "body": f"{body} {n}", "url": "https://ann.example/?a=1&b=2"}
            browser.open(f"/posts/post-{n}/comments", form)
    browser.open("/comments/1/reactions", {"kind": "love"})
    browser.open("/posts/post-0/comments", {"name": "Bo", "body": "an answer", "parent": "1"})
    browser.open("/posts/post-0/comments", {"name": "Bo", "body": "to be deleted"})


def crawl(browser, starts, folder, who):
    """Keeps every page that can be reached from `starts`, by its address."""
    waiting, seen, kept = list(starts), set(), {}
    while waiting:
        path = urllib.parse.urldefrag(waiting.pop(0))[0]
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        _, kind, body = browser.open(path)
        if kind != "text/html":
            continue
        keep(folder, who, path, body, kept)
        links = Links()
        links.feed(body.decode("utf-8"))
        here = browser.base + path
        for link in links.found:
            url = urllib.parse.urljoin(here, link)
            if url.startswith(browser.base + "/") and "/logout" not in url:
                waiting.append(url[len(browser.base):])
    return kept


def keep(folder, who, path, body, kept):
    """Writes a page to a file."""
    file = os.path.join(folder, f"{who}-{len(kept):03}.html")
    with open(file, "wb") as out:
        out.write(body)
    kept[file] = f"{path} ({who})"


def refused(browser, folder, who, forms):
    """Pages that answer a form which cannot be taken."""
    kept = {}
    for path, form in forms.items():
        _, kind, body = browser.open(path, form)
        if kind == "text/html" and body.startswith(b"<!doctype"):
            keep(folder, who, path, body, kept)
    return kept


def main():
    jar = os.environ.get("VNU_JAR") or sys.exit(__doc__)
    program = sys.argv[1] if len(sys.argv) > 1 else "target/debug/rowlog"
    with tempfile.TemporaryDirectory() as folder:
        rowlog = [program, "--data", os.path.join(folder, "data")]
        setup = [*rowlog, "setup", "--title", "Slack & <Water>", "--name", "Maren", "--password-stdin"]
        subprocess.run(setup, input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        serve = [*rowlog, "serve", "--listen", "127.0.0.1:0", "--limits", "off"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                base = re.search(r"http://\S+", server.stdout.readline())[0]
                visitor, owner = Browser(base), Browser(base)
                fill(rowlog, visitor, folder)
                pages = crawl(Browser(base), ["/", "/nowhere", "/?page=99", "/posts/post-0?since=1"], folder, "stranger")
                pages |= crawl(visitor, ["/me", "/me/erasure", "/posts/post-0"], folder, "visitor")
                pages |= refused(visitor, folder, "refused", FORMS)
                owner.open("/admin/login", {"password": PASSWORD})
                owner.open("/admin/settings", {"intro": BODY, "reactions": "love heart <Loved> & \"it\"\nclap 👏 Well done"})
                pages |= refused(owner, folder, "refused-owner", SETTINGS)
                pages |= crawl(owner, ["/admin", "/"], folder, "owner")
            finally:
                server.terminate()
        check = ["java", "-jar", jar, "--format", "json", *sorted(pages)]
        found = json.loads(subprocess.run(check, capture_output=True, text=True).stderr)["messages"]
        errors = [message for message in found if message["type"] != "info" or message.get("subType") == "warning"]
        for message in errors:
            file = message.get("url", "").removeprefix("file:")
            level = message.get("subType", message["type"])
            print(f"{pages.get(file, file)}:{message.get('lastLine', '')}: {level}: {message['message']}")
            print("    " + message.get("extract", "").replace("\n", "⏎"))
        print(f"{len(pages)} pages, {len(errors)} complaints")
        sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
