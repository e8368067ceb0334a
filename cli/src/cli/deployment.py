"""`topics`: what a deployment needs that follows from the code."""

from rich.console import Console

from cli.checks import source_checkout
from events.strimzi import resources

console = Console(stderr=True, highlight=False)


def topics() -> None:
    """Write deploy/kafka/topics.yaml anew after a change of the declared topics."""
    path = source_checkout() / "deploy" / "kafka" / "topics.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(resources())
    console.print(f"wrote {path}")
