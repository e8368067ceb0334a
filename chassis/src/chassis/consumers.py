"""Consumers on the broker: one raw batch subscriber each, offsets committed by us.

FastStream's conveniences are switched off on purpose: its default ack policy is
at most once, parsers and decoders that fail redeliver for ever, and errors in
handlers are swallowed, after which it goes on behind the batch that failed. So
records arrive raw and are decoded in the inbox. A batch is decoded while the one before
it is being applied, and the handler returns only when that one is in the database.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from chassis import telemetry
from chassis.cancellation import no_strays, to_its_end
from chassis.database import PASSING_FAILURES
from chassis.decoding import Delivery, Read
from chassis.inbox import PASSING, Consumer, Inbox
from chassis.kafka import BROKER_FAILURES, end, ends_proven
from chassis.settings import PlatformSettings
from chassis.tides import EVERY_SECONDS, Tides
from chassis.transactions import Transactions
from events.topics import replay_topic

log = logging.getLogger(__name__)

_POLL_MS = 1_000
"""How often a poll that has found nothing looks up; records end it at once."""
_MEASURED_EVERY = 3
_GRACE_SECONDS = 10.0
"""How long what is being applied may take to its end."""


class Subscription:
    """One consumer in one generation, from `start` to `stop`.

    It reads the live topics and what is replayed to this consumer. One that
    rebuilds (`rebuild` is a name of its own) reads the live topics alone, from
    their beginning, in a group of its own.
    """

    def __init__(
        self,
        consumer: Consumer,
        transactions: Transactions,
        settings: PlatformSettings,
        generation: str,
        tides: Tides,
        *,
        rebuild: str | None = None,
    ) -> None:
        self.consumer = consumer
        self._tides = tides
        self._owners = {handler.aggregate.topic.owner for handler in consumer.handlers}
        self._inbox = Inbox(consumer, transactions)
        self._storage = transactions.storage
        self._settings = settings
        self._generation = generation
        self._replays = replay_topic(consumer.name).name
        topics = (*consumer.topics, self._replays) if rebuild is None else consumer.topics
        group = consumer.name if rebuild is None else f"{consumer.name}.rebuild-{rebuild}"
        self.group = f"{group}@{generation}"
        self._stopping = False
        self._parked = 0
        self._applied: dict[TopicPartition, int] = {}
        self._awaited: dict[TopicPartition, tuple[int, datetime]] = {}
        self._progress: asyncio.Task[None] | None = None
        self._applying: asyncio.Task[None] | None = None
        self._trouble: _Trouble | None = None
        self._uncommitted: dict[TopicPartition, int] = {}
        self._readers: list[PatientReader] = []
        self._broker = KafkaBroker(
            # Unlike aiokafka, FastStream takes a text for one address.
            settings.kafka.split(","),
            logger=None,
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=_GRACE_SECONDS,
            # A topic that was lost and made anew is read again after so long.
            metadata_max_age_ms=10_000,
        )
        session = settings.kafka_session_timeout_ms
        self._subscriber = self._broker.subscriber(
            *topics,
            batch=True,
            group_id=self.group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            session_timeout_ms=session,
            heartbeat_interval_ms=session // 6,
            rebalance_timeout_ms=session * 2,
            max_poll_interval_ms=24 * 3600 * 1000,
            fetch_max_wait_ms=200,
            batch_timeout_ms=_POLL_MS,
            max_records=settings.consumer_batch,
            # Not the sticky one: it shares its state among all consumers of a process
            # (aiokafka's issue 1175), and ours are several in each.
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
            parser=_raw,
            decoder=_itself,
            listener=_Placing(self),
        )
        self._subscriber(self._receive)

    async def placed(self, places: Collection[TopicPartition]) -> None:
        """These partitions are ours to read from now on, from the committed offsets."""
        reader = self._subscriber.consumer
        if reader is not None:
            self._awaited.clear()
            self._applied = {place: await reader.committed(place) or 0 for place in places}

    async def start(self) -> None:
        """Join the group; raises `BROKER_FAILURES`."""
        await self._broker.connect()
        config = self._broker.config.broker_config
        assert isinstance(config.builder, partial), "FastStream builds its readers another way"
        config.builder = partial(self._reader, **config.builder.keywords)
        await self._broker.start()
        self._progress = asyncio.create_task(self._keep_progress())

    def _reader(self, **options: Any) -> PatientReader:
        reader = PatientReader(**options)
        self._readers.append(reader)
        return reader

    async def stop(self) -> None:
        """Leave the group, and everything that was connected; to its end, also when cancelled."""
        await to_its_end(self._stop())

    async def _stop(self) -> None:
        self._stopping = True
        if self._progress is not None:
            self._progress.cancel()
        if self._applying is not None:
            await asyncio.wait({self._applying}, timeout=_GRACE_SECONDS)
            self._applying.cancel()
            await asyncio.gather(self._applying, return_exceptions=True)
        try:
            async with asyncio.timeout(15):
                await self._broker.stop()
        except (*BROKER_FAILURES, ExceptionGroup) as error:
            log.info("%s did not leave its group cleanly: %s", self.consumer.name, error)
        finally:
            # Cut short, FastStream forgets a reader before it has stopped it.
            for reader in self._readers:
                await end(reader)

    def require_reading(self) -> None:
        """Raise ConnectionError when reading has ended, which FastStream does not notice."""
        applying = () if self._applying is None else (self._applying,)
        if any(task.cancelled() for task in (*self._subscriber.tasks, *applying)):
            raise ConnectionError(f"{self.consumer.name} has stopped reading")

    @property
    def _is_halted(self) -> bool:
        """Whether so many keys wait that going on would only add to them."""
        return self._parked > self._settings.most_parked_keys

    def missing(self) -> str | None:
        """What keeps this consumer from its work, in words."""
        name, reader, trouble = self.consumer.name, self._subscriber.consumer, self._trouble
        if reader is None or not reader.assignment():
            return f"{name} has no partitions assigned"
        if self._is_halted:
            return f"{name} has stopped: {self._parked} keys are parked"
        if trouble is not None and trouble.seconds() > self._settings.consumer_patience_seconds:
            return f"{name} has not got on for {trouble.seconds():.0f} s: {trouble.cause}"
        return None

    async def _receive(self, message: KafkaMessage) -> None:
        """Decode one batch while the one before it is applied, and have it applied next."""
        records: tuple[ConsumerRecord[Any, Any], ...] = message.raw_message
        read = await self._inbox.decoding.read(
            [
                Delivery(record.topic, record.partition, record.offset, record.key, record.value)
                for record in records
            ]
        )
        offsets = {
            TopicPartition(record.topic, record.partition): record.offset + 1 for record in records
        }
        if self._applying is not None:
            await self._applying
        if not self._stopping:
            self._applying = asyncio.create_task(self._apply(read, offsets))

    async def _apply(self, read: Read, offsets: dict[TopicPartition, int]) -> None:
        """Apply one batch, waiting out failures of infrastructure; then commit its offsets."""
        wait = 0.05
        while not self._stopping:
            if self._is_halted:
                await asyncio.sleep(EVERY_SECONDS)
                continue
            try:
                effects = await self._inbox.apply(self._generation, read)
                break
            except PASSING as error:
                log.warning("%s pauses: %s", self.consumer.name, error)
                self._note_trouble(error)
            except Exception as error:
                # FastStream would go on behind the batch, and commit as if it had been applied.
                log.exception("%s pauses for what it does not understand", self.consumer.name)
                self._note_trouble(error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)
        else:
            return
        telemetry.APPLIED.labels(self.consumer.name).inc(effects)
        self._applied.update(offsets)
        await self._commit(offsets)

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit exactly what was applied, and what could not be committed before.

        A failure costs a redelivery, which changes nothing. But when it lasts, the next start
        begins ever further behind: then this consumer is not ready.
        """
        reader = self._subscriber.consumer
        if reader is None:
            return
        offsets = {**self._uncommitted, **offsets}
        held = {place: offset for place, offset in offsets.items() if place in reader.assignment()}
        self._uncommitted = held
        try:
            if held:
                await reader.commit(held)
            self._uncommitted = {}
            self._trouble = None
        except (KafkaError, TimeoutError) as error:
            log.info("%s could not commit offsets: %s", self.consumer.name, error)
            self._note_trouble(error)

    def _note_trouble(self, error: Exception) -> None:
        since = self._trouble.since if self._trouble is not None else time.monotonic()
        self._trouble = _Trouble(since, f"{type(error).__name__}: {error}")

    # -- how fresh ------------------------------------------------------------------

    async def _keep_progress(self) -> None:
        for tick in itertools.count():
            await asyncio.sleep(EVERY_SECONDS)
            try:
                with no_strays():
                    if self._uncommitted:
                        await self._commit({})
                    await self._note_progress()
                    if tick % _MEASURED_EVERY == 0:
                        await self._measure(datetime.now(UTC))
            except (*PASSING_FAILURES, *BROKER_FAILURES) as error:
                log.info("%s cannot note its progress: %s", self.consumer.name, error)

    async def _note_progress(self) -> None:
        """Note the owners' tide for each partition whose events are all applied.

        The tide is read first: what it covers is in the broker by then, below the
        ends that are asked for afterwards.
        """
        reader = self._subscriber.consumer
        tide = await self._tides.lowest(self._owners)
        if reader is None or tide is None:
            return
        # What is replayed is older than what has been applied: it says nothing of freshness.
        live = [place for place in reader.assignment() if place.topic != self._replays]
        told = await reader.end_offsets(live)
        reached = self._reached(ends_proven(reader, told), tide)
        await self._storage.note_progress(
            self.consumer.name,
            {(place.topic, place.partition): moment for place, moment in reached.items()},
        )

    def _reached(
        self, ends: Mapping[TopicPartition, int], tide: datetime
    ) -> dict[TopicPartition, datetime]:
        """Up to when everything is applied, of each partition of which that is known anew.

        Where events come without a pause, the end has always moved on: there an end
        seen earlier, and the tide that it covers, are kept until it is reached.
        """
        reached: dict[TopicPartition, datetime] = {}
        for place, last in ends.items():
            applied = self._applied.get(place, -1)
            awaited, covered = self._awaited.setdefault(place, (last, tide))
            if applied >= last:
                reached[place] = tide
            elif applied >= awaited:
                reached[place] = covered
            if applied >= awaited:
                self._awaited[place] = (last, tide)
        return reached

    async def _measure(self, moment: datetime) -> None:
        as_of, self._parked = await self._storage.progress(self.consumer.name)
        telemetry.PARKED.labels(self.consumer.name).set(self._parked)
        if as_of is not None:
            age = (moment - as_of).total_seconds()
            telemetry.PROJECTION_AGE.labels(self.consumer.name).set(max(age, 0.0))


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a consumer does not get on, and since when (monotonic)."""

    since: float
    cause: str

    def seconds(self) -> float:
        return time.monotonic() - self.since


class PatientReader(AIOKafkaConsumer):  # type: ignore[misc]
    """A reader whose polls end with records, or with itself.

    FastStream sleeps for the time of a poll after each that was empty, and what comes meanwhile
    would wait.
    """

    async def start(self) -> None:
        # Joining a group may last, and can be cut short; only the first connection cannot.
        bootstrap = self._client.bootstrap
        self._client.bootstrap = lambda: to_its_end(bootstrap())
        await super().start()

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        while True:
            records: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = await super().getmany(
                *partitions, timeout_ms=timeout_ms, max_records=max_records
            )
            if records:
                return records


class _Placing(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells a subscription which partitions it has been given."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        pass

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._subscription.placed(assigned)


async def _raw(records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    """FastStream's own parser fails on a null header, before anybody can handle it."""
    return KafkaMessage(raw_message=records, body=b"", headers={}, consumer=_NO_CONSUMER)


async def _itself(message: KafkaMessage) -> KafkaMessage:
    return message


class _NoConsumer:
    """Acknowledging through FastStream is not done here: it commits every partition."""

    async def commit(self) -> None:
        raise NotImplementedError

    def seek(self, partition: TopicPartition, offset: int) -> None:
        raise NotImplementedError


_NO_CONSUMER = _NoConsumer()
