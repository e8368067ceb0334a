"""Channels and campaigns as a marketer works with them."""

from uuid import UUID, uuid4

import httpx

from chassis.testing import Running, reaching


async def test_a_campaign_is_created_read_and_changed(
    marketer: httpx.AsyncClient, channel: str
) -> None:
    created = await marketer.post(
        "/v1/campaigns",
        json={
            "name": "Autumn",
            "channel": channel,
            "starts_on": "2026-09-01",
            "budget": {"amount": "1000.50", "currency": "USD"},
        },
    )
    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    assert created.headers["Meridian-Written"].startswith("crm.marketing.campaign/")
    where = created.headers["Location"]

    changed = await marketer.patch(
        where, json={"ends_on": "2026-10-01"}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200
    assert (await marketer.get(where)).json() == changed.json()
    assert changed.json()["ends_on"] == "2026-10-01"
    assert changed.json()["budget"] == {"amount": "1000.50", "currency": "USD"}


async def test_a_campaign_belongs_to_its_maker_unless_it_says_otherwise(
    marketing: Running, tenant: UUID
) -> None:
    user, root, office = uuid4(), uuid4(), uuid4()
    await marketing.place(tenant, (root, office))
    maker = marketing.client(
        tenant,
        user=user,
        permissions=reaching("department", "campaigns") | reaching("all", "channels"),
        department_path=(root, office),
    )
    channel = await maker.post("/v1/channels", json={"name": "Fairs", "kind": "event"})
    draft = {"name": "Fair", "channel": channel.json()["id"]}

    mine = (await maker.post("/v1/campaigns", json=draft)).json()
    assert (mine["owner"], mine["department"]) == (str(user), str(office))

    elsewhere = await maker.post(
        "/v1/campaigns", json=draft | {"owner": str(uuid4()), "department": str(root)}
    )
    assert elsewhere.status_code == 403


async def test_a_campaign_needs_a_channel_of_its_tenant(
    marketing: Running, marketer: httpx.AsyncClient
) -> None:
    other = marketing.client(uuid4(), permissions=reaching("all", "channels"))
    foreign = (await other.post("/v1/channels", json={"name": "Ads", "kind": "display"})).json()

    answer = await marketer.post("/v1/campaigns", json={"name": "A", "channel": foreign["id"]})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:meridian:problem:unknown-channel"
    assert answer.json()["field"] == "channel"


async def test_a_wrong_campaign_is_refused_and_nothing_written(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, channel: str
) -> None:
    before = await marketing.journal(tenant)
    wrong: dict[str, dict[str, object]] = {
        "campaign-ends-before-it-starts": {"starts_on": "2026-02-01", "ends_on": "2026-01-01"},
        "budget-below-zero": {"budget": {"amount": "-1", "currency": "RUB"}},
        "invalid-request": {"budget": {"amount": "NaN", "currency": "RUB"}},
    }
    for problem, fields in wrong.items():
        answer = await marketer.post(
            "/v1/campaigns", json={"name": "A", "channel": channel, **fields}
        )
        assert answer.status_code == 422
        assert answer.json()["type"] == f"urn:meridian:problem:{problem}"
    assert await marketing.journal(tenant) == before


async def test_bulk_matches_by_external_id_and_an_equal_item_changes_nothing(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, channel: str
) -> None:
    items = [
        {
            "name": f"Кампания {n}",
            "channel": channel,
            "external_ids": [{"system": "1c", "type": "campaign", "id": str(n)}],
        }
        for n in range(3)
    ]
    first = (await marketer.post("/v1/campaigns/bulk", json={"items": items})).json()["items"]
    assert [verdict["verdict"] for verdict in first] == ["created"] * 3
    journalled = len(await marketing.journal(tenant))

    items[1] = {"name": "Другое имя", "external_ids": items[1]["external_ids"]}
    items.append({"name": "No channel"})
    second = (await marketer.post("/v1/campaigns/bulk", json={"items": items})).json()["items"]
    assert [verdict["verdict"] for verdict in second] == [
        "unchanged",
        "updated",
        "unchanged",
        "rejected",
    ]
    assert second[1]["id"] == first[1]["id"]
    assert second[3]["problem"]["field"] == "channel"
    assert len(await marketing.journal(tenant)) == journalled + 1


async def test_campaigns_are_found_by_name_channel_and_status(
    marketer: httpx.AsyncClient, channel: str, campaign: str
) -> None:
    other = (await marketer.post("/v1/channels", json={"name": "Mail", "kind": "email"})).json()
    for query in (
        {"q": "весна"},
        {"channel": channel},
        {"channel": channel, "status": "running"},
    ):
        found = (await marketer.get("/v1/campaigns", params=query)).json()["items"]
        assert [item["id"] for item in found] == [campaign]
    for query in ({"q": "осень"}, {"channel": other["id"]}, {"status": "finished"}):
        assert (await marketer.get("/v1/campaigns", params=query)).json()["items"] == []
    assert (await marketer.get("/v1/campaigns", params={"colour": "red"})).status_code == 422


async def test_what_another_tenant_or_department_has_is_not_there(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, campaign: str
) -> None:
    everything = reaching("all", "campaigns")
    strangers = [
        marketing.client(uuid4(), permissions=everything),
        marketing.client(tenant, permissions=reaching("own", "campaigns")),
        marketing.client(
            tenant,
            permissions=reaching("department", "campaigns"),
            department_path=(uuid4(), uuid4()),
        ),
    ]
    for other in strangers:
        path = f"/v1/campaigns/{campaign}"
        assert (await other.get(path)).status_code == 404
        assert (await other.patch(path, json={"name": "Mine"})).status_code == 404
        assert (await other.get("/v1/campaigns")).json()["items"] == []
        bulk = {"items": [{"id": campaign, "name": "Mine"}]}
        verdict = (await other.post("/v1/campaigns/bulk", json=bulk)).json()["items"][0]
        assert verdict["verdict"] == "rejected"
        assert verdict["problem"]["status"] == 404
    nobody = marketing.client(tenant, permissions={})
    assert (await nobody.get("/v1/campaigns")).status_code == 403
    assert (await marketer.get(f"/v1/campaigns/{campaign}")).json()["name"] == "Весна"
