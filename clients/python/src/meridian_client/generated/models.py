"""What the API reads and answers. Written by `./meridian language` of clients/openapi.json."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field

KEPT: Any = UNSET
"""What stands for a field that a rule of the tenant keeps from who asks."""


class Absence(Struct, kw_only=True, omit_defaults=True):
    """Days on which a user, its `owner`, does not work, and who stands in.

    The first and the last day are both among them, by the clocks of the `department`.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    kind: str
    starts_on: dt.date
    ends_on: dt.date
    deputy: UUID | None = None


class AbsenceDraft(Struct, kw_only=True):
    """The fields of an absence that clients set; without an `owner` it is one's own.

    Both dates are days of the absence.
    """

    owner: UUID | UnsetType | None = UNSET
    kind: Literal["other", "sick", "trip", "vacation"]
    starts_on: dt.date
    ends_on: dt.date
    deputy: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class AbsencePatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of AbsenceDraft."""

    owner: UUID | UnsetType | None = UNSET
    kind: Literal["other", "sick", "trip", "vacation"] | UnsetType = UNSET
    starts_on: dt.date | UnsetType = UNSET
    ends_on: dt.date | UnsetType = UNSET
    deputy: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Acceptance(Struct, kw_only=True):
    """What a user answers to an invitation."""

    invitation: str
    password: str


class Access(Struct, kw_only=True, omit_defaults=True):
    """What one may do, by permission; `department_path` lists the ids from the root to one's own.

    Of a program's key they are those that the key permits. A field that is not among
    `fields` is open as far as its resource is.
    """

    user: UUID
    roles: list[str]
    department_path: list[UUID]
    grants: list[Grant]
    fields: list[Restriction]


class Address(Struct, kw_only=True, omit_defaults=True):
    country: str | None = None
    city: str | None = None
    line: str | None = None
    postcode: str | None = None


class AddressPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of Address."""

    country: str | UnsetType | None = UNSET
    city: str | UnsetType | None = UNSET
    line: str | UnsetType | None = UNSET
    postcode: str | UnsetType | None = UNSET


class ApiKey(Struct, kw_only=True, omit_defaults=True):
    """A key as people see it; `last_used` is told to ten minutes or so."""

    id: UUID
    user: UUID
    name: str
    prefix: str
    scopes: list[str]
    created: str
    expires: str
    last_used: str | None = None
    revoked: str | None = None


class ApiKeyDraft(Struct, kw_only=True):
    """What a user decides about a key; it expires after a year unless told."""

    name: str
    scopes: list[str]
    expires: dt.datetime | UnsetType | None = UNSET


class ApiKeyIssued(Struct, kw_only=True, omit_defaults=True):
    """A new key, with what is shown this once.

    `key` is sent as `Authorization: Bearer ...`; programs that have only Basic send
    the id as the user and `secret` as the password.
    """

    api_key: ApiKey
    secret: str
    key: str


class ApiKeys(Struct, kw_only=True, omit_defaults=True):
    """Keys, newest first."""

    items: list[ApiKey]


class Because(Struct, kw_only=True, omit_defaults=True):
    """One reason; `code` is stable, `detail` for people."""

    code: Literal[
        "field-hidden",
        "field-masked",
        "field-open",
        "field-read-only",
        "no-role-permits",
        "owned-by-another",
        "owns-the-record",
        "reaches-all",
        "record-below-department",
        "record-beyond-department",
        "record-in-department",
        "role-permits",
        "user-not-active",
    ]
    detail: str


class BeginSignIn(Struct, kw_only=True):
    """Where one signs in: the slug of the tenant, and the code of its provider."""

    tenant: str
    provider: str


class CalendarException(Struct, kw_only=True, omit_defaults=True):
    """A date that is not as the week and the holidays say: closed, or open at `hours`."""

    date: dt.date
    name: str
    hours: list[Hours] = field(default_factory=list)


class Campaign(Struct, kw_only=True, omit_defaults=True):
    """Something done over one channel in a period, for money."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    channel: UUID = KEPT
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    budget: Money | None = None
    status: str = "running"


class CampaignDraft(Struct, kw_only=True):
    """The fields of a campaign that clients set."""

    name: str
    channel: UUID
    starts_on: dt.date | UnsetType | None = UNSET
    ends_on: dt.date | UnsetType | None = UNSET
    budget: Money | UnsetType | None = UNSET
    status: Literal["finished", "planned", "running"] | UnsetType = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class CampaignPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of CampaignDraft."""

    name: str | UnsetType = UNSET
    channel: UUID | UnsetType = UNSET
    starts_on: dt.date | UnsetType | None = UNSET
    ends_on: dt.date | UnsetType | None = UNSET
    budget: MoneyPatch | UnsetType | None = UNSET
    status: Literal["finished", "planned", "running"] | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Cancellation(Struct, kw_only=True):
    """Nothing needs to be said; why goes into the header Meridian-Reason."""


class Captured(Struct, kw_only=True, omit_defaults=True):
    """The answer to a submission."""

    lead: UUID


class Channel(Struct, kw_only=True, omit_defaults=True):
    """A way by which customers find the company."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    kind: str = KEPT
    is_active: bool = True


class ChannelDraft(Struct, kw_only=True):
    """The fields of a channel that clients set."""

    name: str
    kind: Literal[
        "content",
        "direct",
        "display",
        "email",
        "event",
        "other",
        "partner",
        "phone",
        "referral",
        "search",
        "social",
    ]
    is_active: bool | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class ChannelPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of ChannelDraft."""

    name: str | UnsetType = UNSET
    kind: (
        Literal[
            "content",
            "direct",
            "display",
            "email",
            "event",
            "other",
            "partner",
            "phone",
            "referral",
            "search",
            "social",
        ]
        | UnsetType
    ) = UNSET
    is_active: bool | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Closing(Struct, kw_only=True):
    """How a deal was won or lost; `closed_at` is now by default."""

    reason: UUID | UnsetType | None = UNSET
    comment: str | UnsetType = UNSET
    closed_at: dt.datetime | UnsetType | None = UNSET


