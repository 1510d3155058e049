"""Random sequences of commands, legal and illegal, against the real workflows; the record is compared after each."""

from adapters.keys import KeyRing
from tests.reference.sequences import copied, play
from workers.embedded.postgres import EmbeddedPostgres

SEQUENCES = 32
"""`python -m bench.random_sequences` plays 2,000 and cuts down whatever differs."""
ROUNDS = 24


async def test_1_2_3_4_random_sequences_come_to_what_the_catalogue_says(
    cluster: EmbeddedPostgres, migrated_template: str, keys: KeyRing
) -> None:
    async with copied(cluster, "random_sequences", migrated_template) as databases:
        played = await play(databases, keys, seed=20311103, sequences=SEQUENCES, rounds=ROUNDS)
    assert not played.found, "\n".join(map(str, played.found))
    assert played.sequences >= 30
    assert played.commands >= SEQUENCES * ROUNDS
