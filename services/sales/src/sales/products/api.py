"""Products over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.sales import Product
from sales.products.product import ProductDraft
from sales.products.store import products
from sales.products.use_cases import change_product, create_product, upsert_products

routes = APIRouter(prefix="/v1", tags=["products"])

read_routes(routes, "/products", products, Product)
write_routes(
    routes,
    "/products",
    Product,
    ProductDraft,
    create=create_product,
    change=change_product,
    bulk=upsert_products,
)