class Company(Struct, kw_only=True, omit_defaults=True):
    """An organisation that is, was or may become a customer."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    tax_id: str | None = None
    industry: str | None = None
    website: str | None = None
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    address: Address | None = None
    employees: int | None = None
    annual_revenue: Money | None = None
    founded_year: int | None = None
    parent: UUID | None = None
    notes: str = ""


class CompanyDraft(Struct, kw_only=True):
    """The fields of a company that clients set."""

    name: str
    tax_id: str | UnsetType | None = UNSET
    industry: str | UnsetType | None = UNSET
    website: str | UnsetType | None = UNSET
    emails: list[str] | UnsetType = UNSET
    phones: list[str] | UnsetType = UNSET
    address: Address | UnsetType | None = UNSET
    employees: int | UnsetType | None = UNSET
    annual_revenue: Money | UnsetType | None = UNSET
    founded_year: int | UnsetType | None = UNSET
    parent: UUID | UnsetType | None = UNSET
    notes: str | UnsetType = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class CompanyPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of CompanyDraft."""

    name: str | UnsetType = UNSET
    tax_id: str | UnsetType | None = UNSET
    industry: str | UnsetType | None = UNSET
    website: str | UnsetType | None = UNSET
    emails: list[str] | UnsetType | None = UNSET
    phones: list[str] | UnsetType | None = UNSET
    address: AddressPatch | UnsetType | None = UNSET
    employees: int | UnsetType | None = UNSET
    annual_revenue: MoneyPatch | UnsetType | None = UNSET
    founded_year: int | UnsetType | None = UNSET
    parent: UUID | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class CompleteSignIn(Struct, kw_only=True):
    """What the provider sends back with the browser: `?state=...&code=...`, some also `iss`."""

    state: str
    code: str
    iss: str | UnsetType | None = UNSET


class Completion(Struct, kw_only=True):
    """How a planned touch went; `done_at` is now by default."""

    done_at: dt.datetime | UnsetType | None = UNSET
    outcome: str | UnsetType | None = UNSET
    duration_minutes: int | UnsetType | None = UNSET


class Confirmation(Struct, kw_only=True):
    """The first code that the app shows."""

    code: str


class Customer(Struct, kw_only=True, omit_defaults=True):
    """A company or a person; `record` is what GET of that kind answers."""

    type: Literal["company", "person"]
    record: dict[str, Any]


class Customer360(Struct, kw_only=True, omit_defaults=True):
    """What is known of a customer.

    `customer` is as `GET /v1/customers/{id}` answers, `timeline`, `deals` and the
    `leads` that became this customer, with the campaigns they came by, are the
    first pages of their lists. A part is null when its service, which
    `unavailable` then names, did not answer in time.
    """

    customer: Any
    timeline: Any
    deals: Any
    leads: Any
    unavailable: list[str]


class CustomerRef(Struct, kw_only=True, omit_defaults=True):
    """A soft reference to a company or a person; it may arrive before its target."""

    type: Literal["company", "person"]
    id: UUID


class CustomerRefPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of CustomerRef."""

    type: Literal["company", "person"] | UnsetType = UNSET
    id: UUID | UnsetType = UNSET


class CycleTimeGroup(Struct, kw_only=True, omit_defaults=True):
    key: str | None
    name: str | None
    deals: int
    mean_days: float | None
    median_days: float | None
    undated: int


class CycleTimeReport(Struct, kw_only=True, omit_defaults=True):
    """Days, the mean to four places; null where there is no deal. No items by `none`."""

    as_of: str
    deals: int
    mean_days: float | None
    median_days: float | None
    undated: int
    items: list[CycleTimeGroup]


class Deal(Struct, kw_only=True, omit_defaults=True):
    """An opportunity to sell, with the whole history of its stages.

    `amount` is the sum of the lines when there are any. `started_on`,
    `closed_on` are the local business dates by which reports count.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    pipeline: UUID = KEPT
    stage: UUID = KEPT
    status: Literal["lost", "open", "won"] = "open"
    customer: CustomerRef | None = None
    amount: Money | None = None
    lines: list[DealLine] = field(default_factory=list)
    history: list[StageEntry] = field(default_factory=list)
    started_at: dt.datetime | None = None
    started_on: dt.date | None = None
    expected_close_on: dt.date | None = None
    closed_at: dt.datetime | None = None
    closed_on: dt.date | None = None
    reason: UUID | None = None
    reason_comment: str = ""
    next_step: NextStep | None = None
    channel: UUID | None = None
    campaign: UUID | None = None
    lead: UUID | None = None


class DealDraft(Struct, kw_only=True):
    """A deal to be opened: by default in the first stage of the tenant's default pipeline."""

    name: str
    customer: CustomerRef | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    lines: list[DealLine] | UnsetType = UNSET
    amount: Money | UnsetType | None = UNSET
    expected_close_on: dt.date | UnsetType | None = UNSET
    next_step: NextStepDraft | UnsetType | None = UNSET
    channel: UUID | UnsetType | None = UNSET
    campaign: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET
    pipeline: UUID | UnsetType | None = UNSET
    stage: UUID | UnsetType | None = UNSET


class DealImport(Struct, kw_only=True):
    """A deal with the state and the past that another system says it has."""

    name: str
    customer: CustomerRef | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    lines: list[DealLine] | UnsetType = UNSET
    amount: Money | UnsetType | None = UNSET
    expected_close_on: dt.date | UnsetType | None = UNSET
    next_step: NextStepDraft | UnsetType | None = UNSET
    channel: UUID | UnsetType | None = UNSET
    campaign: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET
    pipeline: UUID | UnsetType | None = UNSET
    stage: UUID | UnsetType | None = UNSET
    status: Literal["lost", "open", "won"] | UnsetType = UNSET
    history: list[StageEntryDraft] | UnsetType = UNSET
    started_at: dt.datetime | UnsetType | None = UNSET
    started_on: dt.date | UnsetType | None = UNSET
    closed_at: dt.datetime | UnsetType | None = UNSET
    closed_on: dt.date | UnsetType | None = UNSET
    reason: UUID | UnsetType | None = UNSET
    reason_comment: str | UnsetType = UNSET


class DealLine(Struct, kw_only=True, omit_defaults=True):
    """A product on a deal: `quantity` units at `price` each."""

    product: UUID
    quantity: Decimal
    price: Money


class DealPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of DealChange."""

    name: str | UnsetType = UNSET
    customer: CustomerRefPatch | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    lines: list[DealLine] | UnsetType | None = UNSET
    amount: MoneyPatch | UnsetType | None = UNSET
    expected_close_on: dt.date | UnsetType | None = UNSET
    next_step: NextStepPatch | UnsetType | None = UNSET
    channel: UUID | UnsetType | None = UNSET
    campaign: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET
    reason: UUID | UnsetType | None = UNSET
    reason_comment: str | UnsetType | None = UNSET


class Deleted(Struct, kw_only=True, omit_defaults=True):
    """A record that is no more, and the version of the event that said so."""

    id: UUID
    version: int


class Department(Struct, kw_only=True, omit_defaults=True):
    """A node of the tenant's tree of departments.

    `path` lists the ids from the root to the department itself: a department
    is below another when its path begins with the other's.

    Without `working_hours` those of the nearest department above that has some
    hold, and so for `holidays`. Exceptions are corrections to holidays and come
    down with them: a department has its own, and those of each above it up to
    where its holidays come from; of one date the nearest holds.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str
    parent: UUID | None = None
    path: list[UUID]
    city: str | None = None
    time_zone: str
    working_hours: Week | None = None
    holidays: Holidays | None = None
    calendar_exceptions: list[CalendarException] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)


class DepartmentDraft(Struct, kw_only=True):
    """The fields of a department that clients set; without a parent it is below the root."""

    name: str
    parent: UUID | UnsetType | None = UNSET
    city: str | UnsetType | None = UNSET
    time_zone: str
    working_hours: Week | UnsetType | None = UNSET
    holidays: Holidays | UnsetType | None = UNSET
    calendar_exceptions: list[CalendarException] | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    skills: list[str] | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class DepartmentPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of DepartmentDraft."""

    name: str | UnsetType = UNSET
    parent: UUID | UnsetType | None = UNSET
    city: str | UnsetType | None = UNSET
    time_zone: str | UnsetType = UNSET
    working_hours: WeekPatch | UnsetType | None = UNSET
    holidays: HolidaysPatch | UnsetType | None = UNSET
    calendar_exceptions: list[CalendarException] | UnsetType | None = UNSET
    languages: list[str] | UnsetType | None = UNSET
    skills: list[str] | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class DifferenceState(Struct, kw_only=True, omit_defaults=True):
    """A key, or its row in the table `place`, that is not as it should be.

    `expected` is the version that it should have, `version` the one that it has.
    """

    consumer: str
    topic: str
    place: str
    key: UUID
    verdict: (
        Literal["missing", "parked", "stale", "surplus"]
        | Literal["altered", "invented", "mismatched", "vanished"]
    )
    expected: int | None
    version: int | None
    since: str


class Discard(Struct, kw_only=True):
    """Which event of a key, the first that waits, is never to be applied, and why.

    Named by its version, none but the one that was looked at is discarded, also when the request
    is repeated.
    """

    version: int
    reason: str


class Discarded(Struct, kw_only=True, omit_defaults=True):
    """The version that will never be applied, and whether the key still waits."""

    version: int
    still_parked: bool


class Due(Struct, kw_only=True, omit_defaults=True):
    """The first moment by which work was done for so many minutes since `start`."""

    department: UUID
    start: str
    minutes: int
    due: str
    local_due: str


class EndedSessions(Struct, kw_only=True, omit_defaults=True):
    """Which sessions were ended."""

    ended: list[UUID]


class Enrolled(Struct, kw_only=True, omit_defaults=True):
    """What the app is given: the secret itself, or the address as a QR code."""

    secret: str
    uri: str


class Enrolment(Struct, kw_only=True):
    """How one begins: whoever has only found an open session knows no password."""

    password: str


class ErasedCounts(Struct, kw_only=True, omit_defaults=True):
    """What was emptied here: touches, versions in the journal, answers kept for repetitions."""

    touches: int
    versions: int
    answers: int


class Explanation(Struct, kw_only=True, omit_defaults=True):
    """Whether it is allowed, how far the permission goes, and every reason that counted.

    `field_rule` is what is kept of the field that was asked about.
    """

    allowed: bool
    reach: Literal["all", "department", "own"] | None
    because: list[Because]
    field_rule: Literal["hidden", "masked", "read_only"] | None = None


class ExternalId(Struct, kw_only=True, omit_defaults=True):
    """What another system calls this record; `(tenant, system, type, id)` is unique."""

    system: str
    type: str
    id: str


class Fact(Struct, kw_only=True, omit_defaults=True):
    """The newest version of a document of another system, and what it says.

    `document` names it, also among the `external_ids`; `document_version` is that system's own
    and leaves gaps, where `version` counts those that were accepted. `happened_on` is the local
    date. `payment` is the document of the payment that is reversed. What a kind does not speak
    of is null.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    kind: str
    document: ExternalId
    document_version: int
    happened_at: dt.datetime
    happened_on: dt.date
    received_at: dt.datetime
    number: str | None = None
    customer: PartyRef | None = None
    deal: RecordRef | None = None
    product: RecordRef | None = None
    payment: ExternalId | None = None
    status: str | None = None
    amount: Money | None = None
    price: Money | None = None
    quantity: Quantity | None = None
    warehouse: str | None = None
    price_list: str | None = None
    lines: list[FactLine] = field(default_factory=list)


class FactDraft(Struct, kw_only=True):
    """What another system says of one version of a document.

    Without `happened_on` it is the date of `happened_at` at its own offset.
    """

    kind: Literal[
        "invoice_issued",
        "order_status_reported",
        "payment_received",
        "payment_reversed",
        "price_set",
        "shipment_reported",
        "stock_counted",
    ]
    document: ExternalId
    document_version: int
    happened_at: dt.datetime
    happened_on: dt.date | UnsetType | None = UNSET
    number: str | UnsetType | None = UNSET
    customer: PartyRef | UnsetType | None = UNSET
    deal: RecordRef | UnsetType | None = UNSET
    product: RecordRef | UnsetType | None = UNSET
    payment: ExternalId | UnsetType | None = UNSET
    status: str | UnsetType | None = UNSET
    amount: Money | UnsetType | None = UNSET
    price: Money | UnsetType | None = UNSET
    quantity: Quantity | UnsetType | None = UNSET
    warehouse: str | UnsetType | None = UNSET
    price_list: str | UnsetType | None = UNSET
    lines: list[GatewayFactLine] | UnsetType = UNSET


class FactLine(Struct, kw_only=True, omit_defaults=True):
    """A product on an order, a shipment or an invoice; `price` is that of one unit."""

    product: RecordRef
    quantity: Quantity
    price: Money | None = None


