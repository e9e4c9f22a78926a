"""The validator itself, which checks every page that any test requests."""

import pytest

from tests.valid_html import faults_of_fragment


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p>One<div>Two</div></p>", "unexpected"),
        ("<b>One", "expected"),
        ("<p id=a>One<p id=a>Two", "id “a” 2 times"),
        ("<label for=b>One</label>", "leads nowhere"),
        ("<ul><p>One</p></ul>", "<ul> with ['p'] in it"),
        (
            "<figure><p>A</p><figcaption>B</figcaption><details><summary>C</summary></details></figure>",
            "<figcaption> neither first nor last",
        ),
        ("<details><p>A</p></details>", "does not begin with its <summary>"),
        ("<time datetime=2026-11-23T10:00:00.123456+00:00>x</time>", "<time> of"),
        ("<time>soon</time>", "<time> of “soon”"),
        ("<span><div>One</div></span>", "<div> in <span>"),
        ("<button><a href=/>One</a></button>", "<a> in <a> or <button>"),
        ("<img src=/a.png>", "<img> without alt"),
    ],
)
def test_what_is_not_valid_is_found(body: str, fault: str) -> None:
    assert any(fault in found for found in faults_of_fragment(body))


def test_a_valid_page_has_no_faults() -> None:
    body = (
        "<ul><li>One</ul><figure><img src=/a.png alt=A><figcaption>B<details><summary>C</summary>"
        "<p>D</details></figcaption></figure><time datetime='2026-11-23 10:00+0000'>10</time>"
        "<label for=e>E</label><input id=e><svg viewBox='0 0 1 1'><path d='M0 0h1'></path></svg>"
    )
    assert faults_of_fragment(body) == []
