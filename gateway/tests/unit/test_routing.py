"""Which paths lead where, and which lead nowhere."""

import pytest

from chassis.problems import MethodNotAllowed, NotFound
from gateway.edge.routing import GATEWAY, routed

ID = "0198c0de-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v1/companies", "contacts"),
        (f"/v1/people/{ID}", "contacts"),
        (f"/v1/touches/{ID}/done", "contacts"),
        (f"/v1/customers/{ID}/timeline", "contacts"),
        (f"/v1/customers/{ID}/360", GATEWAY),
        ("/v1/deals/bulk", "sales"),
        (f"/v1/deals/{ID}/win", "sales"),
        ("/v1/pipelines", "sales"),
        ("/v1/spend/bulk", "marketing"),
        ("/v1/leads", "marketing"),
        ("/v1/reports/win-rate", "analytics"),
        ("/v1/users", GATEWAY),
        ("/v1/me", GATEWAY),
        ("/.well-known/jwks.json", GATEWAY),
    ],
)
def test_each_resource_belongs_to_one_service(path: str, owner: str) -> None:
    assert routed("GET", path).owner == owner


def test_what_operators_do_goes_to_the_service_they_name() -> None:
    path = "/v1/operations/sales/parked/sales.reactions/crm.contacts.touch/1/redrive"
    assert routed("POST", path).owner == "sales"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/deals",
        "/v1/unknown",
        "/v1/deals/",
        "/v1//deals",
        "/v1/deals/../../metrics",
        "/v1/deals/%2e%2e/%2e%2e/metrics",
        "/v1/deals/..%2fmetrics",
        "/v1/deals/%2Fmetrics",
        "/v1/deals\\metrics",
        "/v1/deals;a=b",
        "/v1/deals/a.b",
        "/v1/deals/\n",
        "/v1/deals\n",
        "/v1/Deals",
        "/metrics/",
        "/openapi.json/",
        "/v1/deals/1/2/3/4/5",
        "/v1/deals@evil.example/x",
        "/v1/operations/nobody/parked",
        "/v1/operations/sales/../parked",
        "/v1/operations/sales/parked/./x",
        "/v1/operations/sales/.parked",
    ],
)
def test_no_other_path_leads_anywhere(path: str) -> None:
    with pytest.raises(NotFound):
        routed("GET", path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/sessions"),
        ("POST", "/v1/tenants"),
        ("POST", "/v1/invitations/accept"),
        ("POST", f"/v1/forms/{ID}/submissions"),
        ("GET", "/readyz"),
        ("GET", "/.well-known/jwks.json"),
    ],
)
def test_few_requests_need_no_token(method: str, path: str) -> None:
    assert routed(method, path).is_public


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/sessions"),
        ("GET", f"/v1/forms/{ID}/submissions"),
        ("POST", "/v1/forms"),
        ("POST", f"/v1/forms/{ID}/submissions/more"),
        ("POST", "/v1/tenants/x"),
        ("POST", f"/v1/deals/{ID}/submissions"),
    ],
)
def test_all_others_need_one(method: str, path: str) -> None:
    assert not routed(method, path).is_public


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "PROPFIND"])
def test_methods_that_the_api_does_not_have_are_refused(method: str) -> None:
    with pytest.raises(MethodNotAllowed):
        routed(method, "/v1/deals")
