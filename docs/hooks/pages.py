"""Pages that are made when the site is built: references, notebooks, and copies of root files.

MkDocs calls `on_files` and `on_page_markdown` (see `hooks` in mkdocs.yml), and has this folder on
the module path while it imports this file.
"""

from __future__ import annotations

import re
from pathlib import Path

import commands_page
import components_page
import config_page
import notebook_pages
import report_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# Page → the file of the repository that it shows.
_COPIES = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "deployment.md": "docker/README.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those that are written by hand."""
    root = Path(config.config_file_path).parent
    pages = {page: _copy(root / source) for page, source in _COPIES.items()}
    pages["reference/config.md"] = config_page.page()
    pages["reference/report.md"] = report_page.page()
    pages["reference/commands.md"] = commands_page.page()
    for family, text in components_page.pages().items():
        pages[f"reference/{family}.md"] = text
    notebooks = [file for file in files if file.src_uri.endswith(".ipynb")]
    for file in notebooks:
        files.remove(file)
        pages[file.src_uri.replace(".ipynb", ".md")] = notebook_pages.page(
            root / "docs" / file.src_uri
        )
    pages[notebook_pages.PLOTLY] = notebook_pages.plotly_script()
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to notebooks, which lead to their files elsewhere, into links to their pages."""
    return markdown.replace(".ipynb)", ".md)")


def _copy(file: Path) -> str:
    """Read a file, and turn its links into docs/ into links to pages beside it."""
    return re.sub(r"\]\((\.\./)?docs/", "](", file.read_text(encoding="utf-8"))