class FactVerdict(Struct, kw_only=True, omit_defaults=True):
    """What became of the item at `index`; `id` and `version` are those of our record of it."""

    index: int
    verdict: Literal["accepted", "duplicate", "rejected", "stale"]
    id: UUID | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class FactVerdicts(Struct, kw_only=True, omit_defaults=True):
    """The answer to a call with facts, in the order of its items."""

    items: list[FactVerdict]


class FieldChange(Struct, kw_only=True, omit_defaults=True):
    """The value of a field before a version and after it."""

    before: Any
    after: Any


class FirstAdministrator(Struct, kw_only=True):
    """Who administers a new tenant, and signs in with this password."""

    name: str
    login: str
    email: str | UnsetType | None = UNSET
    password: str


class ForecastMonth(Struct, kw_only=True, omit_defaults=True):
    """`weighted` is amount times probability, rounded to cents for the month as a whole.

    `unvalued` deals have no amount; `unweighted` ones stand in a stage whose
    probability is not known (yet): they are in `amount`, not in `weighted`.
    """

    month: str | None
    deals: int
    amount: Decimal
    weighted: Decimal
    unvalued: int
    unweighted: int


class ForecastReport(Struct, kw_only=True, omit_defaults=True):
    as_of: str
    currency: str
    items: list[ForecastMonth]
    total: ForecastTotal
    other_currencies: list[OtherCurrency]


class ForecastTotal(Struct, kw_only=True, omit_defaults=True):
    """`weighted` is rounded once, from the exact sum: months may differ by a cent."""

    deals: int
    amount: Decimal
    weighted: Decimal
    unvalued: int
    unweighted: int


class Form(Struct, kw_only=True, omit_defaults=True):
    """A public form; what it captures belongs to the form's owner and department."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    campaign: UUID | None = None
    channel: UUID | None = None
    is_active: bool = True


class FormDraft(Struct, kw_only=True):
    """The fields of a form that clients set."""

    name: str
    campaign: UUID | UnsetType | None = UNSET
    channel: UUID | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class FormPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of FormDraft."""

    name: str | UnsetType = UNSET
    campaign: UUID | UnsetType | None = UNSET
    channel: UUID | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class FunnelReport(Struct, kw_only=True, omit_defaults=True):
    """Stages of all pipelines in order. `unvalued` counts open deals without an amount."""

    as_of: str
    currency: str
    items: list[FunnelStage]
    totals: FunnelTotals
    unvalued: int
    other_currencies: list[OtherCurrency]


class FunnelStage(Struct, kw_only=True, omit_defaults=True):
    pipeline: UUID
    stage: UUID
    name: str | None
    position: int | None
    entered: int
    open: int
    won: int
    lost: int
    amount: Money


class FunnelTotals(Struct, kw_only=True, omit_defaults=True):
    deals: int
    open: int
    won: int
    lost: int


class GatewayFact(Struct, kw_only=True, omit_defaults=True):
    """The newest version of a document of another system, and what it says.

    `document` names it, also among the `external_ids`; `document_version` is that system's own
    and leaves gaps, where `version` counts those that were accepted. `happened_on` is the local
    date. `payment` is the document of the payment that is reversed. What a kind does not speak
    of is null.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    kind: str
    document: ExternalId
    document_version: int
    happened_at: dt.datetime
    happened_on: dt.date
    received_at: dt.datetime
    number: str | None = None
    customer: PartyRef | None = None
    deal: RecordRef | None = None
    product: RecordRef | None = None
    payment: ExternalId | None = None
    status: str | None = None
    amount: Money | None = None
    price: Money | None = None
    quantity: Quantity | None = None
    warehouse: str | None = None
    price_list: str | None = None
    lines: list[GatewayFactLine] = field(default_factory=list)


class GatewayFactLine(Struct, kw_only=True, omit_defaults=True):
    """A product on an order, a shipment or an invoice; `price` is that of one unit."""

    product: RecordRef
    quantity: Quantity
    price: Money | None = None


class Grant(Struct, kw_only=True, omit_defaults=True):
    """A permission, how far it goes, and the roles that give it so far."""

    permission: str
    reach: Literal["all", "department", "own"]
    roles: list[str]


class GroupRule(Struct, kw_only=True, omit_defaults=True):
    """What members of a group get; of several departments the first rule's counts."""

    group: str
    roles: list[str] = field(default_factory=list)
    department: UUID | None = None


class Holidays(Struct, kw_only=True, omit_defaults=True):
    """Whose holidays are kept: names as the library `holidays` has them.

    `country` is an ISO 3166-1 code, `subdivision` one of ISO 3166-2 without it.
    """

    country: str
    subdivision: str | None = None
    categories: list[str] = field(default_factory=lambda: ["public"])


class HolidaysPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of Holidays."""

    country: str | UnsetType = UNSET
    subdivision: str | UnsetType | None = UNSET
    categories: list[str] | UnsetType | None = UNSET


class Hours(Struct, kw_only=True, omit_defaults=True):
    """From when to when on one day; what goes on after midnight is the next day's."""

    opens: str
    closes: str


class IdentityProvider(Struct, kw_only=True, omit_defaults=True):
    """A provider as it is shown."""

    code: str
    name: str
    issuer: str
    client_id: str
    scopes: list[str] = field(default_factory=lambda: ["openid", "profile", "email"])
    groups_claim: str | None = None
    groups: list[GroupRule] = field(default_factory=list)
    default_department: UUID | None = None
    admits_unknown: bool = False
    is_active: bool = True
    id: UUID
    has_client_secret: bool
    changed: str
    changed_by: UUID | None


class IdentityProviderDraft(Struct, kw_only=True):
    """A provider as it is written; the secret is never shown again. Public clients have none."""

    code: str
    name: str
    issuer: str
    client_id: str
    scopes: list[str] | UnsetType = UNSET
    groups_claim: str | UnsetType | None = UNSET
    groups: list[GroupRule] | UnsetType = UNSET
    default_department: UUID | UnsetType | None = UNSET
    admits_unknown: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    client_secret: str | UnsetType | None = UNSET


class IdentityProviderPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of IdentityProviderDraft."""

    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    issuer: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    scopes: list[str] | UnsetType | None = UNSET
    groups_claim: str | UnsetType | None = UNSET
    groups: list[GroupRule] | UnsetType | None = UNSET
    default_department: UUID | UnsetType | None = UNSET
    admits_unknown: bool | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    client_secret: str | UnsetType | None = UNSET


class IdentityProviders(Struct, kw_only=True, omit_defaults=True):
    """The providers of a tenant, by their codes."""

    items: list[IdentityProvider]


class Invitation(Struct, kw_only=True, omit_defaults=True):
    """The secret with which a user chooses a password, once."""

    invitation: str


class KeySet(Struct, kw_only=True, omit_defaults=True):
    """A JWK Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class KnownSession(Struct, kw_only=True, omit_defaults=True):
    """A session as its user sees it: `client` is what the browser or program calls itself."""

    id: UUID
    user: UUID
    begun: str
    renewed: str
    expires: str
    ended: str | None
    address: str
    client: str


class Lead(Struct, kw_only=True, omit_defaults=True):
    """Somebody who left their details; `customer` and `deal` once sales took it up."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    form: UUID = KEPT
    status: str = "captured"
    captured_at: dt.datetime = KEPT
    name: str = KEPT
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    message: str = ""
    campaign: UUID | None = None
    channel: UUID | None = None
    customer: CustomerRef | None = None
    deal: UUID | None = None


class MarketingGroup(Struct, kw_only=True, omit_defaults=True):
    spend: Decimal
    leads: int
    deals_won: int
    customers_won: int
    revenue: Decimal
    cost: Decimal
    uncosted_revenue: Decimal
    margin: Decimal
    romi: float | None
    cost_per_lead: Decimal | None
    acquisition_cost: Decimal | None
    key: str | None
    name: str | None


class MarketingReturnReport(Struct, kw_only=True, omit_defaults=True):
    """By falling revenue, then spend. `unvalued` won deals have no amount."""

    as_of: str
    currency: str
    items: list[MarketingGroup]
    total: MarketingSum
    unvalued: int
    other_currencies: list[OtherCurrencyReturn]


class MarketingSum(Struct, kw_only=True, omit_defaults=True):
    """What was spent and what came of it.

    `romi` is (margin - spend) / spend; null without spend. `cost_per_lead` and
    `acquisition_cost` (spend per newly won customer) are null without any.
    """

    spend: Decimal
    leads: int
    deals_won: int
    customers_won: int
    revenue: Decimal
    cost: Decimal
    uncosted_revenue: Decimal
    margin: Decimal
    romi: float | None
    cost_per_lead: Decimal | None
    acquisition_cost: Decimal | None


class Me(Struct, kw_only=True, omit_defaults=True):
    """Who one is, where, and what one may do: `resource:action` and how far."""

    user: User
    tenant: Tenant
    department: Department
    permissions: dict[str, Literal["all", "department", "own"]]


class Member(Struct, kw_only=True, omit_defaults=True):
    """Somebody of a department at a moment.

    `absent_until` is the last day of an absence; why somebody is absent, absences tell. `stand_in`
    is the deputy, or the deputy's deputy if that one is absent too, and so on; nobody, if there is
    none. `is_at_work` is, for who is not absent, whether their department is open; null where
    nobody has said when it is.
    """

    user: User
    is_absent: bool
    absent_until: dt.date | None
    stand_in: UUID | None
    is_at_work: bool | None


class Money(Struct, kw_only=True, omit_defaults=True):
    """An amount in one currency; JSON carries it as a decimal string.

    A `ValueError` for what no reader could add up or store: not a number, more
    than 15 digits before the point, more than 30 places after it, or less than
    a millionth and yet not nothing.
    """

    amount: Decimal
    currency: str


class MoneyPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of Money."""

    amount: Decimal | UnsetType = UNSET
    currency: str | UnsetType = UNSET


class Move(Struct, kw_only=True):
    """Where a deal is moved: a stage of its pipeline."""

    stage: UUID


class NextStep(Struct, kw_only=True, omit_defaults=True):
    """What somebody will do next about a deal."""

    text: str
    due_at: dt.datetime | None = None
    assignee: UUID | None = None


class NextStepDraft(Struct, kw_only=True):
    """A next step as clients give it."""

    text: str
    due_at: dt.datetime | UnsetType | None = UNSET
    assignee: UUID | UnsetType | None = UNSET


class NextStepPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of NextStepDraft."""

    text: str | UnsetType = UNSET
    due_at: dt.datetime | UnsetType | None = UNSET
    assignee: UUID | UnsetType | None = UNSET


class OpenInterval(Struct, kw_only=True, omit_defaults=True):
    """From when to when work is done: in UTC, and as the department's clocks show it."""

    opens: str
    closes: str
    local_opens: str
    local_closes: str


class OpenSessions(Struct, kw_only=True, omit_defaults=True):
    """Sessions that are not over, newest first."""

    items: list[KnownSession]


class Opening(Struct, kw_only=True, omit_defaults=True):
    """A department at a moment: whether it is open, and when it closes or opens next.

    `is_open` is null where nobody has said when work is done, `changes_at` where nothing changes
    in the next weeks.
    """

    id: UUID
    name: str
    city: str | None
    time_zone: str
    languages: list[str]
    skills: list[str]
    local_time: str
    is_open: bool | None
    changes_at: str | None
    local_changes_at: str | None


class OtherCurrency(Struct, kw_only=True, omit_defaults=True):
    """Deals whose amounts are in another currency than the answer's; nothing is converted."""

    currency: str
    deals: int
    amount: Decimal


class OtherCurrencyReturn(Struct, kw_only=True, omit_defaults=True):
    currency: str
    spend: Decimal
    deals_won: int
    revenue: Decimal


class OtherRevenue(Struct, kw_only=True, omit_defaults=True):
    currency: str
    deals: int
    revenue: Decimal


class ParkedEvents(Struct, kw_only=True, omit_defaults=True):
    """The events of a waiting key, whole, in order."""

    items: list[Any]


class ParkedKeyState(Struct, kw_only=True, omit_defaults=True):
    """A key that waits: `events` of them, from `first_version` to `last_version`.

    `gap` says that a missing earlier version holds it, not a failure.
    """

    consumer: str
    topic: str
    key: UUID
    events: int
    first_version: int
    last_version: int
    error: str
    gap: bool
    since: str


class ParkedKeys(Struct, kw_only=True, omit_defaults=True):
    """Every waiting key, the oldest first, 500 at the most."""

    items: list[ParkedKeyState]


