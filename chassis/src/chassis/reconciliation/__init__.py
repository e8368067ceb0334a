"""Reconciliation: the proof that every consumer has applied all that the owners journalled.

An owner publishes digests of what its journal holds, range of keys by range of keys;
every consumer makes the same digest over `applied`. Where the two are equal, so
are the sets of (key, newest version). Where they are not, the consumer asks the owner for
the versions of that range, and names every key that differs. Nobody reads another's database:
all of this goes over the topic `crm.reconciliation`. Rows of projections are compared with
`applied`, and with their seals, in the consumer's own database.

    records.py       what is sent
    tiling.py        an owner's digests, which together cover all keys
    journalled.py    an owner's queries
    applied.py       a consumer's queries
    judging.py       which keys differ, from what both sides say
    verdicts.py      what was found, kept in the consumer's database
    publishing.py    an owner at work
    comparing.py     a consumer at work
    channel.py       the topic
    reconciler.py    whose turn it is, and what is done in it
    command.py       what an operator does
"""
