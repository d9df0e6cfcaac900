#!/usr/bin/env python3
"""The owner's door under load, and what its timing tells. Python's standard library alone.

    benches/doors.py target/release/rowlog

First 200 clients try to sign in, again and again for ten seconds, while a reader in a process of her own reads the blog on
one connection. Then 200 pairs of attempts, in random order, whose times a stranger might compare: from a device that is
known and from one that is not, on a blog with an owner and on one without, with a wrong password and with a wrong code.
"""

import base64
import hashlib
import hmac
import http.client
import math
import multiprocessing
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

PASSWORD = "a tide table of 1911"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Blog:
    """A blog of its own, served for as long as the block lasts."""

    def __init__(self, program, owned=True):
        self.folder = tempfile.TemporaryDirectory()
        self.run = [program, "--data", self.folder.name]
        if owned:
            setup = ["setup", "--title", "Slack Water", "--name", "Maren", "--password-stdin"]
            subprocess.run(self.run + setup, input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        serve = self.run + ["serve", "--listen", "127.0.0.1:0", "--limits", "off"]
        self.server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.server.stdout.readline().split("//")[1].strip()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()

    def client(self):
        return http.client.HTTPConnection(self.address, timeout=60)

    def peak(self):
        """The most memory that the server ever had, in MiB."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def post(client, path, fields, cookie=""):
    headers = FORM | ({"Cookie": cookie} if cookie else {})
    client.request("POST", path, urllib.parse.urlencode(fields), headers)
    answer = client.getresponse()
    return answer, answer.read().decode()


def cookies(answer):
    given = answer.headers.get_all("Set-Cookie") or []
    return {name: value for name, value in (it.split(";")[0].split("=", 1) for it in given)}


# ---- a crowd at the door


def read_pages(address, until, results):
    """Reads the blog on one connection; puts the milliseconds that each page took."""
    client, took = http.client.HTTPConnection(address, timeout=60), []
    while time.time() < until:
        for path in ("/", "/posts/welcome", "/archive"):
            began = time.perf_counter()
            client.request("GET", path)
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.005)
    results.put(took)


def read_while(blog, seconds):
    results = multiprocessing.Queue()
    arguments = (blog.address, time.time() + seconds, results)
    reader = multiprocessing.Process(target=read_pages, args=arguments)
    reader.start()
    return reader, results


def described(took):
    took = sorted(took)
    at = lambda share: took[min(len(took) - 1, int(len(took) * share))]
    return f"{len(took)} pages, median {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, slowest {took[-1]:.1f} ms"


def crowd(program):
    with Blog(program) as blog:
        reader, results = read_while(blog, 5)
        print("nobody at the door:", described(results.get()))
        reader.join()
        until, answers = time.time() + 10, {}

        def knock():
            while time.time() < until:
                client = blog.client()
                answer, _ = post(client, "/admin/login", {"password": "a guess of somebody"})
                answers[answer.status] = answers.get(answer.status, 0) + 1
                client.close()
                if answer.status == 503:
                    time.sleep(0.5)  # it was asked to wait for five seconds

        reader, results = read_while(blog, 10)
        crowd = [threading.Thread(target=knock) for _ in range(200)]
        for one in crowd:
            one.start()
        print("200 at the door:   ", described(results.get()))
        for one in crowd:
            one.join()
        reader.join()
        print(f"answers: {answers}; the most memory: {blog.peak():.0f} MiB")


# ---- what the time of an answer tells


def mann_whitney(ones, others):
    """The two-sided p of equal distributions, by the normal approximation with ties."""
    ranked = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    ranks, ties, at = [0.0, 0.0], 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        for _, group in ranked[at:end]:
            ranks[group] += (at + 1 + end) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    n, m = len(ones), len(others)
    u = ranks[0] - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return math.erfc(abs(u - n * m / 2) / spread / math.sqrt(2))


def compare(what, one, other, samples=200):
    """Times both, in random order; each is a function that makes one attempt and is refused."""
    times = ([], [])
    for _ in range(5):
        one(), other()
    order = [0] * samples + [1] * samples
    random.shuffle(order)
    for group in order:
        began = time.perf_counter()
        (one, other)[group]()
        times[group].append((time.perf_counter() - began) * 1000)
    medians = " and ".join(f"{statistics.median(group):.2f} ms" for group in times)
    print(f"{what}: medians {medians}, p = {mann_whitney(*times):.2f}")


def attempt(blog, cookie="", **fields):
    def once():
        client = blog.client()  # a new one: the server does not wait long for the next word of an old one
        answer, _ = post(client, "/admin/login", fields, cookie)
        assert answer.status == 401, answer.status
        client.close()

    return once


def code(secret, later=0):
    """Source: RFC 6238."""
    key = base64.b32decode(secret.replace(" ", ""))
    step = int(time.time() // 30 + later).to_bytes(8, "big")
    mac = hmac.new(key, step, hashlib.sha1).digest()
    at = mac[19] % 16
    return f"{(int.from_bytes(mac[at:at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def timing(program):
    wrong = "a tide table of 1912"
    with Blog(program) as owned, Blog(program, owned=False) as new:
        client = owned.client()
        answer, _ = post(client, "/admin/login", {"password": PASSWORD})
        given = cookies(answer)
        device, session = f"device={given['device']}", f"session={given['session']}"
        stranger = "device=" + "0" * 64
        compare("a device that is known, and one that is not",
                attempt(owned, device, password=wrong), attempt(owned, stranger, password=wrong))
        compare("a blog with an owner, and one without",
                attempt(owned, password=wrong), attempt(new, password=wrong))
        client = owned.client()  # the first one was idle for too long
        client.request("GET", "/admin/account/code", headers={"Cookie": session})
        page = client.getresponse().read().decode()
        secret = re.search(r'name="secret"[^>]*>\s*([A-Z2-7 ]+)<', page)[1]
        fields = {"secret": secret, "code": code(secret), "current": PASSWORD}
        answer, _ = post(client, "/admin/account/code", fields, session)
        assert answer.status == 201, answer.status
        compare("a wrong password, and the right one with a wrong code",
                attempt(owned, password=wrong, code="00000x"), attempt(owned, password=PASSWORD, code="00000x"))
        right = {code(secret, later) for later in range(-2, 40)}  # those of the next twenty minutes
        digits = next(six for six in (f"{n:06}" for n in range(1_000_000)) if six not in right)
        compare("the same with six digits",
                attempt(owned, password=wrong, code=digits), attempt(owned, password=PASSWORD, code=digits))


if __name__ == "__main__":
    crowd(sys.argv[1])
    timing(sys.argv[1])