class PartyRef(Struct, kw_only=True, omit_defaults=True):
    """A soft reference to a customer: of several names the first that is given here counts."""

    id: UUID | None = None
    external_id: ExternalId | None = None
    tax_id: str | None = None


class Person(Struct, kw_only=True, omit_defaults=True):
    """Somebody whom the company deals with, perhaps on behalf of a company."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    given_name: str = ""
    family_name: str = ""
    patronymic: str = ""
    company: UUID | None = None
    job_title: str | None = None
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    language: str | None = None
    address: Address | None = None
    notes: str = ""


class PersonDraft(Struct, kw_only=True):
    """The fields of a person that clients set."""

    given_name: str | UnsetType = UNSET
    family_name: str | UnsetType = UNSET
    patronymic: str | UnsetType = UNSET
    company: UUID | UnsetType | None = UNSET
    job_title: str | UnsetType | None = UNSET
    emails: list[str] | UnsetType = UNSET
    phones: list[str] | UnsetType = UNSET
    language: str | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET
    notes: str | UnsetType = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class PersonPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of PersonDraft."""

    given_name: str | UnsetType | None = UNSET
    family_name: str | UnsetType | None = UNSET
    patronymic: str | UnsetType | None = UNSET
    company: UUID | UnsetType | None = UNSET
    job_title: str | UnsetType | None = UNSET
    emails: list[str] | UnsetType | None = UNSET
    phones: list[str] | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    address: AddressPatch | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Pipeline(Struct, kw_only=True, omit_defaults=True):
    """An ordered list of stages that deals move through; won and lost end it."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    stages: list[Stage] = KEPT
    is_default: bool = False
    is_active: bool = True


class PipelineDraft(Struct, kw_only=True):
    """The fields of a pipeline that clients set."""

    name: str
    stages: list[StageDraft]
    is_default: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class PipelinePatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of PipelineDraft."""

    name: str | UnsetType = UNSET
    stages: list[StageDraft] | UnsetType = UNSET
    is_default: bool | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Product(Struct, kw_only=True, omit_defaults=True):
    """Something sold; `cost` is what one unit costs the seller."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str = KEPT
    sku: str | None = None
    category: str | None = None
    price: Money = KEPT
    cost: Money | None = None
    is_active: bool = True


class ProductDraft(Struct, kw_only=True):
    """The fields of a product that clients set."""

    name: str
    sku: str | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET
    price: Money
    cost: Money | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class ProductPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of ProductDraft."""

    name: str | UnsetType = UNSET
    sku: str | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET
    price: MoneyPatch | UnsetType = UNSET
    cost: MoneyPatch | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class Quantity(Struct, kw_only=True, omit_defaults=True):
    """So many of a unit, as the other system calls it: `12.5`, `kg`. Stock can be below nothing.

    A `ValueError` for what no reader could add up or store, as with money.
    """

    amount: Decimal
    unit: str


class Question(Struct, kw_only=True):
    """Whether `user` may do what `permission` names, with one record if `record` is given.

    With `field`, whether they see that field as it is, or may change it; of reports
    it is called as `deals.amount`.
    """

    user: UUID
    permission: str
    record: UUID | UnsetType | None = UNSET
    field: str | UnsetType | None = UNSET


class Reason(Struct, kw_only=True, omit_defaults=True):
    """A managed reason for winning or losing; `code` is its stable name."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    outcome: Literal["lost", "won"] = KEPT
    code: str = KEPT
    name: str = KEPT
    is_active: bool = True


class ReasonDraft(Struct, kw_only=True):
    """The fields of a reason that clients set; outcome and code only when they create it."""

    outcome: Literal["lost", "won"]
    code: str
    name: str
    is_active: bool | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class ReasonGroup(Struct, kw_only=True, omit_defaults=True):
    """`reason` is null for deals that name none, and `code` until its name arrives."""

    reason: UUID | None
    code: str | None
    name: str | None
    deals: int
    amount: Decimal


class ReasonPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of ReasonDraft."""

    outcome: Literal["lost", "won"] | UnsetType = UNSET
    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    is_active: bool | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class ReasonsReport(Struct, kw_only=True, omit_defaults=True):
    """The commonest first. `unvalued` deals have no amount."""

    as_of: str
    outcome: str
    currency: str
    items: list[ReasonGroup]
    total: ReasonsTotal
    unvalued: int
    other_currencies: list[OtherCurrency]


class ReasonsTotal(Struct, kw_only=True, omit_defaults=True):
    deals: int
    amount: Decimal


class Reconciliation(Struct, kw_only=True, omit_defaults=True):
    """What was compared, and every difference of the tenant, 10,000 at the most."""

    compared: list[ReconciliationState]
    differences: list[DifferenceState]


class ReconciliationState(Struct, kw_only=True, omit_defaults=True):
    """What the last comparison of a consumer's topic with its owner's journal came to.

    Everything recorded before `as_of` was compared, at `compared`; both are null
    where that was never finished. `hindrance` says what kept the last try from that.
    """

    consumer: str
    topic: str
    as_of: str | None
    compared: str | None
    hindrance: str | None


class RecordRef(Struct, kw_only=True, omit_defaults=True):
    """A soft reference to one of our records, by our id or by what another system calls it."""

    id: UUID | None = None
    external_id: ExternalId | None = None


class RecoveryCodes(Struct, kw_only=True, omit_defaults=True):
    """Shown this once, to be kept on paper."""

    recovery_codes: list[str]


class Redriven(Struct, kw_only=True, omit_defaults=True):
    """How many of the events had an effect, and whether the key still waits."""

    applied: int
    still_parked: bool


class Refresh(Struct, kw_only=True):
    """How one prolongs a session; the token holds no longer afterwards."""

    refresh_token: str


class Removed(Struct, kw_only=True, omit_defaults=True):
    """A person who is no more, and the version of the event that said so.

    After an erasure also what was emptied, and the day from which no topic holds
    anything of it any more.
    """

    id: UUID
    version: int
    erased: ErasedCounts | None = None
    topics_forget_by: dt.date | None = None


class Reopening(Struct, kw_only=True):
    """Nothing needs to be said; why goes into the header Meridian-Reason."""


class ResetAsked(Struct, kw_only=True, omit_defaults=True):
    """The same for everybody: who does not work there learns nothing."""

    detail: str = "If somebody of this login has an e-mail address, a letter is on its way."


class ResetRequest(Struct, kw_only=True):
    """Who forgot the password; `tenant` is its slug."""

    tenant: str
    login: str


