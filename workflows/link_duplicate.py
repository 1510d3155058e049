"""Step 1.2, a duplicate record found after the process has ended: linked later, without a second T-441 (AMB-P1-13)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.duplicates import DuplicateFound, Duplicates, Mirrored
    from procedures.steps import step
    from workflows.options import PATIENT


@workflow.defn(name="link_duplicate", failure_exception_types=[Exception])
class LinkDuplicate:
    """A short run: one transaction."""

    @workflow.run
    @step("1.2")
    async def run(self, found: DuplicateFound) -> Mirrored:
        """Mirror code and note, or say which rule refuses the link."""
        mirrored: Mirrored = await workflow.execute_activity_method(
            Duplicates.mirror_duplicate,
            args=[found, workflow.now()],
            summary="1.2 link a duplicate",
            **PATIENT,
        )
        return mirrored
