"""How many of something, in words."""


def counted(number: int, one: str, several: str = "") -> str:
    """“1 page”, “2 pages”; `several` is the plural that is not made with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