class Restriction(Struct, kw_only=True, omit_defaults=True):
    """What is kept from one of a field, and the roles that keep it.

    Under the resource `reports`, fields are called as `deals.amount`.
    """

    resource: str
    field: str
    rule: Literal["hidden", "masked", "read_only"]
    roles: list[str]


class RevenueGroup(Struct, kw_only=True, omit_defaults=True):
    """`key` is a month (`2026-01`), a quarter (`2026-Q1`) or an id; null if not recorded."""

    key: str | None
    name: str | None
    deals: int
    revenue: Decimal


class RevenueReport(Struct, kw_only=True, omit_defaults=True):
    """Periods in order, other groups by falling revenue. `unvalued` deals have no amount."""

    as_of: str
    currency: str
    items: list[RevenueGroup]
    total: RevenueTotal
    unvalued: int
    other_currencies: list[OtherRevenue]


class RevenueTotal(Struct, kw_only=True, omit_defaults=True):
    deals: int
    revenue: Decimal


class Role(Struct, kw_only=True, omit_defaults=True):
    """A role that a tenant has defined beside the built-in ones; `code` is its stable name.

    `permissions` maps `resource:action` to how far it goes. `fields` maps a resource to
    those of its fields that the role does not open as they are, with the rule for each.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    code: str
    name: str
    permissions: dict[str, str]
    is_active: bool = True
    fields: dict[str, dict[str, str]] = field(default_factory=dict)


class RoleDraft(Struct, kw_only=True):
    """The fields of a role that administrators set; the code only when they create it.

    A role that is not active permits nothing, whoever has it.
    """

    code: str
    name: str
    permissions: dict[str, Literal["all", "department", "own"]]
    is_active: bool | UnsetType = UNSET
    fields: dict[str, dict[str, Literal["hidden", "masked", "read_only"]]] | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class RolePatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of RoleDraft."""

    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    permissions: dict[str, Literal["all", "department", "own"]] | UnsetType = UNSET
    is_active: bool | UnsetType | None = UNSET
    fields: dict[str, dict[str, Literal["hidden", "masked", "read_only"]]] | UnsetType | None = (
        UNSET
    )
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class SignIn(Struct, kw_only=True):
    """How one proves who one is; `tenant` is its slug, `code` for who has a second factor."""

    tenant: str
    login: str
    password: str
    code: str | UnsetType | None = UNSET


class SignInBegun(Struct, kw_only=True, omit_defaults=True):
    """The address to open in the browser; `expires_in` counts seconds."""

    authorization_url: str
    expires_in: int


class SignedIn(Struct, kw_only=True, omit_defaults=True):
    """An access token and whose it is; `expires_in` counts seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    refresh_token: str
    session: UUID
    session_expires: str
    user: User


class Spend(Struct, kw_only=True, omit_defaults=True):
    """What one campaign cost on one day; its id follows from campaign and day."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    campaign: UUID = KEPT
    channel: UUID = KEPT
    day: dt.date = KEPT
    amount: Money = KEPT


class SpendReport(Struct, kw_only=True):
    """What a campaign cost on a day; a second report of the day replaces the first."""

    campaign: UUID
    day: dt.date
    amount: Money


class Stage(Struct, kw_only=True, omit_defaults=True):
    """A step of a pipeline; `probability` is the chance of winning, in percent."""

    id: UUID
    name: str
    probability: int


class StageDraft(Struct, kw_only=True):
    """A stage as clients give it; without an id it is the stage of that name, or a new one."""

    id: UUID | UnsetType | None = UNSET
    name: str
    probability: int


class StageEntry(Struct, kw_only=True, omit_defaults=True):
    """When a deal entered a stage, and who moved it there.

    `entered_on` is the local date in the deal's department; both are null where
    an imported history does not know them.
    """

    stage: UUID
    entered_at: dt.datetime | None = None
    entered_on: dt.date | None = None
    by: UUID | None = None


class StageEntryDraft(Struct, kw_only=True):
    """A stage that the deal entered; without times where nobody knows when."""

    stage: UUID
    entered_at: dt.datetime | UnsetType | None = UNSET
    entered_on: dt.date | UnsetType | None = UNSET
    by: UUID | UnsetType | None = UNSET


class Submission(Struct, kw_only=True):
    """What somebody left on a form."""

    name: str
    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    company_name: str | UnsetType | None = UNSET
    message: str | UnsetType = UNSET


class Tenant(Struct, kw_only=True, omit_defaults=True):
    """A company that uses Meridian; `id` is the tenant id that every key carries."""

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str
    slug: str
    currency: str
    language: str = "en"


class TenantCreated(Struct, kw_only=True, omit_defaults=True):
    """A new tenant with its root department and its administrator."""

    tenant: Tenant
    department: Department
    user: User


class TenantDraft(Struct, kw_only=True):
    """What a new tenant begins with; place and time are those of its root department."""

    name: str
    slug: str
    currency: str
    language: Literal["en", "ru"] | UnsetType = UNSET
    time_zone: str
    city: str | UnsetType | None = UNSET
    administrator: FirstAdministrator


class TimelineEntry(Struct, kw_only=True, omit_defaults=True):
    """What happened with a customer, or will: a touch, or a fact that another system reports."""

    type: Literal["fact", "touch"]
    at: dt.datetime
    touch: Touch | None = None
    fact: Fact | None = None


class Timetable(Struct, kw_only=True, omit_defaults=True):
    """When a department works, day by day, and how many minutes that is together."""

    department: UUID
    time_zone: str
    from_: dt.date = field(name="from")
    to: dt.date
    minutes: int
    days: list[WorkingDay]


class TotpReset(Struct, kw_only=True, omit_defaults=True):
    """Whether there was a second factor to take away."""

    was_enrolled: bool


