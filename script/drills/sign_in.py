"""Signs in as an operator does the first time: a password, an authenticator app, recovery codes.

python sign_in.py https://www.your-clinic.example USERNAME PASSWORD
"""

import base64
import hashlib
import hmac
import re
import struct
import sys
import time
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

SITE, USERNAME, PASSWORD = sys.argv[1:]
SECOND, SET_UP = "/admin/second-factor/", "/admin/second-factor/set-up/"


class Browser:
    """Keeps cookies, and sends back the token of the last page."""

    def __init__(self) -> None:
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.page = ""

    def ask(self, path: str, **typed: str) -> str:
        """The page that answers."""
        form = {"csrfmiddlewaretoken": self.token(), "next": "/admin/", **typed} if typed else None
        request = Request(SITE + path, urlencode(form).encode() if form else None)  # noqa: S310
        request.add_header("Referer", SITE + path)
        with self.opener.open(request) as answer:
            self.page = answer.read().decode()
        return self.page

    def token(self) -> str:
        """The token of the first form on the page."""
        return match(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)

    def enter_password(self) -> str:
        """Give the password, and return the page after it."""
        self.ask("/admin/login/")
        return self.ask("/admin/login/", username=USERNAME, password=PASSWORD)

    def is_in(self) -> bool:
        """Whether the desk opens."""
        return "Find a patient" in self.ask("/admin/")


def match(pattern: str, page: str) -> str:
    """What the pattern finds in the page; ends the program if it finds nothing."""
    found = re.search(pattern, page)
    if not found:
        sys.exit(f"No {pattern} in:\n{page[:3000]}")
    return found[1]


def shown(key: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    secret = base64.b32decode(key.replace(" ", "").upper())
    digest = hmac.digest(secret, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def main() -> None:
    """Set it up, and sign in once more; the password alone never opens the desk."""
    first, later = Browser(), Browser()
    key = match(r'class="typed-key">([\w ]+)<', first.enter_password())
    code = shown(key)
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", first.ask(SET_UP, code=code))
    asked = later.enter_password()
    if not (len(codes) == 10 and first.is_in() and 'name="code"' in asked and not later.is_in()):
        sys.exit("The second factor is not as it should be.")
    later.enter_password()
    later.ask(SECOND, code=code)
    if later.is_in():
        sys.exit("A code opened the desk twice.")
    later.enter_password()
    later.ask(SECOND, code=codes[0])
    if not later.is_in():
        sys.exit("A recovery code did not open the desk.")
    sys.stdout.write("signed in\n")


main()
