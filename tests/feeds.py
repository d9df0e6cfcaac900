"""Reads feeds as feed readers do, with feedparser. Says as JSON what it found; fails if one has its bozo flag up."""

import json
import sys

import feedparser

found = []
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        headers = {"content-type": "application/atom+xml; charset=utf-8", "content-location": "https://blog.example/"}
        feed = feedparser.parse(file.read(), response_headers=headers)
    if feed.bozo:
        sys.exit(f"{name}: {feed.bozo_exception!r}")
    entries = [
        {
            "title": entry.title,
            "link": entry.link,
            "content": entry.content[0].value,
            "tags": [tag.label for tag in entry.get("tags", [])],
            "author": entry.get("author", feed.feed.get("author")),
        }
        for entry in feed.entries
    ]
    links = {link.rel: link.href for link in feed.feed.links}
    found.append({"title": feed.feed.title, "links": links, "entries": entries})
print(json.dumps(found))