class Touch(Struct, kw_only=True, omit_defaults=True):
    """One contact with a customer over one channel, planned or done.

    `owner` is the user who makes it. `lead` names the captured lead that this
    touch records, when it came through a form.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    channel: str = KEPT
    direction: Literal["inbound", "outbound"] = KEPT
    status: str = KEPT
    customer: CustomerRef = KEPT
    subject: str = KEPT
    notes: str = ""
    planned_for: dt.datetime | None = None
    done_at: dt.datetime | None = None
    duration_minutes: int | None = None
    outcome: str | None = None
    deal: UUID | None = None
    campaign: UUID | None = None
    lead: UUID | None = None


class TouchDraft(Struct, kw_only=True):
    """The fields of a touch that clients set.

    Without a status, a new touch that names only when it is planned for is
    planned; any other is done, now unless it says when.
    """

    channel: Literal[
        "ad", "call", "chat", "email", "event", "meeting", "message", "post", "social", "web_form"
    ]
    direction: Literal["inbound", "outbound"] | UnsetType = UNSET
    status: Literal["cancelled", "done", "planned"] | UnsetType | None = UNSET
    customer: CustomerRef
    subject: str
    notes: str | UnsetType = UNSET
    planned_for: dt.datetime | UnsetType | None = UNSET
    done_at: dt.datetime | UnsetType | None = UNSET
    duration_minutes: int | UnsetType | None = UNSET
    outcome: str | UnsetType | None = UNSET
    deal: UUID | UnsetType | None = UNSET
    campaign: UUID | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class TouchGroup(Struct, kw_only=True, omit_defaults=True):
    """`minutes` is the known length of the touches that were done."""

    key: str | None
    name: str | None
    planned: int
    done: int
    cancelled: int
    minutes: int


class TouchPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of TouchDraft."""

    channel: (
        Literal[
            "ad",
            "call",
            "chat",
            "email",
            "event",
            "meeting",
            "message",
            "post",
            "social",
            "web_form",
        ]
        | UnsetType
    ) = UNSET
    direction: Literal["inbound", "outbound"] | UnsetType | None = UNSET
    status: Literal["cancelled", "done", "planned"] | UnsetType | None = UNSET
    customer: CustomerRefPatch | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    planned_for: dt.datetime | UnsetType | None = UNSET
    done_at: dt.datetime | UnsetType | None = UNSET
    duration_minutes: int | UnsetType | None = UNSET
    outcome: str | UnsetType | None = UNSET
    deal: UUID | UnsetType | None = UNSET
    campaign: UUID | UnsetType | None = UNSET
    owner: UUID | UnsetType | None = UNSET
    department: UUID | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET


class TouchesReport(Struct, kw_only=True, omit_defaults=True):
    """Months in order, other groups by how much was done."""

    as_of: str
    items: list[TouchGroup]


class User(Struct, kw_only=True, omit_defaults=True):
    """Somebody who works in Meridian. Credentials never appear in events.

    `roles` are built-in ones by name, and those of the tenant by code. `language`
    is in which Meridian speaks to them, `languages` are those that they speak.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: list[ExternalId] = field(default_factory=list)
    name: str
    email: str | None = None
    login: str
    status: str
    roles: list[str]
    manager: UUID | None = None
    language: str = "en"
    languages: list[str] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)


class UserDraft(Struct, kw_only=True):
    """The fields of a user that an administrator sets."""

    name: str
    login: str
    email: str | UnsetType | None = UNSET
    roles: list[str]
    department: UUID
    manager: UUID | UnsetType | None = UNSET
    language: Literal["en", "ru"] | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    skills: list[str] | UnsetType = UNSET
    external_ids: list[ExternalId] | UnsetType = UNSET


class UserInvited(Struct, kw_only=True, omit_defaults=True):
    """A new user, and the invitation with which the user chooses a password."""

    user: User
    invitation: str


class UserPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of UserChange."""

    name: str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    roles: list[str] | UnsetType = UNSET
    department: UUID | UnsetType = UNSET
    manager: UUID | UnsetType | None = UNSET
    language: Literal["en", "ru"] | UnsetType | None = UNSET
    languages: list[str] | UnsetType | None = UNSET
    skills: list[str] | UnsetType | None = UNSET
    external_ids: list[ExternalId] | UnsetType | None = UNSET
    status: Literal["active", "disabled", "invited"] | UnsetType = UNSET


class Verdict(Struct, kw_only=True, omit_defaults=True):
    """What became of the item at `index`."""

    index: int
    verdict: Literal["created", "rejected", "unchanged", "updated"]
    id: UUID | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class Verdicts(Struct, kw_only=True, omit_defaults=True):
    """The answer to a bulk request, in the order of its items."""

    items: list[Verdict]


class Version(Struct, kw_only=True, omit_defaults=True):
    """One version of a record: who made it of the one before, when, why, and what changed.

    The attributes are those of its event. The first version changes what differs
    from the defaults. A version whose content was erased shows no changes.
    """

    version: int
    type: str
    verb: str
    actor: str | None
    reason: str | None
    origin: str | None
    correlationid: str | None
    time: str
    recordedtime: str
    changed: dict[str, FieldChange]


class Week(Struct, kw_only=True, omit_defaults=True):
    """The working hours of each day of the week."""

    monday: list[Hours] = field(default_factory=list)
    tuesday: list[Hours] = field(default_factory=list)
    wednesday: list[Hours] = field(default_factory=list)
    thursday: list[Hours] = field(default_factory=list)
    friday: list[Hours] = field(default_factory=list)
    saturday: list[Hours] = field(default_factory=list)
    sunday: list[Hours] = field(default_factory=list)


class WeekPatch(Struct, kw_only=True):
    """A merge patch (RFC 7386) of Week."""

    monday: list[Hours] | UnsetType | None = UNSET
    tuesday: list[Hours] | UnsetType | None = UNSET
    wednesday: list[Hours] | UnsetType | None = UNSET
    thursday: list[Hours] | UnsetType | None = UNSET
    friday: list[Hours] | UnsetType | None = UNSET
    saturday: list[Hours] | UnsetType | None = UNSET
    sunday: list[Hours] | UnsetType | None = UNSET


class WinRateGroup(Struct, kw_only=True, omit_defaults=True):
    key: str | None
    name: str | None
    won: int
    lost: int
    win_rate: float | None


class WinRateReport(Struct, kw_only=True, omit_defaults=True):
    """`win_rate` is between 0 and 1; null while nothing is closed. No items by `none`."""

    as_of: str
    won: int
    lost: int
    win_rate: float | None
    items: list[WinRateGroup]


class WorkingDay(Struct, kw_only=True, omit_defaults=True):
    """One date of a department: closed, if it has no intervals.

    `because` says what decides: the hours of the `week`, a `holiday`, or an `exception`; the
    latter two have a name.
    """

    date: dt.date
    because: Literal["exception", "holiday", "week"]
    name: str | None
    intervals: list[OpenInterval]
