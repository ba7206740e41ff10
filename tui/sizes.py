"""Sizes of files as people read them."""


def size_text(size: float) -> str:
    """Bytes in the largest binary unit that leaves a number of 1 or more: ``48.3 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
