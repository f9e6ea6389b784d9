"""Tells the model how an order stands, from the shop's own API.

Needs: api.shop.example among the client's hookHosts, and a secret SHOP_TOKEN for that host.
"""

import re

ORDERS = "https://api.shop.example/orders/"


def before_llm(ctx, message):
    found = re.search("[0-9]{6,10}", message)
    if not found:
        return None
    number = found.group(0)
    try:
        reply = http_get(ORDERS + number, headers={"Authorization": "Bearer {secret:SHOP_TOKEN}"})
    except HttpError as error:
        print("the shop was not reached:", error)
        return {"escalate": "the order status is not available", "tags": ["order"]}
    if reply.status == 404:
        return {"context": f"There is no order {number}.", "tags": ["order"]}
    if not reply.ok:
        print("the shop said", reply.status)
        return {"escalate": "the order status is not available", "tags": ["order"]}
    order = reply.json()
    return {
        "context": f"Order {number} is {order['status']}, expected on {order['due']}.",
        "tags": ["order"],
        "state": {"order": number},
    }
