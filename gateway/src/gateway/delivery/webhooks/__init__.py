"""Webhooks: events are sent to where others listen, by the Standard Webhooks specification."""
