"""What a run says of operations that the pipeline used and the sandbox lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence


def gap_notes(lacking: Iterable[Sequence[str]]) -> Iterator[str]:
    """Say which operations the pipeline used and the sandbox lacks.

    lacking: for each scenario, the operations that were asked for in vain.
    """
    asked = Counter(name for names in lacking for name in names)
    for name, count in sorted(asked.items()):
        yield f"the sandbox does not model {name}: it answered 501 to the pipeline in {count} scenarios"


def gap_problems(not_run: Sequence[Sequence[str]], accepted: Collection[str]) -> list[str]:
    """Say which of them kept a scenario from being proved.

    not_run: for each scenario that was not run, the operations that were asked for in vain. accepted: those that the
    configuration accepts.
    """
    names = sorted({name for lacking in not_run for name in lacking if name not in accepted})
    if not names:
        return []
    listed = ", ".join(f'"{name}"' for name in names)
    count = sum(bool(set(lacking) & set(names)) for lacking in not_run)
    told = f"{count} scenarios were not run: the pipeline asked for {', '.join(names)}, which the sandbox lacks."
    remedy = f"if the response does not matter to the conversion, set accept_not_modelled = [{listed}]"
    return [f"{told}\n  remedy: {remedy}"]
