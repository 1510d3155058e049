"""Files that come with a form: read in memory, never as a temporary file on disk (PRV-2), and never beyond a limit."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from adapters.photographs import MOST_PAGES, is_photograph, pdf_of_photographs
from api.problems import Problem, malformed
from procedures.refusals import Refused

PAPER_FIELDS = ("file", "photo")
"""Fields with a paper: one PDF, or a photograph of each page; a camera's own fields come after chosen files."""
MOST_FILES = 2 * MOST_PAGES
"""Fields left empty are sent too."""


async def form_of(request: Request, *, most: int, fields: int = 5, files: int = 1) -> FormData:
    """The form of a request with `files` files at most. Raises 422, or 413 beyond `most` bytes."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise malformed("Send the file as multipart/form-data in the field `file`.")
    parser = MultiPartParser(request.headers, _limited(request, most), max_files=files, max_fields=fields)
    parser.spool_max_size = 2 * most  # what is larger would go to disk, and cannot come
    try:
        return await parser.parse()
    except MultiPartException:
        raise malformed("The form cannot be read: send one file in the field `file`.") from None


async def file_of(form: FormData) -> bytes:
    """The content of the form's file. Raises 422 when there is none."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise malformed("Send the file in the form field `file`.")
    return await file.read()


async def paper_of(form: FormData) -> bytes:
    """The paper of a form: its PDF, or one made of the photographs of its pages; empty when there is neither.

    Raises Refused (A-B1) for photographs that cannot be read, and for several papers at once.
    """
    sent = [one for name in PAPER_FIELDS for one in form.getlist(name) if isinstance(one, UploadFile)]
    contents = [content for one in sent if (content := await one.read())]
    if contents and all(map(is_photograph, contents)):
        return await asyncio.to_thread(pdf_of_photographs, contents)
    if len(contents) > 1:
        raise Refused("A-B1", "File one paper at a time: one PDF, or photographs (JPEG or PNG) of its pages.")
    return b"".join(contents)


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise Problem(413, "too-large", f"The file has at most {most // 1024 // 1024} MB.")
        yield chunk
