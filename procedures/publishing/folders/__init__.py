"""Pages as a folder of files, so that they can be kept in git, moved and given away.

    SLUG.md           the text of a page
    LANGUAGE/SLUG.md  its translation
    pages.toml        what belongs to a page and not to its text
    sources.toml      what the texts cite, by key
    figures/KEY.svg   what the texts show

Pages of other sites may be among them, as SLUG.html or as Markdown without our front matter.

A folder that `write_folder` has written can be read into an empty site with `read_folder` and written
again without loss. Signatures are not included: they are for the bytes of one site. So a translation
waits until the English text that it is read beside has been signed and published there.
"""

from procedures.publishing.folders.files import FolderError
from procedures.publishing.folders.other_sites import TakenOver
from procedures.publishing.folders.reading import read_folder, read_sources
from procedures.publishing.folders.writing import write_folder

__all__ = ["FolderError", "TakenOver", "read_folder", "read_sources", "write_folder"]
