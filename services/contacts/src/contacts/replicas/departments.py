"""Where departments lie in the tree and which time they keep, from the directory's events."""

from __future__ import annotations

from chassis.access import keep_departments
from chassis.inbox import Replica
from chassis.seals import DEPARTMENT as PLACES
from events.catalogue import DEPARTMENT

DEPARTMENTS = Replica(DEPARTMENT, keep_departments, (PLACES,))
