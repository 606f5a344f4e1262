"""Routes of clearing, room by room."""

from django.urls import include, path

ROOMS = (
    "ledger",
    "approvals",
    "cycles",
    "guarantees",
    "trades",
    "netting",
    "settlement",
    "shortfalls",
    "bank",
    "safeguarding",
    "invoices",
    "statements",
    "reports",
)

urlpatterns = [path("", include(f"clearing.{room}.urls")) for room in ROOMS]
