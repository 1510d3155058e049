"""Files that come with a form: read in memory, never as a temporary file on disk (PRV-2), and never beyond a limit."""

from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.problems import Problem, malformed


async def form_of(request: Request, *, most: int, fields: int = 5) -> FormData:
    """The form of a request with one file in the field `file`. Raises 422, or 413 beyond `most` bytes."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise malformed("Send the file as multipart/form-data in the field `file`.")
    parser = MultiPartParser(request.headers, _limited(request, most), max_files=1, max_fields=fields)
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


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise Problem(413, "too-large", f"The file has at most {most // 1024 // 1024} MB.")
        yield chunk
