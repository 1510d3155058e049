"""Documents under a key ring: new ones are sealed with the current key, old ones stay readable after a rotation."""

from pathlib import Path

from adapters.document_store import EncryptedFiles
from adapters.keys import KeyRing, Purpose, keys_for
from adapters.ports import Permanent


class DocumentsByKey:
    """A DocumentStore in one folder, with a folder for each key; the key's id is part of the opaque reference."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        self._current = ring.current
        self._stores = {
            key_id: EncryptedFiles(folder / key_id, key)
            for key_id, key in keys_for(ring, Purpose.DOCUMENTS).items()
        }

    async def put(self, content: bytes) -> str:
        """Store content under a new reference. Raises Transient when it cannot be written."""
        return f"{self._current}.{await self._stores[self._current].put(content)}"

    async def get(self, reference: str) -> bytes:
        """Read content back. Raises Permanent (unknown, altered, key not in the ring) or Transient."""
        key_id, _, name = reference.partition(".")
        store = self._stores.get(key_id)
        if store is None:
            raise Permanent("the document's key is not in the key ring: add the key it was stored with")
        return await store.get(name)
