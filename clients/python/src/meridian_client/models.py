"""What the API reads and answers: drafts and patches, records, reports."""

from meridian_client.generated.models import *  # noqa: F403 - all of them, under a shorter name
