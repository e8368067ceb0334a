"""The published language of Meridian: every event and topic, as types.

Services speak to one another, and to integrators, in nothing else. A service
imports the module of the owner whose events it reads (`events.sales`,
`events.contacts`, ...); `events.catalogue` lists them all.
"""
